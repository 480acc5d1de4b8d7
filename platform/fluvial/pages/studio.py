"""The studio's front: all objects, and a new one from one line."""

from __future__ import annotations

from fluvial.http.assets import icon_names
from fluvial.http.call import Answer, Call
from fluvial.http.routes import Endpoint, Policy
from fluvial.kernel.problems import Problem
from fluvial.metadata_changes import apply
from fluvial.metadata_changes.beyond_rights import BeyondRights
from fluvial.metadata_changes.package_order import installed
from fluvial.records.reading.query import Query
from fluvial.records.reading.reader import read_page
from fluvial.runtime.session import Session
from metamodel.catalog import ObjectType
from metamodel.documents import SITE
from metamodel.folding import humanise, label_text, plural

from .frame import Context, action, page
from .made_names import object_name
from .object_tabs import SHARED_DOCUMENTS, SharedDocuments
from .sign_in import form_text

ICONS = (
    "box", "briefcase", "building", "calendar", "certificate", "clipboard-list", "device-laptop",
    "file-text", "flag", "folder", "heart", "key", "map-pin", "package", "puzzle", "star", "tag",
    "tool", "truck", "users",
)  # fmt: skip


def layer_labels(session: Session) -> dict[str, str]:
    """What layers are called: packages with their versions."""
    labels = {SITE: "Site", "fluvial": "Fluvial"}
    apps = session.catalog.of("app")
    for package in installed(session.connection):
        app = apps.get(package["name"])
        label = label_text(app.body.get("label", package["name"])) if app else package["name"]
        labels[package["name"]] = f"{label} {package['version']}"
    return labels


def how_many(session: Session, type_: ObjectType) -> str:
    if not session.access.object(type_.name).can("read"):
        return "hidden"
    read = read_page(session, Query(type_.name, (("id",),), limit=1, total="capped"))
    return f"{read['total']:,}{'+' if read['capped'] else ''}"


def records_of(session: Session, type_: ObjectType) -> str:
    """How many records there are, in words."""
    count = how_many(session, type_)
    return f"{count} record{'' if count == '1' else 's'}"


def show(call: Call, *, error: str = "", label: str = "") -> Answer:
    session = call.session
    labels = layer_labels(session)
    types = sorted(session.catalog.objects.values(), key=lambda t: (t.layer == "fluvial", t.label))
    objects = [
        {
            "label": type_.label,
            "name": type_.name,
            "icon": type_.icon,
            "href": f"/studio/objects/{type_.name}",
            "fields": len(type_.own_fields),
            "records": records_of(session, type_),
            "from": labels.get(type_.layer, type_.layer),
        }
        for type_ in types
    ]
    known = icon_names()
    studio: Context = {
        "objects": objects,
        "groups": sorted({t.group for t in types if t.group}),
        "icons": [name for name in ICONS if not known or name in known],
        "create_href": "/studio/objects",
        "new_href": "/studio?new=true",
        "error": error,
        "label": label,
        "open": bool(error) or "new" in call.query,
        "people_href": "/studio/people",
        "spreadsheet_href": "/studio/spreadsheet" if "write" in session.access.meta else "",
        "drafts_href": "/studio/drafts" if "write" in session.access.meta else "",
        "revisions_href": "/studio/revisions",
        "slow_href": "/studio/slow" if call.engine.slow.total else "",
        "shared": [_shared(call, one, labels) for one in call.engine.brought(SHARED_DOCUMENTS)],
    }
    primary = action("New object", "/studio?new=true", "plus")
    return page(
        call, "studio.html", "Studio", here="/studio", primary=primary,
        status=422 if error else 200, studio=studio,
    )  # fmt: skip


def _shared(call: Call, shared: SharedDocuments, labels: dict[str, str]) -> Context:
    kind = shared.kind
    documents = call.session.catalog.of(kind)
    return {
        "label": shared.label,
        "about": shared.about,
        "new_href": f"/studio/{kind}/new",
        "items": [
            {
                "label": label_text(document.body.get("label", humanise(name))),
                "href": f"/studio/{kind}/{name}",
                "from": labels.get(document.layer, document.layer),
            }
            for name, document in sorted(documents.items())
        ],
    }


def create(call: Call) -> Answer:
    label = form_text(call, "label").strip()
    many = form_text(call, "plural").strip() or plural(label)
    if not label:
        return show(call, error="Enter the name of one record.", label=label)
    for known in call.session.catalog.objects.values():
        if known.label == label:
            return show(call, error=f"The object `{known.name}` already exists.", label=label)
    name = object_name(call.session.catalog, label)
    document = {
        "kind": "object",
        "name": name,
        "label": label,
        "plural": many,
        "icon": form_text(call, "icon") or "box",
        "title": "{name}",
        "fields": [
            {"name": "name", "label": "Name", "kind": "text", "required": True, "searchable": True}
        ],
    }
    group = form_text(call, "group").strip()
    if group:
        document["group"] = group
    try:
        apply.apply(call.session, apply.documents_change([document], note=f"Object {label}"))
    except BeyondRights:
        raise
    except Problem as problem:
        faults = " ".join(str(f["message"]) for f in problem.errors[:3])
        return show(call, error=faults or problem.detail, label=label)
    return Answer.redirect(f"/studio/objects/{name}")


ENDPOINTS = (
    Endpoint("GET", "/studio", show, Policy.META_READ, "The studio.", page=True),
    Endpoint(
        "POST", "/studio/objects", create, Policy.META_WRITE, "A new object.", page=True, form=True
    ),
)
