"""Marks: the records whose keys a run has to look at, noted in the transaction of each change.

A run clears the marks of the records that it looks at before it reads them, so that a change which
is not committed by then leaves its mark behind it. A change that concerns more than FAN_OUT records
marks the whole ledger, whose next run compares everything.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa

from fluvial.database.connection import Connection
from fluvial.database.statement import Statement, param
from fluvial.records.calculated.dependency_routes import begun, followed
from fluvial.records.drafts.draft import Draft
from fluvial.records.drafts.insertion import insert_rows
from fluvial.runtime.session import Session
from metamodel.catalog import ObjectType
from metamodel.dependencies import Route
from metamodel.expressions.reads import EVERY

from .far_causes import ALL, MOST_CAUSES, forget_causes, note_causes
from .ledger_tables import MARK, SCOPE
from .mark_routes import MarkRoute, mark_scopes, marks_by_object

FAN_OUT = 1_000  # records that one change marks by themselves
WHOLE = "whole"  # everything is to be compared
CLEAN = "clean"  # marks tell all
NOBODY = "00000000-0000-0000-0000-000000000000"
Starts = dict[tuple[str, Route], set[str]]  # by the ledger and the way on from them

_m, _s = MARK.c, SCOPE.c
_of_ledger = _m.ledger == param("the_ledger", _m.ledger)
_wanted = sa.or_(_m.marked, _m.due <= param("the_until", _m.due))
_NEXT = Statement(
    sa.select(_m.source)
    .where(_of_ledger, _wanted, _m.source > param("the_after", _m.source))
    .order_by(_m.source)
    .limit(sa.bindparam("the_limit", type_=sa.Integer))
)
_COUNT = Statement(sa.select(sa.func.count().label("n")).where(_of_ledger, _wanted))
_STATE = Statement(
    sa.select(_s.revision, _s.state).where(_s.ledger == param("the_ledger", _s.ledger))
)
_TURN = Statement(
    SCOPE.update()
    .where(_s.ledger == param("the_ledger", _s.ledger), _s.state == param("the_old", _s.state))
    .values(state=param("the_state", _s.state))
)


def stored(drafts: Sequence[Draft], event: str) -> None:
    """Mark what a change of records concerns."""
    session, name = drafts[0].session, drafts[0].type.name
    routes = session.catalog.derive(marks_by_object).get(name)
    if not routes:
        return
    found: Starts = {}
    for draft in drafts:
        changed = {*draft.changed, *draft.computed} if event == "updated" else None
        for one in routes:
            if changed is None or not one.names.isdisjoint(changed):
                sides: tuple[Any, ...] = (draft.before, draft.values)
                _start(session, one, draft.id, sides, found)
    reached = _mark_ends(session, found)
    _note_far(session, found, reached, _by_draft(drafts, routes, event))


def _by_draft(
    drafts: Sequence[Draft], routes: Sequence[MarkRoute], event: str
) -> dict[str, Starts]:
    """Where each change begins by itself, if not too many are made at once."""
    if len(drafts) > MOST_CAUSES:
        return {}
    made: dict[str, Starts] = {}
    for draft in drafts:
        changed = {*draft.changed, *draft.computed} if event == "updated" else None
        for one in routes:
            if one.far and (changed is None or not one.names.isdisjoint(changed)):
                sides: tuple[Any, ...] = (draft.before, draft.values)
                _start(draft.session, one, draft.id, sides, made.setdefault(draft.id, {}))
    return made


def _note_far(
    session: Session, found: Starts, reached: Starts, causes: Mapping[str, Starts]
) -> None:
    """Note what has marked records that its change does not name itself."""
    noted: dict[str, dict[str, set[str]]] = {}
    for cause, starts in causes.items():
        for (ledger, route), some in starts.items():
            place = (ledger, route)
            if some == found.get(place):  # the only one: the way has been followed already
                ends = reached.get(place, {ALL})
            elif any(step.field == EVERY for step in route):
                ends = {ALL}
            else:
                ends = set(followed(session, route, sorted(some), FAN_OUT + 1)) if route else some
            for end in {ALL} if len(ends) > FAN_OUT else ends:
                noted.setdefault(ledger, {}).setdefault(end, set()).add(cause)
    for ledger, ends_ in sorted(noted.items()):
        listed = {end: sorted(some) for end, some in ends_.items()}
        note_causes(session.connection, ledger, listed, session.now)


def day_noted(session: Session, type_: ObjectType, record: str, names: Collection[str]) -> None:
    """Mark what a value of another day concerns; what the record holds itself stays."""
    routes = session.catalog.derive(marks_by_object).get(type_.name, ())
    found: Starts = {}
    far: Starts = {}
    for one in routes:
        if not one.names.isdisjoint(names):
            # The record's own look-ups have not changed, so a route can begin with them.
            found.setdefault((one.ledger, one.route), set()).add(record)
            if one.far:
                far.setdefault((one.ledger, one.route), set()).add(record)
    reached = _mark_ends(session, found)
    _note_far(session, found, reached, {record: far} if far else {})


def _start(
    session: Session,
    one: MarkRoute,
    record: str,
    sides: Iterable[Mapping[str, Any] | None],
    found: Starts,
) -> None:
    """Where a route begins: at the record, or at what it looked up before and looks up now."""
    first = one.route[0] if one.route else None
    if first is None or first.back or first.field == EVERY:
        found.setdefault((one.ledger, one.route), set()).add(record)
        return
    starts = begun(session, first, record, sides)
    if starts:
        found.setdefault((one.ledger, one.route[1:]), set()).update(starts)


def _mark_ends(session: Session, found: Starts) -> Starts:
    """Follow routes to their ends, and mark these; nothing of those that mark all records."""
    reached: Starts = {}
    marked: dict[str, set[str]] = {}
    whole: set[str] = set()
    for (ledger, route), starts in found.items():
        if ledger in whole:
            continue
        if any(step.field == EVERY for step in route) or len(starts) > FAN_OUT:
            whole.add(ledger)
            continue
        ends = followed(session, route, sorted(starts), FAN_OUT + 1) if route else starts
        if len(ends) > FAN_OUT:
            whole.add(ledger)
        else:
            marked.setdefault(ledger, set()).update(ends)
            reached[ledger, route] = set(ends)
    for ledger in sorted(whole):
        mark_whole(session.connection, ledger)
    for ledger in sorted(marked.keys() - whole):
        mark(session.connection, ledger, marked[ledger])
    return reached


def mark(connection: Connection, ledger: str, records: Iterable[str]) -> None:
    _put(connection, ledger, records, marked=True)


def clear(connection: Connection, ledger: str, records: Iterable[str]) -> None:
    """Before records are read: whoever has marked one and is not committed is waited for."""
    _put(connection, ledger, records, marked=False)


def _put(connection: Connection, ledger: str, records: Iterable[str], *, marked: bool) -> None:
    rows = [{"ledger": ledger, "source": one, "marked": marked} for one in sorted(set(records))]
    insert_rows(connection, MARK, rows, keys=("ledger", "source"), other=("marked",))


def keep_due(connection: Connection, ledger: str, due: Mapping[str, date | None]) -> None:
    """When the next periods of records are due, which a mark of now stays beside."""
    rows = [
        {"ledger": ledger, "source": one, "marked": False, "due": day}
        for one, day in sorted(due.items())
    ]
    insert_rows(connection, MARK, rows, keys=("ledger", "source"), other=("due",))


def next_marked(
    connection: Connection, ledger: str, until: date, after: str, limit: int
) -> list[str]:
    rows = _NEXT.rows(
        connection, the_ledger=ledger, the_until=until, the_after=after, the_limit=limit
    )
    return [row[0] for row in rows]


def count_marked(connection: Connection, ledger: str, until: date) -> int:
    row = _COUNT.row(connection, the_ledger=ledger, the_until=until)
    return int(row[0]) if row else 0


def tells_all(session: Session, ledger: str) -> bool:
    """Whether the marks tell all that a run has to look at."""
    scope = session.catalog.derive(mark_scopes)[ledger]
    row = _STATE.row(session.connection, the_ledger=ledger)
    return row is not None and not scope.timed and tuple(row) == (scope.revision, CLEAN)


def begin_whole(session: Session, ledger: str, run: str) -> None:
    """A run begins to compare everything: what is marked whole from now on is told anew."""
    revision = session.catalog.derive(mark_scopes)[ledger].revision
    row = {"ledger": ledger, "revision": revision, "state": run}
    insert_rows(session.connection, SCOPE, [row], keys=("ledger",), other=("revision", "state"))


def end_whole(connection: Connection, ledger: str, run: str) -> None:
    """The run has compared everything, and nothing was marked whole meanwhile."""
    if _TURN.run(connection, the_ledger=ledger, the_old=run, the_state=CLEAN):
        forget_causes(connection, ledger, [ALL])


def mark_whole(connection: Connection, ledger: str) -> None:
    row = {"ledger": ledger, "revision": "", "state": WHOLE}
    insert_rows(connection, SCOPE, [row], keys=("ledger",), other=("state",))
