"""What the formulas of all object types are together: circles, sizes, and which are stored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from metamodel.catalog import Field, ObjectType
from metamodel.checks import CatalogDraft, DocumentCheck
from metamodel.cycles import cycles_of
from metamodel.dependencies import keep
from metamodel.document import Document
from metamodel.expressions.compiler import LESS, TOO_LARGE
from metamodel.expressions.expansion import MOST_LEVELS, MOST_PARTS, ONE, Expansion
from metamodel.expressions.reads import depends_on_actor, depends_on_time
from metamodel.object_check import fill
from metamodel.object_types import items, placeholders

Documents = Mapping[str, Document]
Bodies = Mapping[str, Mapping[str, Any]]


def settle_formulas(documents: Documents, bodies: Bodies, draft: CatalogDraft) -> None:
    """Report those that need themselves or are too large, and tell which are stored."""
    circles = cycles_of(draft.objects)
    for circle in circles:
        _report_circle(circle, documents, bodies, draft)
    if not circles:
        _keep(documents, bodies, draft)
        _measure(documents, bodies, draft)


_TOO_DEEP = "This reads a formula that depends on the time, which reads another, too often."


def _measure(documents: Documents, bodies: Bodies, draft: CatalogDraft) -> None:
    """Report formulas that are too large once those that they read stand in their places."""
    expansion = Expansion(draft.objects)
    for name, document in documents.items():
        for field in draft.objects[name].calculated_fields:
            size = expansion.of_field(field) if field.formula is not None else ONE
            pointer = _place(bodies[name], field)
            if size.parts > MOST_PARTS:
                DocumentCheck(draft, document).fault(pointer, "too_large", TOO_LARGE, LESS)
            elif size.nested and size.levels > MOST_LEVELS:
                DocumentCheck(draft, document).fault(pointer, "too_deep", _TOO_DEEP, LESS)


def _formula(body: Mapping[str, Any], name: str) -> str:
    places = {spec["name"]: at for at, spec in items(body, "fields")}
    return f"/fields/{places[name]}/formula" if name in places else ""


def _place(body: Mapping[str, Any], field: Field) -> str:
    """Where a document says how a calculated field is worked out."""
    member, _, item = field.made_by.partition("/")
    if not member:
        return _formula(body, field.name)
    places = {spec["name"]: at for at, spec in items(body, member)} if item else {}
    return f"/{member}/{places[item]}" if item in places else f"/{member}"


def _keep(documents: Documents, bodies: Bodies, draft: CatalogDraft) -> None:
    """Tell which calculated fields are stored; the others cannot be part of a key or a title."""
    for field in keep(draft.objects):
        fill(field, kept=True)
    for name, document in documents.items():
        object = draft.objects[name]
        _check_lasting_title(document, object, draft)
        for made in object.worked_fields:
            _check_worked(made, bodies[name], DocumentCheck(draft, document))
        for at, key in enumerate(object.keys):
            for place, named in enumerate(key.fields):
                field_ = object.fields.get(named)
                if field_ is None or field_.formula is None or field_.kept:
                    continue
                DocumentCheck(draft, document).fault(
                    f"/keys/{at}/fields/{place}",
                    "not_indexable",
                    f"`{named}` depends on the current time, so it cannot be stored.",
                    "Remove it.",
                )


def _check_worked(made: Field, body: Mapping[str, Any], check: DocumentCheck) -> None:
    """Report what is worked out when records change, but would change by itself."""
    for one in made.worked:
        timed = depends_on_time(one, check.objects)
        if timed or depends_on_actor(one, check.objects):
            depends = "the present time" if timed else "who is signed in"
            check.fault(
                _place(body, made),
                "not_lasting",
                f"`{one.source}` depends on {depends}, so that it cannot be kept up to date.",
                "Name values of records instead.",
            )


def _check_lasting_title(document: Document, object: ObjectType, draft: CatalogDraft) -> None:
    """A title is stored: nothing would tell when it names another record."""
    for named in placeholders(object.title):
        shown = object.fields.get(named)
        if shown is not None and shown.formula is not None and shown.targets and not shown.kept:
            DocumentCheck(draft, document).fault(
                "/title",
                "moving_title",
                f"`{named}` leads to another record as time passes, so no title can show it.",
                "Remove it.",
            )


def _report_circle(
    circle: list[tuple[str, str]],
    documents: Documents,
    bodies: Bodies,
    draft: CatalogDraft,
) -> None:
    object, name = circle[0]
    document = documents[object]
    way = " -> ".join(f"{object}.{name}" for object, name in circle)
    DocumentCheck(draft, document).fault(
        _place(bodies[object], draft.objects[object].fields[name]),
        "circle",
        f"`{name}` depends on itself: {way}.",
        "Remove one of these from the formula of the one before it.",
    )
