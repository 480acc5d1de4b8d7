"""Days on pages: what is planned for a field, lists of another day, and last days in words."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from fluvial.events.jobs import run_pending
from fluvial.http.app import build_app
from fluvial.runtime.engine import Engine
from tests.app import EMAIL, PASSWORD, Client, OpenEngine
from tests.fluvial.pages.posting import posted
from tests.fluvial.pages.test_pages import text_of

DOCUMENTS: tuple[dict[str, Any], ...] = (
    {"kind": "object", "name": "room", "title": "{name}",
     "fields": [{"name": "name", "kind": "text"}]},
    {"kind": "object", "name": "shelf", "title": "{name}", "fields": [
        {"name": "name", "kind": "text", "required": True},
        {"name": "places", "kind": "number", "scale": 0, "max": 100, "dated": True},
        {"name": "room", "kind": "lookup", "to": "room", "inverse": "shelves", "dated": True}]},
    {"kind": "object", "name": "stay", "title": "{name}",
     "dated": {"from": "starts", "until": "ends", "per": ["shelf"]}, "fields": [
        {"name": "name", "kind": "text"},
        {"name": "shelf", "kind": "lookup", "to": "shelf", "inverse": "stays"},
        {"name": "starts", "kind": "date", "required": True}, {"name": "ends", "kind": "date"}]},
)  # fmt: skip


@pytest.fixture
def engine(open_engine: OpenEngine) -> Engine:
    return open_engine(now="2026-06-10T09:00:00Z")


def test_values_from_a_day_on(engine: Engine) -> None:
    client = Client(build_app(engine)).signed_in(EMAIL, PASSWORD)
    client.define(*DOCUMENTS)
    hall, attic = (client.made("room", name=name)["id"] for name in ("Hall", "Attic"))
    shelf = client.made("shelf", name="A", places=40, room=hall)["id"]
    path, days = f"/o/shelf/{shelf}", f"/o/shelf/{shelf}/days"
    form = client.get(f"{days}/places")
    assert 'value="2026-06-11"' in form.text and "Always" in text_of(form.text)
    assert f'href="{days}/places"' in client.get(path).text
    too_many = posted(client, f"{days}/places", {"day": "2026-06-16", "places": "101"})
    assert too_many.status == 422 and 'value="101"' in too_many.text
    no_day = posted(client, f"{days}/places", {"day": "", "places": "50"})
    assert no_day.status == 422 and "must be a date" in text_of(no_day.text)
    done = posted(client, f"{days}/places", {"day": "2026-06-16", "places": "50"})
    assert (done.status, done.headers["location"]) == (303, f"{days}/places")
    posted(client, f"{days}/room", {"day": "2026-06-20", "room": attic})
    said = text_of(client.get(f"{days}/places").text)
    assert "40 The beginning 15 Jun 2026 Today" in said
    assert "50 16 Jun 2026 – Planned Withdraw" in said
    page = text_of(client.get(path).text)
    assert "from 16 Jun 2026: 50" in page and "from 20 Jun 2026: Attic" in page
    assert "planned places from 16 Jun 2026 on" in page and "40 → 50" in page
    # Another day: a banner, no way to change, and the values of that day.
    then = client.get(path, as_of="2026-06-21").text
    assert "As of 21 Jun 2026." in text_of(then) and "Attic" in text_of(then)
    assert "data-edit" not in then and f'href="{path}">Back to today' in then
    listed = client.get("/o/shelf", as_of="2026-06-16", where="places == 50")
    assert f'href="{path}?as_of=2026-06-16"' in listed.text and "data-pick" not in listed.text
    assert "As of 16 Jun 2026." in text_of(listed.text)
    assert "data-pick" in client.get("/o/shelf").text
    keeps_its_day(client, path, hall, attic)
    plan = client.rows(f"/api/records/shelf/{shelf}/planned")[1]
    assert plan["field"] == "room"
    assert posted(client, f"{days}/room/{plan['id']}/withdraw", {}).status == 303
    assert "Attic" not in text_of(client.get(f"{days}/room").text).split("by day")[1]
    assert client.get(f"{days}/name").status == 404
    engine.clock._shift += timedelta(days=6)
    run_pending(engine)
    assert "from 16 Jun 2026" not in text_of(client.get(path).text.split("<aside")[0])


def keeps_its_day(client: Client, path: str, hall: str, attic: str) -> None:
    """What leads on from a page of another day leads to the same day."""
    day = {"as_of": "2026-06-21"}
    then = client.get(path, **day).text
    assert f'href="/o/room/{attic}?as_of=2026-06-21"' in then
    assert 'href="/o/shelf?as_of=2026-06-21"' in then and "/delete" not in then
    assert "created this shelf" in client.get(path, as_of="2026-06-10").text
    assert "created this shelf" not in client.get(path, as_of="2026-06-09").text
    room = client.get(f"/o/room/{attic}", **day).text
    assert f'href="{path}?as_of=2026-06-21"' in room and "/o/shelf/new" not in room
    assert f"view=all&amp;as_of=2026-06-21&amp;room={attic}" in room
    listed = client.get("/o/shelf", **day).text
    assert 'data-counts="/o/shelf/counts?as_of=2026-06-21"' in listed
    assert "export?format=csv" in listed and "&amp;as_of=2026-06-21" in listed
    assert client.get("/o/shelf/counts", **day).json()["counts"]["all"] == "1"
    board = {"kind": "board", "name": "rooms", "object": "shelf", "columns": {"by": "room"}}
    client.define(board | {"card": {"title": "title"}})
    assert "data-move" in client.get("/boards/rooms").text
    board_then = client.get("/boards/rooms", **day).text
    assert f'href="{path}?as_of=2026-06-21"' in board_then and "data-move" not in board_then
    assert board_then.index(f'data-column="{attic}"') < board_then.index(path)
    assert "As of 21 Jun 2026." in text_of(board_then)
    assert 'href="/o/shelf/new' not in board_then
    assert f'data-column="{hall}"' in client.get("/boards/rooms").text
    found = client.get("/search", q="A", **day).text
    assert f'href="{path}?as_of=2026-06-21"' in found and "search=A&amp;as_of=2026" in found
    hit = client.call("GET", "/search?q=A&as_of=2026-06-21", headers={"accept": "application/json"})
    assert f"{path}?as_of=2026-06-21" in {one["href"] for one in hit.json()["results"]}


def test_last_days_in_words(engine: Engine) -> None:
    client = Client(build_app(engine)).signed_in(EMAIL, PASSWORD)
    client.define(*DOCUMENTS)
    shelf = client.made("shelf", name="A")["id"]
    stay = client.made("stay", name="S", shelf=shelf, starts="2026-01-01", ends="2026-06-16")["id"]
    for address in (f"/o/stay/{stay}", "/o/stay", f"/o/shelf/{shelf}"):
        assert "last day 15 Jun 2026" in text_of(client.get(address).text), address
    assert "The day after the last day." in client.get(f"/o/stay/{stay}/edit").text
    page = client.call("GET", f"/o/shelf/{shelf}?{urlencode({'as_of': '2026-07-01'})}").text
    assert "No stay in effect on 1 Jul 2026" in text_of(page)
    assert 'Stays <span class="count">0</span>' in page
    assert 'Stays <span class="count">1</span>' in client.get(f"/o/shelf/{shelf}").text
