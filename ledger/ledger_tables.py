"""The tables of ledgers: keys with what is posted, postings, their entries, runs and faults."""

from __future__ import annotations

import sqlalchemy as sa

from fluvial.database.engine_tables import column, table
from metamodel.storage import BOOLEAN, DATE, INTEGER, JSON, TEXT, TIMESTAMP, UUID

TABLES = sa.MetaData()

# What is posted for a record and a period, and the cells that it was worked out from.
KEY = table(
    "ledger_key",
    column("id", UUID, primary_key=True),
    column("ledger", TEXT),
    column("source", UUID),
    column("period", TEXT),  # from/until; "" where a record is charged once
    column("number", INTEGER),  # of its last posting
    column("posted", JSON),  # the amount of each currency
    column("cells", JSON),
    column("settled", BOOLEAN),  # whether the amounts are the rounded sums of the cells
    metadata=TABLES,
)
sa.Index("uq_fluvial_ledger_key", KEY.c.ledger, KEY.c.source, KEY.c.period, unique=True)

# One difference that was posted. Two runs that found the same one would give it the same number.
POSTING = table(
    "ledger_posting",
    column("id", UUID, primary_key=True),
    column("ledger", TEXT),
    column("source", UUID),
    column("period", TEXT),
    column("number", INTEGER),
    column("run", UUID),
    column("at", TIMESTAMP),
    column("amounts", JSON),  # of each currency
    column("parts", JSON),  # the cells that the difference is made of
    column("cause", JSON, nullable=True),  # what moved the target since the posting before it
    column("booked", DATE, nullable=True),  # the first day of the open period that it went to
    metadata=TABLES,
)
sa.Index(
    "uq_fluvial_ledger_posting",
    POSTING.c.ledger,
    POSTING.c.source,
    POSTING.c.period,
    POSTING.c.number,
    unique=True,
)
sa.Index("ix_fluvial_ledger_posting__run", POSTING.c.run, POSTING.c.id)

# The records that postings made: entries, and the parts that explain them.
MADE = table(
    "ledger_made",
    column("record", UUID, primary_key=True),
    column("object", TEXT),
    column("ledger", TEXT),
    column("posting", UUID, index=True),
    column("part", BOOLEAN),
    metadata=TABLES,
)

RUN = table(
    "ledger_run",
    column("id", UUID, primary_key=True),  # that of its long job
    column("ledger", TEXT),
    column("at", TIMESTAMP),
    column("by", UUID, nullable=True),
    column("until", DATE),
    column("where", TEXT),
    column("dry_run", BOOLEAN),
    column("state", TEXT),  # running, done, failed, cancelled
    column("counts", JSON),
    column("voids", UUID, nullable=True),  # the run whose postings it takes back
    column("voided_by", UUID, nullable=True),
    column("cause", JSON, nullable=True),  # the rule that ran it
    metadata=TABLES,
)
sa.Index("ix_fluvial_ledger_run__ledger", RUN.c.ledger, RUN.c.at, RUN.c.id)

FAULT = table(
    "ledger_fault",
    column("run", UUID, primary_key=True),
    column("source", UUID, primary_key=True),
    column("period", TEXT, primary_key=True),
    column("message", TEXT),
    metadata=TABLES,
)

# Records whose keys a run has to look at, and when their next period is due.
MARK = table(
    "ledger_mark",
    column("ledger", TEXT, primary_key=True),
    column("source", UUID, primary_key=True),
    column("marked", BOOLEAN),
    column("due", DATE, nullable=True),
    metadata=TABLES,
)
sa.Index("ix_fluvial_ledger_mark__due", MARK.c.ledger, MARK.c.due)

# Changes from further away that have marked a record, or all records of a ledger.
CAUSE = table(
    "ledger_cause",
    column("ledger", TEXT, primary_key=True),
    column("source", UUID, primary_key=True),
    column("record", UUID, primary_key=True),
    column("at", TIMESTAMP),
    metadata=TABLES,
)

# Whether the marks of a ledger tell all: `clean`, `whole`, or the run that compares everything.
SCOPE = table(
    "ledger_scope",
    column("ledger", TEXT, primary_key=True),
    column("revision", TEXT),  # of the ledger, and of the formulas that it reads
    column("state", TEXT),
    metadata=TABLES,
)
