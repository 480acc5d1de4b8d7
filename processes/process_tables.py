"""The tables of this folder: versions of processes, what tasks have made, and who they wait for."""

from __future__ import annotations

import sqlalchemy as sa

from fluvial.database.engine_tables import column, table
from metamodel.storage import INTEGER, JSON, TEXT, TIMESTAMP, UUID

TABLES = sa.MetaData()

# Each definition under which runs may have begun: a run keeps the one it began with.
VERSION = table(
    "process_version",
    column("process", TEXT, primary_key=True),
    column("number", INTEGER, primary_key=True, autoincrement=False),
    column("digest", TEXT),
    column("body", JSON),
    column("at", TIMESTAMP),
    metadata=TABLES,
)

# What was done of main actions: the record that was created, the mail that was sent.
MADE = table(
    "process_made",
    column("id", UUID, primary_key=True),
    column("task", UUID),
    column("verb", TEXT),  # of the main action: create, mail, fill, ...
    column("object", TEXT),
    column("record", UUID),
    column("said", JSON),  # the mail, or the decision
    column("by", UUID, nullable=True),
    column("at", TIMESTAMP),
    metadata=TABLES,
)
sa.Index("ix_fluvial_process_made__task", MADE.c.task, MADE.c.id)
sa.Index("ix_fluvial_process_made__record", MADE.c.record, MADE.c.id)

# For whom open tasks are besides their performers: what their field `candidates` says, by person.
CANDIDATE = table(
    "process_candidate",
    column("person", UUID, primary_key=True),
    column("task", UUID, primary_key=True),
    metadata=TABLES,
)
sa.Index("ix_fluvial_process_candidate__task", CANDIDATE.c.task)
