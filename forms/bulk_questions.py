"""What an action asks for when it is taken on many records of a list: asked once for all."""

from __future__ import annotations

from fluvial.http.call import Answer, Call
from fluvial.http.routes import Endpoint, Policy
from fluvial.pages.frame import Context, page, render
from fluvial.pages.reader_format import format_of
from fluvial.services.bulk_presses import button_of

from .record_fields import widget
from .visibility import ShownField

USUAL = "Left empty, it is what is usual for each record."


def ask(call: Call) -> Answer:
    """The questions; nothing where there are none."""
    session, object_name = call.session, call.params["object"]
    button = button_of(session, object_name, call.query.get("action", ""))
    if not button.asks:
        return Answer.empty()
    fmt, plural = format_of(session), session.catalog.objects[object_name].plural
    fields = []
    for field in button.asks:
        one = ShownField(field, visible=True, required=field.required, read_only=False)
        made = widget(one, None if field.default else field.initial, fmt)
        if field.default is not None:
            made["help"] = " ".join(filter(None, (made["help"], USUAL)))
            made["required"] = False
        fields.append(made | {"optional_note": True, "needed_note": False, "wide": False})
    href = f"/o/{object_name}"
    context: Context = {
        "title": button.label, "record": plural, "action": f"{href}/bulk", "api": f"{href}/bulk",
        "asked": ".asked", "rev": "", "back_href": href, "fields": fields, "errors": [],
        "multipart": False, "usual": ",".join(f.name for f in button.asks if f.default),
    }  # fmt: skip
    if "hx-request" in call.headers:
        return Answer.html(render(call, "_ask.html", ask=context))
    return page(call, "ask.html", button.label, here=href, ask=context, crumbs=[(plural, href)])


ENDPOINTS = (
    Endpoint(
        "GET", "/o/{object}/bulk/ask", ask, Policy.SIGNED_IN,
        "What an action on many records asks for.", page=True,
    ),
)  # fmt: skip
