"""What is empty whatever the record is, and what only the outer record gives, is no fault."""

import pytest

from tests.app import Client, Documents
from tests.fluvial.library import LIBRARY

# What is empty may stand next to a value of any kind; it equals nothing.
EMPTY = [
    "reading_time == 1/0",
    "reading_time > 7 / 0",
    "printed == lower(null)",
    "printed < trim('')",
    "status == text(null)",
    "status == lower(null)",
    "status in ['in', upper(null)] and status == 'gone'",
    "bought_at > text(null)",
    "keeper == lower(null)",
    "me == text(null)",
    "branch == upper(null)",
    "source == lower(null)",
    "genres != null and lower(null) in genres",
    "weight == null/1",
    "(null/1) > 2",
    "price == 1/0",
    "round(pages/0) == pages",
    "min(printed, lower(null)) > '9999-01-01'",
    "coalesce(status, lower(null)) == 'gone'",
    "(printed if lendable else lower(null)) > '9999-01-01'",
    "coalesce(name) == 'Nobody'",
    "coalesce(text(null)) != null",
]

# Of what the record itself gives, of none and of two loans each.
OUTER = [
    ("max(loans, record.name)", "Emma"),
    ("min(loans, record.pages)", "474"),
    ("sum(loans, record.pages)", "948"),
    ("avg(loans, record.weight)", "0.3"),
    ("list(loans, record.name)", "Emma, Emma"),
    ("max(loans, record.printed)", "1815-12-23"),
    ("sum(loans, record.price.amount)", "14"),
    ("count(loans, record.pages > 100)", "2"),
    ("sum(loans, count(record.loans))", "4"),
    ("max(loans, 5)", "5"),
    ("sum(loans, record.pages, due == null)", "474"),
    ("first(loans, record.name)", "Emma"),
]


@pytest.fixture
def documents() -> Documents:
    return LIBRARY


@pytest.fixture
def library(client: Client) -> Client:
    client.made("book", name="Persuasion")
    branch = client.made("branch", name="North")["id"]
    price = {"amount": "7", "currency": "EUR"}
    values = {"pages": 474, "weight": "0.3", "printed": "1815-12-23", "price": price}
    book = client.made("book", name="Emma", branch=branch, **values)["id"]
    member = client.made("member", name="Ann", branch=branch)["id"]
    client.made("loan", book=book, member=member)
    client.made("loan", book=book, member=member, due="2026-01-01")
    return client


def test_what_is_empty_stands_next_to_any_kind(library: Client) -> None:
    for source in EMPTY:
        reply = library.get("/api/records/book", where=source)
        assert (reply.status, reply.json().get("data")) == (200, []), (source, reply.text)


def test_a_rule_and_a_formula_take_what_is_empty(library: Client) -> None:
    library.define(
        {
            "kind": "object",
            "name": "case",
            "title": "{name}",
            "fields": [
                {"name": "name", "kind": "text"},
                {"name": "size", "kind": "number", "default": "1/0"},
                {"name": "due", "kind": "date", "default": "lower(null)"},
                {"name": "long", "kind": "duration", "default": "7/0"},
                {"name": "state", "kind": "choice", "options": [{"name": "in"}], "default": None},
                {"name": "half", "kind": "calculated", "result": "number", "formula": "size / 0"},
                {"name": "end", "kind": "calculated", "result": "date", "formula": "text(null)"},
            ],
        }
    )
    made = library.made("case", name="Emma")
    assert [made[name] for name in ("size", "due", "long", "half", "end")] == [None] * 5


def test_a_collection_sums_what_the_outer_record_gives(library: Client) -> None:
    for source, value in OUTER:
        literal = value if value[0].isdigit() and "-" not in value else f"'{value}'"
        rows = library.rows("/api/records/book", where=f"{source} == {literal}", fields="name")
        assert [row["name"] for row in rows] == ["Emma"], source


def test_a_pin_of_what_the_outer_record_gives_shows_it(library: Client) -> None:
    library.define(
        {"kind": "pin", "name": "all", "object": "book", "measure": "sum(sum(loans, record.pages))"}
    )
    assert library.get("/api/pins/all").json()["value"] == "948"
    assert library.get("/").status == 200


MEASURES = ("sum(name)", "count(loans)", "avg(cost)", "max(status)", "min(null)", "sum(me)")


def test_a_measure_that_nothing_can_measure_is_refused_when_it_is_saved(library: Client) -> None:
    for measure in MEASURES:
        _refused(library, measure)


def _refused(library: Client, measure: str) -> None:
    pin = {"kind": "pin", "name": "all", "object": "book", "measure": measure}
    board = {"kind": "board", "name": "all", "object": "book", "columns": {"by": "status"}}
    for document in (pin, {**board, "totals": [measure]}):
        reply = library.post("/api/meta/changes", {"documents": [document]})
        assert reply.status == 422, reply.text
        assert measure in reply.text
    reply = library.get("/api/records/book/summary", measure=measure)
    assert reply.status == 400, reply.text


def test_an_average_of_durations_is_shown_on_home(library: Client) -> None:
    for seconds in (3600, 3601):
        library.made("book", name="Long", reading_time=seconds)
    pin = {"kind": "pin", "name": "mean", "object": "book", "measure": "avg(reading_time)"}
    library.define(pin)
    assert library.get("/api/pins/mean").json()["value"] == "3600.500000"
    home = library.get("/")
    assert home.status == 200
    assert "1:00:01" in home.text


@pytest.mark.parametrize("state", [None, ""])
def test_a_state_cannot_be_emptied(library: Client, state: str | None) -> None:
    book = library.rows("/api/records/book")[0]["id"]
    board = {"kind": "board", "name": "books", "object": "book", "columns": {"by": "status"}}
    library.define(board)
    for reply in (
        library.patch(f"/api/records/book/{book}", {"status": state}),
        library.patch("/api/records/book", [{"id": book, "status": state}]),
        library.post("/api/boards/books/move", {"id": book, "column": state}),
    ):
        assert reply.status == 422, reply.text
        assert "cannot go from In the house to empty" in reply.text


def test_a_record_without_a_state_has_no_transition(client: Client) -> None:
    states = {"field": "state", "transitions": [{"name": "go", "from": ["a"], "to": "b"}]}
    client.define(
        {
            "kind": "object",
            "name": "case",
            "title": "{name}",
            "fields": [
                {"name": "name", "kind": "text"},
                {"name": "state", "kind": "choice", "options": [{"name": "a"}, {"name": "b"}]},
            ],
            "states": states,
        }
    )
    case = client.made("case", name="Emma")
    reply = client.post(f"/api/records/case/{case['id']}/actions/go", {})
    assert (reply.status, reply.json()["detail"]) == (409, "Go is not possible from empty.")


@pytest.mark.parametrize("formula", ["null", "price * 0", "money(null, 'EUR')"])
def test_an_empty_amount_in_any_currency_is_read_as_of_a_day(client: Client, formula: str) -> None:
    spec = {"name": "worth", "kind": "calculated", "result": "money", "formula": formula}
    price = {"name": "price", "kind": "money", "currency": "EUR", "dated": True}
    fields = [{"name": "name", "kind": "text"}, spec, price]
    document = {"kind": "object", "name": "case", "title": "{name}", "fields": fields}
    client.define(document)
    client.made("case", name="Emma")
    (row,) = client.rows("/api/records/case", as_of="2026-01-01")
    assert row["worth"] is None


def test_a_record_of_any_object_may_be_among_people(client: Client) -> None:
    client.define(
        {
            "kind": "object",
            "name": "case",
            "title": "{name}",
            "fields": [
                {"name": "name", "kind": "text"},
                {"name": "source", "kind": "any_lookup", "to": ["user", "team"]},
                {"name": "helpers", "kind": "person", "accepts": ["user", "team"], "many": True},
            ],
        }
    )
    me, team = client.get("/api/me").json()["id"], client.made("team", name="Desk")["id"]
    both = [{"user": me}, {"team": team}]
    for name, kind, id, helpers in (
        ("user", "user", me, both),
        ("team", "team", team, both),
        ("other", "team", team, both[:1]),
    ):
        client.made("case", name=name, source={"object": kind, "id": id}, helpers=helpers)
    client.made("case", name="nobody", helpers=both)
    rows = client.rows("/api/records/case", where="source in helpers")
    assert {row["name"] for row in rows} == {"user", "team"}
