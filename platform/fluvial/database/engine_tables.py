"""The engine's own tables. Names begin with `fluvial_`; object types have tables beside them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from metamodel.storage import BOOLEAN, DATE, INTEGER, JSON, TEXT, TIMESTAMP, UUID, Storage

from .columns import Stored

ENGINE = sa.MetaData()


def column(name: str, storage: Storage, **options: Any) -> sa.Column[Any]:
    return sa.Column(name, Stored(storage), **({"nullable": False} | options))


def table(name: str, *parts: Any, metadata: sa.MetaData = ENGINE) -> sa.Table:
    """A table of the engine or of a feature."""
    return sa.Table(f"fluvial_{name}", metadata, *parts)


# One row: the catalog in force. Changed in the transaction of every change of metadata.
CATALOG = table(
    "catalog",
    column("id", INTEGER, primary_key=True),
    column("version", INTEGER),
    column("hash", TEXT),
    # Who writes with a catalog of before this version begins anew: formulas, or kinds of fields,
    # have changed, and what it works out would be of the old ones.
    column("floor", INTEGER, nullable=True),
    # Of the words by which records are found: those of another version are made anew.
    column("words", INTEGER, nullable=True),
    column("decimals", INTEGER, nullable=True),  # of amounts in any currency, as columns hold them
    column("logs", INTEGER, nullable=True),  # of states; an earlier release kept none
)

DOCUMENT = table(
    "document",
    column("layer", TEXT, primary_key=True),
    column("kind", TEXT, primary_key=True),
    column("name", TEXT, primary_key=True),
    column("body", JSON),
)

PACKAGE = table(
    "package",
    column("name", TEXT, primary_key=True),
    column("version", TEXT),
    column("position", INTEGER),
    column("installed_at", TIMESTAMP),
)

REVISION = table(
    "revision",
    column("number", INTEGER, primary_key=True, autoincrement=False),
    column("at", TIMESTAMP),
    column("by", UUID, nullable=True),
    column("note", TEXT),
    column("changes", JSON),  # [{layer, kind, name, before, after}]
)

# Columns of fields that are gone or of another kind now: values stay until they are purged.
RETIRED = table(
    "retired_column",
    column("object", TEXT, primary_key=True),
    column("column", TEXT, primary_key=True),  # what the names of its columns begin with
    column("field", TEXT),
    column("spec", JSON),  # the field as it was, to read the values with
    column("at", TIMESTAMP),
    column("cause", TEXT),  # removed, retyped
)

# Fields whose columns are not called like the field, because it was retyped.
PLACED = table(
    "placed_field",
    column("object", TEXT, primary_key=True),
    column("field", TEXT, primary_key=True),
    column("column", TEXT),
)

# What is said of each link of many-look-ups whose links have fields.
LINK = table(
    "link",
    column("source", UUID, primary_key=True),
    column("field", TEXT, primary_key=True),  # what its link table is called
    column("target", UUID, primary_key=True),
    column("said", JSON),
)

# Changes that wait until the values of a large table are copied.
PENDING = table(
    "pending_change",
    column("id", UUID, primary_key=True),
    column("at", TIMESTAMP),
    column("by", UUID, nullable=True),
    column("note", TEXT),
    column("state", TEXT),  # copying, done, failed, cancelled
    column("error", TEXT),
    column("documents", JSON),  # [{layer, kind, name, body}]
    column("take_out", BOOLEAN),
    column("make", JSON),  # ["book.genre"]
    column("columns", JSON),  # {"book.pages": "pages__2"}; {"author": ""} is a new table
    column("progress", JSON),  # {"book.pages": {"copied": 500, "rows": 9000, "after": id}}
    column("revision", INTEGER, nullable=True),
    column("packages", JSON, nullable=True),  # {"lending": "1.1.0"}; null is one that goes
    column("whole", BOOLEAN, nullable=True),
)

# Indexes that PostgreSQL builds beside the others' work.
INDEX = table(
    "index",
    column("name", TEXT, primary_key=True),
    column("object", TEXT),
    column("statement", TEXT),
    column("state", TEXT),  # planned, building, valid, failed
    column("error", TEXT),
)

TOKEN = table(
    "token",
    column("id", UUID, primary_key=True),
    column("hash", TEXT, unique=True),
    column("user", UUID, index=True),
    column("name", TEXT),
    column("scopes", JSON),  # [] means all that the person may do
    column("expires_at", TIMESTAMP, nullable=True),
    column("created_at", TIMESTAMP),
)

SESSION = table(
    "session",
    column("hash", TEXT, primary_key=True),
    column("user", UUID, index=True),
    column("csrf", TEXT),
    column("expires_at", TIMESTAMP),
    column("created_at", TIMESTAMP),
    column("agent", TEXT, nullable=True),  # the browser; an earlier release did not keep it
)

CREDENTIAL = table(
    "credential",
    column("user", UUID, primary_key=True),
    column("password", TEXT),  # Argon2id
    column("signed_in_at", TIMESTAMP, nullable=True),  # last; an earlier release did not keep it
)

# Who saw the product with another person's rights, and when.
SEEN_AS = table(
    "seen_as",
    column("id", UUID, primary_key=True),
    column("by", UUID),
    column("user", UUID, index=True),
    column("session", TEXT),  # the digest of the session in which it was begun, and only works
    column("began", TIMESTAMP),
    column("until", TIMESTAMP),
    column("ended", TIMESTAMP, nullable=True),
)

HISTORY = table(
    "history",
    column("record", UUID, primary_key=True),
    column("rev", INTEGER, primary_key=True),
    column("object", TEXT),
    column("event", TEXT),  # created, updated, deleted, restored
    column("at", TIMESTAMP),
    column("by", UUID, nullable=True),
    column("rule", TEXT, nullable=True),
    column("changes", JSON),  # {field: [old, new]} in wire form
    column("change_set", UUID, nullable=True),  # that was applied, or taken back, with it
)

# The state log: how long records were in each state. A span begins with the revision that entered
# the state, so that records whose clock stands still have their spans in order, too.
STATE_SPAN = table(
    "state_span",
    column("record", UUID, primary_key=True),
    column("field", TEXT, primary_key=True),
    column("rev", INTEGER, primary_key=True),
    column("object", TEXT),
    column("state", TEXT),
    column("from", TIMESTAMP),
    column("until", TIMESTAMP, nullable=True),  # a running one has no end
    column("by", UUID, nullable=True),
    column("cause", TEXT, nullable=True),  # the rule
)

# When timers of records were planned anew: what they showed before and since, by whom and why.
TIMER_PLAN = table(
    "timer_plan",
    column("id", UUID, primary_key=True),
    column("object", TEXT),
    column("record", UUID, index=True),
    column("timer", TEXT),
    column("at", TIMESTAMP),
    column("by", UUID, nullable=True),
    column("rule", TEXT, nullable=True),
    column("cause", JSON),  # {target: [before, after], state: ..., ...}
    column("due_before", TIMESTAMP, nullable=True),
    column("state_before", TEXT),
    column("due", TIMESTAMP, nullable=True),
    column("state", TEXT),
)

# Who asked for the value of a protected field, and when.
REVEAL = table(
    "reveal",
    column("id", UUID, primary_key=True),
    column("object", TEXT),
    column("record", UUID),
    column("field", TEXT),
    column("at", TIMESTAMP),
    column("by", UUID, nullable=True),
)
sa.Index("ix_fluvial_reveal__record", REVEAL.c.record)

# What a dated field holds from a day on. Rows are never changed but to end them, so that what was
# believed at any moment can be told; rows that are in force have no end.
DATED = table(
    "dated",
    column("id", UUID, primary_key=True),
    column("object", TEXT),
    column("record", UUID),
    column("field", TEXT),
    column("form", TEXT),  # the columns that the value was made for: another kind cannot read it
    column("valid_from", DATE),
    column("value", JSON),  # the stored form of each column
    column("planned", BOOLEAN),  # until its day has come and the record holds it
    column("recorded_at", TIMESTAMP),
    column("recorded_by", UUID, nullable=True),
    column("ended_at", TIMESTAMP, nullable=True),
    column("error", TEXT, nullable=True),  # why it did not take effect on its day
    column("change_set", UUID, nullable=True),
)
_current = DATED.c.ended_at.is_(None)
sa.Index(
    "uq_fluvial_dated__day",
    DATED.c.record,
    DATED.c.field,
    DATED.c.form,
    DATED.c.valid_from,
    unique=True,
    sqlite_where=_current,
    postgresql_where=_current,
)
_waiting = sa.and_(_current, DATED.c.planned)
sa.Index(
    "ix_fluvial_dated__planned",
    DATED.c.valid_from,
    sqlite_where=_waiting,
    postgresql_where=_waiting,
)

OUTBOX = table(
    "outbox",
    column("id", UUID, primary_key=True),
    column("at", TIMESTAMP),
    column("object", TEXT),
    column("record", UUID),
    column("rev", INTEGER),
    column("event", TEXT),
    column("actor", UUID, nullable=True),
    column("cause", JSON, nullable=True),  # the chain of (rule, record) that led here
    column("changes", JSON),
    column("lease", TEXT, nullable=True),  # fencing token of the worker that holds it
    column("leased_until", TIMESTAMP, nullable=True),
    column("attempts", INTEGER),
    column("error", TEXT, nullable=True),
)

# Values that too many records would have to work out in the transaction of one change: workers
# do it, portion by portion, and what is left stands here.
RECALCULATION = table(
    "recalculation",
    column("id", UUID, primary_key=True),
    column("object", TEXT),
    column("field", TEXT),
    column("route", JSON),  # [[object, field, target, back]] from the ids to the records
    column("ids", JSON, nullable=True),  # null is every record of the object type
    column("after", UUID),  # the records up to this id are done
    column("done", INTEGER),  # how many
    column("at", TIMESTAMP),
    column("actor", UUID, nullable=True),
    column("cause", JSON, nullable=True),
    column("quiet", BOOLEAN, nullable=True),  # a change of metadata: rules do not hear of it
    # Of PostgreSQL: transactions below this number may not have seen what is to be spread.
    column("horizon", INTEGER, nullable=True),
)

IDEMPOTENCY = table(
    "idempotency",
    column("caller", TEXT, primary_key=True),
    column("path", TEXT, primary_key=True),
    column("key", TEXT, primary_key=True),
    column("digest", TEXT),
    column("status", INTEGER),
    column("body", TEXT),
    column("headers", JSON),
    column("at", TIMESTAMP, index=True),
)

SEQUENCE = table(
    "sequence",
    column("object", TEXT, primary_key=True),
    column("field", TEXT, primary_key=True),
    column("period", TEXT, primary_key=True),
    column("value", INTEGER),
)

FILE = table(
    "file",
    column("id", UUID, primary_key=True),
    column("name", TEXT),
    column("size", INTEGER),
    column("media_type", TEXT),
    column("sha256", TEXT),
    column("created_at", TIMESTAMP, index=True),
    column("created_by", UUID, nullable=True),
    column("object", TEXT, nullable=True),  # what it is attached to
    column("record", UUID, nullable=True),
    column("field", TEXT, nullable=True),
)

IMPORT = table(
    "import",
    column("id", UUID, primary_key=True),
    column("object", TEXT),
    column("at", TIMESTAMP),
    column("by", UUID, nullable=True),
    column("file", TEXT),
    column("counts", JSON),
    column("undone", BOOLEAN),
)

IMPORT_ROW = table(
    "import_row",
    column("batch", UUID, primary_key=True),
    column("record", UUID, primary_key=True),
    column("rev", INTEGER),  # the revision that the import made
    column("before", JSON, nullable=True),  # null where it created the record
)

# Long work that somebody has begun: workers do it portion by portion, each of them, and how far
# it got, in one transaction.
LONG_JOB = table(
    "long_job",
    column("id", UUID, primary_key=True),
    column("kind", TEXT),
    column("title", TEXT),
    column("at", TIMESTAMP, index=True),
    column("by", UUID, nullable=True),
    column("state", TEXT),  # running, done, failed, cancelled
    column("done", INTEGER),
    column("total", INTEGER, nullable=True),
    column("body", JSON),  # what was asked for
    column("place", JSON),  # how far it is
    column("result", JSON, nullable=True),
    column("error", TEXT),
    column("status", INTEGER),  # of the answer to whoever waits for it
    column("ending", BOOLEAN),  # somebody has cancelled it
    column("ended_at", TIMESTAMP, nullable=True),
    column("leased_until", TIMESTAMP, nullable=True),
)

PREFERENCE = table(
    "preference",
    column("user", UUID, primary_key=True),
    column("key", TEXT, primary_key=True),
    column("value", JSON),
)

# Tries of something that may be tried so often, since the first of them.
RATE = table(
    "rate",
    column("key", TEXT, primary_key=True),  # a hash: who tries what is nobody's business
    column("since", TIMESTAMP, index=True),
    column("count", INTEGER),
)
