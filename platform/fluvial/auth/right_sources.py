"""Where rights come from: the grants of roles, and the roles by which these are inherited."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from metamodel.catalog import Catalog

from .access import ACTIONS, ALL


@dataclass(frozen=True)
class RightSource:
    """A grant that gives a right, and how a person comes to its role."""

    role: str
    through: tuple[str, ...]  # from a role of theirs to the one with the grant, without that one
    everywhere: bool  # for every object
    where: str = ""  # the records that it covers; "" for all
    fields: Mapping[str, str] = field(default_factory=dict)
    actions: frozenset[str] = frozenset()


def ways(catalog: Catalog, roles: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Each role that counts, with the roles through which it is inherited."""
    known = catalog.of("role")
    found: dict[str, tuple[str, ...]] = {}
    waiting: list[tuple[str, tuple[str, ...]]] = [(role, ()) for role in roles if role in known]
    while waiting:
        role, way = waiting.pop(0)
        if role not in found:
            found[role] = way
            below = known[role].body.get("inherits", ())
            waiting += [(one, (*way, role)) for one in below if one in known]
    return found


def sources(catalog: Catalog, roles: Iterable[str], object_name: str) -> list[RightSource]:
    """The grants of roles for one object type, those of a person's own roles first."""
    return [
        source
        for role, way in ways(catalog, roles).items()
        for source in _granted(catalog.of("role")[role].body, role, way, object_name)
    ]


def _granted(
    body: Mapping[str, Any], role: str, way: tuple[str, ...], object_name: str
) -> Iterator[RightSource]:
    for grant in body.get("grants", ()):
        if grant["object"] in (object_name, ALL):
            can = grant["can"]
            yield RightSource(
                role,
                way,
                grant["object"] == ALL,
                str(grant.get("where", "")),
                grant.get("fields", {}),
                frozenset(ACTIONS if ALL in can else can),
            )
