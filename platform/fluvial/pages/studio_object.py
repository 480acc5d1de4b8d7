"""One object in the studio: its fields, its layout, and the documents about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fluvial.http.call import Answer, Call
from fluvial.http.routes import Endpoint, Policy
from fluvial.kernel.problems import NotFound, Problem
from fluvial.metadata_changes import apply
from fluvial.metadata_changes.beyond_rights import BeyondRights
from metamodel.catalog import Field, ObjectType
from metamodel.documents import SITE
from metamodel.folding import humanise, label_text, listed
from metamodel.kinds import KINDS
from metamodel.retyping import becomes
from metamodel.uses import uses_of

from .document_pages import editor, site_layer, text_of
from .frame import Context, action, page
from .kind_options import PLAIN, asked_of, word_of
from .made_names import field_name
from .object_tabs import OBJECT_TAB, ObjectTab, about_object, documents_tab
from .record_tables import default_names
from .sign_in import form_text
from .studio import layer_labels, records_of
from .view_lists import views_of


def show(call: Call, *, error: str = "", label: str = "", kind: str = "text") -> Answer:
    session = call.session
    type_ = session.catalog.objects.get(call.params["name"])
    if type_ is None:
        raise NotFound(f"There is no object `{call.params['name']}`.")
    tab = call.query.get("tab", "fields")
    tabs = sorted(call.engine.brought(OBJECT_TAB), key=lambda one: one.position)
    chosen = next((one for one in tabs if one.name == tab), None)
    labels = layer_labels(session)
    path = f"/studio/objects/{type_.name}"
    studio = _head(call, type_, labels) | {"tabs": _tabs(call, type_, path, tab, tabs)}
    if chosen is not None:
        studio |= (chosen.content or documents_tab)(call, type_, chosen, labels)
    elif tab == "uses":
        studio |= {"tab": "documents", "documents": _uses(call, type_)}
    else:
        studio |= _fields(call, type_, labels, error, label, kind)
    return page(
        call, "studio_object.html", type_.label, crumbs=[("Studio", "/studio")], here="/studio",
        primary=action(f"New {type_.label.lower()}", f"/o/{type_.name}/new", "plus")
        if session.access.object(type_.name).can("create") else None,
        menu=_menu(type_), status=422 if error else 200, studio=studio,
    )  # fmt: skip


def _head(call: Call, type_: ObjectType, labels: Mapping[str, str]) -> Context:
    """What every tab of an object shows."""
    return {
        "object": {
            "name": type_.name, "label": type_.label, "plural": type_.plural, "icon": type_.icon,
        },
        "about": f"{records_of(call.session, type_)} · "
        f"from {labels.get(type_.layer, type_.layer)}",
        "api": f"/api/meta/object/{type_.name}",
        "plan_api": f"/api/meta/object/{type_.name}?plan=true",
        "list_href": f"/o/{type_.name}",
        "new_href": f"/o/{type_.name}/new",
        "tab": "fields",
        "plan": None,
        "yaml": editor(call, "object", type_.name, text_of(call, "object", type_.name)),
        "file": "",
    }  # fmt: skip


def _menu(type_: ObjectType) -> list[Context]:
    return [
        action("JSON Schema of a record", f"/api/schema/records/{type_.name}", "code"),
        action("All layers of the document", f"/api/meta/object/{type_.name}?layers=true", "stack"),
    ]


def _tabs(
    call: Call, type_: ObjectType, path: str, tab: str, brought: Sequence[ObjectTab]
) -> list[Context]:
    def entry(name: str, label: str, count: int) -> Context:
        href = path if name == "fields" else f"{path}?tab={name}"
        return {"name": name, "label": label, "href": href, "count": count, "current": name == tab}

    tabs = [entry("fields", "Fields", len(type_.own_fields))]
    for one in brought:
        tabs.append(entry(one.name, one.label, len(about_object(call, one.kind, type_))))
    places = uses_of(call.session.catalog, type_.name)
    tabs.append(entry("uses", "Uses", len({place.partition("#")[0] for place in places})))
    return tabs


def _fields(
    call: Call, type_: ObjectType, labels: Mapping[str, str], error: str, label: str, kind: str
) -> Context:
    session = call.session
    writes = "write" in session.access.meta
    reads = session.access.object(type_.name).can("read")
    view = views_of(session, type_.name)[0] if reads else None
    shown = (view and view.columns) or (default_names(session.access, type_) if reads else ())
    return {
        "columns": ",".join(shown),
        "fields": [_field(f, labels, writes) for f in type_.own_fields],
        "kinds": kind_groups(),
        "kind_options": {kind.name: asked_of(kind) for kind in KINDS.values()},
        "objects": [
            {"value": t.name, "label": t.label}
            for t in sorted(session.catalog.objects.values(), key=lambda t: t.label)
        ],
        "add": {"label": label, "kind": kind, "error": error},
        "add_href": f"/studio/objects/{type_.name}",
        "may_write": writes,
    }


def _field(field: Field, labels: Mapping[str, str], writes: bool) -> Context:
    own = writes and field.layer == SITE and not field.made_by
    return {
        "name": field.name,
        "label": field.label,
        "kind": field.kind.name,
        "kind_label": field.kind.label,
        "icon": field.kind.icon,
        "rule": _rule(field),
        "origin": labels.get(field.layer, field.layer).rpartition(" ")[0]
        or labels.get(field.layer, field.layer),
        "own": own,
        "remove_href": "",
        "kind_href": f"/studio/objects/{field.object}/fields/{field.name}/kind"
        if own and becomes(field.kind)
        else "",
    }


def _rule(field: Field) -> str:
    """What the field asks of its values, in a few words."""
    words = []
    if field.option("format", PLAIN) != PLAIN:
        words.append(word_of(str(field.option("format"))).lower())
    if field.required:
        words.append("required")
    if field.unique:
        words.append("unique")
    if field.to:
        words.append(f"to {field.to}")
    elif field.targets and not field.type.people:
        words.append(f"to {listed(field.targets, 3)}".replace("`", ""))
    if field.type.options:
        words.append(f"{len(field.type.options)} options")
    if field.formula is not None:
        words.append(str(field.option("formula"))[:60])
    if field.option("unit"):
        words.append(str(field.option("unit")))
    if field.option("currency"):
        words.append(str(field.option("currency")))
    for name, sign in (("min", "from"), ("max", "to")):
        if field.option(name) is not None and not field.targets:
            words.append(f"{sign} {field.option(name)}")
    return ", ".join(words)


def kind_groups() -> list[Context]:
    """The kinds for the picker, by their groups."""
    groups: dict[str, list[Context]] = {}
    for kind in KINDS.values():
        formats = (f"{word}={name}" for word, name in kind.formats.items())
        words = " ".join((kind.words, *formats))
        groups.setdefault(kind.group, []).append(
            {"name": kind.name, "label": kind.label, "icon": kind.icon, "words": words}
        )
    return [{"label": label, "kinds": kinds} for label, kinds in groups.items()]


def _uses(call: Call, type_: ObjectType) -> Context:
    """The documents that name the object, each once, with the parts of it that do."""
    parts: dict[str, list[str]] = {}
    for place in uses_of(call.session.catalog, type_.name):
        document, _, pointer = place.partition("#")
        parts.setdefault(document, []).append(pointer.strip("/").partition("/")[0])
    items = []
    for document, named in parts.items():
        kind, _, name = document.partition("/")
        found = call.session.catalog.of(kind).get(name)
        what = listed(dict.fromkeys(humanise(n).lower() for n in named if n), 5).replace("`", "")
        times = f"{len(named)} times" if len(named) > 1 else "once"
        items.append(
            {
                "label": label_text(found.body.get("label", humanise(name)))
                if found
                else humanise(name),
                "name": name,
                "hint": f"Used {times}: {what}" if what else f"Used {times}",
                "href": f"/studio/objects/{name}" if kind == "object" else f"/studio/{document}",
                "from": call.engine.kinds[kind].label if kind in call.engine.kinds else "",
            }
        )
    return {
        "title": "Not used yet",
        "text": "Views, rules, roles and other objects that use it appear here.",
        "items": items,
        "new": None,
    }


def add_field(call: Call) -> Answer:
    """A field from a label and a kind, for browsers without scripts."""
    name, label = call.params["name"], form_text(call, "label").strip()
    kind = form_text(call, "kind") or "text"
    if name not in call.session.catalog.objects:
        raise NotFound(f"There is no object `{name}`.")
    if not label:
        return show(call, error="Type the label of the new field.", label=label, kind=kind)
    made = field_name(call.session.catalog.objects[name], label, kind)
    field: dict[str, Any] = {"name": made, "label": label, "kind": kind}
    key, seen = ("object", name), site_layer(call, "object", name)
    site = dict(seen.body if seen is not None else {"kind": "object", "name": name})
    site["fields"] = [*site.get("fields", ()), field]
    change = apply.MetadataChange({key: site}, note=f"Field {label} of {name}")
    change.seen = {key: seen.body if seen is not None else None}
    try:
        apply.apply(call.session, change)
    except BeyondRights:
        raise
    except Problem as problem:
        faults = " ".join(str(f["message"]) for f in problem.errors[:3])
        return show(call, error=faults or problem.detail, label=label, kind=kind)
    return Answer.redirect(f"/studio/objects/{name}")


_ONE = "/studio/objects/{name}"

ENDPOINTS = (
    Endpoint("GET", _ONE, show, Policy.META_READ, "An object in the studio.", page=True),
    Endpoint("POST", _ONE, add_field, Policy.META_WRITE, "Add a field.", page=True, form=True),
)
