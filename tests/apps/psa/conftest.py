"""Tests of the app run on engines in which it is installed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fluvial.http.app import build_app
from fluvial.runtime.engine import Engine
from tests.app import Client, Prepared, environment
from tests.apps.psa.books import Books


@pytest.fixture
def installed_apps() -> tuple[str, ...]:
    return ("psa",)


@pytest.fixture
def psa(client: Client) -> Client:
    """An administrator's client of an engine with the app in force."""
    return client


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def product(
    request: pytest.FixtureRequest, prepared: Prepared, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Client, Engine]]:
    """One product for all tests of this module; each has customers of its own."""
    postgresql = request.param == "postgresql"
    databases = request.getfixturevalue("databases") if postgresql else None
    folder = tmp_path_factory.mktemp("psa")
    address = prepared.copy(databases, folder, ("psa",))
    engine = prepared.opened(address, environment(address, folder))
    yield Client(build_app(engine), prepared.headers(address)), engine
    engine.close()
    if databases is not None:
        databases.drop(address)


@pytest.fixture
def books(product: tuple[Client, Engine]) -> Books:
    return Books(*product)
