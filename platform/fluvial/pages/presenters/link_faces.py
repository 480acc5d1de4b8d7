"""Faces of look-ups and people: titles with links, marks with initials."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from markupsafe import Markup
from starlette.datastructures import FormData

from fluvial.pages import reader_format as marks
from fluvial.pages.reader_format import NIL, NOBODY, ReaderFormat
from metamodel.catalog import Field
from metamodel.kinds.kind import TextFormat
from metamodel.kinds.link_fields import link_fields
from metamodel.kinds.person import accepts

from .filter_questions import HOLDS, IS, IS_NOT, MINE, OURS, WITHIN, Op, empties
from .link_rows import said, table, typed
from .presenter import Cell, Face, Reference, text_in, texts_in


class LookupFace(Face):
    place = "line"
    orders = ("A to Z", "Z to A")
    holds = "link"
    quick = True

    def references(self, field: Field, value: Any) -> Iterator[Reference]:
        if isinstance(value, Mapping):  # a list that also shows a field of the record behind it
            value = value.get("id")
        if value:
            yield field.targets[0], value

    def text(self, field: Field, value: Any, fmt: ReaderFormat) -> str:
        return ", ".join(self._title(fmt, r) for r in self.references(field, value))

    def _title(self, fmt: ReaderFormat, reference: Reference) -> str:
        return fmt.names.title(*reference) or "not visible to you"

    def _link(self, fmt: ReaderFormat, reference: Reference) -> str:
        title = fmt.names.title(*reference)
        if title is None:
            return Markup('<span class="faint" title="Not visible to you">–</span>')
        return marks.link(fmt.href(*reference), title)

    def cell(self, field: Field, fmt: ReaderFormat) -> Cell:
        def show(value: Any) -> str:
            links = [self._link(fmt, r) for r in self.references(field, value)]
            return f'<span class="clip">{", ".join(links)}</span>' if links else NIL

        return show

    def full(self, field: Field, value: Any, fmt: ReaderFormat) -> Markup:
        links = [self._link(fmt, r) for r in self.references(field, value)]
        return Markup(", ".join(links)) if links else Markup()

    def widget(self, field: Field, value: Any, fmt: ReaderFormat) -> dict[str, Any]:
        chosen = list(self.references(field, value))
        return {
            "value": chosen[0][1] if chosen else "",
            "selected": [{"value": r[1], "label": self._title(fmt, r)} for r in chosen],
            "search_url": f"/lookup/{field.object}/{field.name}",
            **self._creating(field, fmt),
        }

    def _creating(self, field: Field, fmt: ReaderFormat) -> dict[str, Any]:
        """How to make what is not found: at once where the field says so, or by its questions."""
        if field.to is None or not fmt.names.offered(field.to, "create"):
            return {}
        label = f"New {fmt.catalog.objects[field.to].label.lower()}"
        at_once = f"/lookup/{field.object}/{field.name}" if field.option("create") else ""
        return {
            "create_url": at_once, "create_label": label, "quick_url": f"/o/{field.to}/quick",
        }  # fmt: skip

    def asks(self, field: Field) -> tuple[Op, ...]:
        return (IS, IS_NOT, WITHIN, *empties(field))

    def read(self, field: Field, form: FormData, how: TextFormat) -> Any:
        return text_in(form, field.name) or None


class MultiLookupFace(LookupFace):
    rare = True
    holds = "links"
    quick = False

    def references(self, field: Field, value: Any) -> Iterator[Reference]:
        for link in value or ():
            yield field.targets[0], link["id"] if isinstance(link, Mapping) else link

    def text(self, field: Field, value: Any, fmt: ReaderFormat) -> str:
        inner = link_fields(field)
        links = zip(self.references(field, value), value or (), strict=True)
        return ", ".join(f"{self._title(fmt, one)}{said(inner, link)}" for one, link in links)

    def full(self, field: Field, value: Any, fmt: ReaderFormat) -> Markup:
        inner = link_fields(field)
        links = zip(self.references(field, value), value or (), strict=True)
        words = ((self._link(fmt, one), said(inner, link)) for one, link in links)
        return Markup(", ").join(Markup("{}{}").format(*pair) for pair in words)

    def widget(self, field: Field, value: Any, fmt: ReaderFormat) -> dict[str, Any]:
        w, inner = super().widget(field, value, fmt) | {"many": True}, link_fields(field)
        if not inner:
            return w
        links = zip(self.references(field, value), value or (), strict=True)
        rows = [(one[1], self._title(fmt, one), link) for one, link in links]
        return w | {"links": table(inner, rows, fmt.locale), "wide": True}

    def asks(self, field: Field) -> tuple[Op, ...]:
        return (*HOLDS, *empties(field))

    def read(self, field: Field, form: FormData, how: TextFormat) -> Any:
        ids, inner = texts_in(form, field.name), link_fields(field)
        if not inner:
            return ids
        return [{"id": id, **typed(field.name, inner, id, form, how)} for id in ids]


class AnyLookupFace(LookupFace):
    holds = "any_link"
    quick = False

    def references(self, field: Field, value: Any) -> Iterator[Reference]:
        if value:
            yield value["object"], value["id"]

    def widget(self, field: Field, value: Any, fmt: ReaderFormat) -> dict[str, Any]:
        objects, held = fmt.catalog.objects, value["object"] if value else ""
        offered = [name for name in field.targets if name == held or fmt.names.offered(name)]
        targets = [
            {"value": name, "label": objects[name].label, "icon": objects[name].icon}
            for name in offered
        ]
        return super().widget(field, value, fmt) | {
            "object": held or next(iter(offered), field.targets[0]),
            "targets": targets,
            "search_url": f"/lookup/{field.object}/{field.name}?object=",
        }

    def read(self, field: Field, form: FormData, how: TextFormat) -> Any:
        record = text_in(form, field.name)
        if not record:
            return None
        return {"object": text_in(form, f"{field.name}.object") or field.targets[0], "id": record}


class PersonFace(LookupFace):
    nothing = NOBODY
    place = "people"
    holds = "people"

    def references(self, field: Field, value: Any) -> Iterator[Reference]:
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, Mapping):  # a list may also show fields of the person
                kinds = [kind for kind in accepts(field) if kind in one] or ["id"]
                yield from ((kind if kind != "id" else "user", one[kind]) for kind in kinds)

    def _title(self, fmt: ReaderFormat, reference: Reference) -> str:
        return fmt.names.title(*reference) or "A former user"

    def cell(self, field: Field, fmt: ReaderFormat) -> Cell:
        def show(value: Any) -> str:
            found = [marks.mark(self._title(fmt, r)) for r in self.references(field, value)]
            return "".join(found) or NOBODY

        return show

    def full(self, field: Field, value: Any, fmt: ReaderFormat) -> Markup:
        names = [self._title(fmt, r) for r in self.references(field, value)]
        return Markup(" ".join(marks.person(name) for name in names))

    def widget(self, field: Field, value: Any, fmt: ReaderFormat) -> dict[str, Any]:
        chosen = [
            {"value": f"{kind}:{id}", "label": self._title(fmt, (kind, id))}
            for kind, id in self.references(field, value)
        ]
        kinds = [f"a {kind}" for kind in accepts(field)]
        people = " or ".join(kinds) if kinds != ["a user"] else "a person"
        return {
            "value": chosen[0]["value"] if chosen else "",
            "selected": chosen,
            "many": field.many,
            "hint": f"Search for {people}",
            "search_url": f"/lookup/{field.object}/{field.name}",
        }

    def asks(self, field: Field) -> tuple[Op, ...]:
        if field.many:
            return (*HOLDS, *empties(field))
        ours = () if field.type.objects == ("user",) else (OURS,)
        return (MINE, *ours, IS, IS_NOT, *empties(field))

    def read(self, field: Field, form: FormData, how: TextFormat) -> Any:
        people = [dict([text.split(":", 1)]) for text in texts_in(form, field.name) if ":" in text]
        return people if field.many else (people[0] if people else None)
