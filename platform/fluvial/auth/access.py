"""Permissions: roles compiled to what every door asks.

One compiler turns (roles, catalog) into an `Access`. Grants add up: a person may do what any
grant of any of their roles allows, on the records that this grant names.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from fluvial.kernel.lazy import lazily
from metamodel.catalog import Catalog, Field, ObjectType
from metamodel.expressions.behind import behind, both
from metamodel.expressions.compiler import compile_expression
from metamodel.expressions.expression import Expression
from metamodel.expressions.scope import scope_of
from metamodel.expressions.types import BOOLEAN
from metamodel.object_types import PEOPLE, placeholders
from metamodel.read_by import READ_BY

from .actors import ADMINISTRATOR, Actor

ACTIONS = ("read", "create", "update", "delete", "export", "import", "reply")
ALL = "*"


@dataclass(frozen=True)
class ObjectAccess:
    """What some roles may do with the records of one object type.

    `where[action]` is None where the action is allowed on every record, else the conditions of
    which one must hold; an action that is not in it is not allowed.
    """

    object: str
    where: Mapping[str, tuple[Expression, ...] | None]
    hidden: frozenset[str] = frozenset()  # fields that are unknown to the caller
    read_only: frozenset[str] = frozenset()
    masked: frozenset[str] = frozenset()  # protected ones: hidden until asked for, each time
    own: bool = False  # no role names it: only what is theirs can be read, if anything

    @property
    def unknown(self) -> frozenset[str]:
        """Fields that the caller may neither read nor write."""
        return self.hidden - self.masked

    def can(self, action: str) -> bool:
        return action in self.where


NOTHING = ObjectAccess("", {})


@dataclass
class Access:
    """What some roles may do, in one catalog."""

    catalog: Catalog
    roles: tuple[str, ...]
    unrestricted: bool
    admin: bool
    meta: frozenset[str]
    engine: bool = False  # the engine itself, which protected fields are no secret to
    _objects: dict[str, ObjectAccess] = field(default_factory=dict)
    _writable: dict[str, Mapping[str, Field]] = field(default_factory=dict)

    def object(self, name: str) -> ObjectAccess:
        found = self._objects.get(name)
        if found is None:
            found = self._objects[name] = self._compile(name)
        return found

    def writable(self, name: str) -> Mapping[str, Field]:
        """The fields of an object type that the caller may write."""
        found = self._writable.get(name)
        if found is None:
            access = self.object(name)
            found = self._writable[name] = {
                one.name: one
                for one in self.catalog.objects[name].fields.values()
                if one.writable
                and not (one.read_only or one.hidden)
                and one.name not in access.unknown | access.read_only
            }
        return found

    def hides(self, object_name: str, field_name: str) -> bool:
        """Whether a field, or the whole object, is unknown to the caller."""
        access = self.object(object_name)
        if not access.can("read") or field_name in access.hidden:
            return True
        field = self.catalog.objects[object_name].fields.get(field_name)
        return field is not None and field.hidden

    def shows_in_title(self, object_name: str, field_name: str) -> bool:
        """Whether a title shows the caller a field. What people are called is known to all."""
        known = object_name in PEOPLE and field_name == "name"
        return known or not self.hides(object_name, field_name)

    @lazily
    def sees_all(self) -> bool:
        """Whether nothing at all is withheld: no record, no field, nothing that is protected."""
        return self.engine or all(
            access.where.get("read", ()) is None and not access.hidden
            for access in map(self.object, self.catalog.objects)
        )

    @lazily
    def everywhere(self) -> frozenset[str]:
        """The actions on all records of every object type, those to come among them."""
        if self.unrestricted:
            return frozenset(ACTIONS)
        grants = (one for one in _grants(self.catalog, self.roles, ALL) if one["object"] == ALL)
        return frozenset(
            action for one in grants for action in (ACTIONS if ALL in one["can"] else one["can"])
        )

    @lazily
    def withheld_titles(self) -> frozenset[str]:
        """The object types whose titles may hold words that are not for the caller."""
        if self.unrestricted:
            return frozenset()
        found = {type_.name for type_ in self.catalog.objects.values() if self._withholds(type_)}
        before = -1
        while before != len(found):
            before = len(found)
            found |= {
                type_.name
                for type_ in self.catalog.objects.values()
                if any(found & {*field.targets} for field in _title_slots(type_))
            }
        return frozenset(found)

    def _withholds(self, type_: ObjectType) -> bool:
        slots = _title_slots(type_)
        if not all(self.shows_in_title(type_.name, field.name) for field in slots):
            return True
        targets = {to for field in slots for to in field.targets if to in self.catalog.objects}
        return any(self.object(to).where.get("read", ()) is not None for to in targets - {*PEOPLE})

    def readable(self) -> Iterator[ObjectType]:
        return (t for t in self.catalog.objects.values() if self.object(t.name).can("read"))

    def _compile(self, name: str, parts: tuple[str, ...] = ()) -> ObjectAccess:
        """`parts` are the object types whose owners are being asked; a circle ends there."""
        type_ = self.catalog.objects.get(name)
        if type_ is None:
            return NOTHING
        masked = frozenset() if self.engine else type_.protected_fields
        if self.unrestricted:
            return ObjectAccess(name, dict.fromkeys(ACTIONS), hidden=masked, masked=masked)
        grants = list(_grants(self.catalog, self.roles, name))
        where: dict[str, tuple[Expression, ...] | None] = {}
        for grant in grants:
            _add(self.catalog, where, grant, name)
        theirs = READ_BY.of(type_) if type_ is not None else None
        if theirs is not None and where.get("read", ()) is not None:
            where["read"] = (*(where.get("read") or ()), theirs)
        for owned in type_.owned_fields:
            if where and owned.to is not None and owned.to not in (*parts, name):
                _follow(where, self._compile(owned.to, (*parts, name)), owned)
        if not where:
            return NOTHING
        rights = [grant.get("fields", {}) for grant in grants]
        names = {n for r in rights for n in r}
        best = {n: _best(r.get(n, "write") for r in rights) for n in names}
        unknown = frozenset(n for n, right in best.items() if right == "none")
        return ObjectAccess(
            name,
            where,
            hidden=unknown | masked,
            read_only=frozenset(n for n, right in best.items() if right == "read"),
            masked=masked - unknown,
            own=not grants,
        )


def _title_slots(type_: ObjectType) -> list[Field]:
    return [type_.fields[name] for name in placeholders(type_.title) if name in type_.fields]


def _add(
    catalog: Catalog,
    where: dict[str, tuple[Expression, ...] | None],
    grant: Mapping[str, Any],
    name: str,
) -> None:
    source = grant.get("where")
    condition = None
    if source is not None:
        condition = compile_expression(str(source), scope_of(catalog, name), BOOLEAN)
    for action in ACTIONS if ALL in grant["can"] else grant["can"]:
        if condition is None:
            where[action] = None
        elif where.get(action, ()) is not None:
            where[action] = (*(where.get(action) or ()), condition)


def _follow(
    where: dict[str, tuple[Expression, ...] | None], owner: ObjectAccess, owned: Field
) -> None:
    """A part is read by who reads its owner, and changed by who changes its owner."""
    for action in tuple(where):
        needed = "read" if action in ("read", "export", "reply") else "update"
        if needed not in owner.where:
            del where[action]
            continue
        theirs = owner.where[needed]
        if theirs is None:
            continue
        beyond = tuple(behind(one, owned.object, owned.name) for one in theirs)
        own = where[action]
        where[action] = beyond if own is None else tuple(both(a, b) for a in own for b in beyond)


def _grants(catalog: Catalog, roles: Iterable[str], name: str) -> Iterator[Mapping[str, Any]]:
    for role in with_inherited(catalog, roles):
        for grant in catalog.of("role")[role].body.get("grants", ()):
            if grant["object"] in (name, ALL):
                yield grant


def _best(rights: Iterable[str]) -> str:
    order = ("none", "read", "write")
    return max(rights, key=order.index)


def with_inherited(catalog: Catalog, roles: Iterable[str]) -> tuple[str, ...]:
    """The roles and all that they inherit, each once; unknown names are left out."""
    known = catalog.of("role")
    found: dict[str, None] = {}
    waiting = [r for r in roles if r in known]
    while waiting:
        role = waiting.pop(0)
        if role not in found:
            found[role] = None
            waiting += [r for r in known[role].body.get("inherits", ()) if r in known]
    return tuple(found)


def _caches(_: Catalog) -> dict[tuple[Any, ...], Access]:
    return {}


def access_of(catalog: Catalog, actor: Actor) -> Access:
    """The compiled rights of an actor; made once for each set of roles and snapshot."""
    cache = catalog.derive(_caches)
    key = (actor.roles, actor.unrestricted)
    access = cache.get(key)
    if access is None:
        roles = with_inherited(catalog, actor.roles)
        bodies = [catalog.of("role")[role].body for role in roles]
        admin = actor.unrestricted or ADMINISTRATOR in roles or any(b.get("admin") for b in bodies)
        meta = frozenset(right for body in bodies for right in body.get("meta", ()))
        access = cache[key] = Access(
            catalog,
            actor.roles,
            unrestricted=actor.unrestricted or ADMINISTRATOR in roles,
            admin=admin,
            meta=frozenset(("read", "write")) if admin else meta,
            engine=actor.unrestricted and ADMINISTRATOR not in roles,
        )
    return access
