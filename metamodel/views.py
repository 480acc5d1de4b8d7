"""The semantic checks of views."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from metamodel.catalog import Catalog, ObjectType
from metamodel.checks import DocumentCheck
from metamodel.document import Document
from metamodel.index_questions import IndexQuestion, fixed


def start_view(object: ObjectType) -> Mapping[str, Any]:
    """A view of all records, the newest first."""
    return {
        "label": f"My {object.plural.lower()}",
        "columns": ["title"],
        "sort": ["-created_at"],
    }


def check_view(document: Document, check: DocumentCheck) -> None:
    body = document.body
    for at, role in enumerate(body.get("audience", ())):
        check.reference(f"/audience/{at}", "role", role)
    object = check.object("/object", body["object"])
    if object is None:
        return
    for at, column in enumerate(body.get("columns", ())):
        check.path(f"/columns/{at}", object, column)
    if "where" in body:
        check.condition("/where", body["where"], object.name)
    if "group" in body:
        check.path("/group", object, body["group"])
    check_sort("/sort", object, body.get("sort", ()), check)


def view_questions(document: Document, catalog: Catalog) -> Iterator[IndexQuestion]:
    """The list of a view; where it says no order, the newest come first."""
    body = document.body
    equal = fixed(catalog, body["object"], body.get("where", ""))
    yield IndexQuestion(body["object"], equal, tuple(body.get("sort", ())) or ("-created_at",))


def check_sort(
    pointer: str, object: ObjectType, sort: list[str] | tuple[str, ...], check: DocumentCheck
) -> None:
    """The fields of a sort exist and have an order."""
    for at, name in enumerate(sort):
        field = check.path(f"{pointer}/{at}", object, name.removeprefix("-"))
        if field is not None and not field.kind.sorts(field):
            check.fault(
                f"{pointer}/{at}",
                "not_sortable",
                f"{field.kind.label} fields such as `{field.name}` cannot be sorted.",
                "Sort by another field.",
            )
