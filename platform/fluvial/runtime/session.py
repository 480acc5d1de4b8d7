"""A session: one unit of work by one actor on one snapshot, with one connection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from fluvial.auth.access import Access, access_of
from fluvial.auth.actors import SYSTEM, Actor
from fluvial.database.connection import Connection
from fluvial.database.id_lists import id_list
from fluvial.kernel.causes import Cause
from fluvial.kernel.lazy import lazily
from fluvial.kernel.problems import Forbidden, NotFound
from metamodel.catalog import Catalog, ObjectType
from metamodel.storage import DATE, TIMESTAMP, timestamp_wire

from .engine import Engine
from .prefetch import Prefetch


@dataclass
class Session:
    """Everything that reading and writing needs to know about who asks, and when."""

    engine: Engine
    connection: Connection
    catalog: Catalog
    actor: Actor
    now: datetime
    cause: Cause = field(default_factory=Cause)
    as_of: date | None = None  # the day that a read is for; None is today
    as_at: datetime | None = None  # the moment of that day, where one was asked for
    quiet: bool = False  # what is written leaves no events: sample data, silent imports
    all_heard: bool = False  # what is written leaves events that nobody waits for, too: trials
    ahead: Prefetch | None = None  # of a write of many records: what it has read for all of them
    posts: frozenset[str] = (
        frozenset()
    )  # object types whose locks do not hold for it: see `posting`
    change_set: str | None = None  # the one that is applied, or taken back, by what is written
    # While a draft of metadata is tried: the documents that go into it, instead of into force.
    drafting: list[dict[str, Any]] | None = None

    @staticmethod
    def begin(
        engine: Engine,
        actor: Actor = SYSTEM,
        *,
        connection: Connection | None = None,
        cause: Cause | None = None,
    ) -> Session:
        """A session on the snapshot in force, with the calling thread's connection."""
        connection = connection or engine.database.connection()
        catalog = engine.catalogs.current(connection)
        return Session(engine, connection, catalog, actor, engine.clock.now(), cause or Cause())

    @lazily
    def access(self) -> Access:
        return access_of(self.catalog, self.actor)

    @lazily
    def today(self) -> date:
        return self.as_of or self.engine.clock.day_of(self.now)

    @lazily
    def binds(self) -> Mapping[str, Any]:
        """The binds that every plan may use: who asks, and when."""
        dialect, actor = self.connection.dialect, self.actor
        return {
            "me": actor.id,
            "me_groups": id_list(dialect, actor.groups),
            "me_teams": id_list(dialect, actor.teams),
            "me_roles": id_list(dialect, actor.roles),
            "now": TIMESTAMP.encode(dialect, self.moment),
            "today": DATE.encode(dialect, self.today),
        }

    def as_actor(self, actor: Actor, cause: Cause | None = None) -> Session:
        """The same work in somebody else's name."""
        return Session(
            self.engine,
            self.connection,
            self.catalog,
            actor,
            self.now,
            cause or self.cause,
            self.as_of,
            self.as_at,
            change_set=self.change_set,
        )

    @lazily
    def moment(self) -> datetime:
        """`now()` in expressions: of another day its first moment, or the one asked for."""
        clock = self.engine.clock
        if self.as_at is not None:
            return self.as_at
        if self.as_of is None or self.as_of == clock.day_of(self.now):
            return self.now
        return clock.start_of(self.as_of)

    @property
    def asked_day(self) -> date | None:
        """The day or moment that a read is for, as a query names it."""
        return self.as_at or self.as_of

    @property
    def asked_text(self) -> str:
        """The same as addresses write it; empty for today."""
        day = self.asked_day
        if day is None:
            return ""
        return timestamp_wire(day) if isinstance(day, datetime) else day.isoformat()

    def at(self, day: date) -> Session:
        """The same session, reading as of another day, or of a moment."""
        ahead = None if self.ahead is None else self.ahead.of_another_day()
        if isinstance(day, datetime):
            return replace(self, as_of=self.engine.clock.day_of(day), as_at=day, ahead=ahead)
        return replace(self, as_of=day, as_at=None, ahead=ahead)

    def reading_ahead(self) -> Session:
        """The same session, reading many records at once where it does not yet."""
        return self if self.ahead else replace(self, ahead=Prefetch(lambda: None))

    def posting(self, *names: str) -> Session:
        """The same session for the code of a feature that keeps records of its own.

        It writes records of these object types although they, or what they are parts of, are
        locked. Nothing that comes from outside leads here: no request, document, rule or role.
        """
        return replace(self, posts=self.posts.union(names))

    def object(self, name: str, action: str = "read") -> ObjectType:
        """The object type, if the actor may do that with any of its records."""
        type_ = self.catalog.objects.get(name)
        if type_ is None or not self.access.object(name).can("read"):
            raise NotFound(f"There is no object `{name}`.")
        if not self.access.object(name).can(action):
            raise _forbidden(type_, action)
        return type_


def _forbidden(type_: ObjectType, action: str) -> Forbidden:
    return Forbidden(f"Your roles do not allow you to {action} {type_.plural.lower()}.")
