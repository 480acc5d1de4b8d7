"""The rows of comments, and of what was said about records by other ways."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from fluvial.database.engine_tables import column, table
from fluvial.database.id_lists import among_ids
from fluvial.database.statement import Statement, insert, param
from metamodel.storage import (
    BOOLEAN,
    JSON,
    POSTGRESQL,
    SQLITE,
    TEXT,
    TIMESTAMP,
    UUID,
    timestamp_wire,
)

RIGHT = "update"  # of the record: comments are for those who work on it
REPLY = "reply"  # of the record: public comments are for these people, too
COMMENT_CHANNEL = "comment"

COMMENT = table(
    "comment",
    column("id", UUID, primary_key=True),
    column("object", TEXT),
    column("record", UUID),
    column("at", TIMESTAMP),
    column("by", UUID, nullable=True),
    column("text", TEXT),
    column("mentions", JSON),  # [{user, name}], the names as they are written in the text
    column("edited_at", TIMESTAMP, nullable=True),
    column("deleted_at", TIMESTAMP, nullable=True),
    column("public", BOOLEAN, nullable=True),  # also for people who may only reply
    # By what way it came or went: empty for a comment, else what a feature calls it, such as mail.
    column("channel", TEXT, nullable=True),
    column("speaker", TEXT, nullable=True),  # who says it, where no person of this site does
)

_c = COMMENT.c
sa.Index("ix_fluvial_comment__record", _c.record, _c.id)

ADD = insert(COMMENT)
_READ = (
    _c.id, _c.at, _c.by, _c.text, _c.mentions, _c.edited_at, _c.public, _c.channel, _c.speaker,
)  # fmt: skip
_there = (_c.record == param("the_record", _c.record), _c.deleted_at.is_(None))
_page = (
    sa.select(*_READ)
    .where(
        *_there,
        _c.at < param("the_until", _c.at),
        _c.at >= param("the_since", _c.at),
        _c.id < param("the_before", _c.id),
    )
    .order_by(_c.id.desc())
    .limit(sa.bindparam("the_limit", type_=sa.Integer()))
)
PAGES = {RIGHT: Statement(_page), REPLY: Statement(_page.where(_c.public.is_(sa.true())))}
SPEAKERS = Statement(
    sa.select(_c.by).where(*_there, _c.public.is_(sa.true()), _c.by.is_not(None)).distinct()
)
ONE = Statement(sa.select(*_READ).where(*_there, _c.id == param("the_id", _c.id)))
NAMED = {
    dialect: Statement(sa.select(*_READ).where(among_ids(_c.id, dialect)))
    for dialect in (SQLITE, POSTGRESQL)
}
EDIT = Statement(
    COMMENT.update()
    .values(
        text=param("the_text", _c.text),
        mentions=param("the_mentions", _c.mentions),
        edited_at=param("the_now", _c.edited_at),
    )
    .where(_c.id == param("the_id", _c.id))
)
WITHDRAW = Statement(COMMENT.delete().where(_c.id == param("the_id", _c.id)))
DELETE = Statement(
    COMMENT.update()
    .values(deleted_at=param("the_now", _c.deleted_at))
    .where(_c.id == param("the_id", _c.id))
)


def comment_wire(row: Sequence[Any]) -> dict[str, Any]:
    identifier, at, by, text, mentions, edited, public, channel, speaker = row
    return {
        "id": identifier,
        "at": timestamp_wire(at),
        "by": {"user": by} if by else None,
        "text": text,
        "mentions": mentions or [],
        "edited_at": timestamp_wire(edited) if edited else None,
        "public": bool(public),
        "channel": channel or COMMENT_CHANNEL,
        "speaker": speaker or "",
    }
