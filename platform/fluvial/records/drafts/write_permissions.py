"""Covering: whether a record that is written is one that its author's rights cover.

Where a condition asks nothing but values that stand when the row is written, the statement that
writes it answers, and what was stored is the answer. Else the record is read again afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from fluvial.auth.access import Access
from fluvial.database.connection import Row
from fluvial.database.id_lists import among_ids, id_list
from fluvial.database.statement import Compiled
from fluvial.kernel.problems import Forbidden
from fluvial.records.reading.plan_cache import plans_of
from fluvial.records.reading.reader import find_many, find_one
from fluvial.records.reading.sql_context import PlanContext, ask
from fluvial.runtime.session import Session
from metamodel.catalog import Catalog, ObjectType
from metamodel.expressions.expression import Expression
from metamodel.expressions.nodes import ChangeTest, Collection, Gather, Logged, Read, Root
from metamodel.expressions.sql import Source

from .codec import record_maker
from .draft import ALWAYS, Draft

USER = "user"


@dataclass(frozen=True)
class WritePermission:
    """`asked` are the actions that the writing statement is asked about; `echo` makes the answer
    from the values, or is None where the record has to be read. `reads` are the fields that decide
    whether the write is allowed, or None where other records can decide it too."""

    asked: tuple[str, ...]
    echo: Callable[[dict[str, Any]], dict[str, Any]] | None
    reads: frozenset[str] | None = None

    def allows(self, action: str, held: Row) -> bool:
        return action not in self.asked or bool(held[self.asked.index(action)])


UNASKED = WritePermission((), None)


def write_permission(session: Session, type_: ObjectType, action: str) -> WritePermission:
    access = session.access
    key = (access.roles, access.unrestricted, "cover", type_.name, action)
    cover: WritePermission = plans_of(access.catalog).get(key, lambda: _make(access, type_, action))
    return cover


def answer(draft: Draft, action: str, cover: WritePermission, held: Row) -> dict[str, Any]:
    """The record as the actor may read it; a write that their rights do not cover is undone."""
    if cover.echo is None:
        return read_again(draft, action)
    if not cover.allows(action, held):
        raise not_covered(draft.type, action)
    if not cover.allows("read", held):
        return _unreadable(draft)
    return cover.echo(draft.values)


def read_again(draft: Draft, action: str) -> dict[str, Any]:
    """The same where the record has to be read for it."""
    session, type_ = draft.session, draft.type
    access = session.access.object(type_.name)
    written, read = access.where[action], access.where["read"]
    covered = written is None or written == read
    if not covered and find_one(session, type_.name, draft.id, (("id",),), action) is None:
        raise not_covered(type_, action)
    found = find_one(session, type_.name, draft.id)
    if found is None:
        if covered and written is not None:
            raise not_covered(type_, action)
        return _unreadable(draft)
    return found


def answers(drafts: Sequence[Draft], action: str) -> list[dict[str, Any]]:
    """The same of many drafts of one object type, in their order."""
    session, type_ = drafts[0].session, drafts[0].type
    if strayed(drafts, action):
        raise not_covered(type_, action)
    cover = write_permission(session, type_, action)
    where = session.access.object(type_.name).where
    same = where[action] == where["read"]
    readable = {draft.id for draft in drafts} if same else held_by(drafts, "read")
    if cover.echo is not None:
        return [cover.echo(d.values) if d.id in readable else _unreadable(d) for d in drafts]
    found = find_many(session, type_.name, readable)
    return [found.get(draft.id) or _unreadable(draft) for draft in drafts]


def uncovered(drafts: Sequence[Draft], action: str) -> list[Draft]:
    """The drafts with values that the actor's rights to do this do not cover."""
    held = held_by(drafts, action) if drafts else set()
    return [draft for draft in drafts if draft.id not in held]


def strayed(drafts: Sequence[Draft], action: str) -> list[Draft]:
    """The same of drafts that are new, or of records with which the actor could do this.

    These are not asked about again where nothing has changed that decides it.
    """
    reads = write_permission(drafts[0].session, drafts[0].type, action).reads
    moved = [draft for draft in drafts if reads is None or _moved(draft, reads)]
    return uncovered(moved, action)


def _moved(draft: Draft, reads: frozenset[str]) -> bool:
    written = (draft.changed, ALWAYS, draft.computed)
    return draft.new or not all(map(reads.isdisjoint, written))


def held_by(drafts: Sequence[Draft], action: str) -> set[str]:
    """The ids of stored drafts that the actor may do this with."""
    session, type_ = drafts[0].session, drafts[0].type
    ids = [draft.id for draft in drafts]
    if session.access.object(type_.name).where[action] is None:
        return set(ids)

    def make() -> Compiled:
        context = PlanContext(session.catalog, session.access, session.connection.dialect)
        source = Source(context, type_.name)
        statement = sa.select(source.column("id")).where(
            among_ids(source.column("id"), context.dialect),
            context.allowed(type_.name, action, source),  # type: ignore[arg-type]
        )
        return context.compiled(statement.select_from(source.joined()), steady=None)

    key = (session.access.roles, session.access.unrestricted, "held", type_.name, action)
    plan: Compiled = plans_of(session.catalog).get(key, make)
    return {row[0] for row in ask(session, plan, ids=id_list(session.connection.dialect, ids))}


def not_covered(type_: ObjectType, action: str) -> Forbidden:
    label = type_.label.lower()
    return Forbidden(f"Your roles do not allow you to {action} a {label} with these values.")


def _unreadable(draft: Draft) -> dict[str, Any]:
    return {"id": draft.id, "rev": draft.values["rev"]}


def _make(access: Access, type_: ObjectType, action: str) -> WritePermission:
    own = access.object(type_.name)
    wanted = {name: own.where.get(name, ()) for name in (action, "read")}
    conditions = [one for where in wanted.values() for one in where or ()]
    withheld = type_.name in access.withheld_titles  # drafts hold the titles of others
    stands = all(_stands(access.catalog, type_, c) for c in conditions)
    if type_.moving_fields or withheld or not stands:
        return WritePermission((), None)
    if wanted[action] == wanted["read"]:
        del wanted["read"]
    shown = [f for f in type_.fields.values() if f.name not in own.hidden and not f.hidden]
    first = [f for f in shown if f.name in ("id", "rev")]
    asked = tuple(name for name, where in wanted.items() if where is not None)
    echo = record_maker([*first, *(f for f in shown if f not in first)])
    return WritePermission(asked, echo, _reads(own.where.get(action, ())))


def _reads(conditions: Sequence[Expression] | None) -> frozenset[str]:
    """The fields of a record with which the conditions begin."""
    nodes = (node for one in conditions or () for node in one.tree.walk())
    return frozenset(node.path[0] for node in nodes if isinstance(node, Read) and node.path)


def _stands(catalog: Catalog, type_: ObjectType, condition: Expression) -> bool:
    """Whether all that a condition reads is the same at the end of the transaction."""
    for node in condition.tree.walk():
        if isinstance(node, Gather | ChangeTest | Logged):
            return False
        if isinstance(node, Collection) and (node.root is not Root.ME or node.path):
            return False
        if isinstance(node, Read) and not _stored(catalog, type_, node):
            return False
    return True


def _stored(catalog: Catalog, type_: ObjectType, read: Read) -> bool:
    if read.root is Root.NAME:
        return False
    current = catalog.objects[USER] if read.root is Root.ME else type_
    for name in read.path:
        field = current.fields.get(name)
        if field is None or field.formula is not None or field.kind.linked or name == "title":
            return False
        if field.targets:
            current = catalog.objects[field.targets[0]]
    return True
