"""Timers of records: worked out from the log of states, in the write that changes anything behind.

A timer that has ended keeps what it shows, whatever happens to its target or its calendar; it goes
on when its record leaves the states that stopped it, and begins anew when its start is another one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import orjson

from fluvial.kernel.features import Seam
from fluvial.kernel.problems import Unprocessable, fault
from fluvial.records.drafts.codec import row_packer
from fluvial.records.drafts.record_environment import RecordEnvironment
from fluvial.records.drafts.rows import Values, load_rows
from fluvial.records.reading.plan_cache import plans_of
from fluvial.records.reading.state_spans import spans_of
from fluvial.runtime.session import Session
from metamodel.calendars.calendar import Calendar
from metamodel.catalog import ObjectType
from metamodel.errors import ValueFault
from metamodel.expressions import types
from metamodel.expressions.expression import Expression
from metamodel.expressions.nodes import Read, Root
from metamodel.expressions.python import evaluate
from metamodel.folding import nearest
from metamodel.storage import timestamp_wire
from metamodel.timers.timer import DUE, MET_AT, RUN, Timer
from metamodel.timers.timer_arithmetic import (
    ELAPSED,
    StateLog,
    TimerReading,
    TimerRun,
    ending,
    reading,
    standing,
)
from metamodel.timers.timer_part import TIMERS

from . import timer_plans
from .calculations import Worked
from .field_makers import Making

Known = dict[tuple[str, ...], Any]  # what is at the end of paths
Packing = tuple[tuple[str, ...], Callable[[Mapping[str, Any]], list[Any]]]


@dataclass(frozen=True)
class Clocked:
    """A timer of a record as it was worked out: None where nothing runs."""

    object: str
    record: str
    timer: Timer
    run: TimerRun | None
    shown: TimerReading
    kept: bool  # it had ended before, and shows what it showed then


# In the transaction that works them out, whether they show something else or not.
TIMERS_WORKED: Seam[Callable[[Session, Sequence[Clocked]], None]] = Seam("timers calculated")


@dataclass(frozen=True)
class Inputs:
    """What a timer of a record is worked out with."""

    start: datetime | None
    target: int | None
    calendar: str  # "" is none
    hours: Calendar = ELAPSED

    @cached_property
    def wire(self) -> str | None:
        """As it is kept beside the values, to tell what became different."""
        if self.start is None or self.target is None:
            return None
        known = {"start": timestamp_wire(self.start), "target": self.target}
        return orjson.dumps({**known, "calendar": self.calendar}).decode()


def work_out(making: Making) -> list[Worked]:
    """For the write that changes something behind; it notes each timer that is planned anew."""
    found, clocked, plans = _all_worked(making)
    timer_plans.keep(making.session, plans)
    for tell in making.session.engine.brought(TIMERS_WORKED):
        tell(making.session, clocked)
    return found


def worked_timers(making: Making) -> list[Worked]:
    """The same for who only compares: nothing is noted."""
    return _all_worked(making)[0]


def _all_worked(
    making: Making,
) -> tuple[list[Worked], list[Clocked], list[timer_plans.NewPlan]]:
    # What one record looks up is read when it is asked for, and of many together.
    session = making.session if len(making.ids) == 1 else making.session.reading_ahead()
    wanted = [t for t in TIMERS.of(making.type) or () if t.field(DUE) in making.names]
    rows = _rows(session, making)
    logs = _logs(session, making, wanted, rows)
    found: list[Worked] = []
    clocked: list[Clocked] = []
    plans: list[timer_plans.NewPlan] = []
    for row in rows:
        record = _Record(session, making, row, logs)
        worked = [record.clocked(timer) for timer in wanted]
        clocked += worked
        made = _worked(session, making.type, row, record, worked)
        found.append(made)
        if made.changed:
            plans += record.plans(worked)
    return found, clocked, plans


def _rows(session: Session, making: Making) -> list[Values]:
    """The live records, with those that they look up on their way."""
    left = [id for id in making.ids if id not in making.known]
    rows: list[Values] = [dict(row) for row in making.known.values()]
    if left:
        rows += load_rows(session, making.type.name, left, None, live=True, limit=len(left))
    if session.ahead is not None:
        for row in rows:
            session.ahead.name(session.catalog, making.type, row)
    return rows


def _logs(
    session: Session, making: Making, timers: Sequence[Timer], rows: Sequence[Values]
) -> Mapping[str, StateLog]:
    """The log of the states that timers of records look at; of new ones it has just begun."""
    logged = next((timer.state_field for timer in timers if timer.state_field), "")
    if not logged:
        return {}
    new = {row["id"]: row for row in rows if row["id"] in making.newborn}
    begun = {id: ((row[logged], session.now, None),) for id, row in new.items() if row[logged]}
    left = [row["id"] for row in rows if row["id"] not in new]
    return {**begun, **(spans_of(session, making.type.name, left, logged) if left else {})}


class _Record:
    """One record with its timers."""

    def __init__(
        self, session: Session, making: Making, row: Values, logs: Mapping[str, StateLog]
    ) -> None:
        self.session = session
        self.making = making
        self.row = row
        self.log = logs.get(row["id"], ())
        self.environment = RecordEnvironment(session, making.type, row)
        self.inputs: dict[str, Inputs] = {}
        self.known: Known = {}  # what timers have in common is evaluated once
        self.faults: dict[str, str] = {}

    def clocked(self, timer: Timer) -> Clocked:
        row, now = self.row, self.session.now
        inputs = self.inputs[timer.name] = self._inputs(timer)
        run = run_of(timer, inputs, row, self.log, self.environment, now, self.known)
        due, state, met, left, kept = (row[name] for name in timer.names)
        ended = met is not None and run is not None and run.stopped is not None
        if ended and same_start(kept, inputs):
            held = TimerReading(state or "none", due, met, left)
            return Clocked(self.making.type.name, row["id"], timer, run, held, kept=True)
        shown = reading(run, now)
        return Clocked(self.making.type.name, row["id"], timer, run, shown, kept=False)

    def _inputs(self, timer: Timer) -> Inputs:
        try:
            return inputs_of(self.session, timer, self.environment, self.known)
        except ValueFault as error:
            if self.making.refuses:
                self._refuse(timer, error)
            self.faults[timer.name] = error.message
            return Inputs(None, None, "")

    def _refuse(self, timer: Timer, error: ValueFault) -> None:
        title, label = self.row["title"], self.making.type.label
        message = f"The timer {timer.label} of {label} {title} cannot run. {error.message}"
        raise Unprocessable(message, errors=[fault("", error.code, message)])

    def plans(self, worked: Sequence[Clocked]) -> list[timer_plans.NewPlan]:
        """What is noted of timers that show something else than before."""
        found = []
        for one in worked:
            timer = one.timer
            due, state, _, _, was = (self.row[name] for name in timer.names)
            before, after = (due, state or "none"), (one.shown.due, one.shown.state)
            said = self.faults.get(timer.name, "")
            if before == after or not (was or said):
                continue  # nothing is planned anew where it begins
            found.append(
                timer_plans.NewPlan(
                    object=self.making.type.name,
                    record=self.row["id"],
                    timer=timer.name,
                    before=before,
                    after=after,
                    was=was or "{}",
                    now=self.inputs[timer.name].wire or "{}",
                    entered=next((s for s, _, until in reversed(self.log) if until is None), ""),
                    fault=said,
                )
            )
        return found


def _worked(
    session: Session, type_: ObjectType, row: Values, record: _Record, worked: Sequence[Clocked]
) -> Worked:
    new: dict[str, Any] = {}
    for one in worked:
        timer, shown = one.timer, one.shown
        due, state, met, left, run = timer.names
        new[due], new[state], new[met], new[left] = shown.due, shown.state, shown.met, shown.left
        new[run] = row[run] if one.kept else record.inputs[timer.name].wire
    columns, pack = _packing(session, type_, tuple(new))
    cells = dict(zip(columns, pack(new), strict=True))
    return Worked(row["id"], row["rev"], {name: row[name] for name in new}, new, cells)


def _packing(session: Session, type_: ObjectType, names: tuple[str, ...]) -> Packing:
    """The columns of fields, and what stores their values."""

    def make() -> Packing:
        fields = [type_.fields[name] for name in names]
        columns = tuple(field.base + column.suffix for field in fields for column in field.columns)
        return columns, row_packer(fields, session.connection.dialect)

    found: Packing = plans_of(session.catalog).get(("timer cells", type_.name, names), make)
    return found


def inputs_of(
    session: Session,
    timer: Timer,
    environment: RecordEnvironment,
    values: Known | None = None,
) -> Inputs:
    """What a timer is worked out with; ValueFault where that cannot be."""
    values = {} if values is None else values
    name = _value(timer.calendar, environment, values) if timer.calendar is not None else None
    hours = ELAPSED
    if name:
        known = session.catalog.calendars.named
        if name not in known:
            hint = nearest(name, known) or "Choose one that exists."
            raise ValueFault("unknown_calendar", f"There is no calendar `{name}`. {hint}")
        hours = known[name]
    target = _value(timer.target, environment, values)
    if target is not None and timer.target.type.name == types.DAYS.name and name:
        target = hours.days(target)  # of work, as its calendar has them
    if target is not None and target < 0:
        raise ValueFault("negative_target", "Its target is negative. Enter a duration from 0 on.")
    start = _value(timer.starts, environment, values)
    return Inputs(start, None if target is None else int(target), name or "", hours)


def _value(expression: Expression, environment: RecordEnvironment, known: Known) -> Any:
    tree = expression.tree
    if not isinstance(tree, Read) or tree.root is not Root.ROW or not tree.path:
        return evaluate(expression, environment)
    if tree.path not in known:
        found = environment.read(tree.path)
        known[tree.path] = None if found == "" else found  # as the evaluator has it
    return known[tree.path]


def run_of(
    timer: Timer,
    inputs: Inputs,
    row: Values,
    log: StateLog,
    environment: RecordEnvironment,
    now: datetime,
    known: Known | None = None,
) -> TimerRun | None:
    if inputs.start is None or inputs.target is None:
        return None
    stopped = ending(log, timer.stops) if timer.stops else None
    when = timer.stops_when
    if when is not None and _value(when, environment, {} if known is None else known) is True:
        again = same_start(row[timer.field(RUN)], inputs)
        stopped = (row[timer.field(MET_AT)] if again else None) or now
    if stopped is not None:
        stopped = max(stopped, inputs.start)
    pauses = tuple(standing(log, timer.pauses, timer.stops, stopped))
    return TimerRun(inputs.start, inputs.target, inputs.hours, pauses, stopped)


def same_start(kept: str | None, inputs: Inputs) -> bool:
    """Whether it is the run that values were worked out in before."""
    if kept is None or inputs.start is None:
        return False
    if kept == inputs.wire:
        return True
    return bool(orjson.loads(kept)["start"] == timestamp_wire(inputs.start))
