"""Giving a field another kind in the studio: what would convert, what would not, then do it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fluvial.http.call import Answer, Call
from fluvial.http.routes import Endpoint, Policy
from fluvial.kernel.problems import Conflict, NotFound, Problem
from fluvial.metadata_changes import apply
from fluvial.metadata_changes.beyond_rights import BeyondRights
from fluvial.transfer.exports import cell
from metamodel.catalog import Field
from metamodel.documents import SITE
from metamodel.kinds import KINDS
from metamodel.kinds.kind import Kind
from metamodel.retyping import becomes

from .frame import Context, page
from .history_pages import HERE as UNDER_WAY
from .kind_options import asked_of, filled_in, read_options
from .sign_in import form_text

# What two kinds have in common is taken over; these words belong to every kind.
COMMON = ("name", "label", "help", "required", "unique", "searchable", "read_only")
SHOWN = "shown"  # in the form: the kind whose options were asked


def show(call: Call, *, error: str = "", plan: Context | None = None) -> Answer:
    field = _field(call)
    object = call.session.catalog.objects[field.object]
    kinds = becomes(field.kind)
    if field.layer != SITE:
        kinds, error = [], _refusal(field)
    chosen = form_text(call, "kind") if call.form is not None else ""
    spec = {**field.spec, **_given(call, field, KINDS[chosen])} if chosen in KINDS else field.spec
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
            "kinds": [
                {"name": k.name, "label": k.label, "makes": "to" in k.options,
                 "inputs": filled_in(_asked(k), spec)}
                for k in sorted(kinds, key=lambda k: k.label)
            ],
            "objects": [
                {"value": t.name, "label": t.label}
                for t in sorted(call.session.catalog.objects.values(), key=lambda t: t.label)
            ],
            "chosen": chosen,
            "make": call.form is not None and bool(form_text(call, "make")),
            "error": error,
            "plan": plan,
            "object": field.object,
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
            return show(call, plan=_preview(field, apply.plan(call.session, change)))
        apply.apply(call.session, change)
    except BeyondRights:
        raise
    except Problem as problem:
        told = " ".join(str(one["message"]) for one in problem.errors[:3])
        return show(call, error=told or problem.detail)
    return Answer.redirect(UNDER_WAY if change.pending else f"/studio/objects/{field.object}")


def _field(call: Call) -> Field:
    type_ = call.session.catalog.objects.get(call.params["name"])
    field = type_.fields.get(call.params["field"]) if type_ is not None else None
    if field is None or field.system:
        raise NotFound(f"There is no field `{call.params['field']}`.")
    return field


def _refusal(field: Field) -> str:
    return (
        f"{field.label} belongs to {field.layer}, and only that package can change its kind. "
        "Add a new field of the kind you want."
    )


def _change(call: Call, field: Field) -> apply.MetadataChange:
    kind = form_text(call, "kind")
    if field.layer != SITE:
        raise Conflict(_refusal(field))
    if KINDS.get(kind) not in becomes(field.kind):
        raise Problem("Choose the new kind.")
    spec = _spec(call, field, KINDS[kind])
    body = _site_body(call, field.object)
    fields = [spec if f.get("name") == field.name else f for f in body["fields"]]
    key = ("object", field.object)
    change = apply.MetadataChange(
        {key: {**body, "fields": fields}},
        note=f"{field.label} becomes {KINDS[kind].label.lower()}",
        seen={key: body},
    )
    if form_text(call, "make"):
        change.make = frozenset({f"{field.object}.{field.name}"})
    return change


def _site_body(call: Call, object: str) -> Mapping[str, Any]:
    parts = call.session.catalog.of("object")[object].parts
    return next(part.body for part in parts if part.layer == SITE)


def _asked(kind: Kind) -> list[Context]:
    """The options of the kind itself: the others stay as they are."""
    return [one for one in asked_of(kind) if one["name"] in kind.options]


def _given(call: Call, field: Field, kind: Kind) -> dict[str, Any]:
    """What the form says of the kind's options; what both kinds know until they were asked."""
    known = {name: value for name, value in field.spec.items() if name in kind.options}
    if call.form is None or form_text(call, SHOWN) != kind.name:
        return known
    asked = _asked(kind)
    kept = {name: known[name] for name in known.keys() - {one["name"] for one in asked}}
    return {**kept, **read_options(asked, call.form, field.spec)}


def _spec(call: Call, field: Field, kind: Kind) -> dict[str, Any]:
    common = {name: field.spec[name] for name in COMMON if name in field.spec}
    if not kind.searchable:
        common.pop("searchable", None)
    return {**common, **_given(call, field, kind), "name": field.name, "kind": kind.name}


def _preview(field: Field, change: apply.MetadataChange) -> Context:
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
        "POST", _PATH, submit, Policy.META_WRITE, "Preview it, or apply it.", page=True, form=True
    ),
)
