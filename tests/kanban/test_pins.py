"""Pins over HTTP: a value, and the query that opens exactly the records behind it."""

from typing import Any

import pytest

from tests.app import Client, Documents
from tests.kanban.library import BRANCH, LOAN

OVERDUE: dict[str, Any] = {
    "kind": "pin",
    "name": "overdue",
    "label": "Overdue loans",
    "object": "loan",
    "where": "due < today() and state.closed == false",
    "measure": "count()",
    "show": "number",
}


@pytest.fixture
def documents() -> Documents:
    return [BRANCH, LOAN, OVERDUE]


@pytest.fixture
def library(client: Client) -> Client:
    client.made("loan", book="Emma", due="2020-01-01", fee="1.50")
    client.made("loan", book="Dune", due="2020-01-01", fee="2.00", state="out")
    client.made("loan", book="Kim", due="2020-01-01", state="back")
    client.made("loan", book="Ulysses", due="2999-01-01")
    return client


def test_the_query_opens_the_records_behind_the_value(library: Client) -> None:
    pin = library.get("/api/pins/overdue").json()
    assert (pin["label"], pin["value"], pin["show"]) == ("Overdue loans", 2, "number")
    query = dict(pin["query"])
    rows = library.rows(f"/api/records/{query.pop('object')}", **query)
    assert {row["book"] for row in rows} == {"Emma", "Dune"}
    assert library.rows(pin["href"]) == rows


def test_a_sum_a_list_a_board_and_a_trend(library: Client) -> None:
    library.define(
        {**OVERDUE, "name": "fees", "measure": "sum(fee)"},
        {**OVERDUE, "name": "first", "show": "list", "sort": ["book"], "columns": ["due"]},
        {**OVERDUE, "name": "states", "show": "board", "by": "state"},
        {**OVERDUE, "name": "made", "where": "state != 'back'", "show": "trend"},
    )
    assert library.get("/api/pins/fees").json()["value"] == "3.50"
    records = library.get("/api/pins/first").json()["records"]
    assert [r["title"] for r in records] == ["L-002 Dune", "L-001 Emma"]
    groups = library.get("/api/pins/states").json()["groups"]
    assert [(g["value"], g["count"]) for g in groups] == [("asked", 1), ("out", 1)]
    points = library.get("/api/pins/made").json()["points"]
    assert len(points) == 8
    assert points[-1] == 3
    assert sum(points[:-1]) == 0


def test_pins_are_for_their_audience(library: Client) -> None:
    role = {"kind": "role", "name": "clerk", "grants": [{"object": "loan", "can": ["read"]}]}
    library.define(role, {**OVERDUE, "name": "ours", "audience": ["clerk"]},
                   {**OVERDUE, "name": "theirs", "audience": ["administrator"]})  # fmt: skip
    clerk = library.person("clerk@example.com", "clerk")
    assert [p["name"] for p in clerk.rows("/api/pins")] == ["ours", "overdue"] or [
        p["name"] for p in clerk.rows("/api/pins")
    ] == ["overdue", "ours"]
    assert clerk.get("/api/pins/theirs").status == 404
    assert library.get("/api/pins/theirs").status == 200


def test_a_pin_tells_nobody_what_they_may_not_read(library: Client) -> None:
    grant = {"object": "loan", "can": ["read"], "fields": {"fee": "none"}}
    library.define(
        {"kind": "role", "name": "clerk", "grants": [grant]},
        {**OVERDUE, "name": "dear", "measure": "sum(fee)"},
        {**OVERDUE, "name": "dearer", "where": "fee > 5"},
    )
    clerk = library.person("clerk@example.com", "clerk")
    for name in ("dear", "dearer"):
        refused = clerk.get(f"/api/pins/{name}")
        assert refused.status == 404 and "fee" not in refused.told.lower(), refused.text
        assert library.get(f"/api/pins/{name}").status == 200


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"where": "nonsense"}, "/where"),
        ({"measure": "sum()"}, "/measure"),
        ({"show": "board"}, ""),
        ({"show": "board", "by": "due"}, "/by"),
        ({"show": "trend", "by": "book"}, "/by"),
        ({"columns": ["branch.town"]}, "/columns/0"),
    ],
)
def test_faults_of_pins_name_their_place(
    library: Client, change: dict[str, Any], place: str
) -> None:
    reply = library.put("/api/meta/pin/overdue", {**OVERDUE, **change})
    assert reply.status == 422, reply.text
    assert [e["pointer"] for e in reply.json()["errors"]] == [f"/pin/overdue{place}"]
