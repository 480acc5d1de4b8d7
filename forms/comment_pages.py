"""Comments from a record's page, for browsers with and without scripts."""

from __future__ import annotations

from fluvial.http.call import Answer, Call
from fluvial.http.routes import Endpoint, Policy
from fluvial.pages.reader_format import record_href
from fluvial.pages.sign_in import form_text
from fluvial.services import comments


def write(call: Call) -> Answer:
    object_name, record = call.params["object"], call.params["id"]
    mentions = call.form.getlist("mention") if call.form is not None else []
    public = form_text(call, "public") == "true"
    comments.write(call.session, object_name, record, form_text(call, "text"), mentions, public)
    return _back(call)


def take_out(call: Call) -> Answer:
    params = call.params
    comments.delete(call.session, params["object"], params["id"], params["comment"])
    return _back(call)


def _back(call: Call) -> Answer:
    return Answer.redirect(record_href(call.params["object"], call.params["id"]) + "#timeline")


_ALL = "/o/{object}/{id}/comments"

ENDPOINTS = (
    Endpoint("POST", _ALL, write, Policy.SIGNED_IN, "Write a comment.", page=True, form=True),
    Endpoint(
        "POST", f"{_ALL}/{{comment}}/delete", take_out, Policy.SIGNED_IN,
        "Delete a comment.", page=True, form=True,
    ),
)  # fmt: skip
