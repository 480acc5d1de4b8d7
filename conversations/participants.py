"""Who takes part in the conversation about a record: the addresses that its fields lead to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from fluvial.records.drafts.record_environment import RecordEnvironment
from fluvial.records.drafts.rows import load_row
from fluvial.records.reading.titles import titles_of
from fluvial.runtime.session import Session
from metamodel.conversation_part import CONVERSATION, Participants

MOST = 200  # of a conversation; nobody means more


class Participant(NamedTuple):
    name: str
    address: str  # in lower case
    user: str = ""  # the id of an account of this site


def participants_of(session: Session, object_name: str, record: str) -> list[Participant]:
    """The people whom a record's fields name, each once; asked with the rights of the session."""
    type_ = session.catalog.objects[object_name]
    conversation = CONVERSATION.of(type_)
    values = load_row(session, object_name, record, None)
    if conversation is None or values is None:
        return []
    environment = RecordEnvironment(session, type_, values)
    found: dict[str, Participant] = {}
    for entry in conversation.participants:
        for one in _of_entry(session, entry, environment.read(entry.path)):
            if one.address and len(found) < MOST:
                found.setdefault(one.address, one)
    return list(found.values())


def _of_entry(session: Session, entry: Participants, value: Any) -> Iterator[Participant]:
    for one in value if isinstance(value, list) else [value]:
        if one is None or one == "":
            continue
        if "" in entry.addresses:
            yield Participant("", str(one).lower())
            continue
        kind, record = one if isinstance(one, tuple) else (next(iter(entry.addresses)), str(one))
        yield from _of_record(session, kind, record, entry.addresses.get(kind, ()))


def _of_record(
    session: Session, kind: str, record: str, fields: tuple[str, ...]
) -> Iterator[Participant]:
    row = load_row(session, kind, record, None) if fields else None
    if row is None or not row.get("active", True):
        return
    title = titles_of(session, kind, [record]).get(record, "")
    for name in fields:
        if row.get(name):
            yield Participant(title, str(row[name]).lower(), record if kind == "user" else "")
