"""The tables of this folder: runs, effects, what is waited for, endpoints that are off."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from fluvial.database.engine_tables import column, table
from metamodel.storage import BOOLEAN, INTEGER, JSON, TEXT, TIMESTAMP, UUID

TABLES = sa.MetaData()

WORK = "timers"  # the job of the workers for moments
PLANNED, FIRED, SKIPPED, CANCELLED = "planned", "fired", "skipped", "cancelled"
LATE = timedelta(hours=24)  # a moment that had passed when the record was saved still counts

RUN = table(
    "run",
    column("id", UUID, primary_key=True),
    column("rule", TEXT),
    column("event", UUID),
    column("object", TEXT),
    column("record", UUID),
    column("at", TIMESTAMP, index=True),
    # done, done_before, not_met, skipped, limited, failed, waiting, stopped, cancelled
    column("outcome", TEXT),
    column("trace", JSON),
    metadata=TABLES,
)
sa.Index("ix_fluvial_run__rule", RUN.c.rule, RUN.c.id)
sa.Index("ix_fluvial_run__record", RUN.c.record, RUN.c.id)
sa.Index("ix_fluvial_run__outcome", RUN.c.outcome, RUN.c.id)

# What rules did or are to do. `key` says what it is for, so that no retry makes a second one.
EFFECT = table(
    "effect",
    column("id", UUID, primary_key=True),
    column("key", TEXT, unique=True),
    column("event", UUID),
    column("rule", TEXT),
    column("action", INTEGER),  # its place in `do`
    column("kind", TEXT),  # create, update, delete, email, in_app, webhook, call
    column("target", TEXT),  # an id, an address or the name of an endpoint
    column("object", TEXT),  # the rule's record
    column("record", UUID),
    column("payload", JSON),
    column("content", TEXT, nullable=True),  # what is sent, made once: a retry sends the same
    column("state", TEXT),  # pending, done, failed, dead
    column("attempts", INTEGER),
    column("next_at", TIMESTAMP, nullable=True),
    column("lease", TEXT, nullable=True),
    column("leased_until", TIMESTAMP, nullable=True),
    column("error", TEXT, nullable=True),
    column("response", TEXT, nullable=True),
    column("at", TIMESTAMP, index=True),
    column("done_at", TIMESTAMP, nullable=True),
    column("rev", INTEGER, nullable=True),  # of the record; an earlier release did not keep it
    metadata=TABLES,
)
sa.Index("ix_fluvial_effect__state", EFFECT.c.state, EFFECT.c.at)
sa.Index("ix_fluvial_effect__record", EFFECT.c.record, EFFECT.c.target)

# Moments of date rules and of thresholds of timers, one row for each record, and of schedules,
# whose record is NOBODY.
TIMER = table(
    "timer",
    column("id", UUID, primary_key=True),
    column("rule", TEXT),
    column("object", TEXT),
    column("record", UUID),
    column("due_at", TIMESTAMP),
    column("state", TEXT),  # planned, fired, skipped, cancelled
    column("at", TIMESTAMP),
    # Of a timer: the start of its run, in which a threshold fires once.
    column("run", TIMESTAMP, nullable=True),
    metadata=TABLES,
)
sa.Index("uq_fluvial_timer", TIMER.c.rule, TIMER.c.record, TIMER.c.due_at, unique=True)
sa.Index("ix_fluvial_timer__due", TIMER.c.state, TIMER.c.due_at)
sa.Index("ix_fluvial_timer__record", TIMER.c.record)

# Runs that go on later: where they stand, and all that their next actions need.
WAITING = table(
    "waiting_run",
    column("id", UUID, primary_key=True),  # of the run
    column("rule", TEXT, index=True),
    column("document", JSON),  # the rule as it was when the run began
    column("event", JSON),
    column("cause", JSON, nullable=True),
    column("object", TEXT),
    column("record", UUID, index=True),
    column("step", INTEGER),  # the next one
    column("names", JSON),  # what earlier steps made, and what was answered
    column("state", TEXT),  # calling, sleeping, ready, failed
    column("effect", UUID, nullable=True, index=True),  # the call that is to be answered
    column("since", TIMESTAMP),
    column("due_at", TIMESTAMP, nullable=True),  # when it goes on, or is looked at again
    column("lease", TEXT, nullable=True),
    column("leased_until", TIMESTAMP, nullable=True),
    column("attempts", INTEGER),  # of workers, since it was due
    metadata=TABLES,
)
sa.Index("ix_fluvial_waiting_run__due", WAITING.c.state, WAITING.c.due_at)

# What rules have done once, by what tells it from others: the key lets no run do it again.
DONE_ONCE = table(
    "done_once",
    column("rule", TEXT, primary_key=True),
    column("record", UUID, primary_key=True),
    column("key", TEXT, primary_key=True),
    column("at", TIMESTAMP),
    metadata=TABLES,
)

# Who was assigned last by an action of a rule: the next one is whoever comes behind.
ASSIGNED = table(
    "assigned",
    column("rule", TEXT, primary_key=True),
    column("place", TEXT, primary_key=True),
    column("person", UUID),
    metadata=TABLES,
)

# Endpoints that answered 410 Gone at this address.
ENDPOINT_OFF = table(
    "endpoint_off",
    column("name", TEXT, primary_key=True),
    column("url", TEXT, primary_key=True),
    column("at", TIMESTAMP),
    metadata=TABLES,
)

# Endpoints that have failed since they answered last.
ENDPOINT_PAUSE = table(
    "endpoint_pause",
    column("name", TEXT, primary_key=True),
    column("failures", INTEGER),
    column("record", UUID),  # that the last failure was about
    column("until", TIMESTAMP),
    metadata=TABLES,
)

# Messages that inbound hooks have taken, so that none is taken twice.
RECEIVED = table(
    "received",
    column("hook", TEXT, primary_key=True),
    column("message", TEXT, primary_key=True),
    column("record", UUID),
    column("created", BOOLEAN),
    column("at", TIMESTAMP, index=True),
    metadata=TABLES,
)

NOBODY = "00000000-0000-0000-0000-000000000000"  # the record of what is about none
