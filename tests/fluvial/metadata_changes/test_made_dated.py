"""An object type that is made dated keeps what is stored, also at the ends of the calendar."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from tests.app import Client

Json = dict[str, Any]
DATED = {"from": "starts", "until": "ends", "per": ["name"]}
ENDS = ("0001-01-01", "0001-01-02", "2026-06-15", "9999-12-30", "9999-12-31", None)


def stay(kind: str, **more: Any) -> Json:
    fields = [{"name": "name", "kind": "text"}, {"name": "starts", "kind": kind},
              {"name": "ends", "kind": kind}]  # fmt: skip
    return {"kind": "object", "name": "stay", "title": "{name}", "fields": fields, **more}


def moments(kind: str, day: str | None) -> str | None:
    if kind == "date" or day is None:
        return day
    inner = {"01-01": "01-02", "12-31": "12-29"}  # a moment is a day in every zone
    return f"{day[:5]}{inner.get(day[5:], day[5:])}T12:00:00Z"


@pytest.mark.parametrize("kind", ["date", "datetime"])
def test_periods_at_the_ends_of_the_calendar_are_taken_or_refused(
    client: Client, kind: str
) -> None:
    client.define(stay(kind))
    for at, (first, last) in enumerate(itertools.product(ENDS, ENDS)):
        body = {"name": f"n{at}", "starts": moments(kind, first), "ends": moments(kind, last)}
        client.made("stay", **body)
    reply = client.post("/api/meta/changes", {"documents": [stay(kind, dated=DATED)]})
    assert reply.status == 409, reply.text
    for row in client.rows("/api/records/stay", limit="100"):
        if row["starts"] is None or (row["ends"] is not None and row["ends"] <= row["starts"]):
            assert client.delete(f"/api/records/stay/{row['id']}").status == 204
    reply = client.post("/api/meta/changes", {"documents": [stay(kind, dated=DATED)]})
    assert reply.status == 200, reply.text
    for day in ("0001-01-01", "2026-06-15", "9999-12-31"):
        for path in ("/api/records/stay", "/api/records/stay/summary"):
            assert client.get(path, as_of=day).status == 200, (path, day)
    assert client.get("/o/stay").status == 200
    for first, last in itertools.product(ENDS, ENDS):
        body = {"name": "new", "starts": moments(kind, first), "ends": moments(kind, last)}
        reply = client.post("/api/records/stay", body)
        assert reply.status in (201, 409, 422), reply.text


@pytest.mark.parametrize("last", ["9999-12-31", "9999-12-30", "0001-01-01"])
def test_a_period_that_ends_before_it_begins_is_told(client: Client, last: str) -> None:
    client.define(stay("date"))
    made = client.made("stay", name="a", starts="9999-12-31", ends=last)
    change = {"documents": [stay("date", dated=DATED)]}
    reply = client.post("/api/meta/changes", change)
    assert reply.status == 409, reply.text
    assert "end before, or as soon as, they begin" in reply.json()["detail"]
    client.patch(f"/api/records/stay/{made['id']}", {"ends": None})
    assert client.post("/api/meta/changes", change).status == 200
    (row,) = client.rows("/api/records/stay", as_of="9999-12-31")
    assert row["starts"] == "9999-12-31"


def test_periods_that_overlap_at_the_end_of_the_calendar_are_told(client: Client) -> None:
    client.define(stay("date"))
    for name in "aab":
        client.made("stay", name=name, starts="9999-12-31")
    reply = client.post("/api/meta/changes", {"documents": [stay("date", dated=DATED)]})
    assert reply.status == 409, reply.text
    assert "in effect at the same time" in reply.json()["detail"]
