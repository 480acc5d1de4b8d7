"""What is sound and not used: unused, unreachable, shadowed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from metamodel.catalog import Catalog, ObjectType
from metamodel.document import Document
from metamodel.folding import listed

# Kinds of document that do nothing unless another document names them.
NAMED_BY_OTHERS = {
    "template": "No rule uses this template.",
    "endpoint": "No rule posts to this endpoint.",
}


BY_PEOPLE = ("document",)  # channels of templates that people ask for


@dataclass(frozen=True)
class LintWarning:
    """A place and what is worth a look there."""

    place: str
    message: str


def lint(catalog: Catalog, layer: str) -> Iterator[LintWarning]:
    """The remarks about the documents of one layer."""
    for kind, message in NAMED_BY_OTHERS.items():
        for name, document in sorted(catalog.of(kind).items()):
            named = f"{kind}/{name}" in catalog.uses or document.body.get("channel") in BY_PEOPLE
            if document.layer == layer and not named:
                yield LintWarning(_file(document), message)
    for name, type_ in sorted(catalog.objects.items()):
        if type_.layer == layer:
            document = catalog.of("object")[name]
            yield from _object(catalog, type_, document)
    for _, document in sorted(catalog.of("role").items()):
        if document.layer == layer:
            yield from _role(document)
    yield from _rules(catalog, layer)


def _file(document: Document, pointer: str = "") -> str:
    return f"{document.file or document.place}{'#' + pointer if pointer else ''}"


def _object(catalog: Catalog, type_: ObjectType, document: Document) -> Iterator[LintWarning]:
    forms = [f for f in catalog.of("form").values() if f.body.get("object") == type_.name]
    for at, spec in enumerate(document.body.get("fields", ())):
        name = spec.get("name")
        if forms and name in type_.fields and f"{type_.name}.{name}" not in catalog.uses:
            message = f"`{name}` is on no form, and nothing else uses it."
            yield LintWarning(_file(document, f"/fields/{at}"), message)
    if catalog.of("role") and not any(_grants(r, type_.name) for r in catalog.of("role").values()):
        yield LintWarning(
            _file(document), "No role grants access: only administrators can see these records."
        )
    yield from _states(type_, document)


def _grants(role: Document, name: str) -> bool:
    return any(
        grant.get("object") == name or (grant.get("object") == "*" and not role.body.get("admin"))
        for grant in role.body.get("grants", ())
        if role.body.get("name") != "administrator"
    )


def _states(type_: ObjectType, document: Document) -> Iterator[LintWarning]:
    """States that no transition leads to, and transitions from states that none leads to."""
    if type_.states is None:
        return
    field = type_.fields[type_.states.field]
    reached = {field.initial} | {transition.to for transition in type_.states.transitions}
    lost = [o.name for o in field.type.options if o.name not in reached and not o.retired]
    if lost:
        message = f"No transition leads to {listed(lost)}."
        yield LintWarning(_file(document, "/states/transitions"), message)


def _role(document: Document) -> Iterator[LintWarning]:
    body = document.body
    grants = body.get("grants", ())
    if not grants and not body.get("inherits") and not body.get("meta") and not body.get("admin"):
        yield LintWarning(_file(document), "This role grants no rights.")
    for at, grant in enumerate(grants):
        wider = next(
            (other for i, other in enumerate(grants) if i != at and _covers(other, grant)), None
        )
        if wider is not None and "where" in grant:
            message = "Another grant of this role already covers all records."
            yield LintWarning(_file(document, f"/grants/{at}"), message)


def _covers(wide: Mapping[str, Any], narrow: Mapping[str, Any]) -> bool:
    can = set(wide.get("can", ()))
    return (
        wide.get("object") in (narrow.get("object"), "*")
        and "where" not in wide
        and "fields" not in wide
        and ("*" in can or set(narrow.get("can", ())) <= can)
    )


def _rules(catalog: Catalog, layer: str) -> Iterator[LintWarning]:
    """Rules that are off, and those before a save whose values a later one always replaces."""
    before: list[tuple[Any, Document]] = []
    for name, document in catalog.of("rule").items():
        body = document.body
        if body.get("active") is False:
            if document.layer == layer:
                yield LintWarning(_file(document), "This rule is switched off.")
        elif body.get("phase") == "before_save":
            before.append(((body.get("order", 0), name), document))
    before.sort(key=lambda one: one[0])
    for at, (_, document) in enumerate(before):
        if document.layer != layer:
            continue
        for _, later in before[at + 1 :]:
            lost = sorted(_set(document) & _set(later))
            if lost and _always_with(document, later):
                message = f"`{later.name}` runs after it and replaces {listed(lost)}."
                yield LintWarning(_file(document), message)


def _set(document: Document) -> set[str]:
    return {name for action in document.body["do"] for name in action.get("set", ())}


def _always_with(rule: Document, later: Document) -> bool:
    """Whether the later rule runs whenever the first does."""
    one, other = rule.body["on"], later.body["on"]
    if one.get("object") != other.get("object"):
        return False
    events, others = (
        {on["event"]} if isinstance(on.get("event"), str) else set(on.get("event", ()))
        for on in (one, other)
    )
    watched, elsewhere = set(one.get("fields", ())), set(other.get("fields", ()))
    if not events <= others or (elsewhere and not (watched and watched <= elsewhere)):
        return False
    return later.body.get("when") in (None, rule.body.get("when"))
