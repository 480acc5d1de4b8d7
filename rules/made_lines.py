"""What became of the lines of a record that a rule made: how many, their sums and the first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from fluvial.records.drafts.draft import wire_value
from fluvial.runtime.session import Session
from metamodel.catalog import Field, ObjectType
from metamodel.currencies import Amount
from metamodel.expressions import types

from .gathering import MakingPlace
from .model import Create

MAX_SHOWN = 20  # lines of one record
SUMMED = (types.NUMBER.name, types.MONEY.name, types.DURATION.name)

Json = dict[str, Any]


def summaries(session: Session, action: Create, made: Sequence[MakingPlace]) -> Iterator[Json]:
    """Of each record that an action made, its lines in short."""
    for place in made:
        told = [
            _told(session.catalog.objects[line.object], line, found)
            for line, found in zip(action.lines, place.lines, strict=True)
        ]
        yield {"lines": told} if told else {}


def _told(type_: ObjectType, line: Create, made: Sequence[MakingPlace]) -> Json:
    fields = [type_.fields[name] for name in line.values]
    summed = [one for one in fields if one.type.name in SUMMED]
    shown = [
        {
            "title": place.values.get("title") or "",
            "values": {one.name: wire_value(one, place.values.get(one.name)) for one in summed},
        }
        for place in made[:MAX_SHOWN]
    ]
    sums = {one.name: list(_sums(one, made)) for one in summed}
    return {"object": line.object, "count": len(made), "sums": sums, "first": shown}


def _sums(field: Field, made: Sequence[MakingPlace]) -> Iterator[Any]:
    """The sum; of amounts one for each currency."""
    totals: dict[str, Any] = {}
    for place in made:
        value = place.values.get(field.name)
        if isinstance(value, Amount):
            totals[value.currency] = totals.get(value.currency, Decimal(0)) + value.amount
        elif value is not None:
            totals[""] = totals.get("", 0) + value
    for currency, total in totals.items():
        yield wire_value(field, Amount(total, currency) if currency else total)
