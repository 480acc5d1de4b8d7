"""Runs over all rules: pages, counts up to a limit, and those of one record."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from fluvial.database.connection import Connection
from fluvial.database.statement import Statement, param

from .effects import DEAD, FAILED
from .rule_tables import EFFECT, RUN

COUNTED = 1_000  # runs that are counted; more are "1,000+"
LAST = "ffffffff-ffff-ffff-ffff-ffffffffffff"
OUTCOMES = (
    "done", "done_before", "failed", "skipped", "limited", "not_met", "waiting", "stopped",
    "cancelled",
)  # fmt: skip
TOLD = ("done", "failed", "waiting", "stopped", "cancelled")  # on the timeline of the record

_r = RUN.c
_e = EFFECT.c
_COLUMNS = (_r.id, _r.rule, _r.event, _r.object, _r.record, _r.at, _r.outcome, _r.trace)
_other = RUN.alias("other")


def _text(value: str) -> sa.ColumnElement[Any]:
    return sa.literal_column(f"'{value}'")


# Where something that it sent was refused for good, the run has failed. Each way to them has an
# index: the outcome, the state of an effect, and the record that both are about.
_undone = (
    sa.select(_other.c.id)
    .join(
        EFFECT,
        sa.and_(_e.record == _other.c.record, _e.event == _other.c.event, _e.rule == _other.c.rule),
    )
    .where(
        _e.state.in_([_text(FAILED), _text(DEAD)]),
        _other.c.outcome.in_([_text("done"), _text("waiting")]),
    )
)
_FAILED_RUNS = _r.id.in_(
    sa.union(sa.select(_other.c.id).where(_other.c.outcome == _text("failed")), _undone)
)
_EQUAL = ("rule", "object", "record")
_statements: dict[tuple[bool, tuple[str, ...], str], Statement] = {}


def _where(names: tuple[str, ...], outcome: str) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = [
        _r[name] == param(f"the_{name}", _r[name]) for name in names
    ]
    if outcome == "failed":
        found.append(_FAILED_RUNS)
    elif outcome:
        found.append(_r.outcome == _text(outcome))
        if outcome in ("done", "waiting"):
            found.append(_r.id.not_in(_undone))
    return found


def _statement(counts: bool, filters: Mapping[str, str]) -> Statement:
    """Of a shape of filters; `outcome` is one of OUTCOMES or empty."""
    outcome = filters.get("outcome", "")
    assert not outcome or outcome in OUTCOMES
    names = tuple(name for name in _EQUAL if filters.get(name))
    key = (counts, names, outcome)
    if key not in _statements:
        limit = sa.bindparam("the_limit", type_=sa.Integer())
        if counts:
            some = sa.select(_r.id).where(*_where(names, outcome)).limit(limit).subquery()
            clause: Any = sa.select(sa.func.count()).select_from(some)
        else:
            before = _r.id < param("the_id", _r.id)
            clause = sa.select(*_COLUMNS).where(before, *_where(names, outcome))
            clause = clause.order_by(_r.id.desc()).limit(limit)
        _statements[key] = Statement(clause)
    return _statements[key]


def _binds(filters: Mapping[str, str]) -> dict[str, str]:
    return {f"the_{name}": filters[name] for name in _EQUAL if filters.get(name)}


def page(
    connection: Connection, filters: Mapping[str, str], *, limit: int, before: str = LAST
) -> tuple[list[dict[str, Any]], str]:
    """Runs, newest first, and the cursor of those before them."""
    statement = _statement(False, filters)
    rows = statement.rows(connection, **_binds(filters), the_id=before, the_limit=limit + 1)
    data = [_run(row) for row in rows[:limit]]
    return data, data[-1]["id"] if len(rows) > limit else ""


def count(connection: Connection, filters: Mapping[str, str]) -> int:
    """How many there are; COUNTED + 1 stands for more."""
    row = _statement(True, filters).row(connection, **_binds(filters), the_limit=COUNTED + 1)
    return int(row[0]) if row else 0


_ONE = Statement(sa.select(*_COLUMNS).where(_r.id == param("the_id", _r.id)))
_OF_RECORD = Statement(
    sa.select(*_COLUMNS)
    .where(
        _r.record == param("the_record", _r.record),
        _r.outcome.in_([_text(one) for one in TOLD]),
        _r.at >= param("the_since", _r.at),
        _r.at <= param("the_until", _r.at),
    )
    .order_by(_r.id.desc())
    .limit(sa.bindparam("the_limit", type_=sa.Integer()))
)


def one(connection: Connection, run: str) -> dict[str, Any] | None:
    row = _ONE.row(connection, the_id=run)
    return _run(row) if row else None


def of_record(
    connection: Connection, record: str, since: datetime, until: datetime, limit: int
) -> list[dict[str, Any]]:
    """The runs about a record that did something, or failed to."""
    rows = _OF_RECORD.rows(
        connection, the_record=record, the_since=since, the_until=until, the_limit=limit
    )
    return [_run(row) for row in rows]


def _run(row: tuple[Any, ...]) -> dict[str, Any]:
    return dict(zip((str(column.name) for column in _COLUMNS), row, strict=True))
