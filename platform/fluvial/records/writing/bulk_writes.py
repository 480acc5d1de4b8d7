"""Bulk: many records of one object type, written in as few statements as one.

Batches of the API and imports go this way. What the drafts need of other records, they read
together (`ahead`); their rows, and what these leave behind, are written together too.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from fluvial.database.columns import Stored
from fluvial.database.connection import UniqueError
from fluvial.database.engine_tables import LINK
from fluvial.database.id_lists import among_ids, id_list
from fluvial.database.object_tables import link_name, tables_of
from fluvial.database.statement import Compiled
from fluvial.kernel.problems import Problem
from fluvial.records.drafts.codec import row_packer
from fluvial.records.drafts.decision_ties import judge_ties
from fluvial.records.drafts.draft import ALWAYS, Draft
from fluvial.records.drafts.insertion import insert_cells, insert_rows, update_cells
from fluvial.records.drafts.periods import judge_periods
from fluvial.records.drafts.record_locks import held_parts
from fluvial.records.drafts.rows import Values, changed_meanwhile, row_writer
from fluvial.records.drafts.sequences import forget_numbers
from fluvial.records.drafts.uniqueness import changing_places, unique_fault
from fluvial.records.reading.link_values import said_rows
from fluvial.records.reading.plan_cache import plans_of
from fluvial.runtime.prefetch import Prefetch
from fluvial.runtime.session import Session
from metamodel.catalog import Field, ObjectType
from metamodel.kinds.link_fields import OPTION as LINK_FIELDS
from metamodel.storage import TEXT, TIMESTAMP

from .after_write import CREATED, UPDATED, leave
from .new_drafts import finish

Refused = tuple[Draft, Problem]
Check = Callable[[Sequence[Draft]], None]


class Bulk:
    """Many drafts of one object type on their way in: those that are complete wait.

    `stored` is told of those that were written, and of those that were refused. `check` is asked
    about written ones, and raises a problem where they may not stay. `apart` says that drafts are
    written also where others are refused.
    """

    def __init__(
        self,
        session: Session,
        type_: ObjectType,
        stored: Callable[[Sequence[Draft], Sequence[Refused]], None],
        check: Check | None = None,
        *,
        apart: bool = False,
    ) -> None:
        self._apart = apart
        self._ahead = Prefetch(self.flush)
        self._type = type_
        self._stored = stored
        self._check = check
        self._waiting: list[Draft] = []
        self.session = replace(session, ahead=self._ahead)  # of the drafts

    def begin(self, values: Iterable[Values]) -> None:
        """Drafts with these values come next: what they refer to is read together."""
        self._ahead.begin()
        for own in values:
            self._ahead.name(self.session.catalog, self._type, own)

    def add(self, draft: Draft) -> None:
        """A complete draft; it is written with the others, or before somebody asks for it."""
        self._waiting.append(draft)
        self._ahead.waiting.add((self._type.name, draft.id))

    def end(self) -> None:
        """No drafts come any more: let go of those that there were."""
        self._ahead.begin()

    def waits(self, record: str) -> bool:
        return (self._type.name, record) in self._ahead.waiting

    def flush(self) -> None:
        """Write the drafts that wait."""
        waiting, self._waiting = self._waiting, []
        self._ahead.written()
        if not waiting:
            return
        refused = self._judged(waiting)
        gone = {id(draft) for draft, _ in refused}
        fitting = [draft for draft in waiting if id(draft) not in gone]
        # Where nothing is written in the end, one that stays must not be in the others' way.
        if fitting and (not refused or self._apart or all(draft.new for draft in fitting)):
            refused += store_drafts(fitting, self._check)
        self._ahead.forget(self._type.name)
        gone = {id(draft) for draft, _ in refused}
        self._stored([draft for draft in waiting if id(draft) not in gone], refused)

    def _judged(self, drafts: Sequence[Draft]) -> list[Refused]:
        """Those that are parts of what is locked, whose periods do not fit, or that tie; why."""
        refused: list[Refused] = [*held_parts(drafts)]
        gone = {id(draft) for draft, _ in refused}
        left = [draft for draft in drafts if id(draft) not in gone]
        for judge in (judge_periods, judge_ties):
            for draft in judge(left, apart=self._apart) if left else ():
                refused.append((draft, _problem_of(draft)))
        return refused


def _problem_of(draft: Draft) -> Problem:
    try:
        draft.refuse_faults()
    except Problem as problem:
        return problem
    raise AssertionError("a draft without faults is not refused")


def store_drafts(drafts: Sequence[Draft], check: Check | None = None) -> list[Refused]:
    """Store complete drafts of one object type, inside the caller's transaction.

    Where something is in the way, such as a key that is taken, one by one: those that it is in
    the way of come back with their problem.
    """
    problem = _try(drafts, check)
    if problem is None:
        return []
    if len(drafts) == 1:
        return [(drafts[0], problem)]
    tried = ((draft, _try([draft], check)) for draft in drafts)
    return [(draft, problem) for draft, problem in tried if problem is not None]


def _try(drafts: Sequence[Draft], check: Check | None) -> Problem | None:
    """Store drafts, or nothing; what is in the way of the first of them."""
    try:
        with drafts[0].session.connection.savepoint():
            finish(drafts)
            _store(drafts)
            if check is not None:
                check(drafts)
    except UniqueError as error:
        problem = unique_fault(drafts[0], error)
    except Problem as refusal:
        problem = refusal
    else:
        return None
    forget_numbers(drafts)
    return problem


def _store(drafts: Sequence[Draft]) -> None:
    new = [draft for draft in drafts if draft.new]
    changed = [draft for draft in drafts if not draft.new]
    left = _make_room(drafts)  # before new ones come: they may take what others leave
    if new:
        _insert(new)
        leave(CREATED, new)
    if changed:
        _update(changed, left)
        leave(UPDATED, changed)


def _insert(drafts: Sequence[Draft]) -> None:
    session, type_ = drafts[0].session, drafts[0].type
    writer = row_writer(session, type_)
    rows = [writer.cells(draft.values) for draft in drafts]
    table = tables_of(session.catalog).objects[type_.name]
    insert_cells(session.connection, table, writer.columns, rows)
    for field in type_.linked_fields:
        _link(drafts, field)


def _update(drafts: Sequence[Draft], left: bool) -> None:
    """Write what changed in any of them: the others keep what they hold, as they are locked."""
    session, type_ = drafts[0].session, drafts[0].type
    names = {*ALWAYS}.union(*(draft.changed for draft in drafts))
    names.update(*(draft.computed for draft in drafts))
    if left:
        names.add("deleted_at")  # back into the keys, all of them as they are to be
    columns, pack = packing(session, type_, names)
    table = tables_of(session.catalog).objects[type_.name]
    rows = [[*pack(d.values), d.id, (d.before or {})["rev"]] for d in drafts]
    if update_cells(session.connection, table, columns, ("id", "rev"), rows) != len(drafts):
        raise changed_meanwhile(type_)
    for field in type_.linked_fields:
        moved = [draft for draft in drafts if field.name in draft.changed]
        if moved:
            _unlink(moved, field)
            _link(moved, field)


def _make_room(drafts: Sequence[Draft]) -> bool:
    """Take drafts that change places out of the keys, so that none is in another one's way.

    Keys leave out what is in the bin: nobody else sees it there before the transaction ends.
    """
    leaving = changing_places(drafts)
    if leaving:
        session = drafts[0].session
        table = tables_of(session.catalog).objects[drafts[0].type.name]
        moment = TIMESTAMP.encode(session.connection.dialect, session.now)
        rows = [[moment, d.id, (d.before or {})["rev"]] for d in leaving]
        update_cells(session.connection, table, ("deleted_at",), ("id", "rev"), rows)
    return bool(leaving)


def packing(
    session: Session, type_: ObjectType, names: Collection[str]
) -> tuple[tuple[str, ...], Callable[[dict[str, Any]], list[Any]]]:
    """The columns of some fields of an object type, and how values become their cells."""

    def make() -> Any:
        fields = [f for f in type_.stored_fields if f.name in names]
        columns = tuple(f.base + column.suffix for f in fields for column in f.columns)
        return columns, row_packer(fields, session.connection.dialect)

    key = (type_.name, "packing", tuple(sorted(names)))
    made: tuple[tuple[str, ...], Any] = plans_of(session.catalog).get(key, make)
    return made


def _link(drafts: Sequence[Draft], field: Field) -> None:
    session = drafts[0].session
    links = [
        {"source": draft.id, "target": target, "position": position}
        for draft in drafts
        for position, target in enumerate(draft.values.get(field.name) or ())
    ]
    table = tables_of(session.catalog).links[field.object, field.name]
    insert_rows(session.connection, table, links)
    if field.option(LINK_FIELDS):
        said = (said_rows(field, d.id, d.values.get(field.name) or ()) for d in drafts)
        insert_rows(session.connection, LINK, [row for rows in said for row in rows])


def _unlink(drafts: Sequence[Draft], field: Field) -> None:
    session, dialect = drafts[0].session, drafts[0].session.connection.dialect
    table = tables_of(session.catalog).links[field.object, field.name]

    def make(gone: sa.Table, *conditions: Any) -> Compiled:
        ours = among_ids(gone.c.source, dialect)
        return Compiled(gone.delete().where(ours, *conditions), dialect)

    named = LINK.c.field == sa.bindparam("field", link_name(field), type_=Stored(TEXT))
    compiled = [("unlink", lambda: make(table))]
    if field.option(LINK_FIELDS):
        compiled.append(("forget said", lambda: make(LINK, named)))
    ids = id_list(dialect, (draft.id for draft in drafts))
    for name, made in compiled:
        plan: Compiled = plans_of(session.catalog).get((name, field.object, field.name), made)
        session.connection.execute(plan.sql, plan.binds({"ids": ids}))
