"""Comments over the API."""

from __future__ import annotations

from fluvial.kernel.ids import is_id
from fluvial.kernel.problems import Problem, fault
from fluvial.services import comments

from .call import Answer, Call
from .routes import Endpoint, Policy


def list_comments(call: Call) -> Answer:
    query = call.only("limit", "cursor")
    record = call.params["id"]
    comments.commentable(call.session, call.params["object"], record)
    before = query.get("cursor", comments.NEWEST)
    if not is_id(before):
        message = "`cursor` must be the `next` of the previous page."
        raise Problem(message, errors=[fault("cursor", "unknown_cursor", message)])
    limit = call.whole("limit", 50, 1, comments.MAX_PAGE)
    found = comments.read(
        call.session, call.params["object"], record,
        since=comments.FIRST, until=comments.LAST, before=before, limit=limit + 1,
    )  # fmt: skip
    page = found[:limit]
    return Answer.json({"data": page, "next": page[-1]["id"] if len(found) > limit else None})


def write_comment(call: Call) -> Answer:
    body = call.json_object("text", "mentions", "public")
    made = comments.write(
        call.session, call.params["object"], call.params["id"],
        body.get("text"), body.get("mentions", ()), body.get("public", False),
    )  # fmt: skip
    return Answer.json(made, 201)


def edit_comment(call: Call) -> Answer:
    body = call.json_object("text", "mentions")
    params = call.params
    changed = comments.edit(
        call.session, params["object"], params["id"], params["comment"],
        body.get("text"), body.get("mentions", ()),
    )  # fmt: skip
    return Answer.json(changed)


def delete_comment(call: Call) -> Answer:
    call.only()
    params = call.params
    comments.delete(call.session, params["object"], params["id"], params["comment"])
    return Answer.empty()


_ALL = "/api/records/{object}/{id}/comments"
_THIS = f"{_ALL}/{{comment}}"

ENDPOINTS = (
    Endpoint("GET", _ALL, list_comments, Policy.SIGNED_IN, "The comments of a record."),
    Endpoint("POST", _ALL, write_comment, Policy.SIGNED_IN, "Write a comment."),
    Endpoint("PATCH", _THIS, edit_comment, Policy.SIGNED_IN, "Change your own comment."),
    Endpoint("DELETE", _THIS, delete_comment, Policy.SIGNED_IN, "Delete a comment."),
)
