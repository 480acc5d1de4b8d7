"""Covering: whether a record that is written is one that its author's rights cover.

Where a condition asks nothing but values that stand when the row is written, the statement that
writes it answers, and what was stored is the answer. Else the record is read again afterwards.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fluvial.auth.access import Access
from fluvial.database.connection import Row
from fluvial.records.reading.plan import plans_of
from fluvial.runtime.session import Session
from metamodel.catalog import Catalog, ObjectType
from metamodel.expressions.expression import Expression
from metamodel.expressions.nodes import Change, Collection, Gather, Read, Root

from .codec import record_maker

USER = "user"


@dataclass(frozen=True)
class Cover:
    """`asked` are the actions that the writing statement is asked about; `echo` makes the answer
    from the values, or is None where the record has to be read."""

    asked: tuple[str, ...]
    echo: Callable[[dict[str, Any]], dict[str, Any]] | None

    def allows(self, action: str, held: Row) -> bool:
        return action not in self.asked or bool(held[self.asked.index(action)])


def cover_of(session: Session, type_: ObjectType, action: str) -> Cover:
    access = session.access
    key = (access.roles, access.unrestricted, "cover", type_.name, action)
    cover: Cover = plans_of(access.catalog).get(key, lambda: _make(access, type_, action))
    return cover


def _make(access: Access, type_: ObjectType, action: str) -> Cover:
    own = access.object(type_.name)
    wanted = {name: own.where.get(name, ()) for name in (action, "read")}
    conditions = [one for where in wanted.values() for one in where or ()]
    if type_.moving_fields or not all(_stands(access.catalog, type_, c) for c in conditions):
        return Cover((), None)
    if wanted[action] == wanted["read"]:
        del wanted["read"]
    shown = [f for f in type_.fields.values() if f.name not in own.hidden and not f.hidden]
    first = [f for f in shown if f.name in ("id", "rev")]
    asked = tuple(name for name, where in wanted.items() if where is not None)
    return Cover(asked, record_maker([*first, *(f for f in shown if f not in first)]))


def _stands(catalog: Catalog, type_: ObjectType, condition: Expression) -> bool:
    """Whether all that a condition reads is the same at the end of the transaction."""
    for node in condition.tree.walk():
        if isinstance(node, Gather | Change):
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
