"""The tables of this folder: what became of the answers to web forms."""

from __future__ import annotations

import sqlalchemy as sa

from fluvial.database.engine_tables import column, table
from metamodel.storage import INTEGER, JSON, TEXT, TIMESTAMP, UUID

TABLES = sa.MetaData()

# Answers that became a record.
SUBMISSION = table(
    "submission",
    column("nonce", TEXT, primary_key=True),  # of the token, and what was answered: one record
    column("id", UUID),
    column("form", TEXT),
    column("object", TEXT),
    column("record", UUID),
    column("message", TEXT),
    column("at", TIMESTAMP, index=True),
    metadata=TABLES,
)

# Answers that became none, for some weeks.
HELD = table(
    "held_answers",
    column("id", UUID, primary_key=True),
    column("form", TEXT),
    column("sending", TEXT),  # of the same page: the last try stands for all
    column("state", TEXT),  # refused, quarantined
    column("faults", JSON),  # [{pointer, code, message}]
    column("answers", JSON),  # {texts, values, json, prefill, files {field: names}}
    column("tries", INTEGER),
    column("at", TIMESTAMP, index=True),
    sa.UniqueConstraint("form", "sending"),
    metadata=TABLES,
)
