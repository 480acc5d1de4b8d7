"""A front desk that answers mails about enquiries, and the means to send it some."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from fluvial.events.jobs import run_pending
from fluvial.http.app import build_app
from fluvial.runtime.engine import Engine
from tests.app import EMAIL, PASSWORD, Client, Documents, OpenEngine, Reply
from tests.forms.shapes import multipart
from tests.mailbox import Mailbox

Json = dict[str, Any]

MEMBER: Json = {
    "kind": "object", "name": "member", "label": "Member", "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text", "required": True},
        {"name": "email", "kind": "text", "format": "email"},
        {"name": "login", "kind": "person"},
    ],
}  # fmt: skip
STATES = ("open", "waiting", "closed")
ENQUIRY: Json = {
    "kind": "object", "name": "enquiry", "label": "Enquiry", "plural": "Enquiries",
    "title": "{number} {subject}",
    "fields": [
        {"name": "number", "kind": "sequence", "pattern": "E-{YYYY}-{00000}"},
        {"name": "subject", "kind": "text", "required": True, "max_length": 60},
        {"name": "body", "kind": "long_text"},
        {"name": "member", "kind": "lookup", "to": "member", "inverse": "enquiries"},
        {"name": "watchers", "kind": "multi_lookup", "to": "member"},
        {"name": "keeper", "kind": "person"},
        {"name": "source", "kind": "text"},
        {"name": "status", "kind": "choice", "default": "open",
         "options": [{"name": one} for one in STATES]},
    ],
    "states": {"field": "status", "transitions": [
        {"name": "wait", "from": ["open"], "to": "waiting"},
        {"name": "close", "from": ["open", "waiting"], "to": "closed"},
        {"name": "reopen", "from": ["waiting", "closed"], "to": "open"},
    ]},
    "work": {"assignee": "keeper"},
    "conversation": {
        "number": "number",
        "participants": ["member", "watchers", "keeper"],
        "public_to": ["reader"],
        "on_reply": {"transition": "reopen"},
    },
}  # fmt: skip
READER: Json = {
    "kind": "role", "name": "reader", "label": "Reader", "grants": [
        {"object": "enquiry", "can": ["read", "update"], "where": "member.login == me"},
        {"object": "member", "can": ["read"], "where": "login == me"},
    ],
}  # fmt: skip
CLERK: Json = {
    "kind": "role", "name": "clerk", "label": "Clerk", "grants": [
        {"object": "enquiry", "can": ["read", "create", "update"]},
        {"object": "member", "can": ["read"]},
    ],
}  # fmt: skip
DESK: Json = {
    "kind": "mailbox", "name": "desk", "label": "Front desk", "address": "desk@library.example",
    "object": "enquiry",
    "map": {
        "subject": "mail.subject", "body": "mail.text", "source": "'mail of ' & mail.name",
        "member": {"find": "email", "value": "mail.from"},
    },
}  # fmt: skip
DOCUMENTS: Documents = (MEMBER, ENQUIRY, READER, CLERK, DESK)


def mail(text: str = "Hello.", **headers: str) -> bytes:
    """A small mail; `message_id` and the like become headers, what is empty is left out."""
    if "sender" in headers:
        headers["from"] = headers.pop("sender")
    said = {"from": "Ann <ann@example.org>", "to": "desk@library.example", "subject": "A question"}
    lines = [
        f"{name.replace('_', '-').title()}: {value}"
        for name, value in (said | headers).items()
        if value
    ]
    whole = "\n".join([*lines, "", text.replace("\r\n", "\n"), ""])
    return whole.replace("\n", "\r\n").encode()


@dataclass
class Desk:
    """An engine with a client, and a server that its mails go to."""

    engine: Engine
    client: Client
    smtp: Mailbox

    def send(self, raw: bytes, mailbox: str = "desk") -> Reply:
        body, headers = multipart(("file", "mail.eml", "message/rfc822", raw))
        path = f"/api/mailboxes/{mailbox}/mails"
        return self.client.call("POST", path, body=body, headers=headers)

    def take(self, raw: bytes, outcome: str) -> Json:
        """Take a mail, of which this has to become."""
        reply = self.send(raw)
        assert reply.status in (200, 201), reply.text
        answer: Json = reply.json()
        assert answer["outcome"] == outcome, answer
        return answer

    def made(self, raw: bytes) -> str:
        """The id of the enquiry that a mail makes."""
        return str(self.take(raw, "created")["record"])

    def enquiry(self, record: str) -> Json:
        found: Json = self.client.get(f"/api/records/enquiry/{record}").json()
        return found

    def enquiries(self) -> list[Json]:
        return self.client.rows("/api/records/enquiry")

    def messages(self, record: str, client: Client | None = None) -> list[Json]:
        return (client or self.client).rows(f"/api/records/enquiry/{record}/messages")

    def define(self, *documents: Mapping[str, Any]) -> None:
        self.client.define(*documents)

    def work(self) -> None:
        def all_of_it() -> None:
            for _ in range(200):
                if not run_pending(self.engine):
                    return
            raise AssertionError("the workers find no end")

        self.engine.database.call(all_of_it)


@pytest.fixture
def documents() -> Documents:
    return DOCUMENTS


@pytest.fixture
def desk(open_engine: OpenEngine, smtp: Mailbox) -> Desk:
    engine = open_engine(
        smtp_url=smtp.url, base_url="https://desk.example", now="2026-06-10T09:00:00Z"
    )
    return Desk(engine, Client(build_app(engine)).signed_in(EMAIL, PASSWORD), smtp)
