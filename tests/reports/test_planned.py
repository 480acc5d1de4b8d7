"""Workloads and Gantt charts: who is free when, and what is done when, with the reader's rights."""

from __future__ import annotations

from html import unescape
from typing import Any

import pytest

from tests.app import Client, Documents

CREW: dict[str, Any] = {
    "kind": "object", "name": "crew", "label": "Mate", "plural": "Mates", "title": "{nick}",
    "fields": [
        {"name": "nick", "kind": "text", "required": True},
        {"name": "calendar", "kind": "choice", "options_from": "calendar"},
        {"name": "hours", "kind": "number", "scale": 2},
        {"name": "gone", "kind": "boolean"},
    ],
}  # fmt: skip
BOAT: dict[str, Any] = {
    "kind": "object", "name": "boat", "label": "Boat", "title": "{name}",
    "fields": [{"name": "name", "kind": "text", "required": True}],
}  # fmt: skip
TURN: dict[str, Any] = {
    "kind": "object", "name": "turn", "label": "Turn", "plural": "Turns", "title": "{mate}",
    "fields": [
        {"name": "mate", "kind": "lookup", "to": "crew", "inverse": "turns", "required": True},
        {"name": "begins", "kind": "date", "required": True},
        {"name": "ends", "kind": "date", "required": True},
        {"name": "a_day", "kind": "number", "scale": 2},
        {"name": "pencilled", "kind": "boolean"},
    ],
}  # fmt: skip
LEAVE: dict[str, Any] = {
    "kind": "object", "name": "leave", "label": "Leave", "title": "{mate}",
    "fields": [
        {"name": "mate", "kind": "lookup", "to": "crew", "inverse": "leaves", "required": True},
        *TURN["fields"][1:3],
    ],
}  # fmt: skip
JOB: dict[str, Any] = {
    "kind": "object", "name": "job", "label": "Job", "plural": "Jobs", "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text", "required": True},
        {"name": "boat", "kind": "lookup", "to": "boat", "inverse": "jobs"},
        {"name": "above", "kind": "lookup", "to": "job", "inverse": "parts"},
        {"name": "after", "kind": "multi_lookup", "to": "job", "inverse": "before"},
        {"name": "begins", "kind": "date"},
        {"name": "due", "kind": "date"},
        {"name": "status", "kind": "choice", "default": "open",
         "options": [{"name": "open"}, {"name": "done", "label": "Finished", "closed": True}]},
    ],
    "states": {"field": "status", "transitions": [
        {"name": "finish", "from": ["open"], "to": "done"}]},
}  # fmt: skip
YARD: dict[str, Any] = {
    "kind": "calendar", "name": "yard", "label": "Yard", "zone": "Europe/London", "default": True,
    "hours": {"mon-thu": ["08:00-12:00", "13:00-17:00"], "fri": ["08:00-12:00"]},
    "holidays": [{"date": "2026-06-17", "name": "Regatta"}],
}  # fmt: skip
WORKLOAD: dict[str, Any] = {
    "kind": "workload", "name": "who", "label": "Who is free", "object": "crew",
    "where": "gone != true", "calendar": "calendar", "hours": "hours",
    "busy": [{"of": "turns", "from": "begins", "until": "ends", "hours": "a_day",
              "where": "pencilled != true"}],
    "away": [{"of": "leaves", "from": "begins", "until": "ends"}],
}  # fmt: skip
GANTT: dict[str, Any] = {
    "kind": "gantt", "name": "plan", "label": "Refit plan", "object": "boat",
    "bars": [{"of": "jobs", "from": "begins", "last": "due", "under": "above", "after": "after"}],
}  # fmt: skip
ROLES: Documents = (
    {"kind": "role", "name": "sailor", "label": "Sailor", "grants": [
        {"object": "crew", "can": ["read"]}, {"object": "boat", "can": ["read"]},
        {"object": "turn", "can": ["read"]},
        {"object": "job", "can": ["read"], "fields": {"begins": "none"}},
    ]},
)  # fmt: skip
WHO = "/api/workloads/who"


@pytest.fixture
def documents() -> Documents:
    return (YARD, CREW, BOAT, TURN, LEAVE, JOB, WORKLOAD, GANTT, *ROLES)


def hours(client: Client, nick: str, **query: str) -> list[tuple[str, float, float]]:
    """The state, the hours free and the hours too many of each day of a week."""
    week = client.get(WHO, **{"from": "2026-06-15", "weeks": "1", **query})
    assert week.status == 200, week.text
    (person,) = [one for one in week.json()["people"] if one["title"] == nick]
    return [(one["state"], one["free"] / 3600, one["over"] / 3600) for one in person["days"]]


def test_people_have_the_hours_of_their_calendar_less_what_is_booked(client: Client) -> None:
    half = client.made("crew", nick="Half", hours="18")["id"]  # of the 36 hours of the yard
    client.made("crew", nick="Whole")
    client.made("crew", nick="Old", gone=True)
    free, off = ("free", 4.0, 0.0), ("off", 0.0, 0.0)
    short = ("free", 2.0, 0.0)
    assert hours(client, "Half") == [free, free, off, free, short, off, off]
    whole = [("free", 8.0, 0.0)] * 2
    assert hours(client, "Whole")[:2] == whole
    client.made("turn", mate=half, begins="2026-06-16", ends="2026-06-19", a_day="4")
    client.made("turn", mate=half, begins="2026-06-18", ends="2026-06-20", a_day="1.5")
    client.made("turn", mate=half, begins="2026-06-15", ends="2026-06-16", pencilled=True)
    full, over = ("full", 0.0, 0.0), ("overbooked", 0.0, 1.5)
    assert hours(client, "Half") == [free, full, off, over, ("free", 0.5, 0.0), off, off]
    client.made("leave", mate=half, begins="2026-06-15", ends="2026-06-17")
    away = ("away", 0.0, 0.0)
    assert hours(client, "Half")[:2] == [away, ("overbooked", 0.0, 4.0)]  # booked while away
    client.made("turn", mate=half, begins="2026-06-19", ends="2026-06-20")  # a whole day
    assert hours(client, "Half")[4] == ("overbooked", 0.0, 1.5)
    answer = client.get(WHO, **{"from": "2026-06-18", "weeks": "1"}).json()
    assert answer["from"] == "2026-06-15"
    assert [one["title"] for one in answer["people"]] == ["Half", "Whole"]
    assert answer["days"][0]["free"] == 8 * 3600  # overbooking takes nobody else's time
    assert client.get(WHO, weeks="9").status == 400
    assert client.get(WHO, **{"from": "0001-01-02"}).status == 422


def test_the_page_says_it_in_words_and_books_from_a_free_day(client: Client) -> None:
    mate = client.made("crew", nick="Half", hours="18")["id"]
    client.made("turn", mate=mate, begins="2026-06-16", ends="2026-06-17", a_day="6")
    page = unescape(client.get("/workloads/who", **{"from": "2026-06-15"}).text)
    assert "Overbooked by 2 h: 6 of 4 h booked" in page and "overbooked</span>" in page
    new = f"/o/turn/new?mate={mate}&begins=2026-06-15&ends=2026-06-16"
    assert new in page and "/workloads/who" in client.get("/").text
    sailor = client.person("sailor@example.com", "sailor")
    assert sailor.get("/workloads/who").status == 404  # without leave it would not be true
    assert "/workloads/who" not in sailor.get("/").text


def bars(client: Client, boat: str) -> list[dict[str, Any]]:
    return client.rows(f"/api/gantts/plan/{boat}")


def test_bars_stand_below_what_they_are_part_of_in_their_order(client: Client) -> None:
    boat = client.made("boat", name="Tern")["id"]
    hull = client.made("job", name="Hull", boat=boat)["id"]
    mast = client.made("job", name="Mast", boat=boat, begins="2026-06-20", due="2026-06-24")["id"]
    paint = client.made("job", name="Paint", boat=boat, above=hull, begins="2026-06-10",
                        due="2026-06-12")["id"]  # fmt: skip
    client.made("job", name="Sand", boat=boat, above=hull, begins="2026-06-01", due="2026-06-03")
    client.made("job", name="Launch", boat=boat, due="2026-07-01", after=[mast, paint])
    client.made("job", name="Some day", boat=boat)
    client.made("job", name="Elsewhere", begins="2026-06-01", due="2026-06-03")
    found = bars(client, boat)
    assert [(one["title"], one["depth"]) for one in found] == [
        ("Hull", 0), ("Sand", 1), ("Paint", 1), ("Mast", 0), ("Launch", 0), ("Some day", 0),
    ]  # fmt: skip
    assert (found[0]["from"], found[0]["last"]) == ("2026-06-01", "2026-06-12")
    launch = found[4]
    assert launch["moment"] and set(launch["after"]) == {mast, paint}
    assert client.post(f"/api/records/job/{mast}/actions/finish").status == 200
    page = unescape(client.get(f"/o/boat/{boat}", related="gantt_plan").text)
    assert page.count('<rect class="bar') == 4 and page.count('class="dep"') == 2
    assert "Finished" in page and "As a table" in page and "Mast, Paint" in page
    # A circle of parts hides nothing.
    assert client.patch(f"/api/records/job/{hull}", {"above": paint}).status == 200
    assert len(bars(client, boat)) == 6
    sailor = client.person("sailor@example.com", "sailor")
    assert sailor.get(f"/api/gantts/plan/{boat}").status == 404
    assert "gantt_plan" not in sailor.get(f"/o/boat/{boat}").text
    assert client.get(f"/api/gantts/plan/{mast}").status == 404


def test_a_chart_stands_at_the_ends_of_the_calendar(client: Client) -> None:
    boat = client.made("boat", name="Ark")["id"]
    assert "Nothing with days" in client.get(f"/o/boat/{boat}", related="gantt_plan").text
    client.made("job", name="Build", boat=boat, begins="1000-01-01", due="2900-12-31")
    client.made("job", name="Odd", boat=boat, begins="2026-06-03", due="2026-06-01")
    assert client.get(f"/o/boat/{boat}", related="gantt_plan").status == 200


@pytest.mark.parametrize("engine_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("base", "change", "place"),
    [
        (WORKLOAD, {"calendar": "hours"}, "/calendar"),
        (WORKLOAD, {"hours": "nick"}, "/hours"),
        (WORKLOAD, {"where": "hours"}, "/where"),
        (WORKLOAD, {"busy": [{"of": "moons", "from": "begins", "until": "ends"}]}, "/busy/0/of"),
        (WORKLOAD, {"away": [{"of": "leaves", "from": "mate", "until": "ends"}]}, "/away/0/from"),
        (GANTT, {"bars": [{"of": "jobs", "last": "name"}]}, "/bars/0/last"),
        (GANTT, {"bars": [{"of": "jobs", "last": "due", "under": "boat"}]}, "/bars/0/under"),
        (GANTT, {"bars": [{"of": "jobs", "last": "due", "under": "after"}]}, "/bars/0/under"),
        (GANTT, {"bars": [{"of": "jobs", "last": "due", "after": "name"}]}, "/bars/0/after"),
    ],
)
def test_what_cannot_be_drawn_is_refused_when_it_is_saved(
    client: Client, base: dict[str, Any], change: dict[str, Any], place: str
) -> None:
    reply = client.post("/api/meta/changes", {"documents": [{**base, **change}]})
    assert reply.status == 422
    assert any(one["pointer"].endswith(place) for one in reply.json()["errors"]), reply.text
