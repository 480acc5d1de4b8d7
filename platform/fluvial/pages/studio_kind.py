"""Giving a field another kind in the studio: what would convert, what would not, then do it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from fluvial import changes
from fluvial.errors import NotFound, Problem
from fluvial.exports import cell
from fluvial.http.call import Answer, Call
from fluvial.http.routes import Endpoint, Policy
from metamodel.catalog import Field
from metamodel.conversions import becomes
from metamodel.documents import SITE
from metamodel.kinds import KINDS
from metamodel.layers import merge

from .frame import Context, page
from .sign_in import form_text

# What two kinds have in common is taken over; these words belong to every kind.
COMMON = ("name", "label", "help", "required", "unique", "searchable", "read_only")


def show(call: Call, *, error: str = "", plan: Context | None = None) -> Answer:
    field = _field(call)
    object = call.session.catalog.objects[field.object]
    kinds = [KINDS[name] for name in becomes(field.kind.name) if name in KINDS]
    chosen = form_text(call, "kind") if call.form is not None else ""
    options = form_text(call, "options") if call.form is not None else ""
    return page(
        call,
        "studio_kind.html",
        f"Kind of {field.label}",
        crumbs=[("Studio", "/studio"), (object.label, f"/studio/objects/{object.name}")],
        here="/studio",
        status=422 if error else 200,
        change={
            "field": field.label,
            "kind": field.kind.label,
            "kinds": [{"name": k.name, "label": k.label, "needs": ", ".join(k.needs)}
                      for k in sorted(kinds, key=lambda k: k.label)],
            "chosen": chosen,
            "options": options,
            "make": call.form is not None and bool(form_text(call, "make")),
            "error": error,
            "plan": plan,
            "href": f"/studio/objects/{field.object}/fields/{field.name}/kind",
            "back": f"/studio/objects/{field.object}",
        },
    )  # fmt: skip


def submit(call: Call) -> Answer:
    """Preview first; the second button of the preview puts it in force."""
    field = _field(call)
    try:
        change = _change(call, field)
        if not form_text(call, "apply"):
            return show(call, plan=_preview(field, changes.plan(call.session, change)))
        changes.apply(call.session, change)
    except Problem as problem:
        told = " ".join(str(one["message"]) for one in problem.errors[:3])
        return show(call, error=told or problem.detail)
    return Answer.redirect(f"/studio/objects/{field.object}")


def _field(call: Call) -> Field:
    type_ = call.session.catalog.objects.get(call.params["name"])
    field = type_.fields.get(call.params["field"]) if type_ is not None else None
    if field is None or field.system:
        raise NotFound(f"There is no field `{call.params['field']}`.")
    return field


def _change(call: Call, field: Field) -> changes.Change:
    kind = form_text(call, "kind")
    if kind not in becomes(field.kind.name):
        raise Problem("Choose the new kind.")
    spec = _spec(field, kind, form_text(call, "options"))
    site: Mapping[str, Any] = {"kind": "object", "name": field.object}
    for part in call.session.catalog.of("object")[field.object].parts:
        if part.layer == SITE:
            site = part.body
    # What the old kind alone knew is taken out.
    gone = {name: None for name in field.spec if name not in spec}
    if field.layer == SITE:
        fields = [spec if f.get("name") == field.name else f for f in site.get("fields", ())]
        body = {**site, "fields": fields}
    else:
        body = merge(site, {"fields": [{"name": field.name}]})
        others = [f for f in body["fields"] if f["name"] != field.name]
        body = {**body, "fields": [*others, {**gone, **spec}]}
    change = changes.Change(
        {("object", field.object): body}, note=f"{field.label} becomes {KINDS[kind].label.lower()}"
    )
    if form_text(call, "make"):
        change.make = frozenset({f"{field.object}.{field.name}"})
    return change


def _spec(field: Field, kind: str, options: str) -> dict[str, Any]:
    try:
        given = yaml.safe_load(options) if options.strip() else {}
    except yaml.YAMLError as error:
        raise Problem("The options do not read. Write one to a line: `scale: 0`.") from error
    if not isinstance(given, dict):
        raise Problem("Write one option to a line, such as `scale: 0`.")
    kept = {name: field.spec[name] for name in COMMON if name in field.spec}
    known = KINDS[kind].options
    kept |= {name: value for name, value in field.spec.items() if name in known}
    return {**kept, **given, "name": field.name, "kind": kind}


def _preview(field: Field, change: changes.Change) -> Context:
    step = next((o for o in change.operations if o.op == "retype_field"), None)
    more = step.more if step is not None else {}
    return {
        "rows": step.rows if step is not None else 0,
        "seconds": step.seconds if step is not None else 0,
        "converts": more.get("converts", 0),
        "refuses": more.get("refuses", 0),
        "examples": [
            {
                "title": one["title"],
                "href": f"/o/{field.object}/{one['id']}",
                "value": cell(field, one["value"]),
                "reason": one["reason"],
            }
            for one in more.get("examples", ())
        ],
    }


_PATH = "/studio/objects/{name}/fields/{field}/kind"

ENDPOINTS = (
    Endpoint("GET", _PATH, show, Policy.META_WRITE, "Another kind for a field.", page=True),
    Endpoint(
        "POST", _PATH, submit, Policy.META_WRITE, "Preview it, or do it.", page=True, form=True
    ),
)
