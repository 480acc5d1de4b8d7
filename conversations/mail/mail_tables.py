"""The tables of conversations: what mails say beside their words, and all mails that came."""

from __future__ import annotations

import sqlalchemy as sa

from conversations.conversation_tables import TABLES
from fluvial.database.engine_tables import column, table
from metamodel.storage import INTEGER, JSON, TEXT, TIMESTAMP, UUID

# What a mail has beside the comment that holds its words; both have the same id.
MESSAGE = table(
    "message",
    column("id", UUID, primary_key=True),
    column("object", TEXT),
    column("record", UUID),
    column("at", TIMESTAMP),
    column("direction", TEXT),  # in, out
    column("mailbox", TEXT, nullable=True),
    column("message_id", TEXT, unique=True),
    column("thread", JSON),  # the ids that it answers, the nearest first
    column("kind", TEXT),  # "" for what somebody wrote; automatic, bounce, bulk
    column("sender", TEXT),
    column("sender_name", TEXT),
    column("to", JSON),  # [[name, address]]
    column("cc", JSON),
    column("bcc", JSON),
    column("subject", TEXT),
    column("html", TEXT),
    column("quoted", TEXT),
    column("quoted_html", TEXT),
    column("files", JSON),  # [{id, name, size, media_type, cid}]
    column("raw", UUID, nullable=True),  # the file that holds the mail as it came
    column("reply_to", JSON, nullable=True),  # where answers are wanted, if not at the sender's
    column("notes", JSON),  # what is told of it: broken, cut, winmail, forged, ...
    metadata=TABLES,
)
sa.Index("ix_fluvial_message__record", MESSAGE.c.record, MESSAGE.c.id)

# Every mail that came, and what became of it.
ARRIVED = table(
    "arrived_mail",
    column("id", UUID, primary_key=True),
    column("mailbox", TEXT),
    column("at", TIMESTAMP),
    column("message_id", TEXT, unique=True),
    column("sender", TEXT),
    column("subject", TEXT),
    column("size", INTEGER),
    column("digest", TEXT),  # of its words: the same ones again and again are a machine's
    column("raw", UUID, nullable=True),
    column("outcome", TEXT),  # created, added, ignored, refused, failed
    column("reason", TEXT),
    column("object", TEXT, nullable=True),
    column("record", UUID, nullable=True),
    metadata=TABLES,
)
sa.Index("ix_fluvial_arrived_mail__mailbox", ARRIVED.c.mailbox, ARRIVED.c.id)
sa.Index("ix_fluvial_arrived_mail__sender", ARRIVED.c.sender, ARRIVED.c.at)

# What somebody is writing at a record: it survives a reload, and shows others that they write.
DRAFT = table(
    "message_draft",
    column("user", UUID, primary_key=True),
    column("record", UUID, primary_key=True),
    column("object", TEXT),
    column("at", TIMESTAMP),
    column("body", JSON),
    metadata=TABLES,
)
sa.Index("ix_fluvial_message_draft__record", DRAFT.c.record)

# How the last look into a mailbox of another server ended.
SOURCE = table(
    "mail_source",
    column("mailbox", TEXT, primary_key=True),
    column("at", TIMESTAMP),
    column("failures", INTEGER),  # in a row
    column("error", TEXT),
    column("next_at", TIMESTAMP),
    metadata=TABLES,
)

# Records that were merged into others: their numbers and their mails lead there.
MERGED = table(
    "merged_record",
    column("record", UUID, primary_key=True),
    column("object", TEXT),
    column("number", TEXT, nullable=True),
    column("target", UUID, index=True),
    column("people", JSON),  # the addresses of those who took part in it
    column("at", TIMESTAMP),
    column("by", UUID, nullable=True),
    metadata=TABLES,
)
sa.Index("ix_fluvial_merged_record__number", MERGED.c.object, MERGED.c.number)
