"""The log of runs: what each rule did, or why it did nothing, in words that people read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from fluvial.database.connection import Connection
from fluvial.database.large_questions import TOO_LARGE, too_large
from fluvial.database.statement import Statement, insert, param
from fluvial.kernel.ids import new_id
from fluvial.kernel.problems import Problem
from metamodel.folding import humanise
from metamodel.storage import timestamp_wire

from .rule_tables import EFFECT, RUN, WAITING

KEEP_DAYS = 90
KEEP_NOT_MET_DAYS = 7
NOT_MET = "not_met"
DONE_BEFORE = "done_before"

_r = RUN.c
_ADD = insert(RUN)
_e = EFFECT.c
# Where something that it sent was refused for good, the run has failed: `state` has an index.
_undone = sa.select(_e.event).where(
    _e.state.in_([sa.literal_column(f"'{state}'") for state in ("failed", "dead")]),
    _e.rule == param("the_rule", _e.rule),
)
_went_on = _r.outcome.in_([sa.literal_column("'done'"), sa.literal_column("'waiting'")])
_is_undone = sa.and_(_went_on, _r.event.in_(_undone))
_outcome = sa.case((_is_undone, sa.literal_column("'failed'")), else_=_r.outcome)
_COLUMNS = (
    _r.id, _r.rule, _r.event, _r.object, _r.record, _r.at, _outcome.label("outcome"), _r.trace,
)  # fmt: skip
_page = (
    sa.select(*_COLUMNS)
    .where(_r.rule == param("the_rule", _r.rule), _r.id < param("the_id", _r.id))
    .order_by(_r.id.desc())
    .limit(sa.bindparam("the_limit", type_=sa.Integer()))
)
_PAGE = Statement(_page)
_PAGE_OF = Statement(_page.where(_outcome == param("the_outcome", _r.outcome)))
_RECENT = Statement(
    sa.select(sa.func.count())
    .select_from(RUN)
    .where(
        _r.rule == param("the_rule", _r.rule),
        _r.at > param("the_at", _r.at),
        _r.outcome.in_([sa.literal_column(f"'{one}'") for one in ("done", "waiting", "stopped")]),
    )
)
_READ = Statement(
    sa.select(_r.rule, _r.object, _r.record, _r.outcome, _r.trace).where(
        _r.id == param("the_id", _r.id)
    )
)
_CHANGE = Statement(
    RUN.update()
    .where(_r.id == param("the_id", _r.id))
    .values(
        outcome=param("the_outcome", _r.outcome),
        trace=param("the_trace", _r.trace),
        at=param("the_at", _r.at),
    )
)
_FORGET = Statement(
    RUN.delete().where(
        _r.id.not_in(sa.select(WAITING.c.id)),
        sa.or_(
            _r.at < param("the_at", _r.at),
            sa.and_(
                _r.outcome == sa.literal_column(f"'{NOT_MET}'"),
                _r.at < param("the_near", _r.at),
            ),
        ),
    )
)


@dataclass
class Run:
    """One run of a rule. `lines` are sentences in order; `effects` what it made."""

    rule: str
    object: str
    record: str
    id: str = field(default_factory=new_id)
    outcome: str = "done"
    lines: list[str] = field(default_factory=list)
    effects: list[dict[str, Any]] = field(default_factory=list)
    step: int = 0  # the next one, where it waits

    def say(self, line: str) -> None:
        self.lines.append(line)

    def end(self, outcome: str, line: str) -> Run:
        self.outcome = outcome
        self.say(line)
        return self

    @property
    def trace(self) -> dict[str, Any]:
        return {"lines": self.lines, "effects": self.effects}


def add(connection: Connection, run: Run, event: str, at: datetime) -> None:
    _ADD.run(
        connection,
        id=run.id,
        rule=run.rule,
        event=event,
        object=run.object,
        record=run.record,
        at=at,
        outcome=run.outcome,
        trace=run.trace,
    )


def read(connection: Connection, run: str) -> Run:
    """A run that goes on."""
    row = _READ.row(connection, the_id=run)
    assert row is not None, "runs that wait are kept"
    rule, object_name, record, outcome, trace = row
    return Run(rule, object_name, record, run, outcome, trace["lines"], trace["effects"])


def change(connection: Connection, run: Run, at: datetime) -> None:
    """Keep what a run has done since. It is of this moment, from which it is kept for a while."""
    _CHANGE.run(connection, the_id=run.id, the_outcome=run.outcome, the_trace=run.trace, the_at=at)


def words_of(problem: Exception) -> str:
    """Why a run failed."""
    if isinstance(problem, TOO_LARGE):
        return too_large(problem)
    if isinstance(problem, Problem) and problem.errors:
        return " ".join(_of_field(error) for error in problem.errors)
    return str(problem)


def _of_field(error: Mapping[str, Any]) -> str:
    """A fault with the name of its field, where it does not say it."""
    name, message = str(error.get("pointer", "")).strip("/"), str(error["message"])
    told = not name or "/" in name or name.replace("_", " ") in message.lower()
    return message if told else f"{humanise(name)}: {message}"


def recent(connection: Connection, rule: str, now: datetime) -> int:
    """How often a rule did something in the last hour."""
    row = _RECENT.row(connection, the_rule=rule, the_at=now - timedelta(hours=1))
    return int(row[0]) if row else 0


def page(
    connection: Connection, rule: str, *, outcome: str = "", limit: int = 50, before: str
) -> dict[str, Any]:
    """A page of a rule's runs, newest first."""
    binds = {"the_rule": rule, "the_id": before, "the_limit": limit + 1}
    if outcome:
        rows = _PAGE_OF.rows(connection, **binds, the_outcome=outcome)
    else:
        rows = _PAGE.rows(connection, **binds)
    names = [str(column.name) for column in _COLUMNS]
    data = [
        dict(zip(names, row, strict=True)) | {"at": timestamp_wire(row[5])} for row in rows[:limit]
    ]
    return {"data": data, "next": data[-1]["id"] if len(rows) > limit else None}


def forget(connection: Connection, now: datetime) -> None:
    """Old runs, and sooner those that found nothing to do."""
    _FORGET.run(
        connection,
        the_at=now - timedelta(days=KEEP_DAYS),
        the_near=now - timedelta(days=KEEP_NOT_MET_DAYS),
    )
