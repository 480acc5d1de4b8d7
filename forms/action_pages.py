"""What a transition or a button asks for: a dialog with scripts, a page without them.

A way to another state may need fields, or be closed only because fields are empty. They are asked
for where the action is pressed, instead of refusing it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from starlette.datastructures import FormData

from fluvial.http.call import Answer, Call
from fluvial.http.routes import MAX_UPLOAD, Endpoint, Policy
from fluvial.kernel.problems import Unprocessable
from fluvial.pages.assigned_work import assignee_of
from fluvial.pages.frame import Context, page, render, with_query
from fluvial.pages.reader_format import record_href
from fluvial.pages.sign_in import form_text
from fluvial.records.drafts.seams import Button
from fluvial.records.writing import transitions, writer
from fluvial.records.writing.transitions import Way
from metamodel.catalog import Field
from rules.buttons import usual_answers

from .asked_records import offered
from .found_record import found
from .record_fields import faults_of, read_form, safe_references, widget
from .sent_rev import sent_rev
from .shown_record import Shown
from .visibility import ShownField

ASKED = ".asked"  # whether the form of the questions was sent; no field has such a name
MOST = 12  # fields of one dialog


@dataclass(frozen=True)
class Asking:
    """What is asked for before an action is taken."""

    label: str
    href: str  # where the answers go
    api: str
    fields: tuple[Field, ...]
    needs: tuple[str, ...]
    usual: Mapping[str, Any] | None = None  # the answers of a button, where nobody gives others


def ask(call: Call) -> Answer:
    """The questions of an action, or of a move to a state; nothing where there are none."""
    shown, action = found(call, call.session), call.query.get("action", "")
    if _button(shown, action) is None:
        shown = found(call, call.session, "update")
    wanted = call.query.get("also", "").split(",")
    asking = _asking(shown, action, call.query.get("to", ""), wanted)
    if not asking.fields:
        return Answer.empty()
    return _shown(call, shown, asking)


def _button(shown: Shown, name: str) -> Button | None:
    """A button that the record offers the reader now."""
    offered = transitions.buttons_of(shown.session, shown.type, shown.values)
    return next((one for one in offered if one.name == name), None)


def _asking(shown: Shown, action: str, to: str, also: Iterable[str]) -> Asking:
    button = _button(shown, action)
    if button is not None:
        return _of_button(shown, button)
    ways = transitions.ways(shown.session, shown.type, shown.values)
    open_ways = [way for way in ways if way.reason is None]
    way = next(
        (w for w in open_ways if action in (w.transition.name, "") and to in (w.transition.to, "")),
        None,
    )
    return Asking(
        way.transition.label if way else "Move",
        *_addresses(shown, way.transition.name if way else action),
        tuple(_fields(shown, [*(way.asks if way else ()), *also])),
        _needed(way, also),
    )


def _of_button(shown: Shown, button: Button) -> Asking:
    """Its questions are no fields of the record, whatever they are called."""
    usual = usual_answers(shown.session, shown.type, shown.values, button.asks)
    return Asking(button.label, *_addresses(shown, button.name), button.asks, (), usual)


def _addresses(shown: Shown, action: str) -> tuple[str, str]:
    api = f"/api/records/{shown.type.name}/{shown.id}/actions/{action}"
    return f"{shown.href}/actions/{action}", api


def _needed(way: Way | None, also: Iterable[str]) -> tuple[str, ...]:
    """What has to be answered: what the way needs, or waits for; the rest may stay empty."""
    if way is None:
        return tuple(also)
    optional = set(way.transition.ask) - set(way.transition.needs)
    return tuple(name for name in (*way.asks, *also) if name not in optional)


def _fields(shown: Shown, names: Iterable[str]) -> list[Field]:
    """The fields of these names that the person may fill in."""
    writable = shown.session.access.writable(shown.type.name)
    state = shown.type.states.field if shown.type.states else ""
    known = [name for name in dict.fromkeys(names) if name in writable and name != state]
    return [shown.type.fields[name] for name in known][:MOST]


def _shown(
    call: Call,
    shown: Shown,
    asking: Asking,
    again: Mapping[str, Any] | None = None,
    faults: Mapping[str, str] | None = None,
    others: Iterable[str] = (),
) -> Answer:
    there = shown.record if asking.usual is None else asking.usual
    values = {**there, **(again or {})}
    if asking.usual is not None:
        asking = replace(asking, fields=tuple(offered(shown, one) for one in asking.fields))
    for field in asking.fields:
        shown.fmt.names.want(safe_references(field, values.get(field.name)))
    shown.fmt.names.load()
    fields = [field for field in asking.fields if _is_seen(shown, field, values)]
    context: Context = {
        "title": asking.label,
        "record": str(shown.record["title"]),
        "action": asking.href,
        "api": asking.api,
        "asked": ASKED,
        "rev": shown.record["rev"],
        "back_href": shown.href,
        "fields": [_widget(shown, asking, field, values, faults or {}) for field in fields],
        "errors": [{"href": "", "message": message} for message in others],
        "multipart": any(field.kind.uploads for field in fields),
    }
    if "hx-request" in call.headers:
        return Answer.html(render(call, "_ask.html", ask=context))
    return page(
        call, "ask.html", asking.label, here=f"/o/{shown.type.name}", ask=context,
        crumbs=[(shown.type.plural, f"/o/{shown.type.name}"),
                (str(shown.record["title"]), shown.href)],
        status=422 if faults or others else 200,
    )  # fmt: skip


def _is_seen(shown: Shown, field: Field, values: Mapping[str, Any]) -> bool:
    """Whether the person may know of all that a field links to now."""
    linked = safe_references(field, values.get(field.name))
    return all(shown.fmt.names.title(*one) is not None for one in linked)


def _widget(
    shown: Shown,
    asking: Asking,
    field: Field,
    values: Mapping[str, Any],
    faults: Mapping[str, str],
) -> Context:
    needed = field.required or field.name in asking.needs
    one = ShownField(field, visible=True, required=needed, read_only=False)
    error = faults.get(field.name, "")
    made = widget(one, values.get(field.name), shown.fmt, error=error, record=shown.id)
    return made | {"optional_note": True, "needed_note": False, "wide": False}


def take_action(call: Call) -> Answer:
    """A transition or a button; what it needs is asked for first, and again where it is wrong."""
    shown = found(call, call.session)
    name, form = call.params["name"], call.form if call.form is not None else FormData()
    sent = form_text(call, ASKED).split(",") if form_text(call, ASKED) else []
    button = _button(shown, name)
    if not sent and (shown.may_update or button is not None):
        asking = _asking(shown, name, "", ())
        if asking.fields:
            return Answer.redirect(with_query(f"{shown.href}/ask", action=name))
    taken = _fields(shown, sent) if button is None else button.asks
    body, again, faults = read_form(call.session, taken, form)
    others: list[str] = []
    if not faults:
        try:
            transitions.act(
                call.session, shown.type.name, shown.id, name, body,
                rev=sent_rev(call),
            )  # fmt: skip
        except Unprocessable as problem:
            writable = shown.session.access.writable(shown.type.name)
            known = {**writable, **{field.name: field for field in taken}}
            faults, others = faults_of(problem, known)
        else:
            return Answer.redirect(record_href(shown.type.name, shown.id))
    asking = _asking(shown, name, "", [*sent, *faults])
    told = {field.name for field in asking.fields}
    others += [message for name, message in faults.items() if name not in told]
    return _shown(call, shown, asking, again, faults, others)


def assignable(shown: Shown) -> str:
    """The field that makes the record one's own work; "" where it is, or may not be."""
    if not shown.may_update or shown.session.as_of is not None:
        return ""
    name, me = assignee_of(shown.session, shown.type), {"user": shown.session.actor.id}
    if shown.hold is not None and name not in shown.hold.open:
        return ""
    return name if name and shown.record.get(name) != me else ""


def assign(call: Call) -> Answer:
    """The record becomes the work of who presses."""
    shown = found(call, call.session, "update")
    if name := assignable(shown):
        me = {"user": call.session.actor.id}
        writer.update(call.session, shown.type.name, shown.id, {name: me})
    return Answer.redirect(shown.href)


_ONE = "/o/{object}/{id}"

ENDPOINTS = (
    Endpoint(
        "GET", f"{_ONE}/ask", ask, Policy.SIGNED_IN, "What an action asks for first.", page=True,
    ),
    Endpoint(
        "POST", f"{_ONE}/assign", assign, Policy.SIGNED_IN, "Assign a record to me.",
        page=True, form=True,
    ),
    Endpoint(
        "POST", f"{_ONE}/actions/{{name}}", take_action, Policy.SIGNED_IN, "Run a transition.",
        page=True, form=True, files=None, max_body=MAX_UPLOAD,
    ),
)  # fmt: skip
