"""The tab of layouts in the studio: the sections of the first one, to be rearranged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fluvial.http.call import Call
from fluvial.pages.document_pages import editor, text_of
from fluvial.pages.frame import Context
from fluvial.pages.object_tabs import Labels, ObjectTab, about_object, documents_tab
from metamodel.catalog import Catalog, Field, ObjectType
from metamodel.folding import humanise, label_text

NEW = "new_fields"  # the section of fields that nobody has placed yet
HINT = "A layout changes labels and the position of fields on pages. Tables stay as they are."


def layouts_tab(call: Call, type_: ObjectType, tab: ObjectTab, labels: Labels) -> Context:
    """The first layout with its sections; where there is none, the way to make one."""
    forms = sorted(
        about_object(call, "form", type_), key=lambda d: (d.body.get("order", 50), d.name)
    )
    if not forms:
        return documents_tab(call, type_, tab, labels) | {"plan_hint": HINT}
    sections = forms[0].body.get("sections", ())
    placed = {name for section in sections for name in section["fields"]}
    return {
        "tab": "layout",
        "plan_hint": HINT,
        "layout": {
            "api": f"/api/meta/form/{forms[0].name}",
            "href": f"/studio/form/{forms[0].name}",
            "sections": [
                {
                    "name": s["name"],
                    "label": label_text(s.get("label", humanise(s["name"]))),
                    "fields": [_placed(type_.fields[n]) for n in s["fields"] if n in type_.fields],
                }
                for s in sections
            ],
            "unused": [_placed(f) for f in type_.own_fields if f.name not in placed],
        },
        "yaml": editor(call, "form", forms[0].name, text_of(call, "form", forms[0].name)),
    }


def _placed(field: Field) -> Context:
    return {"name": field.name, "label": field.label, "icon": field.kind.icon}


def place_new_fields(
    catalog: Catalog, type_: ObjectType, names: Sequence[str]
) -> Mapping[tuple[str, str], Mapping[str, Any]]:
    """In a section of their own, of the layouts that are for everybody."""
    parts: dict[tuple[str, str], Mapping[str, Any]] = {}
    for name, document in catalog.of("form").items():
        body = document.body
        if body.get("object") != type_.name or body.get("audience"):
            continue
        sections = body.get("sections", ())
        placed = {field for section in sections for field in section["fields"]}
        missing = [field for field in names if field not in placed]
        own: list[str] = next((one["fields"] for one in sections if one["name"] == NEW), [])
        if missing:
            section = {"name": NEW, "label": "New fields", "fields": [*own, *missing]}
            parts["form", name] = {"sections": [section]}
    return parts


LAYOUTS = ObjectTab(
    "form",
    "Layouts",
    "The default layout shows the title and the state first, then the required fields.",
    position=10,
    name="layout",
    content=layouts_tab,
)
