"""The engine of a process: settings, database, catalogs, features and the clock."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from fluvial.auth.people import People
from fluvial.database.connection import Connection
from fluvial.database.database import Database
from fluvial.database.setup import set_up
from fluvial.kernel import crash_points
from fluvial.kernel.causes import Causes
from fluvial.kernel.change_stream import RecordChange, Stream
from fluvial.kernel.clock import Clock
from fluvial.kernel.features import Features, Seam, load_features
from fluvial.kernel.metrics import Metrics
from fluvial.kernel.settings import Settings
from fluvial.kernel.slow_questions import SlowQuestions
from metamodel.documents import DocumentKind
from metamodel.kinds import load_kinds

from .catalogs import Catalogs
from .wakes import Wakes

T = TypeVar("T")


class Engine:
    """One for each process. `open` prepares the database; `close` ends threads and connections."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        load_kinds(settings.kinds)
        self.features: Features = load_features()
        self.kinds: Mapping[str, DocumentKind] = self.features.kinds
        self.database = Database(settings.database_url, settings.threads)
        self.clock = Clock(settings.zone, settings.now)
        self.catalogs = Catalogs(settings.zone, settings.locale, self.kinds)
        self.people = People()
        self.stream = Stream(settings.redis_url)
        self.metrics = Metrics()
        self.slow = SlowQuestions(settings.slow_ms / 1000)
        self.causes = Causes(settings.secret_key)
        self.wakes = Wakes()  # what commits of this process have left to the workers
        self.wakers: list[Callable[[str], None]] = []  # tell other processes of them
        self.closers: list[Callable[[], None]] = []  # called by close, the last one first

    def open(self) -> None:
        """Make the engine's own tables where they are missing."""
        connection, seconds = self.database.connection(), self.settings.setup_seconds
        set_up(connection, self.features.tables, seconds)

    def close(self) -> None:
        """End what works beside the requests first, then threads and connections."""
        while self.closers:
            self.closers.pop()()
        self.stream.close()
        self.database.close()

    def brought(self, seam: Seam[T]) -> tuple[T, ...]:
        """What the features bring to a seam, in their order."""
        return self.features.parts(seam)

    def woken(self, connection: Connection, job: str) -> None:
        """Wake a job of the workers once the transaction that is open is durable."""
        connection.after_commit(lambda: self._wake(job))

    def changed(self, connection: Connection, *changes: RecordChange) -> None:
        """Tell those who follow the records once the transaction that is open is durable."""
        connection.after_commit(lambda: self._committed(changes))

    def _committed(self, changes: Sequence[RecordChange]) -> None:
        crash_points.point("after_commit")
        for change in changes:
            self.stream.publish(change)

    def _wake(self, job: str) -> None:
        self.wakes.want(job)
        for call in self.wakers:
            call(job)
