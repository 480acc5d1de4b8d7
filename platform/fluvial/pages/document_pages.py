"""Any document as YAML: read, planned and saved into the site's own layer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fluvial.http.call import Answer, Call
from fluvial.http.routes import Endpoint, Policy
from fluvial.kernel.problems import Forbidden, NotFound, Problem, Unprocessable, fault
from fluvial.metadata_changes import apply
from fluvial.metadata_changes.beyond_rights import BeyondRights
from fluvial.runtime.catalogs import stored_layers
from metamodel.document_files import parse_documents
from metamodel.documents import SITE, Document, DocumentKind
from metamodel.errors import MetadataError
from metamodel.folding import free_name, humanise, label_text
from metamodel.yaml_text import yaml_of

from .designers import designer_of
from .document_names import names_of
from .document_words import used_in
from .edited_document import NEW, Edited, edited, made_name
from .frame import Context, action, page
from .plan_words import in_words
from .sign_in import form_text
from .studio import layer_labels

ABOUT = ("object", "for")  # members that name the object a document is about
ROWS = (12, 40)  # of the editor, at least and at most


def kind_of(call: Call, name: str) -> DocumentKind:
    kind = call.engine.kinds.get(name)
    if kind is None:
        raise NotFound(f"There is no document kind `{name}`.")
    return kind


def site_layer(call: Call, kind: str, name: str) -> Document | None:
    return stored_layers(call.session.connection)[SITE].get((kind, name))


def text_of(call: Call, kind: str, name: str) -> str:
    """The site's part of a document; the start of one where a package brings all of it."""
    site = site_layer(call, kind, name)
    if site is not None:
        return yaml_of({"kind": kind, "name": name} | dict(site.body))
    found = call.session.catalog.of(kind)[name]
    head = f"kind: {kind}\nname: {name}\n"
    return f"{head}# {found.layer} provides the rest.\n# Write only your changes here.\n"


def editor(call: Call, kind: str, name: str, text: str, *, error: str = "") -> Context:
    """The context of `_yaml.html`."""
    rows = min(max(text.count("\n") + 2, ROWS[0]), ROWS[1])
    return {
        "href": f"/studio/{kind}/{name}",
        "path": f"{call.engine.kinds[kind].folder or 'site'}/{name}.yaml",
        "text": text,
        "rows": rows,
        "error": error,
        "saved": True,
    }


def show(call: Call, *, text: str = "", error: str = "", plan: Context | None = None) -> Answer:
    kind, name = kind_of(call, call.params["kind"]), call.params["name"]
    found = call.session.catalog.of(kind.name).get(name)
    if found is None and name != NEW:
        raise NotFound(f"There is no {kind.label.lower()} `{name}`.")
    title = f"New {kind.label.lower()}" if found is None else _title(found)
    document = edited(call, kind, name)
    body = _start(call, kind) if found is None else dict(document.whole or found.source)
    about = str(body.get("object") or body.get("for") or "")
    may_write = "write" in call.session.access.meta
    studio = {
        "title": title,
        "kind": kind.label,
        "about": kind.about,
        "icon": "file-text",
        "from": layer_words(call, found, document),
        "plan": plan,
        "yaml": editor(call, kind.name, name, text or document.text(body), error=error),
        "plan_hint": "Nothing has been changed yet.",
        "start": _start_words(call) if found is None else "",
        "uses": used_in(call, found.place) if found is not None else [],
        "may_write": may_write,
        "data": _data(call, document, body, may_write),
        "designer": designer_of(call, kind.name) is not None,
    }
    crumbs = [("Studio", "/studio")]
    if about in call.session.catalog.objects:
        type_ = call.session.catalog.objects[about]
        crumbs.append((type_.label, f"/studio/objects/{about}?tab={kind.name}"))
    return page(
        call, "studio_document.html", title, crumbs=crumbs, here="/studio",
        menu=_menu(document, found, may_write), status=422 if error else 200, studio=studio,
    )  # fmt: skip


def _title(document: Document) -> str:
    return label_text(document.body.get("label", humanise(document.name)))


def _start_words(call: Call) -> str:
    """What a new document begins with; it is never saved unread."""
    type_ = call.session.catalog.objects.get(call.query.get("object", ""))
    if call.query.get("copy"):
        return "This is a copy. Change what differs; nothing is saved yet."
    if type_ is None:
        return "Nothing is saved before you press Save."
    return (
        f"This start uses the fields of {type_.label}. Change what you like; nothing is saved yet."
    )


def _menu(document: Edited, found: Document | None, may_write: bool) -> list[Context]:
    if found is None:
        return []
    kind = document.kind.name
    path = f"/studio/{kind}/{found.name}"
    menu = [action("History", f"{path}/history", "history")]
    menu += [
        action(words, f"{path}/{page}", "search") for page, words in document.kind.pages.items()
    ]
    if may_write:
        menu.append(action("Copy", f"/studio/{kind}/{NEW}?copy={found.name}", "copy"))
        changed = document.base is not None and document.site is not None
        label = "Return to the package’s version" if changed else "Delete"
        sign = "arrow-back-up" if changed else "trash"
        menu.append(action(label, f"{path}/delete", sign, danger=not changed))
    return menu


def layer_words(call: Call, found: Document | None, document: Edited) -> str:
    """Where a document comes from, in a sentence; empty where it is the site's alone."""
    if found is None or document.base is None:
        return ""
    labels = layer_labels(call.session)
    first = labels.get(found.layer, found.layer)
    return f"from {first}" if document.site is None else f"from {first}, changed here"


def _data(call: Call, document: Edited, body: Mapping[str, Any], may_write: bool) -> Context:
    """What the script of the editor works with."""
    kind = document.kind
    designer = designer_of(call, kind.name)
    return {
        "kind": kind.name,
        "kindLabel": kind.label,
        "name": document.name,
        # The script makes the name of a new one from its label.
        "body": body if document.name else {m: one for m, one in body.items() if m != "name"},
        "base": document.base,
        "stamp": document.stamp,
        "schema": kind.full_schema,
        "names": names_of(call),
        "mayWrite": may_write,
        "context": designer.context(call, body) if designer is not None else None,
    }


def _start(call: Call, kind: DocumentKind) -> dict[str, Any]:
    """The start of a document: a copy of another one, or about the object that it was asked for."""
    copied = call.session.catalog.of(kind.name).get(call.query.get("copy", ""))
    if copied is not None:
        taken = {NEW, *call.session.catalog.of(kind.name)}
        name = free_name(copied.name, taken, kind.name)
        label = f"{_title(copied)} (copy)"
        return {**copied.source, "name": name, "label": label}
    name = call.query.get("object", "")
    type_ = call.session.catalog.objects.get(name)
    if type_ is None:
        return {"kind": kind.name}
    known = kind.full_schema["properties"]
    taken = {NEW, *call.session.catalog.of(kind.name)}
    head = {"kind": kind.name, "name": free_name(f"my_{kind.name}", taken, kind.name)}
    if "label" in known:
        head |= {"label": f"{kind.label} of {type_.plural.lower()}"}
    head |= _about(kind, name)
    return {**head, **(kind.start(type_) if kind.start is not None else {})}


def _about(kind: DocumentKind, object: str) -> dict[str, Any]:
    """The member that names the object of a document, wherever the kind has it."""
    schema = kind.full_schema
    places = schema.get("x-editor", {}).get("about", [f"/{member}" for member in ABOUT])
    for place in places:
        first, _, inner = str(place).strip("/").partition("/")
        if str(place).startswith("/") and first in schema["properties"]:
            return {first: {inner: object} if inner else object}
    return {}


def read(call: Call, kind: str, name: str, text: str) -> Mapping[str, Any]:
    """The one document of a text; Problem with the place of what is not valid."""
    try:
        found = parse_documents(text)
    except MetadataError as error:
        raise apply.refused(error) from error
    if len(found) != 1:
        raise Unprocessable("Write one document here.")
    body = {"kind": kind} | found[0]
    if name == NEW:
        name = str(body.get("name") or made_name(call, kind_of(call, kind), body))
        body["name"] = name
    for member, expected in (("kind", kind), ("name", name)):
        if body.setdefault(member, expected) != expected or not expected:
            message = f"`{member}` must be `{expected}`, as on this page."
            raise Unprocessable(message, errors=[fault(f"/{member}", "disagrees", message)])
    return body


def save(call: Call) -> Answer:
    """Save or only plan what was written; JSON for the script, a page without it."""
    kind, name = kind_of(call, call.params["kind"]).name, call.params["name"]
    text, only_plan = form_text(call, "yaml"), form_text(call, "press") == "plan"
    json = "application/json" in call.headers.get("accept", "")
    if "write" not in call.session.access.meta:
        raise Forbidden("Your roles do not allow you to change metadata.")
    try:
        body = read(call, kind, name, text)
        change = apply.MetadataChange(
            {(kind, str(body["name"])): body}, note=f"{kind}/{body['name']}"
        )
        if only_plan:
            apply.plan(call.session, change)
        else:
            apply.apply(call.session, change)
    except BeyondRights:
        raise  # to where one asks an administrator
    except Problem as problem:
        if json:
            return Answer.problem(problem)
        faults = " ".join(str(f["message"]) for f in problem.errors[:5])
        return show(call, text=text, error=faults or problem.detail)
    if json:
        operations = [operation.wire() for operation in change.operations]
        return Answer.json(
            {"operations": operations, "version": change.version} | change.waiting_for()
        )
    if only_plan:
        return show(call, text=text, plan=in_words(change, call.session.catalog))
    return Answer.redirect(f"/studio/{kind}/{body['name']}")


def delete(call: Call) -> Answer:
    """Take the site's part out; where a package brings the document, mark it as taken out."""
    kind, name = kind_of(call, call.params["kind"]).name, call.params["name"]
    found = call.session.catalog.of(kind).get(name)
    if found is None:
        raise NotFound(f"There is no {kind} `{name}`.")
    change = delete_change(call, kind, name)
    change.take_out = bool(form_text(call, "force"))
    apply.apply(call.session, change)
    object_name = found.body.get("object")
    return Answer.redirect(
        f"/studio/objects/{object_name}?tab={kind}" if object_name else "/studio"
    )


def delete_change(call: Call, kind: str, name: str) -> apply.MetadataChange:
    body = None
    if site_layer(call, kind, name) is None:
        body = {"kind": kind, "name": name, "$delete": True}
    return apply.MetadataChange({(kind, name): body}, note=f"Without {kind}/{name}")


_ONE = "/studio/{kind}/{name}"

ENDPOINTS = (
    Endpoint("GET", _ONE, show, Policy.META_READ, "A document as YAML.", page=True),
    Endpoint("POST", _ONE, save, Policy.META_WRITE, "Save a document.", page=True, form=True),
    Endpoint(
        "POST", f"{_ONE}/delete", delete, Policy.META_WRITE, "Remove it.", page=True, form=True
    ),
)
