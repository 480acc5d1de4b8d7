"""The timeline of a record tells what happens to the records behind it, to those who may know."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.app import Documents
from tests.conversations.desk import DOCUMENTS, MEMBER, Desk, Json, mail

GATHERS: Json = {**MEMBER, "timeline": {"gathers": ["enquiries"]}}


@pytest.fixture
def documents() -> Documents:
    return [GATHERS if one is MEMBER else one for one in DOCUMENTS]


def note(desk: Desk, object_name: str, record: str, text: str) -> None:
    desk.engine.clock._shift += timedelta(minutes=1)
    path = f"/api/records/{object_name}/{record}/comments"
    reply = desk.client.post(path, {"text": text})
    assert reply.status == 201, reply.text


def gathered(desk: Desk, member: str, **query: str) -> Json:
    path = f"/api/records/member/{member}/messages"
    found: Json = desk.client.get(path, gathered="true", **query).json()
    return found


def test_messages_of_the_records_behind_are_gathered_newest_first(desk: Desk) -> None:
    ann = desk.client.made("member", name="Ann", email="ann@example.org")["id"]
    bob = desk.client.made("member", name="Bob", email="bob@example.org")["id"]
    note(desk, "member", ann, "Pays late")
    desk.engine.clock._shift += timedelta(minutes=1)
    torn = desk.made(mail("The map is torn", message_id="<1@e.org>"))
    other = desk.made(mail("Mine too", sender="bob@example.org", message_id="<2@e.org>"))
    note(desk, "enquiry", torn, "We have a spare one")
    found = gathered(desk, ann)["data"]
    assert [one["text"] for one in found] == [
        "We have a spare one", "The map is torn", "Pays late",
    ]  # fmt: skip
    number = desk.enquiry(torn)["number"]
    about = {"object": "enquiry", "id": torn, "title": f"{number} A question"}
    assert [one.get("about") for one in found] == [about, about, None]
    assert found[1]["raw"] == f"/api/records/enquiry/{torn}/messages/{found[1]['id']}/raw"
    assert desk.client.get(found[1]["raw"]).status == 200
    # Page by page it is the same list.
    texts: list[str] = []
    cursor: dict[str, str] = {}
    for _ in range(3):
        told = gathered(desk, ann, limit="1", **cursor)
        texts.append(told["data"][0]["text"])
        cursor = {"cursor": told["next"]} if told["next"] else {}
    assert texts == [one["text"] for one in found] and not cursor
    assert [one["about"]["id"] for one in gathered(desk, bob)["data"]] == [other]
    # Without asking, a record's messages are its own.
    own = desk.client.rows(f"/api/records/member/{ann}/messages")
    assert [one["text"] for one in own] == ["Pays late"]
    page = desk.client.get(f"/o/member/{ann}").text
    assert "We have a spare one" in page and f'href="/o/enquiry/{torn}#timeline"' in page
    assert page.index("We have a spare one") < page.index("was created") < page.index("Pays late")
    assert "Mine too" not in page and other not in page


def test_nobody_is_told_more_than_at_the_records_themselves(desk: Desk) -> None:
    desk.define({"kind": "role", "name": "door", "label": "Door", "grants": [
        {"object": "member", "can": ["read", "update"]},
        {"object": "enquiry", "can": ["read"], "where": "status == 'closed'"},
    ]})  # fmt: skip
    ann = desk.client.made("member", name="Ann", email="ann@example.org")["id"]
    record = desk.made(mail("The map is torn", message_id="<1@e.org>"))
    note(desk, "enquiry", record, "Do not lend to her")
    clerk, door = (
        desk.client.person("clerk@e.org", "clerk"),
        desk.client.person("door@e.org", "door"),
    )
    path = f"/api/records/member/{ann}/messages"
    assert clerk.get(path, gathered="true").status == 403  # as without what is gathered
    shown = clerk.get(f"/o/member/{ann}").text
    assert "Do not lend to her" in shown and "The map is torn" in shown
    assert door.rows(path, gathered="true") == []
    shown = door.get(f"/o/member/{ann}").text
    assert "Do not lend" not in shown and record not in shown
    desk.client.post(f"/api/records/enquiry/{record}/actions/close")
    assert door.rows(path, gathered="true") == []  # reads the enquiry, and not what is noted
    shown = door.get(f"/o/member/{ann}").text
    assert "Do not lend" not in shown and f'href="/o/enquiry/{record}"' in shown
    desk.client.call("DELETE", f"/api/records/enquiry/{record}")
    assert record not in door.get(f"/o/member/{ann}").text
    assert desk.client.rows(path, gathered="true") == []


def test_a_collection_that_is_not_there_is_named(desk: Desk) -> None:
    for name in ("enquirys", "name", "watching"):
        body = {**GATHERS, "timeline": {"gathers": [name]}}
        reply = desk.client.post("/api/meta/changes", {"documents": [body]})
        faults = reply.json()["errors"]
        place = "/object/member/timeline/gathers/0"
        assert [one["pointer"] for one in faults] == [place], reply.text
        assert "`enquiries`" in faults[0]["message"]
