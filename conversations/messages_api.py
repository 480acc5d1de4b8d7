"""The conversation about a record over the API."""

from __future__ import annotations

from fluvial.http.call import Answer, Call
from fluvial.http.files_api import file_answer
from fluvial.http.routes import Endpoint, Policy
from fluvial.kernel.ids import is_id
from fluvial.kernel.problems import Problem, fault
from fluvial.services import comments

from . import messages


def list_messages(call: Call) -> Answer:
    query = call.only("limit", "cursor")
    object_name, record = call.params["object"], call.params["id"]
    comments.commentable(call.session, object_name, record)
    before = query.get("cursor", comments.NEWEST)
    if not is_id(before):
        message = "`cursor` must be the `next` of the previous page."
        raise Problem(message, errors=[fault("cursor", "unknown_cursor", message)])
    limit = call.whole("limit", 50, 1, comments.MAX_PAGE)
    found = messages.messages_of(call.session, object_name, record, before=before, limit=limit + 1)
    page = found[:limit]
    return Answer.json({"data": page, "next": page[-1]["id"] if len(found) > limit else None})


def download_file(call: Call) -> Answer:
    call.only()
    params = call.params
    row = messages.file_of(
        call.session, params["object"], params["id"], params["message"], params["file"]
    )
    return file_answer(call, row)


def download_raw(call: Call) -> Answer:
    call.only()
    params = call.params
    row = messages.raw_of(call.session, params["object"], params["id"], params["message"])
    return file_answer(call, row)


_ALL = "/api/records/{object}/{id}/messages"
_THIS = f"{_ALL}/{{message}}"

ENDPOINTS = (
    Endpoint("GET", _ALL, list_messages, Policy.SIGNED_IN, "Comments and mails about a record."),
    Endpoint(
        "GET", f"{_THIS}/files/{{file}}", download_file, Policy.SIGNED_IN, "A file of a mail."
    ),
    Endpoint("GET", f"{_THIS}/raw", download_raw, Policy.SIGNED_IN, "A mail as it came."),
)
