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

from .document_words import used_in
from .frame import Context, action, page
from .plan_words import in_words
from .sign_in import form_text

NEW = "new"
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
    label = kind.label.lower()
    title = f"New {label}" if found is None else label_text(
        found.body.get("label", humanise(name))
    )  # fmt: skip
    if not text:
        text = _start(call, kind) if found is None else text_of(call, kind.name, name)
    shipped = found is not None and (len(found.parts) > 1 or found.layer != SITE)
    object_name = str((found.body if found else call.query).get("object", ""))
    may_write = "write" in call.session.access.meta
    menu = [] if found is None else [
        action("History", f"/studio/{kind.name}/{name}/history", "history")
    ]  # fmt: skip
    if found is not None and may_write:
        menu.append(action("Delete", f"/studio/{kind.name}/{name}/delete", "trash", post=True))
    studio = {
        "title": title,
        "about": f"{kind.label} · {kind.about}",
        "plan": plan,
        "yaml": editor(call, kind.name, name, text, error=error),
        "plan_hint": "Press “Preview” to see here what saving would do.",
        "sentence": "",
        "in_force": yaml_of(found.body) if found is not None and shipped else "",
        "uses": used_in(call, found.place) if found is not None else [],
    }
    crumbs = [("Studio", "/studio")]
    if object_name in call.session.catalog.objects:
        type_ = call.session.catalog.objects[object_name]
        crumbs.append((type_.label, f"/studio/objects/{object_name}?tab={kind.name}"))
    return page(
        call, "studio_document.html", title, crumbs=crumbs, here="/studio", menu=menu,
        status=422 if error else 200, studio=studio,
    )  # fmt: skip


def _start(call: Call, kind: DocumentKind) -> str:
    """The start of a document about the object that it was asked for, or the kind's example."""
    name = call.query.get("object", "")
    type_ = call.session.catalog.objects.get(name)
    if type_ is None:
        return yaml_of(dict(kind.example))
    if kind.start is None:
        return yaml_of({k: name if k == "object" else v for k, v in kind.example.items()})
    head = {"kind": kind.name, "name": f"my_{kind.name}", "object": name}
    return yaml_of({**head, **kind.start(type_)})


def _name_from_label(call: Call, kind: str, body: Mapping[str, Any]) -> str:
    """The name of a new document that gives itself none."""
    label = label_text(body.get("label", "")).strip()
    return free_name(label, {NEW, *call.session.catalog.of(kind)}, kind) if label else ""


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
        name = str(body.get("name") or _name_from_label(call, kind, body))
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
        return show(call, text=text, plan=in_words(change))
    return Answer.redirect(f"/studio/{kind}/{body['name']}")


def delete(call: Call) -> Answer:
    """Take the site's part out; where a package brings the document, mark it as taken out."""
    kind, name = kind_of(call, call.params["kind"]).name, call.params["name"]
    found = call.session.catalog.of(kind).get(name)
    if found is None:
        raise NotFound(f"There is no {kind} `{name}`.")
    body = None
    if site_layer(call, kind, name) is None:
        body = {"kind": kind, "name": name, "$delete": True}
    apply.apply(
        call.session, apply.MetadataChange({(kind, name): body}, note=f"Without {kind}/{name}")
    )
    object_name = found.body.get("object")
    return Answer.redirect(
        f"/studio/objects/{object_name}?tab={kind}" if object_name else "/studio"
    )


_ONE = "/studio/{kind}/{name}"

ENDPOINTS = (
    Endpoint("GET", _ONE, show, Policy.META_READ, "A document as YAML.", page=True),
    Endpoint("POST", _ONE, save, Policy.META_WRITE, "Save a document.", page=True, form=True),
    Endpoint(
        "POST", f"{_ONE}/delete", delete, Policy.META_WRITE, "Remove it.", page=True, form=True
    ),
)
