"""Which conversation a mail belongs to: by the mails that it answers, or by the number it names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple
from urllib.parse import urlsplit

import sqlalchemy as sa

from conversations.participants import participants_of
from fluvial.database.columns import Stored
from fluvial.database.statement import Compiled, Statement, param
from fluvial.kernel.ids import is_id
from fluvial.records.drafts.rows import load_row
from fluvial.records.reading.plan_cache import plans_of
from fluvial.records.reading.sql_context import PlanContext, ask
from fluvial.runtime.session import Session
from fluvial.services import comments
from fluvial.services import mail as outgoing
from metamodel.conversation_part import CONVERSATION
from metamodel.expressions.sql import Source
from metamodel.folding import fold
from metamodel.storage import TEXT
from rules.rule_tables import EFFECT

from . import merged_records
from .incoming_mail import FORGED, SEVERAL, IncomingMail
from .mail_headers import MailAddress
from .mail_kinds import BOUNCE
from .mail_tables import MESSAGE

MOST_NUMBERS = 5
MOST_PEOPLE = 500  # messages that are asked for whom they came from and went to

_NUMBER = re.compile(r"\[\s{0,3}#?([^\[\]\s]{1,60})\s{0,3}\]")

_m, _e = MESSAGE.c, EFFECT.c
_BY_ID = Statement(
    sa.select(_m.object, _m.record).where(_m.message_id == param("the_id", _m.message_id))
)
_BY_EFFECT = Statement(
    sa.select(_e.object, _e.record).where(
        _e.id == param("the_id", _e.id), _e.kind == sa.literal_column("'email'")
    )
)
_PEOPLE = Statement(
    sa.select(_m.direction, _m.kind, _m.notes, _m.sender, _m.to, _m.cc)
    .where(_m.record == param("the_record", _m.record))
    .order_by(_m.id.desc())
    .limit(MOST_PEOPLE)
)


class Thread(NamedTuple):
    object: str
    record: str
    known: bool  # whether its sender takes part in it already


def own_host(session: Session) -> str:
    """The host in the ids of mails that are sent from here."""
    return outgoing.ascii_host(
        urlsplit(session.engine.settings.base_url).hostname or "localhost"
    ).lower()


def thread_of(session: Session, mail: IncomingMail, object_name: str) -> Thread | None:
    """The conversation that a mail goes on with; None where it begins one."""
    for identifier in mail.answers:
        place = place_of(session, identifier)
        if place is not None:
            return Thread(*place, _is_known(session, *place, mail))
    if mail.kind == BOUNCE:
        return None
    for record in _numbered(session, mail.subject, object_name):
        if _is_known(session, object_name, record, mail):
            return Thread(object_name, record, True)
    return None


def place_of(session: Session, message_id: str) -> tuple[str, str] | None:
    """The record that a mail with this id is about, if it can still be written to."""
    row = _BY_ID.row(session.connection, the_id=message_id)
    if row is None:
        local, _, host = message_id.partition("@")
        if host.lower() == own_host(session) and is_id(local):
            row = _BY_EFFECT.row(session.connection, the_id=local)
    if row is None:
        return None
    object_name, record = str(row[0]), merged_records.target_of(session, str(row[1]))
    type_ = session.catalog.objects.get(object_name)
    if type_ is None or CONVERSATION.of(type_) is None:
        return None
    if load_row(session, object_name, record, None) is None:
        return None
    return object_name, record


def _numbered(session: Session, subject: str, object_name: str) -> Iterator[str]:
    """The records whose number stands in a subject."""
    conversation = CONVERSATION.of(session.catalog.objects[object_name])
    if conversation is None or not conversation.number:
        return
    for number in list(dict.fromkeys(_NUMBER.findall(subject)))[:MOST_NUMBERS]:
        for written in dict.fromkeys((number, number.upper())):
            yield from records_with(session, object_name, conversation.number, written)
            yield from merged_records.numbered(session, object_name, written)


def records_with(session: Session, object_name: str, field: str, text: str) -> list[str]:
    """The records, at most two, that have this text in a field, in capital letters or not."""

    def make() -> Compiled:
        context = PlanContext(session.catalog, session.access, session.connection.dialect)
        source = Source(context, object_name)
        value = sa.bindparam("the_text", type_=Stored(TEXT))
        suffixes = {column.suffix for column in known.columns}
        folded = "__fold" in suffixes
        kept = source.column(field, "__fold" if folded else "")
        statement = sa.select(source.column("id")).where(
            source.column("deleted_at").is_(None), kept == value
        )
        return context.compiled(statement.limit(2).select_from(source.joined()))

    known = session.catalog.objects[object_name].fields[field]
    access = session.access
    key = (access.roles, access.unrestricted, "records_with", object_name, field)
    plan: Compiled = plans_of(session.catalog).get(key, make)
    wanted = fold(text) if any(c.suffix == "__fold" for c in known.columns) else text
    return [str(row[0]) for row in ask(session, plan, the_text=wanted)]


def _is_known(session: Session, object_name: str, record: str, mail: IncomingMail) -> bool:
    """Whether somebody takes part in a conversation, and is who they say they are."""
    if not mail.sender.address or FORGED in mail.notes or SEVERAL in mail.notes:
        return False
    named = (one.address for one in participants_of(session, object_name, record))
    known = {*named, *_took_part(session, record), *merged_records.people_of(session, record)}
    return mail.sender.address in known


def _took_part(session: Session, record: str) -> Iterator[str]:
    """Whom the mails of a conversation came from and went to, those of strangers left out."""
    for direction, kind, notes, sender, to, cc in _PEOPLE.rows(
        session.connection, the_record=record
    ):
        if kind or "stranger" in notes:
            continue
        if direction == "in":
            yield str(sender)
        yield from _addresses((*to, *cc))


def _addresses(pairs: Iterable[list[str]]) -> Iterator[str]:
    return (MailAddress(*pair).address for pair in pairs)


def is_account(session: Session, object_name: str, record: str, address: str) -> bool:
    """Whether an address is that of somebody who works on a record here."""
    for user in records_with(session, "user", "email", address):
        actor = session.engine.people.actor(session.connection, user)
        if actor is not None and comments.works_on(session.as_actor(actor), object_name, record):
            return True
    return False
