"""The tables of change sets: what they keep, and which were applied."""

from __future__ import annotations

import sqlalchemy as sa

from metamodel.storage import DATE, INTEGER, JSON, TEXT, TIMESTAMP, UUID

from .engine_tables import HISTORY, column, table

CHANGE_SETS = sa.MetaData()

_of_change_set = HISTORY.c.change_set.is_not(None)
sa.Index(
    "ix_fluvial_history__change_set",
    HISTORY.c.change_set,
    sqlite_where=_of_change_set,
    postgresql_where=_of_change_set,
)

# Changes that are kept in a record which is a change set, until it is applied.
KEPT_EDIT = table(
    "kept_edit",
    column("id", UUID, primary_key=True),
    column("change_set", UUID),
    column("place", INTEGER),  # in the order in which they are carried out
    column("action", TEXT),  # create, update, delete, restore
    column("object", TEXT),
    column("record", UUID),
    # The revision on which it was made, or accepted since; of one that is applied the one that
    # applying left. Null where the record is made by the change set itself.
    column("rev", INTEGER, nullable=True),
    column("body", JSON),  # in wire form, as it was sent
    column("day", DATE, nullable=True),  # named with it; else the change set's own day counts
    column("title", TEXT),
    column("changes", JSON),  # {field: [before, after]} in wire form, as it was when it was kept
    column("at", TIMESTAMP),
    column("by", UUID, nullable=True),
    # The revisions that carrying it out made: those behind the first, up to the last one.
    column("made_after", INTEGER, nullable=True),
    column("made_until", INTEGER, nullable=True),
    metadata=CHANGE_SETS,
)
sa.Index("ix_fluvial_kept_edit__place", KEPT_EDIT.c.change_set, KEPT_EDIT.c.place, unique=True)

# The change sets that were applied.
CHANGE_SET = table(
    "change_set",
    column("id", UUID, primary_key=True),  # of the record
    column("object", TEXT),
    column("applied_at", TIMESTAMP),
    column("applied_by", UUID, nullable=True),
    column("reversed_at", TIMESTAMP, nullable=True),
    column("reversed_by", UUID, nullable=True),
    metadata=CHANGE_SETS,
)
