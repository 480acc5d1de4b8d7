"""The document kinds of this folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from metamodel.documents import DocumentKind
from metamodel.reach import whole_unit

from .mail.mailboxes import KIND, check_mailbox, mailbox_acts, start_mailbox

SCHEMAS = Path(__file__).parent / "schemas"


def schema_of(name: str) -> Mapping[str, Any]:
    loaded: Mapping[str, Any] = orjson.loads((SCHEMAS / f"{name}.json").read_bytes())
    return loaded


MAILBOX = DocumentKind(
    name=KIND,
    folder="mailboxes",
    schema=schema_of(KIND),
    check=check_mailbox,
    start=start_mailbox,
    acts=mailbox_acts,
    wide=True,
    unit=whole_unit,
    label="Mailbox",
    removable={"/object": "", "/map/*": "/map/*"},
    about="Where mails come from: each new conversation creates a record, answers find theirs.",
    example={
        "kind": "mailbox",
        "name": "front_desk",
        "address": "desk@example.com",
        "receive": {"env": "DESK_IMAP"},
        "object": "loan",
        "map": {"name": "mail.subject", "member": {"find": "email", "value": "mail.from"}},
    },
)
