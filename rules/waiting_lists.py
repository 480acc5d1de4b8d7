"""Runs that wait, as pages and the API tell of them: for what, since when, until when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from fluvial.database.connection import Connection
from fluvial.database.id_lists import among_ids, id_list
from fluvial.database.statement import Statement, param
from metamodel.storage import POSTGRESQL, SQLITE, timestamp_wire

from .effects import DEAD
from .effects import FAILED as REFUSED
from .rule_tables import EFFECT, WAITING
from .waiting_runs import CALLING, FAILED, READY, SLEEPING

# What it waits for, in the words of the API.
FOR = {CALLING: "answer", READY: "worker", FAILED: "retry"}
LAST = "ffffffff-ffff-ffff-ffff-ffffffffffff"

_w, _e = WAITING.c, EFFECT.c
_COLUMNS = (
    _w.id, _w.rule, _w.object, _w.record, _w.state, _w.step, _w.since, _w.due_at, _w.document,
    _w.effect, _e.target, _e.state, _e.error, _e.attempts, _e.next_at,
)  # fmt: skip
_FROM = WAITING.outerjoin(EFFECT, _e.id == _w.effect)
_AMONG = {
    dialect: Statement(sa.select(*_COLUMNS).select_from(_FROM).where(among_ids(_w.id, dialect)))
    for dialect in (SQLITE, POSTGRESQL)
}
_pages: dict[tuple[str, ...], Statement] = {}


def among(connection: Connection, runs: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Those of some runs that wait, by their ids."""
    rows = _AMONG[connection.dialect].rows(connection, ids=id_list(connection.dialect, runs))
    return {row[0]: _told(row) for row in rows}


def page(
    connection: Connection, filters: Mapping[str, str], *, limit: int, before: str
) -> dict[str, Any]:
    """A page of runs that wait, the latest first; filters are rule and record."""
    names = tuple(name for name in ("rule", "record") if filters.get(name))
    if names not in _pages:
        where = [_w[name] == param(f"the_{name}", _w[name]) for name in names]
        statement = sa.select(*_COLUMNS).select_from(_FROM)
        statement = statement.where(_w.id < param("the_id", _w.id), *where)
        limit_ = sa.bindparam("the_limit", type_=sa.Integer())
        _pages[names] = Statement(statement.order_by(_w.id.desc()).limit(limit_))
    binds = {f"the_{name}": filters[name] for name in names}
    rows = _pages[names].rows(connection, **binds, the_id=before, the_limit=limit + 1)
    data = [
        {"id": row[0], "rule": row[1], "object": row[2], "record": row[3], "waiting": _told(row)}
        for row in rows[:limit]
    ]
    return {"data": data, "next": data[-1]["id"] if len(rows) > limit else None}


def hide(run: dict[str, Any]) -> None:
    """Whoever may not see all that its rule reads learns that it waits, and not for what."""
    if run["waiting"] is not None:
        run["waiting"] = {name: run["waiting"][name] for name in ("for", "since")}


def _told(row: tuple[Any, ...]) -> dict[str, Any]:
    state, step, since, due, document, effect = row[4:10]
    target, sent, error, attempts, again = row[10:]
    told: dict[str, Any] = {"for": FOR.get(state, ""), "since": timestamp_wire(since)}
    if state == SLEEPING:
        wait = _wait_of(document, step)
        told["for"] = "condition" if "until" in wait else "moment"
        told |= {"until": wait["until"]} if "until" in wait else {"at": _moment(due)}
    if state == CALLING:
        given_up = sent in (REFUSED, DEAD)
        told |= {
            "to": target, "delivery": effect, "attempts": attempts, "error": error,
            "next_at": None if given_up else _moment(again), "given_up": given_up,
        }  # fmt: skip
    return told


def _moment(value: datetime | None) -> str | None:
    return None if value is None else timestamp_wire(value)


def _wait_of(document: Mapping[str, Any], step: int) -> Mapping[str, Any]:
    """What the document says of the step before a place, in the order in which steps are done."""
    listed = list(_steps(document.get("do", ())))
    found = listed[step - 1] if 0 < step <= len(listed) else {}
    wait: Mapping[str, Any] = found.get("wait", {})
    return wait


def _steps(actions: Iterable[Mapping[str, Any]]) -> Iterable[Mapping[str, Any]]:
    for one in actions:
        yield one
        then = one.get("call", {}).get("then", ()) if isinstance(one.get("call"), Mapping) else ()
        yield from _steps([then] if isinstance(then, Mapping) else then)
