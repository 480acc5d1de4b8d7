"""The records that a ledger charges: which of their periods are due, and what decides that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from fluvial.runtime.session import Session
from metamodel.expressions import types
from metamodel.expressions.expression import Expression

from .batch_values import BatchQuestion, Values, batch_values
from .charge_cells import ChargeCell
from .charge_periods import (
    END,
    START,
    ChargePeriod,
    PeriodLength,
    Periods,
    PeriodsError,
    length_of,
    period_named,
)
from .ledger_model import REVERSE, Ledger, LedgerPeriods

SECONDS = 86_400
ONCE = ""  # the period of what is charged once


@dataclass
class Charge:
    """One key: a record, and a period of it. A fault is why it cannot be worked out."""

    record: str
    name: str
    period: ChargePeriod | None
    cells: list[ChargeCell] = field(default_factory=list)
    fault: str = ""
    day: date | None = None  # of what is allocated


@dataclass
class ChargedRecord:
    """A record with its keys: those that are due, and those that something is posted for."""

    id: str
    facts: Values
    charges: dict[str, Charge] = field(default_factory=dict)
    periods: Periods | None = None
    live: bool = True  # whether anything is worked out for it
    due: date | None = None  # when its next period is due
    fault: str = ""
    causes: Sequence[str] = ()  # records from further away whose changes have marked it

    def charge(self, name: str, period: ChargePeriod | None) -> None:
        self.charges[name] = Charge(self.id, name, period)


def charged_records(
    session: Session,
    ledger: Ledger,
    ids: Sequence[str],
    until: date,
    posted: Mapping[str, Iterable[str]],
) -> list[ChargedRecord]:
    """The records with their keys, in order. Of those that are gone, only what is posted."""
    rows = {row.id: row for row in batch_values(session, facts_question(ledger), ids)}
    made = []
    for id in ids:
        known = sorted(posted.get(id, ()))
        row = rows.get(id)
        facts = row.values if row is not None else {}
        there = row is not None and row.live
        outside = there and ledger.when is not None and facts["when"] is not True
        if outside and ledger.outside != REVERSE:
            continue
        record = ChargedRecord(id, facts, live=there and not outside)
        _find(ledger, record, until)
        for name in known:
            _keep(record, name)
        made.append(record)
    return made


def facts_question(ledger: Ledger) -> BatchQuestion:
    """What is asked of each record by itself."""
    asked: dict[str, Expression | None] = {
        "when": ledger.when, "day": ledger.day, "closed": ledger.closed
    }  # fmt: skip
    periods = ledger.periods
    if periods is not None:
        asked |= {"every": periods.every, "due": periods.due, "lead": periods.lead}
    for target in ledger.targets:
        own = {"when": target.when, "convention": target.convention}
        own |= {"from": target.starts, "until": target.ends}
        own |= {"amount": target.amount} if target.starts is not None else {}
        asked |= {f"{target.at} {name}": one for name, one in own.items()}
    fields = () if periods is None else (periods.starts, *([periods.ends] if periods.ends else []))
    found = {name: one for name, one in asked.items() if one is not None}
    return BatchQuestion((ledger.name, "facts"), ledger.object, found, fields, binned=True)


def _find(ledger: Ledger, record: ChargedRecord, until: date) -> None:
    """The keys that are due; of a record that is left out or gone, only what its periods are."""
    if not record.live:
        record.periods = _known_periods(ledger, record.facts)
        return
    if ledger.allocation is not None:
        return
    if ledger.periods is None:
        day = record.facts.get("day")
        if ledger.day is not None and (day is None or day > until):
            record.due = day
            return
        record.charge(ONCE, None)
        return
    try:
        record.periods = _periods(ledger.periods, record.facts)
        if record.periods is None:
            return
        last = None
        for period in record.periods.until(until):
            record.charge(period.name, period)
            last = period
        following = record.periods.following(last.until if last else record.periods.first)
        if following is not None and following.start < following.end:
            record.due = record.periods.due_day(following)
    except PeriodsError as error:
        record.fault = str(error)
        record.charges.clear()


def _known_periods(ledger: Ledger, facts: Values) -> Periods | None:
    try:
        return _periods(ledger.periods, facts) if ledger.periods is not None else None
    except PeriodsError:
        return None


def _keep(record: ChargedRecord, name: str) -> None:
    """What is posted is compared whether or not it is due; of what is gone nothing is left."""
    if name in record.charges:
        return
    period = period_named(name)
    if record.live and record.periods is not None and period is not None:
        period = record.periods.holds(period) or period._replace(end=period.from_)
    elif period is not None:
        period = period._replace(end=period.from_)
    record.charge(name, period)


def _periods(asked: LedgerPeriods, facts: Values) -> Periods | None:
    """The periods of a record; None without a first day."""
    first = facts.get(f"field {asked.starts}")
    if first is None:
        return None
    due = facts.get("due") or START
    if due not in (START, END):
        raise PeriodsError(f"It is due at `{due}`. Say 'start' or 'end'.")
    return Periods(
        _length(asked, facts),
        first,
        facts.get(f"field {asked.ends}") if asked.ends else None,
        asked.align,
        due,
        _lead(asked, facts),
    )


def _length(asked: LedgerPeriods, facts: Values) -> PeriodLength:
    if asked.length is not None:
        return asked.length
    said = facts.get("every")
    found = length_of(said) if said else None
    if found is None:
        what = f"`{said}` is not a length" if said else "Nothing says the length"
        raise PeriodsError(f"{what} of its periods. Choose one such as month or 2 weeks.")
    return found


def _lead(asked: LedgerPeriods, facts: Values) -> int:
    value: Any = facts.get("lead")
    if value is None or asked.lead is None:
        return 0
    days = int(value)
    return days if asked.lead.type.name == types.DAYS.name else -(-days // SECONDS)
