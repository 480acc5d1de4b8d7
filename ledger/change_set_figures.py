"""What a change set would change of what is charged: a figure of its preview.

The writes of the preview mark the records that they concern, as those of any change do. These are
worked out twice: as they are after them, and as they are for everybody else.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from fluvial.database.statement import Statement, param
from fluvial.records.change_sets.preview_items import PreviewReader
from fluvial.records.change_sets.set_records import SetRecord
from fluvial.records.reading.titles import titles_of
from fluvial.runtime.session import Session
from metamodel.catalog import ObjectType
from metamodel.change_sets.preview_kinds import PreviewKind
from metamodel.checks import DocumentCheck

from .charge_cells import rounded_sums
from .charge_periods import period_named
from .charged_records import ChargedRecord, charged_records
from .explaining import allow_explaining
from .key_states import states_of
from .ledger_differences import Scales
from .ledger_model import Ledger
from .ledger_run_rows import amounts_wire
from .ledger_runs import compared, ledger_named
from .ledger_tables import MARK

PERIODS = 3
MOST_RECORDS = 300  # that are worked out twice
MOST_LINES = 100

Json = dict[str, Any]
Spec = Mapping[str, Any]
Amounts = Mapping[str, Decimal]
Key = tuple[str, str]  # the record, and what its key is called

_m = MARK.c
_MARKED = Statement(
    sa.select(_m.source)
    .where(_m.ledger == param("the_ledger", _m.ledger), _m.marked)
    .order_by(_m.source)
)


@dataclass(frozen=True)
class Horizon:
    """The last period of each record that is looked at, and the day by which all are due."""

    last: Mapping[str, date]
    until: date

    def joined(self, other: Horizon) -> Horizon:
        last = {**self.last}
        for record, day in other.last.items():
            last[record] = max(day, last.get(record, day))
        return Horizon(last, max(self.until, other.until))


def _check(pointer: str, spec: Spec, _: ObjectType, check: DocumentCheck) -> bool:
    return check.reference(f"{pointer}/ledger", "ledger", spec["ledger"]) is not None


def _read(session: Session, _: SetRecord, spec: Spec) -> list[str]:
    """The records that are marked."""
    ledger = ledger_named(session, spec["ledger"])
    allow_explaining(session, ledger)
    return [row[0] for row in _MARKED.rows(session.connection, the_ledger=ledger.name)]


def _told(
    session: Session, set_: SetRecord, spec: Spec, before: list[str], after: list[str]
) -> Json:
    ledger = ledger_named(session, spec["ledger"])
    new = [one for one in after if one not in set(before)]
    some = [*new, *(one for one in after if one not in set(new))][:MOST_RECORDS]
    titles = titles_of(session, ledger.object, some)
    ids = sorted(titles)
    today = session.engine.clock.day_of(session.now)
    day = max(set_.day or today, today)
    count = int(spec.get("periods", PERIODS))
    now = replace(session, as_of=None, as_at=None)
    with closing(session.engine.database.connect()) as connection:
        then = replace(now, connection=connection)
        horizon = _horizon(then, ledger, ids, day, count)
        horizon = horizon.joined(_horizon(now, ledger, ids, day, count))
        old = _charged(then, ledger, ids, horizon)
    fresh = _charged(now, ledger, ids, horizon)
    keys = sorted({**old, **fresh}, key=lambda key: (titles[key[0]], key))
    apart = {key for key in keys if old.get(key) != fresh.get(key)}
    lines = [_line(titles, key, old, fresh) for key in keys if key in apart]
    # What is over and stays as it is, is no part of the sums.
    shown = [key for key in keys if key in apart or not _is_over(key[1], day)]
    return {
        "label": ledger.label,
        **_sums(_total(old, shown), _total(fresh, shown)),
        "lines": lines[:MOST_LINES],
        "more": len(lines) > MOST_LINES or len(after) > MOST_RECORDS,
    }


def _horizon(
    session: Session, ledger: Ledger, ids: Sequence[str], day: date, count: int
) -> Horizon:
    states = states_of(session.connection, ledger.name, ids)
    last: dict[str, date] = {}
    until = day
    for record in charged_records(session, ledger, ids, day, states):
        found, at = None, day
        for _ in range(count if record.periods is not None else 0):
            following = record.periods.following(at)  # type: ignore[union-attr]
            if following is None:
                break
            found, at = following, following.until
        if found is not None and record.periods is not None:
            last[record.id] = found.from_
            until = max(until, record.periods.due_day(found))
    return Horizon(last, until)


def _charged(
    session: Session, ledger: Ledger, ids: Sequence[str], horizon: Horizon
) -> dict[Key, Amounts]:
    """What each key should have been charged."""
    scales = Scales(session.catalog, ledger)
    records, _ = compared(session, ledger, ids, horizon.until)
    found: dict[Key, Amounts] = {}
    for record in records:
        for charge in record.charges.values():
            if _is_near(record, charge.name, horizon) and not charge.fault:
                sums = rounded_sums(charge.cells, charge.period, scales)
                found[record.id, charge.name] = {one: sum_ for one, sum_ in sums.items() if sum_}
    return {key: sums for key, sums in found.items() if sums}


def _is_near(record: ChargedRecord, name: str, horizon: Horizon) -> bool:
    period = period_named(name)
    last = horizon.last.get(record.id)
    return period is None or last is None or period.from_ <= last


def _line(
    titles: Mapping[str, str], key: Key, old: Mapping[Key, Amounts], fresh: Mapping[Key, Amounts]
) -> Json:
    record, name = key
    period = period_named(name)
    span = {"from": period.from_.isoformat(), "until": period.until.isoformat()} if period else None
    return {
        "record": record,
        "title": titles[record],
        "period": span,
        **_sums(old.get(key, {}), fresh.get(key, {})),
    }


def _is_over(name: str, day: date) -> bool:
    period = period_named(name)
    return period is not None and period.until <= day


def _total(found: Mapping[Key, Amounts], keys: Iterable[Key]) -> dict[str, Decimal]:
    total: dict[str, Decimal] = {}
    for key in keys:
        for currency, amount in found.get(key, {}).items():
            total[currency] = total.get(currency, Decimal(0)) + amount
    return total


def _sums(old: Amounts, fresh: Amounts) -> Json:
    currencies = sorted({*old, *fresh})
    zero = Decimal(0)
    apart = {one: fresh.get(one, zero) - old.get(one, zero) for one in currencies}
    return {
        "before": _wire(old, currencies),
        "after": _wire(fresh, currencies),
        "difference": _wire(apart, currencies),
    }


def _wire(amounts: Amounts, currencies: Collection[str]) -> Any:
    """One amount, or a list of them where there are several currencies."""
    told = amounts_wire({one: f"{amounts.get(one, Decimal(0)):f}" for one in currencies})
    return told[0] if len(told) == 1 else told or None


FIGURES = PreviewReader(
    PreviewKind(
        "ledger",
        "What a ledger would charge",
        {
            "title": "Ledger",
            "$ref": "#/$defs/name",
            "description": "What its next periods come to, and what it would correct.",
            "x-editor": {"is": "document", "kind": "ledger"},
        },
        _check,
        {
            "periods": {
                "title": "Periods",
                "type": "integer",
                "minimum": 1,
                "maximum": 24,
                "default": PERIODS,
                "description": "From the one in which the day of the change set lies.",
            }
        },
    ),
    _read,
    _told,
)
