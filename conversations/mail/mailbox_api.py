"""Mailboxes over the API: take one mail, and see what became of those that came."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from fluvial.database.statement import Statement, param
from fluvial.http.call import Answer, Call
from fluvial.http.files_api import sent_file
from fluvial.http.routes import MAX_UPLOAD, Endpoint, Policy
from fluvial.kernel.ids import is_id
from fluvial.kernel.problems import Conflict, NotFound, Problem, TooLarge, fault
from fluvial.records.drafts.attachments import find_file
from fluvial.runtime.session import Session
from fluvial.transfer.files import read_parts
from metamodel.storage import timestamp_wire

from . import mail_fetching
from .incoming_mail import MAX_MAIL
from .mail_intake import FAILED, Taken, take
from .mail_tables import ARRIVED
from .mailboxes import MailboxPlan, mailboxes_of

MOST = 200
NEWEST = "ffffffff-ffff-ffff-ffff-ffffffffffff"

_a = ARRIVED.c
_SHOWN = (
    _a.id, _a.mailbox, _a.at, _a.message_id, _a.sender, _a.subject, _a.size, _a.outcome, _a.reason,
    _a.object, _a.record, _a.raw,
)  # fmt: skip
_in = _a.mailbox == param("the_mailbox", _a.mailbox)
_PAGE = Statement(
    sa.select(*_SHOWN)
    .where(_in, _a.id < param("the_before", _a.id))
    .order_by(_a.id.desc())
    .limit(sa.bindparam("the_limit", type_=sa.Integer()))
)
_ONE = Statement(sa.select(*_SHOWN).where(_in, _a.id == param("the_id", _a.id)))


def mailbox_of(session: Session, name: str) -> MailboxPlan:
    mailbox = mailboxes_of(session.catalog).get(name)
    if mailbox is None:
        raise NotFound(f"There is no mailbox `{name}`.")
    return mailbox


def receive_mail(call: Call) -> Answer:
    """Take the mail of the body, or of a form's part `file`, as if it had come."""
    call.only()
    mailbox = mailbox_of(call.session, call.params["name"])
    if not mailbox.active:
        raise Conflict(f"The mailbox {mailbox.name} is switched off. Set `active: true` in it.")
    raw = sent_file(call.form).file.read(MAX_MAIL + 1)
    if not raw:
        message = "The file is empty. Send a mail as it is stored in an .eml file."
        raise Problem(message, errors=[fault("/file", "required", message)])
    if len(raw) > MAX_MAIL:
        raise TooLarge(f"A mail can have at most {MAX_MAIL // 1_000_000} MB.")
    return _answer(take(call.session, mailbox, raw))


def _answer(taken: Taken) -> Answer:
    return Answer.json(taken._asdict(), 200 if taken.repeated else 201)


def list_mails(call: Call) -> Answer:
    query = call.only("limit", "cursor")
    mailbox = mailbox_of(call.session, call.params["name"])
    before = query.get("cursor", NEWEST)
    if not is_id(before):
        message = "`cursor` must be the `next` of the previous page."
        raise Problem(message, errors=[fault("cursor", "unknown_cursor", message)])
    limit = call.whole("limit", 50, 1, MOST)
    rows = _PAGE.rows(
        call.session.connection,
        the_mailbox=mailbox.name, the_before=before, the_limit=limit + 1,
    )  # fmt: skip
    page = [_wire(row) for row in rows[:limit]]
    return Answer.json({"data": page, "next": page[-1]["id"] if len(rows) > limit else None})


def _wire(row: Any) -> dict[str, Any]:
    found = dict(zip((str(column.name) for column in _SHOWN), row, strict=True))
    return {**found, "at": timestamp_wire(found["at"])}


def list_mailboxes(call: Call) -> Answer:
    """The mailboxes, with how the last look into those of other servers ended."""
    call.only()
    states = mail_fetching.states(call.session.connection)
    data = []
    for mailbox in mailboxes_of(call.session.catalog).values():
        error, failures = states.get(mailbox.name, ("", 0))
        data.append(
            {
                "name": mailbox.name,
                "label": mailbox.label,
                "address": mailbox.address,
                "object": mailbox.object,
                "active": mailbox.active,
                "fetched": bool(mailbox.env),
                "error": error,
                "failures": failures,
            }
        )
    return Answer.json({"data": data})


def take_again(call: Call) -> Answer:
    """Take a mail once more that could not be taken."""
    call.only()
    return _answer(try_again(call.session, call.params["name"], call.params["id"]))


def try_again(session: Session, name: str, identifier: str) -> Taken:
    mailbox = mailbox_of(session, name)
    found = None
    if is_id(identifier):
        found = _ONE.row(session.connection, the_mailbox=mailbox.name, the_id=identifier)
    if found is None:
        raise NotFound(f"No mail with the id `{identifier}` came to {mailbox.name}.")
    mail = _wire(found)
    if mail["outcome"] != FAILED:
        raise Conflict("This mail has been dealt with. Only those that failed are taken again.")
    row = find_file(session, mail["raw"] or "")
    if row is None:
        raise NotFound("This mail is no longer kept.")
    return take(session, mailbox, b"".join(read_parts(session.engine, row)))


_MAILS = "/api/mailboxes/{name}/mails"

ENDPOINTS = (
    Endpoint(
        "GET", "/api/mailboxes", list_mailboxes, Policy.ADMIN,
        "The mailboxes, with what went wrong at the last look.",
    ),
    Endpoint(
        "POST", _MAILS, receive_mail, Policy.ADMIN, "Take one mail, an .eml file.", form=True,
        files=("file",), max_body=MAX_UPLOAD,
    ),
    Endpoint("GET", _MAILS, list_mails, Policy.ADMIN, "The mails that came, with what became of "
             "them."),
    Endpoint(
        "POST", f"{_MAILS}/{{id}}/again", take_again, Policy.ADMIN,
        "Take a mail again that could not be taken.",
    ),
)  # fmt: skip
