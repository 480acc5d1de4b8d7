"""Explaining a key: the cells that it should have been charged for, and what was posted when."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import sqlalchemy as sa

from fluvial.database.id_lists import among_ids, id_list
from fluvial.database.statement import Statement
from fluvial.kernel.ids import is_id
from fluvial.kernel.problems import Forbidden, NotFound
from fluvial.records.reading.set_links import set_links
from fluvial.records.reading.titles import titles_of
from fluvial.runtime.session import Session
from metamodel.currencies import in_minor_units
from metamodel.expressions.expression import Expression
from metamodel.segments import Period, round_half_up
from metamodel.storage import POSTGRESQL, SQLITE, timestamp_wire

from .allocation_cells import REST, demand_named
from .allocation_explained import AllocationTold, is_draw
from .causes_of import causes_of
from .charge_cells import ChargeCell, plain, rounded_sums
from .charge_periods import ChargePeriod
from .charged_records import Charge, ChargedRecord
from .entry_reader import item_object
from .far_causes import causes_noted
from .key_states import KeyState, PostingRow, postings_of, states_of
from .ledger_differences import Scales, difference
from .ledger_model import Ledger
from .ledger_run_rows import amounts_wire
from .ledger_runs import compared
from .ledger_tables import MADE

MOST_KEYS = 120  # of one record that are explained together: the newest
Json = dict[str, Any]

_m = MADE.c
_MADE = {
    dialect: Statement(
        sa.select(_m.posting, _m.object, _m.record)
        .where(among_ids(_m.posting, dialect), ~_m.part)
        .order_by(_m.record)
    )
    for dialect in (SQLITE, POSTGRESQL)
}


def explain(
    session: Session,
    ledger: Ledger,
    record: str,
    period: str | None,
    until: date,
    source: str | None = None,
) -> Json:
    """A record's keys, or some: by the first day of a period, a demand, or a source."""
    allow_explaining(session, ledger)
    titles = titles_of(session, ledger.object, [record]) if is_id(record) else {}
    if record not in titles:
        label = session.catalog.objects[ledger.object].label.lower()
        raise NotFound(f"There is no {label} with the id `{record}`.")
    states = states_of(session.connection, ledger.name, [record]).get(record, {})
    records, _ = compared(session, ledger, [record], until)
    found = records[0] if records else ChargedRecord(record, {}, live=False)
    for name in states if not records else ():  # it is left out, so it stays as it is
        found.charges[name] = Charge(record, name, None, list(states[name].cells))
    charges = _asked(found, period, source)
    words = _Words(session, ledger)
    found.causes = causes_noted(session.connection, ledger.name, [record]).get(record, ())
    if ledger.allocation is not None and records:
        words.told = AllocationTold(session, ledger, found, until, words.title)
    return {
        "ledger": {"name": ledger.name, "label": ledger.label},
        "record": {"object": ledger.object, "id": record, "title": titles[record]},
        "left_out": not records,
        "fault": found.fault or None,
        "due": found.due.isoformat() if found.due else None,
        "keys": [
            words.key(found, one, states.get(one.name, KeyState(record, one.name)))
            for one in charges[-MOST_KEYS:]
        ],
        **({"sources": words.told.sources()} if words.told is not None else {}),
    }


def _asked(found: ChargedRecord, period: str | None, source: str | None) -> list[Charge]:
    """The keys that an explanation is about, in order."""
    charges = sorted(found.charges.values(), key=lambda one: one.name)
    if period is not None:
        charges = [one for one in charges if period in _names(one.name)]
        if not charges:
            raise NotFound(f"Nothing is due or posted for this record in the period `{period}`.")
    if source is not None:
        charges = [one for one in charges if any(cell.item == source for cell in one.cells)]
    return charges


def _names(name: str) -> tuple[str, ...]:
    """What a key is asked by: its name, the first day of its period, or its demand."""
    return name, name.split("/")[0], demand_named(name)


def allow_explaining(session: Session, ledger: Ledger) -> None:
    """Numbers tell of the fields behind them, so all of these must be the reader's to see."""
    used = {place for one in _expressions(ledger) for place in one.uses}
    hidden = [(o, n) for o, n in used if session.access.hides(o, n)]
    entry = ledger.objects[0]
    if hidden or not session.access.object(entry).can("read"):
        raise Forbidden("Your roles do not allow you to see what this is made of.")


def _expressions(ledger: Ledger) -> Iterable[Expression]:
    yield from ledger.record_expressions
    for target in ledger.targets:
        yield from (one for _, one in target.expressions)
    if ledger.allocation is not None:
        yield from ledger.allocation.expressions


class _Words:
    """Keys in wire form, with the titles of what they name."""

    def __init__(self, session: Session, ledger: Ledger) -> None:
        self.session = session
        self.ledger = ledger
        self.scales = Scales(session.catalog, ledger)
        self._titles: dict[str, dict[str, str]] = {}
        self.told: AllocationTold | None = None

    def key(self, record: ChargedRecord, charge: Charge, state: KeyState) -> Json:
        period = charge.period
        postings = postings_of(
            self.session.connection, self.ledger.name, charge.record, charge.name
        )
        rows = [(row.id, self.cells(row.cells, period)) for row in postings]
        wanted = {} if charge.fault else rounded_sums(charge.cells, period, self.scales)
        found = None if charge.fault else difference(record, charge, state, self.scales)
        causes = causes_of(self.session, self.ledger, [found] if found else [])
        cause = causes.get(found.key) if found else None
        entries = self._entries(postings)
        return {
            **(self.told.demand(charge.name) if self.told is not None else {}),
            "period": _span(period),
            "fault": charge.fault or None,
            "cells": self.cells(charge.cells, period),
            "target": _amounts(wanted),
            "posted": _amounts(state.posted),
            "delta": _amounts(found.amounts if found else {}),
            "difference": self._moved(self.cells(found.parts if found else [], period), cause),
            "cause": self._cause(cause),
            "postings": [
                self._posting(row, cells, entries.get(row.id, []))
                for row, (_, cells) in zip(postings, rows, strict=True)
            ],
        }

    def _posting(self, row: PostingRow, cells: list[Json], entries: list[Json]) -> Json:
        return {
            "number": row.number,
            "run": row.run,
            "at": timestamp_wire(row.at),
            "amounts": amounts_wire(dict(row.amounts)),
            "booked": row.booked.isoformat() if row.booked else None,
            "cause": self._cause(row.cause),
            "entries": entries,
            "parts": self._moved(cells, row.cause),
        }

    def _moved(self, cells: list[Json], cause: Any) -> list[Json]:
        """Cells of a difference, each with the record whose change has moved it."""
        parts = (cause or {}).get("parts") or [None] * len(cells)
        for cell, part in zip(cells, parts, strict=True):
            cell["moved_by"] = part and {**part, "title": self.title(part["object"], part["id"])}
        return cells

    def _cause(self, cause: Any) -> Json | None:
        if not cause:
            return None
        title = self.title(cause["object"], cause["id"])
        told = {name: one for name, one in cause.items() if name != "parts"}
        told |= {"title": title, "by": {"user": cause["by"]} if cause["by"] else None}
        if (by := cause.get("change_set")) is not None:
            told["change_set"] = set_links(self.session, [by]).get(by)
        return told

    def _entries(self, postings: Sequence[PostingRow]) -> dict[str, list[Json]]:
        connection = self.session.connection
        listed = id_list(connection.dialect, [one.id for one in postings])
        found: dict[str, list[Json]] = {}
        for posting, object_name, record in _MADE[connection.dialect].rows(connection, ids=listed):
            title = self.title(object_name, record)
            told = {"object": object_name, "id": record, "title": title}
            found.setdefault(posting, []).append(told)
        return found

    def cells(self, cells: Sequence[ChargeCell], period: ChargePeriod | None) -> list[Json]:
        return [self._cell(one, period) for one in cells]

    def _cell(self, cell: ChargeCell, period: ChargePeriod | None) -> Json:
        target = next((one for one in self.ledger.targets if one.at == cell.target), None)
        item = None
        if cell.item and target is not None:
            name = item_object(self.session.catalog.objects, target, self.ledger.object)
            item = {"object": name, "id": cell.item, "title": self.title(name, cell.item)}
        row = None
        if cell.row and target is not None:
            name = target.rows.object if target.rows else self.ledger.object
            row = {"object": name, "id": cell.row, "title": self.title(name, cell.row)}
        if self.told is not None:
            item, row = self.told.link(cell, cell.note == REST), self.told.row(cell)
        days = whole = None
        if period is not None and cell.from_ and cell.until:
            counted = Period(period.from_, period.until, cell.convention)
            days = counted.days(cell.from_, cell.until)
            whole = counted.days(period.from_, period.until)
        exact = cell.exact(period)
        return {
            "target": cell.target,
            "item": item,
            "row": row,
            "from": cell.from_ and cell.from_.isoformat(),
            "until": cell.until and cell.until.isoformat(),
            "last_day": (cell.until - timedelta(days=1)).isoformat() if cell.until else None,
            "days": days,
            "period_days": whole,
            "convention": cell.convention if cell.from_ else None,
            "quantity": plain(cell.quantity * cell.times),
            "price": None if is_draw(cell) else _worth(cell.price, cell.currency),
            "whole": cell.whole,
            "note": cell.note or None,
            "exact": _fraction(exact),
            "amount": _worth(round_half_up(exact, self.scales[cell.currency]), cell.currency),
        }

    def title(self, object_name: str, record: str) -> str:
        """As the reader may see it; empty where they may not."""
        known = self._titles.setdefault(object_name, {})
        if record not in known:
            there = object_name in self.session.catalog.objects
            readable = there and self.session.access.object(object_name).can("read")
            found = titles_of(self.session, object_name, [record]) if readable else {}
            known[record] = found.get(record, "")
        return known[record]


def _span(period: ChargePeriod | None) -> Json | None:
    if period is None:
        return None
    return {
        "from": period.from_.isoformat(),
        "until": period.until.isoformat(),
        "last_day": (period.until - timedelta(days=1)).isoformat(),
    }


def _amounts(amounts: Any) -> list[Any]:
    return [_worth(value, currency) for currency, value in sorted(amounts.items())]


def _worth(value: Decimal, currency: str) -> Any:
    if not currency:
        return f"{value:f}"
    return {"amount": in_minor_units(f"{value:f}", currency), "currency": currency}


def _fraction(value: Fraction) -> str:
    return f"{value.numerator}/{value.denominator}" if value.denominator > 1 else f"{value}"
