"""The conversation about a record over the API."""

from __future__ import annotations

from fluvial.http.call import Answer, Call
from fluvial.http.files_api import file_answer
from fluvial.http.routes import Endpoint, Policy
from fluvial.kernel.ids import is_id
from fluvial.kernel.problems import Conflict, Forbidden, Problem, fault
from fluvial.runtime.session import Session
from fluvial.services import comments
from metamodel.conversation_part import CONVERSATION

from . import messages
from .gathered_timeline import gathered_messages
from .mail import mail_drafts, mail_replies
from .writing_messages import reply_of, written


def list_messages(call: Call) -> Answer:
    query = call.only("limit", "cursor", "gathered")
    object_name, record = call.params["object"], call.params["id"]
    comments.commentable(call.session, object_name, record)
    before = query.get("cursor", comments.NEWEST)
    if not is_id(before):
        message = "`cursor` must be the `next` of the previous page."
        raise Problem(message, errors=[fault("cursor", "unknown_cursor", message)])
    limit = call.whole("limit", 50, 1, comments.MAX_PAGE)
    found = messages.messages_of(call.session, object_name, record, before=before, limit=limit + 1)
    if call.flag("gathered"):
        found += gathered_messages(
            call.session, object_name, record, before=before, limit=limit + 1
        )
        found.sort(key=lambda one: str(one["id"]), reverse=True)
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


def write_message(call: Call) -> Answer:
    """An internal note, or a message to those who take part."""
    body = call.json_object("text", "public", "mentions", "to", "cc", "bcc", "subject", "files")
    params = call.params
    identifier = written(call.session, params["object"], params["id"], body)
    (made,) = messages.one(call.session, params["object"], params["id"], identifier)
    return Answer.json(made, 201)


def undo_message(call: Call) -> Answer:
    call.only()
    params = call.params
    messages.take_back(call.session, params["object"], params["id"], params["message"])
    return Answer.empty()


def show_reply(call: Call) -> Answer:
    """To whom an answer goes, what its author has written of it, and who else is writing."""
    call.only()
    object_name, record = call.params["object"], call.params["id"]
    _inside(call.session, object_name, record)
    found = mail_replies.proposal_of(call.session, object_name, record)
    return Answer.json(
        {
            "to": messages.people(found.to),
            "cc": messages.people(found.cc),
            "subject": found.subject,
            "from": found.mailbox.address if found.mailbox else "",
            "draft": mail_drafts.draft_of(call.session, record),
            "writing": mail_drafts.writers_of(call.session, object_name, record),
        }
    )


def keep_draft(call: Call) -> Answer:
    body = call.json_object("text", "public", "to", "cc", "bcc", "subject", "files")
    object_name, record = call.params["object"], call.params["id"]
    _inside(call.session, object_name, record)
    checked = reply_of(body)
    if checked.text.strip() or checked.files:
        mail_drafts.keep_draft(call.session, object_name, record, body)
    else:
        mail_drafts.drop_draft(call.session, record)
    writing = mail_drafts.writers_of(call.session, object_name, record)
    return Answer.json({"writing": writing})


def _inside(session: Session, object_name: str, record: str) -> None:
    comments.commentable(session, object_name, record)
    type_ = session.object(object_name)
    if CONVERSATION.of(type_) is None:
        raise Conflict(f"{type_.plural} have no conversation. Add `conversation` to the object.")
    if not comments.works_on(session, object_name, record):
        raise Forbidden("Only people who work on this record answer it by mail.")


_ALL = "/api/records/{object}/{id}/messages"
_THIS = f"{_ALL}/{{message}}"
_REPLY = "/api/records/{object}/{id}/reply"

ENDPOINTS = (
    Endpoint("GET", _ALL, list_messages, Policy.SIGNED_IN, "Comments and mails about a record."),
    Endpoint(
        "POST", _ALL, write_message, Policy.SIGNED_IN,
        "Write an internal note, or a message to those who take part.",
    ),
    Endpoint(
        "DELETE", _THIS, undo_message, Policy.SIGNED_IN,
        "Take back your own message within ten seconds.",
    ),
    Endpoint(
        "GET", f"{_THIS}/files/{{file}}", download_file, Policy.SIGNED_IN, "A file of a mail."
    ),
    Endpoint("GET", f"{_THIS}/raw", download_raw, Policy.SIGNED_IN, "A mail as it came."),
    Endpoint(
        "GET", _REPLY, show_reply, Policy.SIGNED_IN,
        "To whom an answer goes, your draft of it, and who else is writing.",
    ),
    Endpoint("PUT", _REPLY, keep_draft, Policy.SIGNED_IN, "Keep your draft of an answer."),
)  # fmt: skip
