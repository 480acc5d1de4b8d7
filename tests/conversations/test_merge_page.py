"""The page of two records that become one: found, compared field by field, merged with a press."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.app import Client, Documents
from tests.fluvial.pages.posting import posted
from tests.fluvial.pages.test_pages import text_of

FIRM: dict[str, Any] = {
    "kind": "object", "name": "firm", "label": "Firm", "title": "{name}", "fields": [
        {"name": "name", "kind": "text", "required": True, "searchable": True},
        {"name": "phone", "kind": "text"},
        {"name": "town", "kind": "text"},
        {"name": "size", "kind": "number", "scale": 0},
        {"name": "perhaps", "kind": "lookup", "to": "firm", "inverse": "likely"},
    ],
}  # fmt: skip
VISIT: dict[str, Any] = {
    "kind": "object", "name": "visit", "label": "Visit", "title": "{day}", "fields": [
        {"name": "day", "kind": "date", "default": "today()"},
        {"name": "firm", "kind": "lookup", "to": "firm", "inverse": "visits"},
    ],
}  # fmt: skip
READER: dict[str, Any] = {
    "kind": "role", "name": "reader", "label": "Reader", "grants": [
        {"object": "firm", "can": ["read", "update"]}],
}  # fmt: skip


@pytest.fixture
def documents() -> Documents:
    return (FIRM, VISIT, READER)


def test_two_records_are_compared_and_become_one(client: Client) -> None:
    old = client.made("firm", name="Harrow Ltd", phone="020 7", town="Leeds", size="4")["id"]
    new = client.made("firm", name="Harrow", town="York", size="4", perhaps=old)["id"]
    visits = [client.made("visit", firm=old)["id"] for _ in range(2)]
    page = f"/o/firm/{new}"
    assert f'href="{page}/merge"' in client.get(page).text
    assert 'data-do="bulk-pair"' in client.get("/o/firm").text

    # Who it may be is offered, and a word finds others; never the record itself.
    for query in ("", "?q=harrow"):
        said = client.get(f"{page}/merge{query}").text
        assert re.findall(r'href="[^"]*merge\?with=([^"]+)"', said) == [old], query
    assert "Nothing was found" in client.get(f"{page}/merge?q=nobody").text

    said = client.get(f"{page}/merge?with={old}").text
    assert f'href="/o/firm/{old}/merge?with={new}"' in said  # the other way round
    rows = re.findall(r'name="take" value="(\w+)"( checked)?', said)
    assert rows == [("name", ""), ("phone", " checked"), ("town", "")]
    words = text_of(said)
    assert "2 visits will belong to Harrow" in words and "1 fields are the same" not in words
    assert "One field is the same in both." in words

    sent = {"into": new, "take": ["phone", "town"]}
    done = posted(client, f"/o/firm/{old}/merge", sent)
    assert done.status == 303 and done.headers["location"].startswith(page)
    stays = client.get(f"/api/records{page.removeprefix('/o')}").json()
    assert (stays["name"], stays["phone"], stays["town"]) == ("Harrow", "020 7", "Leeds")
    assert stays["perhaps"] is None
    for visit in visits:
        assert client.get(f"/api/records/visit/{visit}").json()["firm"] == new
    assert client.get(f"/o/firm/{old}").status == 404
    assert client.get(f"{page}/merge?with={old}").status == 404


def test_nobody_merges_what_they_may_not_delete(client: Client) -> None:
    one, other = (client.made("firm", name=name)["id"] for name in ("A", "B"))
    reader = client.person("r@example.com", "reader")
    assert "/merge" not in reader.get(f"/o/firm/{one}").text
    assert "bulk-pair" not in reader.get("/o/firm").text
    assert reader.get(f"/o/firm/{one}/merge?with={other}").status == 404
    person = client.get("/api/me").json()["id"]
    assert "/merge" not in client.get(f"/o/user/{person}").text
    for odd in ("x", one, "0", "'"):  # the record itself, or none: the search again
        assert "Search firms" in client.get(f"/o/firm/{one}/merge", **{"with": odd}).text
    assert client.get(f"/o/firm/{one}/merge?what=1").status == 400
