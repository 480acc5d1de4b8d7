"""What roles allow after a change that they did not allow before, and its author does not have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fluvial.auth.access import ACTIONS, ALL, Access, ObjectAccess, access_of, with_inherited
from fluvial.auth.actors import Actor
from metamodel.catalog import Catalog
from metamodel.document import Document
from metamodel.expressions.expression import Expression

from .change import Prepared
from .widening import Beyond

NOBODY = "which you may not"


def widened_roles(prepared: Prepared, mine: Access, changed: Document) -> Iterator[Beyond]:
    """Of a changed role: itself and those that inherit it. Of a changed object type: all roles,
    as what their conditions read, or who owns a record, may be something else now."""
    for role in prepared.new.of("role"):
        if changed.kind == "role" and changed.name not in with_inherited(prepared.new, (role,)):
            continue
        objects = [changed.name] if changed.kind == "object" else list(prepared.new.objects)
        comparison = _Comparison(role, changed, prepared.old, prepared.new, mine)
        yield from comparison.compared(objects)


def _role(catalog: Catalog, role: str) -> Access:
    return access_of(catalog, Actor(None, role, (role,)))


@dataclass
class _Comparison:
    role: str
    changed: Document
    old: Catalog
    new: Catalog
    mine: Access

    def compared(self, objects: list[str]) -> Iterator[Beyond]:
        before, after = _role(self.old, self.role), _role(self.new, self.role)
        if after.admin and not before.admin:
            yield self._beyond("", "administrator", "It makes people administrators.")
            return
        inherited = set(with_inherited(self.new, (self.role,)))
        inherited -= {*with_inherited(self.old, (self.role,)), self.role}
        inherited -= set(with_inherited(self.old, self.mine.roles))
        for name in sorted(inherited & set(self.old.of("role"))):
            message = f"It inherits the role {name}, which you do not have."
            yield self._beyond("inherits", f"role/{name}", message)
        rights = after.meta - before.meta - self.mine.meta
        for right in sorted(rights):
            message = f"It gives the right `{right}` on metadata, which you do not have."
            yield self._beyond("meta", f"meta:{right}", message)
        stars = _stars(self.new, self.role) - _stars(self.old, self.role)
        for action in sorted(stars - _stars(self.old, *self.mine.roles)):
            message = f"It lets people {action} records of every object, {NOBODY}."
            yield self._beyond("*", ALL, message)
        for name in objects:
            if name in self.old.objects:
                yield from self._object(name, before.object(name), after.object(name))

    def _object(self, name: str, before: ObjectAccess, after: ObjectAccess) -> Iterator[Beyond]:
        mine, type_ = self.mine.object(name), self.new.objects[name]
        plural = type_.plural.lower()
        for action in after.where:
            if not self._covered(action, before, after, mine, theirs=True):
                some = " all" if mine.can(action) else ""
                message = f"It lets people {action} {plural}, {NOBODY} {action}{some}."
                yield self._beyond(name, name, message)
        for field in type_.fields.values():
            if field.hidden or field.name not in self.old.objects[name].fields:
                continue
            reach = f"{name}.{field.name}"
            shown = after.can("read") and field.name not in after.hidden
            was = before.can("read") and field.name not in before.hidden
            if shown and not was:
                known = mine.can("read") and field.name not in mine.hidden
                if not known or not self._covered("read", before, after, mine, theirs=False):
                    message = f"It lets people read {reach}, {NOBODY} read for all of them."
                    yield self._beyond(name, reach, message)
            if _writes(after, field.name) and not _writes(before, field.name):
                if field.writable and not _writes(mine, field.name):
                    message = f"It lets people change {reach}, {NOBODY} change."
                    yield self._beyond(name, reach, message)

    def _covered(
        self, action: str, before: ObjectAccess, after: ObjectAccess, mine: ObjectAccess, *,
        theirs: bool,
    ) -> bool:  # fmt: skip
        """Whether the records are among those that the author has, or that the role had."""
        if mine.can(action) and mine.where[action] is None:
            return True
        if theirs and before.can(action) and before.where[action] is None:
            return True
        wanted = after.where[action]
        if wanted is None:
            return False
        known = set(_written(mine, action, self.old))
        known |= set(_written(before, action, self.old)) if theirs else set()
        return {_meaning(one, self.new) for one in wanted} <= known

    def _beyond(self, object: str, reach: str, message: str) -> Beyond:
        """At the grant that says it, where the changed document is this role's own."""
        of = "" if self.role == self.changed.name else f"For the role {self.role}: "
        pointer = ""
        if self.changed.kind == "role":
            pointer = _pointer(self.changed, object) if object else _head(self.changed)
        return Beyond(self.changed.place, pointer, reach, of + message)


def _writes(access: ObjectAccess, field: str) -> bool:
    changes = access.can("update") or access.can("create")
    return changes and field not in access.unknown | access.read_only


def _written(access: ObjectAccess, action: str, catalog: Catalog) -> Iterator[tuple[str, ...]]:
    for one in access.where.get(action) or ():
        yield _meaning(one, catalog)


def _meaning(condition: Expression, catalog: Catalog) -> tuple[str, ...]:
    """A condition with the formulas of the calculated fields that it reads, however far."""
    found, waiting, seen = [condition.source], list(condition.uses), set[tuple[str, str]]()
    while waiting:
        place = waiting.pop()
        if place in seen:
            continue
        seen.add(place)
        type_ = catalog.objects.get(place[0])
        field = type_.fields.get(place[1]) if type_ is not None else None
        if field is not None and field.formula is not None:
            found.append(f"{place[0]}.{place[1]} = {field.formula.source}")
            waiting += field.formula.uses
    return (found[0], *sorted(found[1:]))


def _stars(catalog: Catalog, *roles: str) -> set[str]:
    """The actions that roles may do with every object type, those to come among them."""
    found: set[str] = set()
    for role in with_inherited(catalog, roles):
        for grant in catalog.of("role")[role].body.get("grants", ()):
            if grant["object"] == ALL:
                found.update(ACTIONS if ALL in grant["can"] else grant["can"])
    return found


def _pointer(role: Document, object: str) -> str:
    if object in ("meta", "inherits"):
        return f"/{object}" if object in role.body else _head(role)
    grants: list[Mapping[str, Any]] = list(role.body.get("grants", ()))
    for wanted in (object, ALL):
        for at in reversed(range(len(grants))):
            if grants[at]["object"] == wanted:
                return f"/grants/{at}"
    return _head(role)


def _head(role: Document) -> str:
    return "/admin" if role.body.get("admin") else "/inherits" if role.body.get("inherits") else ""
