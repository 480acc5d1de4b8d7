"""An installation as it stands in a machine room: web processes and workers on one database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fluvial.database.database import Database
from tests.fluvial.processes import Process, Product

# As if the time of the leases of dead workers had passed.
END_LEASES = (
    "UPDATE fluvial_{} SET leased_until = '2020-01-01T00:00:00.000000Z' WHERE lease IS NOT NULL"
)


class Installation:
    """Starts processes that share a database, a data directory and settings."""

    def __init__(self, folder: Path, database_url: str, **settings: str) -> None:
        self.folder = folder
        self.database_url = database_url
        self.settings = settings
        self.environ: dict[str, str] = {}
        self.products: list[Product] = []

    def product(self) -> Product:
        """What a process is started from; each has a port of its own."""
        product = Product(self.folder, self.database_url, self.settings)
        product.environ |= self.environ
        self.products.append(product)
        return product

    def serve(self, **environ: str) -> Product:
        """A web process that answers."""
        product = self.product()
        product.serve(**environ)
        return product

    def worker(self, **environ: str) -> Process:
        return self.product().start("worker", **environ)

    def end_leases(self) -> None:
        connection = Database(self.database_url).connect()
        for table in ("outbox", "effect"):
            connection.script(END_LEASES.format(table))
        connection.close()

    def log(self) -> str:
        """What all processes have said."""
        logs = sorted(self.folder.glob("*.log"))
        return "\n".join(path.read_text(encoding="utf-8", errors="replace") for path in logs)

    def end(self) -> None:
        for product in self.products:
            product.end()


Install = Callable[..., Installation]


@pytest.fixture
def install(tmp_path: Path) -> Iterator[Install]:
    """Makes installations; their processes end with the test."""
    made: list[Installation] = []

    def one(database_url: str, **settings: str) -> Installation:
        installation = Installation(tmp_path, database_url, **settings)
        made.append(installation)
        return installation

    yield one
    for installation in made:
        installation.end()
