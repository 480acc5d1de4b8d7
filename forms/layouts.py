"""Layouts of record pages: form documents checked and compiled, or made where there is none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fluvial.auth.access import Access, with_inherited
from metamodel.catalog import Catalog, Field, Inverse, ObjectType
from metamodel.checks import DocumentCheck
from metamodel.documents import Document
from metamodel.expressions.compiler import compile_expression
from metamodel.expressions.expression import Expression
from metamodel.expressions.scope import scope_of
from metamodel.expressions.types import BOOLEAN
from metamodel.folding import humanise, label_text

MAX_FACTS = 6


@dataclass(frozen=True, eq=False)
class Section:
    """A group of fields under one heading."""

    name: str
    label: str
    fields: tuple[Field, ...]
    help: str = ""
    columns: int = 2
    folded: bool = False
    visible: Expression | None = None
    read_only: Expression | None = None


@dataclass(frozen=True, eq=False)
class Layout:
    """How a record page is laid out; `name` is "" where no document says so."""

    object: str
    name: str
    sections: tuple[Section, ...]
    related: tuple[Inverse, ...]
    facts: tuple[Field, ...] = ()
    audience: tuple[str, ...] = ()
    order: int = 50

    @property
    def fields(self) -> tuple[Field, ...]:
        """Every field of the layout, once."""
        found = {f.name: f for section in self.sections for f in section.fields}
        return tuple(found.values())


def layout_of(catalog: Catalog, object_name: str, access: Access) -> Layout:
    """The layout in force for somebody: without what they may not read."""
    roles = set(with_inherited(catalog, access.roles))
    type_ = catalog.objects[object_name]
    for layout in catalog.derive(_documented).get(object_name, ()):
        if not layout.audience or access.admin or roles & set(layout.audience):
            return _shown(layout, catalog, access)
    return _shown(catalog.derive(_generated)(type_), catalog, access)


def _shown(layout: Layout, catalog: Catalog, access: Access) -> Layout:
    hidden, unknown = access.object(layout.object).hidden, access.object(layout.object).unknown
    if hidden:
        sections = [
            replace(section, fields=tuple(f for f in section.fields if f.name not in unknown))
            for section in layout.sections
        ]
        layout = replace(
            layout,
            sections=tuple(section for section in sections if section.fields),
            facts=tuple(f for f in layout.facts if f.name not in hidden),
        )
    related = tuple(i for i in layout.related if not access.hides(i.source, i.field))
    return replace(layout, related=related)


def _documented(catalog: Catalog) -> Mapping[str, Sequence[Layout]]:
    found: dict[str, list[Layout]] = {}
    for document in catalog.of("form").values():
        layout = _compiled(catalog, document)
        found.setdefault(layout.object, []).append(layout)
    return {
        name: sorted(layouts, key=lambda layout: (layout.order, not layout.audience, layout.name))
        for name, layouts in found.items()
    }


def _compiled(catalog: Catalog, document: Document) -> Layout:
    body = document.body
    type_ = catalog.objects[body["object"]]
    scope = scope_of(catalog, type_.name)

    def condition(section: Mapping[str, Any], name: str) -> Expression | None:
        source = section.get(name)
        return compile_expression(source, scope, BOOLEAN) if source else None

    sections = tuple(
        Section(
            name=section["name"],
            label=label_text(section.get("label", humanise(section["name"]))),
            fields=tuple(type_.fields[name] for name in section["fields"]),
            help=label_text(section.get("help", "")),
            columns=section.get("columns", 2),
            folded=section.get("folded", False),
            visible=condition(section, "visible"),
            read_only=condition(section, "read_only"),
        )
        for section in body["sections"]
    )
    sections += _new_fields(document, type_)
    related = body.get("related", list(type_.inverses))
    facts = [type_.fields[name] for name in body.get("facts", ())]
    return Layout(
        object=type_.name,
        name=document.name,
        sections=sections,
        related=tuple(type_.inverses[name] for name in related),
        facts=tuple(facts) or _facts(type_),
        audience=tuple(body.get("audience", ())),
        order=body.get("order", 50),
    )


def _new_fields(document: Document, type_: ObjectType) -> tuple[Section, ...]:
    """Fields that nobody has placed yet, nor left off: the site's on a layout of a package.

    A layout that says what it leaves off has been gone over, so every other field is new.
    """
    body = document.body
    known = {name for section in body["sections"] for name in section["fields"]}
    known |= {*body.get("off", ()), *body.get("facts", ())}
    layers = {part.layer for part in document.parts or (document,)}
    fields = tuple(
        f
        for f in type_.own_fields
        if f.name not in known and not f.hidden and ("off" in body or f.layer not in layers)
    )
    return (Section("new_fields", "New fields", fields),) if fields else ()


def _generated(catalog: Catalog) -> Generator:
    return Generator()


class Generator:
    """Lays out object types without a form document; each once for a snapshot."""

    def __init__(self) -> None:
        self._made: dict[str, Layout] = {}

    def __call__(self, type_: ObjectType) -> Layout:
        if type_.name not in self._made:
            self._made[type_.name] = _generate(type_)
        return self._made[type_.name]


def _generate(type_: ObjectType) -> Layout:
    """Title and status first, what is required, what places the record, the rest, long text."""
    waiting = {f.name: f for f in type_.own_fields}

    def take(wanted: Iterable[Field]) -> tuple[Field, ...]:
        return tuple(waiting.pop(f.name) for f in list(wanted) if f.name in waiting)

    long = take(f for f in type_.own_fields if f.kind.long)
    files = take(f for f in type_.own_fields if f.kind.uploads)
    state = type_.states.field if type_.states else ""
    first = take(f for f in type_.own_fields if f"{{{f.name}}}" in type_.title)
    first += take(f for f in type_.own_fields if f.name == state)
    first += take(f for f in type_.own_fields if f.required)
    first += take(f for f in type_.own_fields if f.targets and not f.many)
    groups = [("main", "", first, 2, False)]
    by_kind: dict[str, list[Field]] = {}
    for field in waiting.values():
        by_kind.setdefault(field.kind.group, []).append(field)
    if len(waiting) <= MAX_FACTS:
        groups.append(("more", "More", tuple(waiting.values()), 2, False))
    else:
        for label, fields in by_kind.items():
            name = label.lower().replace(" ", "_").replace(",", "")
            groups.append((name, label, tuple(fields), 2, False))
    groups.append(("text", "Text", long, 1, False))
    groups.append(("files", "Files", files, 1, False))
    system = tuple(f for f in type_.fields.values() if f.system and _shows(f))
    groups.append(("system", "System", system, 2, True))
    sections = tuple(
        Section(name, label, fields, columns=columns, folded=folded)
        for name, label, fields, columns, folded in groups
        if fields
    )
    return Layout(type_.name, "", sections, tuple(type_.inverses.values()), _facts(type_))


def _shows(field: Field) -> bool:
    return not field.hidden and field.name not in ("id", "rev", "title", "in_force")


def _facts(type_: ObjectType) -> tuple[Field, ...]:
    """The fields beside the title: the look-ups that place the record, then days and people."""
    state = type_.states.field if type_.states else ""
    own = [f for f in type_.own_fields if f.name != state and f"{{{f.name}}}" not in type_.title]
    placing = [f for f in own if f.targets and not f.many]
    choices = [f for f in own if f.type.options and not f.many]
    days = [f for f in own if f.kind.group == "Time"]
    return tuple(dict.fromkeys([*placing[:3], *choices[:2], *days[:2]]))[:MAX_FACTS]


def start_form(object: ObjectType) -> Mapping[str, Any]:
    """A layout with all fields in one section."""
    fields = [field.name for field in object.own_fields]
    return {"sections": [{"name": "facts", "label": "Facts", "fields": fields}], "off": []}


def check_form(document: Document, check: DocumentCheck) -> None:
    body = document.body
    for at, role in enumerate(body.get("audience", ())):
        check.reference(f"/audience/{at}", "role", role)
    object = check.object("/object", body["object"])
    if object is None:
        return
    check.names("/sections", (s["name"] for s in body["sections"]), "section")
    placed: dict[str, str] = {}
    for at, section in enumerate(body["sections"]):
        for i, name in enumerate(section["fields"]):
            pointer = f"/sections/{at}/fields/{i}"
            check.field(pointer, object, name)
            if name in placed:
                check.fault(
                    pointer,
                    "placed_twice",
                    f"`{name}` is already in the section {placed[name]}.",
                    "Remove one of the two.",
                )
            placed.setdefault(name, section["name"])
        for condition in ("visible", "read_only"):
            if condition in section:
                check.condition(f"/sections/{at}/{condition}", section[condition], object.name)
    for member in ("facts", "off"):
        for at, name in enumerate(body.get(member, ())):
            check.field(f"/{member}/{at}", object, name)
    for at, name in enumerate(body.get("related", ())):
        _check_related(f"/related/{at}", object, name, check)


def _check_related(pointer: str, object: ObjectType, name: str, check: DocumentCheck) -> None:
    inverse = object.inverses.get(name)
    if inverse is not None:
        check.uses(pointer, f"{inverse.source}.{inverse.field}")
        return
    known = ", ".join(object.inverses) or "none"
    check.fault(
        pointer,
        "unknown_collection",
        f"{object.label} has no collection `{name}`.",
        f"Available: {known}."
        if object.inverses
        else "No look-up of another object has an `inverse`.",
    )
