"""Conditions of roles that no sentence of plain terms says are shown as they are written."""

from __future__ import annotations

import pytest

from tests.app import Client, Documents
from tests.fluvial.records.calculated.test_decisions import CLUB, HALL

HELD = {**CLUB, "fields": [
    {"name": "name", "kind": "text"},
    {"name": "home", "kind": "lookup", "to": "hall", "inverse": "clubs"},
]}  # fmt: skip
CONDITIONS = (
    "exists(clubs, name == 'Choir')", "count(clubs) > 2",
    "name == 'a' or (name == 'b' and not empty(name))",
    "lower(name) == 'a' and name != 'b'", "not exists(clubs)",
)  # fmt: skip


@pytest.fixture
def documents() -> Documents:
    return (HALL, HELD)


def test_the_pages_of_roles_show_every_condition(client: Client) -> None:
    client.define(*(
        {"kind": "role", "name": f"r{at}", "label": f"R{at}",
         "grants": [{"object": "hall", "can": ["read"], "where": where}]}
        for at, where in enumerate(CONDITIONS)
    ))  # fmt: skip
    for page in ("/studio/role/new", "/studio/role/r0", "/studio/objects/hall?tab=role"):
        assert client.call("GET", page).status == 200, page
