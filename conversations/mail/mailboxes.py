"""Mailboxes, compiled: where mails come from, and what a new conversation becomes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fluvial.services.mail import is_address
from metamodel.catalog import Catalog, ObjectType
from metamodel.checks import DocumentCheck, made_of
from metamodel.conversation_part import CONVERSATION
from metamodel.documents import Document
from metamodel.expressions import types
from metamodel.folding import humanise, label_text
from metamodel.reach import Reach

from .mail_kinds import AUTOMATIC, BULK
from .mail_map import FromMail, mapped

KIND = "mailbox"


@dataclass(frozen=True)
class MailboxPlan:
    name: str
    label: str
    address: str  # in lower case; "" where it has none
    env: str
    object: str
    fields: tuple[FromMail, ...]
    ignore: frozenset[str]
    trusted: str
    active: bool
    signature: str = ""  # below answers; {me} is who writes


def mailboxes_of(catalog: Catalog) -> Mapping[str, MailboxPlan]:
    return catalog.derive(_mailboxes)


def _mailboxes(catalog: Catalog) -> Mapping[str, MailboxPlan]:
    return made_of(catalog, KIND, compile_mailbox)


def start_mailbox(type_: ObjectType) -> dict[str, Any]:
    """A first mailbox of an object type: its texts from the subject and the words of the mail."""
    plain = [f for f in type_.own_fields if f.writable and f.type.name == types.TEXT.name]
    short = next((f.name for f in plain if not f.kind.long and not f.option("format")), "")
    long = next((f.name for f in plain if f.kind.long), "")
    found = {short: "mail.subject", long: "mail.text"}
    return {"map": {name: said for name, said in found.items() if name}}


def check_mailbox(document: Document, check: DocumentCheck) -> None:
    compile_mailbox(document, check)
    _check_address(document, check)


def compile_mailbox(document: Document, check: DocumentCheck) -> MailboxPlan | None:
    """The mailbox of a document; faults are told to the check."""
    body = document.body
    type_ = check.object("/object", body["object"])
    if type_ is None:
        return None
    if CONVERSATION.of(type_) is None:
        check.fault(
            "/object",
            "no_conversation",
            f"{type_.label} has no conversation, so mails cannot be kept at its records.",
            f"Add `conversation` to the object {type_.name}.",
        )
    fields = [mapped(name, spec, type_, check) for name, spec in body["map"].items()]
    return MailboxPlan(
        name=document.name,
        label=label_text(body.get("label", humanise(document.name))),
        address=body.get("address", "").lower(),
        env=body.get("receive", {}).get("env", ""),
        object=type_.name,
        fields=tuple(one for one in fields if one is not None),
        ignore=frozenset(body.get("ignore", (AUTOMATIC, BULK))),
        trusted=body.get("trusted", ""),
        active=body.get("active", True),
        signature=body.get("signature", ""),
    )


def _check_address(document: Document, check: DocumentCheck) -> None:
    address = document.body.get("address", "")
    if not address:
        return
    if not is_address(address):
        message = f"`{address}` is not an e-mail address."
        check.fault("/address", "not_an_address", message, "Write name@example.com.")
    for name, other in sorted(check.documents.get(KIND, {}).items()):
        same = str(other.body.get("address", "")).lower() == address.lower()
        if same and name < document.name:
            message = f"The mailbox {name} has the address {address} already."
            check.fault("/address", "taken", message, "Give each mailbox an address of its own.")


def mailbox_acts(document: Document, catalog: Catalog) -> Iterator[Reach]:
    """A mailbox makes records, and an answer may take the transition of the conversation."""
    body = document.body
    yield Reach("/object", "create", body["object"], everywhere=True)
    for name in body["map"]:
        yield Reach(f"/map/{name}", "create", body["object"], name, everywhere=True)
    type_ = catalog.objects.get(body["object"])
    if type_ is not None and type_.states is not None and _moves(type_):
        yield Reach("/object", "update", type_.name, type_.states.field, everywhere=True)


def _moves(type_: ObjectType) -> bool:
    conversation = CONVERSATION.of(type_)
    return conversation is not None and bool(conversation.on_reply)


def own_addresses(catalog: Catalog) -> frozenset[str]:
    """The addresses of all mailboxes: who writes from one of them is this product itself."""
    return frozenset(one.address for one in mailboxes_of(catalog).values() if one.address)
