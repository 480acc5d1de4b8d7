"""The stage of an app's tests: a fresh engine with the app in force and a clock that stands."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

from fluvial.events.jobs import JOB
from fluvial.kernel.clock import Clock
from fluvial.kernel.problems import Problem
from fluvial.kernel.settings import load
from fluvial.packages import installing
from fluvial.packages.source import Package
from fluvial.runtime.engine import Engine
from fluvial.runtime.long_jobs import advance, running_jobs
from fluvial.runtime.session import Session

FILE = "fluvial.db"
TEMPLATE = "the template"  # a test's name has no space
START = time(9, 0)  # of the business's day
MAX_ROUNDS = 10_000


class StoppedClock(Clock):
    """A clock that stands until it is set."""

    def __init__(self, zone: str, moment: datetime) -> None:
        super().__init__(zone)
        self.moment = moment

    def now(self) -> datetime:
        return self.moment

    def today(self) -> date:
        return self.day_of(self.moment)


class Stage:
    """A database with the packages in force, of which every test gets a copy."""

    def __init__(self, folder: Path, packages: list[Package]) -> None:
        self._folder = folder
        engine = self._engine(TEMPLATE, "UTC")
        engine.open()
        installing.install_core(Session.begin(engine))
        installing.put_all(Session.begin(engine), packages)
        self._catalog = Session.begin(engine).catalog
        engine.close()

    def _engine(self, name: str, zone: str) -> Engine:
        folder = self._folder / name
        folder.mkdir()
        environment = {
            "FLUVIAL_DATA_DIR": str(folder),
            "FLUVIAL_DATABASE_URL": f"sqlite:///{folder / FILE}",
            "FLUVIAL_SECRET_KEY": "the secret of a test",
            "FLUVIAL_ENV": "development",
            "FLUVIAL_ZONE": zone,
        }
        return Engine(load(environment))

    @contextmanager
    def engine(self, name: str, today: date, zone: str) -> Iterator[Engine]:
        """An engine on a copy, at nine o'clock of a day."""
        engine = self._engine(name, zone)
        shutil.copy(self._folder / TEMPLATE / FILE, self._folder / name / FILE)
        moment = datetime.combine(today, START, ZoneInfo(zone)).astimezone(UTC)
        engine.clock = StoppedClock(zone, moment)
        if zone == self._catalog.zone:
            engine.catalogs.adopt(self._catalog)
        try:
            yield engine
        finally:
            engine.close()
            shutil.rmtree(self._folder / name)


@contextmanager
def stage(packages: list[Package]) -> Iterator[Stage]:
    with TemporaryDirectory(prefix="fluvial-app-test-") as folder:
        yield Stage(Path(folder), packages)


def work(engine: Engine) -> None:
    """Let the workers do all that is to be done, without anything leaving the engine."""
    jobs = [job for job in engine.brought(JOB) if not job.sends and job.every <= 1]
    for _ in range(MAX_ROUNDS):
        worked = any([job.run(engine) for job in jobs])
        held = running_jobs(engine.database.connection())  # by nobody else: a test is alone
        for id in held:
            while advance(engine, engine.database.connection(), id):
                pass
        if not worked and not held:
            return
    raise Problem("The rules of the test never finish.")
