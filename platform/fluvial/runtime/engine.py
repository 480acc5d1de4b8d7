"""The engine of a process: settings, database, catalogs, features and the clock."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from fluvial.auth.actors import SYSTEM, Actor
from fluvial.auth.people import People, UserHook
from fluvial.database.connection import Connection
from fluvial.database.database import Database
from fluvial.database.setup import set_up
from fluvial.http.call import Answer, Call
from fluvial.http.routes import Endpoint
from fluvial.kernel import crash_points
from fluvial.kernel.causes import Causes
from fluvial.kernel.change_stream import Change, Stream
from fluvial.kernel.clock import Clock
from fluvial.kernel.errors import Problem
from fluvial.kernel.feature import Feature, load_features
from fluvial.kernel.metrics import Metrics
from fluvial.kernel.settings import Settings
from fluvial.records.drafts.draft import Draft
from metamodel.documents import DocumentKind, with_kinds
from metamodel.kinds import load_kinds

from .catalogs import Catalogs
from .session import Cause, Session


class Hook(Protocol):
    """What the engine itself adds to the writing of one of its own object types."""

    @property
    def members(self) -> tuple[str, ...]:
        """Of a body, beside the fields."""

    def take(self, draft: Draft, body: Mapping[str, Any]) -> None: ...

    def stored(self, draft: Draft) -> None: ...


class Engine:
    """One for each process. `open` prepares the database; `close` ends threads and connections."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        load_kinds(settings.kinds)
        self.features: tuple[Feature, ...] = load_features()
        self.kinds: Mapping[str, DocumentKind] = with_kinds(
            kind for feature in self.features for kind in feature.kinds
        )
        self.database = Database(settings.database_url, settings.threads)
        self.clock = Clock(settings.zone, settings.now)
        self.catalogs = Catalogs(self)
        self.people = People()
        self.stream = Stream(settings.redis_url)
        self.metrics = Metrics()
        self.causes = Causes(settings.secret_key)
        self.hooks: Mapping[str, Hook] = {"user": UserHook()}
        self.problem_page: Callable[[Call, Problem], Answer] | None = None
        self.endpoints: tuple[Endpoint, ...] = ()  # of the application, once it is built
        self.wake = threading.Event()  # set when a commit left work for the workers
        self.wakers: list[Callable[[], None]] = []
        self.closers: list[Callable[[], None]] = []  # called by close, the last one first

    def open(self) -> None:
        """Make the engine's own tables where they are missing."""
        set_up(
            self.database.connection(),
            [feature.tables for feature in self.features if feature.tables is not None],
        )

    def close(self) -> None:
        """End what works beside the requests first, then threads and connections."""
        while self.closers:
            self.closers.pop()()
        self.stream.close()
        self.database.close()

    def session(
        self,
        actor: Actor = SYSTEM,
        *,
        connection: Connection | None = None,
        cause: Cause | None = None,
    ) -> Session:
        """A session on the snapshot in force, with the calling thread's connection."""
        connection = connection or self.database.connection()
        catalog = self.catalogs.current(connection)
        return Session(self, connection, catalog, actor, self.clock.now(), cause or Cause())

    def shown(self, call: Call, problem: Problem, *, page: bool) -> Answer:
        """The answer of a problem: JSON, or a page where people asked."""
        if page and self.problem_page is not None:
            return self.problem_page(call, problem)
        return Answer.problem(problem)

    def woken(self, connection: Connection) -> None:
        """Wake the workers once the transaction that is open is durable."""
        connection.after_commit(self._wake)

    def changed(self, connection: Connection, change: Change) -> None:
        """Once the transaction that is open is durable: wake the workers, tell the listeners."""
        connection.after_commit(lambda: self._committed(change))

    def _committed(self, change: Change) -> None:
        crash_points.point("after_commit")
        self._wake()
        self.stream.publish(change)

    def _wake(self) -> None:
        self.wake.set()
        for call in self.wakers:
            call()
