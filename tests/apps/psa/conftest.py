"""Tests of the app run on engines in which it is installed."""

from __future__ import annotations

import pytest

from tests.app import Client


@pytest.fixture
def installed_apps() -> tuple[str, ...]:
    return ("psa",)


@pytest.fixture
def psa(client: Client) -> Client:
    """An administrator's client of an engine with the app in force."""
    return client
