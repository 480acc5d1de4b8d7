"""The document kind of this folder: ledger."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.resources import files

import orjson

from metamodel.catalog import Catalog
from metamodel.checks import DocumentCheck
from metamodel.documents import Document, DocumentKind
from metamodel.expressions.expression import Expression
from metamodel.reach import Reach, whole_unit
from rules.reaching import writes

from .allocation_model import Allocation
from .ledger_reader import ledgers_of, read_ledger


def check_ledger(document: Document, check: DocumentCheck) -> None:
    read_ledger(document, check)


def ledger_acts(document: Document, catalog: Catalog) -> Iterator[Reach]:
    """What a ledger posts, wherever the records are that it charges."""
    ledger = catalog.derive(ledgers_of).get(document.name)
    if ledger is None:
        return
    for at, entry in enumerate(ledger.entries):
        yield from _creates(f"/entries/{at}", entry.object, entry.values)
    if ledger.allocation is not None:
        yield from _draws(ledger.allocation)
    if ledger.parts is not None:
        yield Reach("/parts/object", "create", ledger.parts.object, everywhere=True)
        yield from writes("/parts/set", "create", ledger.parts.object, ledger.parts.values)


def _draws(allocation: Allocation) -> Iterator[Reach]:
    rest = allocation.rest.entries if allocation.rest is not None else ()
    for place, entries in (("/entries", allocation.draws), ("/allocate/rest/entries", rest)):
        for at, entry in enumerate(entries):
            values = {name: pair.whole for name, pair in entry.values.items()}
            yield from _creates(f"{place}/{at}", entry.object, values)


def _creates(place: str, object_name: str, values: Mapping[str, Expression]) -> Iterator[Reach]:
    yield Reach(f"{place}/object", "create", object_name, everywhere=True)
    yield from writes(f"{place}/set", "create", object_name, values)


LEDGER = DocumentKind(
    name="ledger",
    folder="ledgers",
    schema=orjson.loads((files("ledger.schemas") / "ledger.json").read_bytes()),
    check=check_ledger,
    acts=ledger_acts,
    wide=True,
    unit=whole_unit,
    label="Ledger",
    removable={
        "/for": "",
        "/target/*/segments": "/target/*",
        "/target/*/each": "/target/*",
        "/target/*/item": "/target/*/item",
        "/entries/*/object": "/entries/*",
        "/entries/*/set/*": "/entries/*/set/*",
        "/allocate/demands/of": "",
        "/allocate/sources/of": "",
        "/allocate/sources/*/of": "",
        "/allocate/choices/of": "/allocate/choices",
        "/allocate/rest/entries/*/object": "/allocate/rest",
        "/allocate/rest/entries/*/set/*": "/allocate/rest/entries/*/set/*",
        "/parts/object": "/parts",
        "/parts/set/*": "/parts/set/*",
    },
    about="What should have been charged for records, against what was posted: it posts the "
    "difference.",
    example={
        "kind": "ledger",
        "name": "fees",
        "label": "Fees",
        "for": "membership",
        "periods": {"from": "starts", "until": "ends", "every": "month"},
        "target": [{"price": "fee", "convention": "'actual_period'"}],
        "entries": [
            {
                "object": "membership_fee",
                "amount": "amount",
                "set": {"member": "member", "day": "period.from"},
            }
        ],
    },
)
