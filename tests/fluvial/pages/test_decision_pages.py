"""The studio tries a decision: which row wins for inputs, and why the others lost."""

from __future__ import annotations

import pytest

from tests.app import Client, Documents
from tests.fluvial.records.calculated.test_decisions import ALL, Town


@pytest.fixture
def documents() -> Documents:
    return ALL


def test_it_is_tried_with_inputs(client: Client) -> None:
    town = Town(client)
    assert 'href="/studio/decision/price/try"' in client.get("/studio/decision/price").text
    assert "/studio/decision/price" in client.get("/studio").text
    assert "/studio/decision/price" in client.get("/studio/objects/tariff", tab="decision").text
    page = "/studio/decision/price/try"
    reply = client.get(page, as_of="2026-06-30", club=town.ids["Choir"], use="concert")
    assert reply.status == 200
    assert "<b>choir concerts</b> wins" in reply.text
    assert "It is for any use, and the one that won names it." in reply.text
    assert f'value="{town.ids["Choir"]}" selected' in reply.text and ">Choir<" in reply.text
    assert "<b>any</b> wins" in client.get(page, as_of="2026-06-30").text
    assert "No row fits" in client.get(page, as_of="2020-01-01").text
    assert client.get(page).status == 200
    for wrong in ({"use": "party"}, {"hall": "12"}, {"as_of": "soon"}):
        reply = client.get(page, **wrong)
        assert reply.status == 422 and "<h1>Try" in reply.text
    assert client.get("/studio/decision/nothing/try").status == 404
