"""Reads that took long are named in the studio, with the index that would help."""

from __future__ import annotations

import re
from html import unescape

import pytest

from tests.app import Client, Documents
from tests.fluvial.library import LIBRARY


@pytest.fixture
def documents() -> Documents:
    return LIBRARY


def test_a_slow_list_is_told_of_and_gets_its_index(client: Client) -> None:
    slow = client.app.engine.slow
    assert slow.limit == 0.5
    slow.limit = 1e-9
    client.made("member", name="Ann", email="ann@example.com")
    for name in ("Ann", "Bob"):
        client.get("/api/records/member", where=f"name == '{name}'", sort="joined")
    client.get("/api/records/member", sort="-created_at")
    client.get("/api/records/member/summary", measure="count")
    slow.limit = 0.0
    (asked,) = [one for one in slow.all() if one.question.where]
    assert (asked.times, asked.question.where) == (2, "name == '…'")

    assert "/studio/slow" in client.get("/studio").text
    page = unescape(client.get("/studio/slow").text)
    assert "A list, where name == '…', by joined" in page and "Ann" not in page
    assert "A summary" in page and "An index on Name, Joined would help." in page
    assert page.count("Make this index") == 1
    csrf = re.findall(r'name="csrf" value="([^"]+)"', page)[0]
    body = f"csrf={csrf}&object=member&fields=name,joined".encode()
    headers = {"content-type": "application/x-www-form-urlencoded"}
    made = client.call("POST", "/studio/slow/index", body=body, headers=headers)
    assert made.status == 303, made.text
    keys = client.get("/api/meta/object/member").json()["keys"]
    assert {"name": "name_joined", "fields": ["name", "joined"]} in keys
    assert "Make this index" not in client.get("/studio/slow").text
    metrics = client.get("/metrics")
    assert "fluvial_slow_questions_total" in metrics.text


def test_who_may_not_read_metadata_is_not_told(client: Client) -> None:
    nobody = client.person("nobody@example.com")
    assert nobody.get("/studio/slow").status in (403, 404)
