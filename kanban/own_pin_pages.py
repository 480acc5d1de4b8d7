"""The page on which a person changes an own pin, sees it meanwhile, or gives it to others."""

from __future__ import annotations

from typing import Any

from fluvial.http.call import Answer, Call
from fluvial.http.routes import Endpoint, Policy
from fluvial.kernel.problems import NotFound, Problem, Unprocessable
from fluvial.metadata_changes import apply
from fluvial.pages.frame import Context, page, render
from fluvial.pages.home_arrangement import ARRANGING, arrangement, keep
from fluvial.pages.sign_in import form_text
from fluvial.runtime.session import Session
from metamodel.catalog import ObjectType
from metamodel.expressions.types import CHOICE, DATE, DATETIME
from metamodel.folding import free_name, humanise, label_text

from .board_proposals import column_fields, shapes, summed_fields
from .home_pins import preview
from .own_pins import PREFIX, Body, compiled, forget_own, keep_own, own_body, own_pins

EVERYBODY = "*"
FUNCTIONS = {"sum": "Sum", "avg": "Average", "max": "Largest", "min": "Smallest"}
FREE = ("columns", "sort", "icon", "where", "object")  # kept as they are


def show(call: Call, *, body: Body | None = None, error: str = "") -> Answer:
    session, name = call.session, call.params["name"]
    body = body or own_body(session, name)
    type_ = session.catalog.objects.get(str(body.get("object")))
    if type_ is None or compiled(session, name, body) is None:
        forget_own(session, name)
        raise NotFound("This pin shows records that are gone, so it was deleted.")
    if "hx-request" in call.headers:
        given = _given(session, type_, body, call.query)
        return Answer.html(render(call, "_pin_preview.html", pin=preview(session, name, given)))
    may_share = "write" in session.access.meta
    context = {
        "href": f"/home/pins/{name}",
        "label": body.get("label", name),
        "show": body.get("show", "number"),
        "shapes": shapes(session.access, type_),
        "measure": body.get("measure", "count()"),
        "measures": _measures(session, type_),
        "by": body.get("by", ""),
        "groups": _fields(session, type_, CHOICE),
        "days": _fields(session, type_, DATE, DATETIME),
        "roles": _roles(session) if may_share else [],
        "error": error,
        "preview": preview(session, name, body),
    }
    return page(
        call, "own_pin.html", str(context["label"]), crumbs=[("Home", "/")], here="/",
        status=422 if error else 200, own=context,
    )  # fmt: skip


def _measures(session: Session, type_: ObjectType) -> list[Context]:
    found = [{"value": "count()", "label": f"How many {type_.plural.lower()}"}]
    for field in summed_fields(session.access, type_):
        for function, words in FUNCTIONS.items():
            label = f"{words} of {field.label.lower()}"
            found.append({"value": f"{function}({field.name})", "label": label})
    return found


def _fields(session: Session, type_: ObjectType, *types: Any) -> list[Context]:
    names = [t.name for t in types]
    if CHOICE.name in names:
        fields = [f for f in column_fields(session.access, type_) if f.type.name in names]
    else:
        hidden = session.access.object(type_.name).hidden
        fields = [f for f in type_.fields.values() if f.type in types and f.name not in hidden]
    return [{"value": f.name, "label": f.label} for f in fields]


def _roles(session: Session) -> list[Context]:
    return [
        {"value": name, "label": label_text(role.body.get("label", humanise(name)))}
        for name, role in sorted(session.catalog.of("role").items())
    ]


def _given(session: Session, type_: ObjectType, body: Body, sent: Any) -> dict[str, Any]:
    """The pin with what the form says; what a shape does not use is left out."""
    shape = sent.get("show") or body.get("show", "number")
    made = {
        "label": sent.get("label", body.get("label", "")),
        "show": shape,
        "measure": sent.get("measure") or body.get("measure", "count()"),
        **{member: body[member] for member in FREE if member in body},
    }
    groups = _fields(session, type_, CHOICE)
    if shape == "board" and groups:
        known = [group["value"] for group in groups]
        made["by"] = sent.get("group") if sent.get("group") in known else known[0]
    elif shape == "trend":
        made["by"] = sent.get("day") or "created_at"
    return made


def save(call: Call) -> Answer:
    """Keep the pin, or make it a document for others; or delete it."""
    session, name = call.session, call.params["name"]
    body = own_body(session, name)
    if form_text(call, "press") == "delete":
        forget_own(session, name)
        return Answer.redirect(ARRANGING)
    type_ = session.catalog.objects.get(str(body.get("object")))
    if type_ is None:
        return show(call)
    words = ("label", "show", "measure", "group", "day")
    given = _given(session, type_, body, {w: form_text(call, w) for w in words})
    roles = [str(r) for r in call.form.getlist("role")] if call.form is not None else []
    try:
        if roles and "write" in session.access.meta:
            _share(session, name, given, roles)
        else:
            keep_own(session, given, name)
    except Unprocessable as problem:
        return show(call, body=body, error=problem.detail)
    except Problem as problem:
        if not problem.errors:
            raise
        return show(call, body=body, error=" ".join(str(f["message"]) for f in problem.errors))
    return Answer.redirect(ARRANGING)


def _share(session: Session, name: str, body: Body, roles: list[str]) -> None:
    """The pin as a document, which takes the place of the person's own."""
    taken = {"new", *session.catalog.of("pin"), *own_pins(session)}
    shared = free_name(str(body["label"]), taken, "pin")
    document = {"kind": "pin", "name": shared, **body}
    if EVERYBODY not in roles:
        document["audience"] = roles
    apply.apply(session, apply.documents_change([document], note=f"Pin {body['label']}"))
    arranged, own = arrangement(session), PREFIX + name
    if own in arranged.order:
        order = tuple(shared if one == own else one for one in arranged.order)
        keep(session, type(arranged)(order, arranged.hidden, arranged.wide))
    forget_own(session, name)


_ONE = "/home/pins/{name}"

ENDPOINTS = (
    Endpoint("GET", _ONE, show, Policy.SIGNED_IN, "A pin of your own.", page=True),
    Endpoint("POST", _ONE, save, Policy.SIGNED_IN, "Change it.", page=True, form=True),
)
