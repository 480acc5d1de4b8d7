"""The app installed on a fresh engine, for the tests of its documents."""

from __future__ import annotations

import pytest

from fluvial.engine import Engine
from fluvial.packages import folder_of, install
from tests.app import Client


@pytest.fixture
def psa(engine: Engine, client: Client) -> Client:
    """An administrator's client of an engine with the app in force."""
    engine.database.call(lambda: install(engine.session(), folder_of("psa")))
    return client
