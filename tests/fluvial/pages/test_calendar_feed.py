"""A calendar program reads what waits for a person, by an address that only they know."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Any

import pytest

from fluvial.services.calendar_text import CalendarEntry, calendar_text
from tests.app import Client, Documents

JOB: dict[str, Any] = {
    "kind": "object",
    "name": "job",
    "title": "{name}",
    "work": {"assignee": "worker", "due": "due"},
    "fields": [
        {"name": "name", "kind": "text", "required": True},
        {"name": "worker", "kind": "person"},
        {"name": "due", "kind": "datetime"},
        {"name": "secret", "kind": "text"},
        {
            "name": "state", "kind": "choice", "default": "open",
            "options": [{"name": "open"}, {"name": "shut", "closed": True}],
        },
    ],
}  # fmt: skip
VISIT: dict[str, Any] = {**JOB, "name": "visit", "fields": [
    {**one, "kind": "date"} if one["name"] == "due" else one for one in JOB["fields"]
]}  # fmt: skip
WORKER = {
    "kind": "role",
    "name": "worker",
    "grants": [
        {"object": "job", "can": ["read", "update"], "where": "worker == me"},
        {"object": "visit", "can": ["read"]},
    ],
}


@pytest.fixture
def documents() -> Documents:
    return [JOB, VISIT, WORKER]


def entries(text: str) -> list[dict[str, str]]:
    """The entries of a calendar, unfolded; the lines are as the standard has them."""
    assert text.endswith("END:VCALENDAR\r\n") and "\n" not in text.replace("\r\n", "")
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    found = re.findall(r"BEGIN:VEVENT\n(.*?)END:VEVENT", unfolded(text), re.DOTALL)
    return [dict(line.split(":", 1) for line in one.strip().split("\n")) for one in found]


def unfolded(text: str) -> str:
    return text.replace("\r\n ", "").replace("\r\n", "\n")


def test_lines_are_folded_and_words_are_escaped() -> None:
    at = datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC)
    title = "Größe; 5, 6 \\ ok: " + "🚲ü" * 60 + "\nBEGIN:VEVENT\x00"
    entry = CalendarEntry("a@b", title, date(2031, 5, 6), href="https://x.example/o/1")
    text = calendar_text("Ann, B", [entry, CalendarEntry("c@b", "Now", at)], at, "Fluvial")
    one, two = entries(text)
    escaped = "Größe\\; 5\\, 6 \\\\ ok: " + "🚲ü" * 60 + "\\nBEGIN:VEVENT"
    assert one["SUMMARY"] == escaped and one["DTSTART;VALUE=DATE"] == "20310506"
    assert one["URL"] == "https://x.example/o/1" and two["DTSTART"] == "20310506T070809Z"
    assert "X-WR-CALNAME:Ann\\, B\n" in unfolded(text)


def test_it_holds_what_waits_for_the_person_and_nothing_of_others(client: Client) -> None:
    ann, bob = (client.person(f"{name}@example.com", "worker") for name in ("ann", "bob"))
    mine, theirs = ({"user": who.get("/api/me").json()["id"]} for who in (ann, bob))
    job = client.made("job", name="Mend it", worker=mine, due="2031-05-06T07:00:00Z", secret="s3")
    client.made("job", name="Of Bob", worker=theirs, due="2031-05-06T07:00:00Z")
    client.made("job", name="No day", worker=mine)
    client.made("job", name="Done", worker=mine, due="2031-05-06T07:00:00Z", state="shut")
    client.made("visit", name="See her", worker=mine, due="2031-05-09")
    assert ann.get("/api/calendar").json()["on"] is False
    href = ann.post("/api/calendar").json()["href"]
    path = re.sub(r"^https?://[^/]+", "", href)
    anybody = Client(client.app)
    reply = anybody.get(path)
    assert reply.status == 200 and reply.headers["content-type"].startswith("text/calendar")
    found = {one["SUMMARY"]: one for one in entries(reply.text)}
    assert set(found) == {"Mend it", "See her"} and "s3" not in reply.text
    assert found["Mend it"]["DTSTART"] == "20310506T070000Z"
    assert found["Mend it"]["URL"].endswith(f"/o/job/{job['id']}")
    assert found["See her"]["DTSTART;VALUE=DATE"] == "20310509"
    again = {one["SUMMARY"]: one["UID"] for one in entries(anybody.get(path).text)}
    assert again == {name: one["UID"] for name, one in found.items()}
    client.patch(f"/api/records/job/{job['id']}", {"worker": theirs})
    assert [one["SUMMARY"] for one in entries(anybody.get(path).text)] == ["See her"]

    for wrong in ("/calendar/x.ics", path.replace(".ics", "x.ics"), "/calendar/.ics"):
        assert anybody.get(wrong).status == 404
    new = re.sub(r"^https?://[^/]+", "", ann.post("/api/calendar").json()["href"])
    assert anybody.get(path).status == 404 and anybody.get(new).status == 200
    user = ann.get("/api/me").json()["id"]
    assert client.patch(f"/api/records/user/{user}", {"active": False}).status == 200
    assert anybody.get(new).status == 404
    assert client.patch(f"/api/records/user/{user}", {"active": True}).status == 200
    ann = ann.signed_in("ann@example.com", "correct horse battery")
    assert ann.delete("/api/calendar").status == 204 and anybody.get(new).status == 404


def test_the_profile_makes_and_ends_the_address(client: Client) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded", **client.headers}
    body = f"csrf={client.headers['x-csrf-token']}".encode()
    made = client.call("POST", "/profile/calendar", body=body, headers=headers)
    address = re.search(r'value="http[^"]+(/calendar/[^"]+\.ics)"', made.text)
    assert address is not None and Client(client.app).get(address[1]).status == 200
    page = client.get("/profile").text
    assert address[1] not in page and "Replace the address" in page
    assert client.call("POST", "/profile/calendar/end", body=body, headers=headers).status == 303
    assert Client(client.app).get(address[1]).status == 404
