"""My work: everything that waits for a person, from every object that says whose work it is."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from tests.app import Client, Documents
from tests.fluvial.pages.posting import posted
from tests.fluvial.pages.test_pages import text_of

STATES = [{"name": "open"}, {"name": "done", "closed": True}]
# By its names alone: one person, an end, and `due`.
ERRAND = {
    "kind": "object", "name": "errand", "label": "Errand", "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text", "required": True},
        {"name": "runner", "kind": "person", "accepts": ["user", "team"]},
        {"name": "due", "kind": "date"},
        {"name": "status", "kind": "choice", "default": "open", "options": STATES},
    ],
    "states": {"field": "status", "transitions": [
        {"name": "finish", "from": ["open"], "to": "done"}]},
}  # fmt: skip
# Names that say nothing: the document says whose work it is, and the choice what is closed.
REPAIR = {
    "kind": "object", "name": "repair", "label": "Repair", "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text", "required": True},
        {"name": "client", "kind": "person", "accepts": ["user"]},
        {"name": "smith", "kind": "person", "accepts": ["user"]},
        {"name": "promised", "kind": "datetime"},
        {"name": "stage", "kind": "choice", "default": "open", "options": STATES},
    ],
    "work": {"assignee": "smith", "due": "promised"},
}  # fmt: skip
# It has people, and nothing of it is ever due.
ROOM = {
    "kind": "object", "name": "room", "label": "Room", "title": "{name}",
    "fields": [{"name": "name", "kind": "text", "required": True},
               {"name": "keeper", "kind": "person", "accepts": ["user"]}],
}  # fmt: skip
HAND = {
    "kind": "role", "name": "hand",
    "grants": [{"object": "errand", "can": ["read", "update"]},
               {"object": "repair", "can": ["read"], "fields": {"promised": "none"}},
               {"object": "room", "can": ["read"]}],
}  # fmt: skip


@pytest.fixture
def documents() -> Documents:
    return [ERRAND, REPAIR, ROOM, HAND]


def test_everything_that_waits_stands_under_its_day(client: Client) -> None:
    team = client.made("team", name="Porters")["id"]
    mia = client.person("mia@example.com", "hand", teams=[team])
    me = mia.get("/api/me").json()["id"]
    now = datetime.now(UTC)
    day = now.date()
    client.made("errand", name="Late", runner={"user": me}, due=str(day - timedelta(days=2)))
    client.made("errand", name="For all of us", runner={"team": team}, due=str(day))
    client.made("errand", name="Some day", runner={"user": me})
    client.made("errand", name="Not hers", due=str(day))
    done = client.made("errand", name="Finished", runner={"user": me}, due=str(day))
    assert client.post(f"/api/records/errand/{done['id']}/actions/finish").status == 200
    late = (now - timedelta(hours=30)).isoformat()
    client.made("repair", name="A lock", smith={"user": me}, promised=late)
    client.made("repair", name="Only owned", client={"user": me}, promised=late)
    client.made("room", name="The hall", keeper={"user": me})

    page = mia.get("/work").text
    said = text_of(page)
    places = [said.index(word) for word in ("Overdue", "Late", "For all of us", "Some day")]
    assert places == sorted(places)
    assert "A lock" in said  # by the document; when it is due is hidden from her
    assert said.count("A lock") == 1
    for name in ("Not hers", "Finished", "Only owned", "The hall"):
        assert name not in said
    assert "Everything 4" in said and "Errands 3" in said and "Repairs 1" in said
    assert "For all of us" not in mia.get("/work", whose="me").text
    assert "A lock" not in mia.get("/work", show="errand").text
    assert mia.get("/work", show="nothing").status == 200
    admin = client.get("/work").text
    assert "No open work" in admin
    home = text_of(mia.get("/").text)
    assert "Errands 3" in home and "See all" in home and "Was due" in home


def test_who_mentions_me_and_what_i_approve_are_my_work(client: Client) -> None:
    mia = client.person("mia@example.com", "hand")
    writer = {"kind": "role", "name": "writer", "meta": ["read", "write"],
              "grants": [{"object": "errand", "can": ["read", "update"]}]}  # fmt: skip
    client.define(writer)
    wim = client.person("wim@example.com", "writer")
    me = mia.get("/api/me").json()["id"]
    errand = client.made("errand", name="Post")["id"]
    said = {"text": "@Mia will you?", "mentions": [me]}
    assert client.post(f"/api/records/errand/{errand}/comments", said).status == 201
    page = mia.get("/work").text
    assert "Administrator mentions you: Post" in text_of(page)
    assert 'title="Administrator"' in page  # with the avatar of who it was
    opened = re.findall(r'href="(/notifications/[^"]+)"', page)[0].replace("&amp;", "&")
    assert mia.call("GET", opened).status == 303
    assert "No open work" in mia.get("/work").text

    wide = {"kind": "role", "name": "wide", "grants": [{"object": "room", "can": ["read"]}]}
    asked = wim.post("/api/meta/changes?ask=true", {"documents": [wide], "note": "Rooms"})
    if asked.status == 202:
        assert "Rooms" in text_of(client.get("/work", show="approvals").text)
        assert "Approvals" not in text_of(wim.get("/work").text)


@pytest.mark.parametrize(
    ("work", "words"),
    [
        ({"assignee": "name"}, "is not a field of one person"),
        ({"assignee": "smith", "due": "name"}, "is not a date"),
        ({"assignee": "smyth"}, "Did you mean"),
    ],
)
def test_whose_work_it_is_has_to_be_a_person(
    client: Client, work: dict[str, str], words: str
) -> None:
    refused = client.post("/api/meta/changes", {"documents": [REPAIR | {"work": work}]})
    assert refused.status == 422 and words in refused.text


def test_a_record_is_taken_on_by_one_press(client: Client) -> None:
    mia = client.person("mia@example.com", "hand")
    me = mia.get("/api/me").json()["id"]
    errand = client.made("errand", name="Post")["id"]
    lock = client.made("repair", name="A lock")["id"]
    assert "Assign to me" in mia.get(f"/o/errand/{errand}").text
    assert posted(mia, f"/o/errand/{errand}/assign", {}).status == 303
    taken = mia.get(f"/api/records/errand/{errand}").json()
    assert taken["runner"] == {"user": me}
    assert "Assign to me" not in mia.get(f"/o/errand/{errand}").text
    assert "Assign to me" not in mia.get(f"/o/repair/{lock}").text  # she may only read these
    assert posted(mia, f"/o/repair/{lock}/assign", {}).status in (403, 404)
