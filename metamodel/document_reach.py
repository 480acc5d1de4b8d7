"""Working out what a document in force reaches, from its own check."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass, field, replace

from metamodel.catalog import Catalog, ObjectType
from metamodel.checks import CatalogDraft, DocumentCheck
from metamodel.document import Document
from metamodel.documents import OBJECT, DocumentKind
from metamodel.expressions.expression import Expression
from metamodel.expressions.nodes import Root
from metamodel.expressions.reads import names_something, reads
from metamodel.object_check import check_object
from metamodel.object_types import check_kinds, placeholders
from metamodel.reach import Reach

PICKS = ("where",)  # of look-ups: people pick among what they may read

Compiled = tuple[str, Expression, str | None]  # pointer, expression, the object of `record`


@dataclass
class ReachDraft(CatalogDraft):
    """A catalog that one document is checked in once more, to hear what it uses."""

    heard: list[Compiled] = field(default_factory=list)

    def compiled(self, pointer: str, expression: Expression, record: str | None) -> None:
        self.heard.append((pointer, expression, record))


def reach_of(document: Document, catalog: Catalog, kind: DocumentKind) -> list[Reach]:
    """Everything that a document in force reads and writes, and where it says so."""
    draft = ReachDraft(
        catalog.documents,
        objects=dict(catalog.objects),
        zone=catalog.zone,
        calendars=catalog.calendars,
        decisions=catalog.decisions,
        kinds=frozenset(catalog.documents),
    )
    if kind.name == OBJECT.name:
        _check_copy(document, draft, kind)
    elif kind.check is not None:
        kind.check(document, DocumentCheck(draft, document))
    acting = [kind.acts, *(part.acts for part in kind.parts if part.name in document.body)]
    acts = [one for act in acting if act is not None for one in act(document, catalog)]
    written = {(one.pointer, one.target) for one in acts}  # is named there, and not read
    plain = _plain(document, draft, kind.wide)
    found = {*_read(document, draft, kind.wide)}
    found.update(one for one in plain if (one.pointer, one.target) not in written)
    for one in [one for one in found if one.field == "title"]:
        found.update(_behind_title(one, catalog))
    return sorted(found.union(acts))


def _check_copy(document: Document, draft: ReachDraft, kind: DocumentKind) -> None:
    """The checks of an object type, on a copy: they fill in what they compile."""
    type_ = draft.objects[document.name]
    fields = {name: copy(one) for name, one in type_.fields.items()}
    draft.objects[document.name] = twin = replace(type_, fields=fields)
    check_kinds(document, document.body, twin, draft)
    check_object(document, document.body, twin, draft, kind.parts)


def _read(document: Document, draft: ReachDraft, wide: bool) -> Iterator[Reach]:
    """What expressions read. What they read of the reader alone is nobody else's."""
    for pointer, expression, record in draft.heard:
        picks = document.kind == OBJECT.name and pointer.split("/")[3:4] == [*PICKS]
        for one in reads(expression, draft.objects, record):
            type_ = draft.objects.get(one.object)
            known = type_.fields.get(one.field) if type_ is not None else None
            if known is None or known.hidden or (one.root is Root.ME and not one.steps):
                continue
            everywhere = wide or (bool(one.steps) and not picks)
            yield Reach(pointer, "read", one.object, one.field, everywhere)
        if names_something(expression):
            # Behind a name of the scope stand records that the expression says nothing of.
            for object, field in expression.uses:
                known = draft.objects[object].fields.get(field)
                if known is not None and not known.hidden:
                    yield Reach(pointer, "read", object, field, True)


def _plain(document: Document, draft: ReachDraft, wide: bool) -> Iterator[Reach]:
    """What a document names without an expression: columns, placeholders, object types."""
    expressions = {pointer for pointer, _, _ in draft.heard}
    for target, places in draft.uses.items():
        object, _, name = target.partition(".")
        if object not in draft.objects:
            continue  # a document
        for place in places:
            pointer = place.partition("#")[2]
            if pointer in expressions:
                continue
            own = document.kind == OBJECT.name
            if own and not name and "to" in pointer.split("/")[3:]:
                continue  # a look-up is no reading of what it links to
            yield Reach(pointer, "read", object, name, wide or (own and not name))
            shows = wide or (own and pointer == "/title")  # the titles of links
            linked = draft.objects[object].fields.get(name) if shows else None
            for to in linked.targets if linked is not None else ():
                if to in draft.objects:
                    yield Reach(pointer, "read", to, "title", everywhere=wide)


def _behind_title(reach: Reach, catalog: Catalog) -> Iterator[Reach]:
    """The fields that a title is made of, and those of the titles that it shows."""
    waiting, seen = [(catalog.objects[reach.object], reach.everywhere)], set[str]()
    while waiting:
        type_, everywhere = waiting.pop()
        if type_.name in seen:
            continue
        seen.add(type_.name)
        for shown in (type_.fields.get(name) for name in placeholders(type_.title)):
            if shown is None:
                continue
            yield replace(reach, object=type_.name, field=shown.name, everywhere=everywhere)
            waiting += [(one, everywhere) for one in _known(shown.targets, catalog)]


def _known(names: tuple[str, ...], catalog: Catalog) -> Iterator[ObjectType]:
    return (catalog.objects[name] for name in names if name in catalog.objects)
