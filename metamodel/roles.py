"""The semantic checks of roles, and what they are called."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from metamodel.catalog import Catalog
from metamodel.checks import DocumentCheck
from metamodel.document import Document
from metamodel.expressions.types import ROLE
from metamodel.folding import humanise, label_text

EVERY = "*"  # all objects, or all actions


def check_role(document: Document, check: DocumentCheck) -> None:
    body = document.body
    for at, name in enumerate(body.get("inherits", ())):
        check.reference(f"/inherits/{at}", "role", name)
    _check_circle(document, check)
    for at, grant in enumerate(body.get("grants", ())):
        _check_grant(f"/grants/{at}", grant, check)


def _check_grant(pointer: str, grant: dict[str, Any], check: DocumentCheck) -> None:
    if grant["object"] == EVERY:
        for name in ("where", "fields"):
            if name in grant:
                check.fault(
                    f"{pointer}/{name}",
                    "needs_object",
                    f"A grant for all objects cannot have `{name}`.",
                    "Name one object.",
                )
        return
    object = check.object(f"{pointer}/object", grant["object"])
    if object is None:
        return
    if "where" in grant:
        check.condition(f"{pointer}/where", grant["where"], object.name)
    for name in grant.get("fields", {}):
        check.field(f"{pointer}/fields/{name}", object, name)


def _check_circle(document: Document, check: DocumentCheck) -> None:
    """A role does not inherit itself, however far round."""
    roles = check.documents.get("role", {})
    waiting = [[document.name]]
    seen: set[str] = set()
    while waiting:
        path = waiting.pop()
        role = roles.get(path[-1])
        for name in role.body.get("inherits", ()) if role is not None else ():
            if name == document.name:
                way = " > ".join([*path, name])
                check.fault(
                    "/inherits",
                    "circle",
                    f"The role inherits from itself: {way}.",
                    "Remove one of these.",
                )
                return
            if name not in seen:
                seen.add(name)
                waiting.append([*path, name])


def role_titles(catalog: Catalog, names: Iterable[str]) -> dict[str, str]:
    """The labels of roles, which are documents: their names stand for their ids."""
    roles = catalog.of(ROLE)
    return {
        name: label_text(roles[name].body.get("label", humanise(name)))
        for name in dict.fromkeys(names)
        if name in roles
    }
