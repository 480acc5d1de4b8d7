"""Whether somebody's own rights cover what a document reaches."""

from __future__ import annotations

from dataclasses import dataclass

from fluvial.auth.access import Access
from metamodel.catalog import Catalog
from metamodel.object_types import PEOPLE
from metamodel.reach import Reach

VERBS = {
    "read": "reads", "create": "creates", "update": "changes", "delete": "deletes", "set": "sets",
}  # fmt: skip
KNOWN = ("name", "title")  # of people: everybody sees who somebody is
# What decides the rights of people: documents set it with more rights than those who save it.
DECIDING = ("roles", "groups", "teams", "email", "active")


@dataclass(frozen=True)
class Beyond:
    """One thing that a change reaches and its author may not."""

    document: str  # "object/book"
    pointer: str  # into it: "/fields/3/formula"
    reach: str  # "book.price", "book", "role/clerk"
    message: str

    def wire(self) -> dict[str, str]:
        return {
            "document": self.document,
            "pointer": self.pointer,
            "reach": self.reach,
            "message": self.message,
        }


def covers(mine: Access, catalog: Catalog, reach: Reach) -> str:
    """Why these rights do not cover it; empty where they do.

    What is not in the catalog yet holds nothing, so a new object type is nobody's secret, and
    neither is a new field for who may read, or change, the records that it belongs to.
    """
    type_ = catalog.objects.get(reach.object)
    if type_ is None or (reach.object in PEOPLE and reach.field in KNOWN):
        return ""
    access, verb = mine.object(type_.name), VERBS[reach.action]
    if reach.object == "user" and reach.field in DECIDING and reach.action != "read":
        return f"It {verb} {reach.target}, which decides what people may do."
    if reach.action == "set":
        closed = access.hidden | access.read_only
        known = reach.field in type_.fields and reach.field in closed
        return f"It sets {reach.target}, which you may not change." if known else ""
    if not access.can(reach.action):
        return f"It {verb} {type_.plural.lower()}, which you may not {reach.action}."
    if reach.everywhere and access.where[reach.action] is not None:
        plural = type_.plural.lower()
        return f"It {verb} any {plural}, and you may {reach.action} only some of them."
    if reach.field in access.hidden:
        return f"It {verb} {reach.target}, which you may not read."
    if reach.action in ("create", "update") and reach.field in access.read_only:
        return f"It {verb} {reach.target}, which you may only read."
    return ""
