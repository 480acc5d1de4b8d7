"""Boards, pins and views made from the list that one sees, and the own home page."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import urlencode

import pytest

from tests.app import Client, Documents
from tests.kanban.library import BRANCH, LOAN

CLERK = {
    "kind": "role", "name": "clerk", "label": "Clerk",
    "grants": [{"object": "loan", "can": ["read"]}, {"object": "branch", "can": ["read"]}],
}  # fmt: skip
OPEN = {"kind": "view", "name": "open", "label": "Open", "object": "loan", "order": 1,
        "where": "state.closed == false", "columns": ["book", "due"], "sort": ["due"]}  # fmt: skip
PINS = [
    {"kind": "pin", "name": name, "label": name.title(), "object": "loan", "order": at}
    for at, name in enumerate(("first", "second", "third"))
]
KINDS = {
    "kind": "object", "name": "thing", "fields": [
        {"name": "name", "kind": "text", "required": True},
        {"name": "count", "kind": "number"}, {"name": "price", "kind": "money", "currency": "EUR"},
        {"name": "told", "kind": "boolean"}, {"name": "day", "kind": "date"},
        {"name": "keeper", "kind": "person"}, {"name": "branch", "kind": "lookup", "to": "branch"},
        {"name": "tags", "kind": "multi_choice", "options": [{"name": "old"}, {"name": "new"}]},
        {"name": "length", "kind": "duration"},
    ],
}  # fmt: skip


@pytest.fixture
def documents() -> Documents:
    return [BRANCH, LOAN, CLERK, OPEN, KINDS, *PINS]


def forms(page: str) -> dict[str, str]:
    """The addresses of the forms of a page, by the words on their buttons."""
    found = re.findall(r'<form[^>]* action="([^"]+)"[^>]*>(.*?)</form>', page, re.DOTALL)
    return {
        " ".join(re.sub(r"<[^>]+>", " ", inside).split()): unescape(href) for href, inside in found
    }


def pressed(client: Client, href: str, **form: str) -> str:
    """Where a form leads."""
    reply = client.call(
        "POST", href, body="&".join(f"{k}={v}" for k, v in form.items()).encode(),
        headers={"content-type": "application/x-www-form-urlencoded"},
    )  # fmt: skip
    assert reply.status == 303, reply.text
    return reply.headers["location"]


def pins_of(client: Client) -> list[str]:
    page = client.get("/", arrange="true").text
    return re.findall(r'data-pin="([^"]+)"', page)


def test_a_board_of_a_list_is_one_press(client: Client) -> None:
    client.made("loan", book="Emma")
    page = client.get("/o/loan", view="open")
    made = pressed(client, forms(page.text)["Board by state"])
    board = client.get(made)
    assert "Its columns are by state" in board.text and "Emma" in board.text
    body = client.get("/api/meta/board/loan_by_state").json()
    assert body["where"] == "state.closed == false" and body["columns"] == {"by": "state"}
    assert body["card"] == {"title": "book", "fields": ["number", "branch", "fee", "due"]}
    again = client.get("/o/loan").text
    assert "Board by state" not in again and "/boards/loan_by_state" in again
    assert "Board by branch" in again  # in the menu


def test_who_may_not_change_metadata_gets_no_board_but_a_pin(client: Client) -> None:
    clerk = client.person("rita@example.com", "clerk")
    page = clerk.get("/o/loan").text
    assert "Board by" not in page and "Pin this" in page
    assert clerk.call("POST", "/o/loan/boards").status == 403


def test_a_pin_of_a_list_stands_on_the_own_home_page(client: Client) -> None:
    client.made("loan", book="Emma")
    clerk = client.person("rita@example.com", "clerk")
    listed = clerk.get("/o/loan", view="open", state="out").text
    pressed(clerk, forms(listed)["Pin this"])
    assert pins_of(clerk) == ["first", "second", "third", "my:loans_filtered"]
    home = clerk.get("/").text
    assert "Loans, filtered" in home and "out" in home
    change = clerk.get("/home/pins/loans_filtered")
    assert change.status == 200 and "Give it to others" not in change.text
    pressed(clerk, "/home/pins/loans_filtered", label="Out", show="board", group="state")
    assert "Out" in clerk.get("/").text and 'class="ladder"' in clerk.get("/").text
    assert "my:loans_filtered" not in pins_of(client)
    pressed(clerk, "/home/pins/loans_filtered", press="delete")
    assert pins_of(clerk) == ["first", "second", "third"]


def test_an_own_pin_can_be_given_to_roles(client: Client) -> None:
    pressed(client, forms(client.get("/o/loan", view="open").text)["Pin this"])
    pressed(client, "/home/pins/open", label="Open loans", show="number", role="clerk")
    document = client.get("/api/meta/pin/open_loans").json()
    assert document["audience"] == ["clerk"] and document["where"] == "state.closed == false"
    assert "open_loans" in pins_of(client) and "my:open" not in pins_of(client)
    assert "open_loans" in pins_of(client.person("rita@example.com", "clerk"))


def test_an_own_pin_says_what_it_cannot_show(client: Client) -> None:
    """A field that is not there, or no longer, costs nobody a page."""
    pressed(client, forms(client.get("/o/loan", view="open", state="out").text)["Pin this"])
    pin = "/home/pins/loans_filtered"
    for odd in (
        {"show": "trend", "day": "nothing"}, {"show": "trend", "day": "name"}, {"show": "wall"},
        {"show": "trend", "day": "name) or (true"}, {"measure": "sum(nothing)"}, {"measure": "("},
    ):  # fmt: skip
        shown = client.call("GET", pin, query=odd, headers={"hx-request": "true"})
        assert shown.status == 200, (odd, shown.text)
        values = urlencode({"label": "Mine", **odd}).encode()
        form = {"content-type": "application/x-www-form-urlencoded"}
        assert client.call("POST", pin, body=values, headers=form).status == 422, odd
    assert client.get("/").status == 200


def test_pins_are_arranged_by_each_person(client: Client) -> None:
    clerk = client.person("rita@example.com", "clerk")
    pressed(clerk, "/home/pins", pin="third", press="before=first")
    assert pins_of(clerk) == ["third", "first", "second"]
    pressed(clerk, "/home/pins", pin="third", press="before=")
    pressed(clerk, "/home/pins", pin="second", press="hide")
    pressed(clerk, "/home/pins", pin="first", press="wide")
    page = clerk.get("/", arrange="true").text
    assert (
        pins_of(clerk) == ["first", "third"]
        and 'tilebox wide" tabindex="0" data-pin="first"' in page
    )
    assert "Add Second" in page
    client.define({**PINS[0], "name": "fourth", "label": "Fourth"})
    assert pins_of(clerk) == ["first", "third", "fourth"]  # what comes later is not missed
    assert pins_of(client) == ["first", "fourth", "second", "third"]
    pressed(clerk, "/home/pins", press="reset")
    assert pins_of(clerk) == ["first", "fourth", "second", "third"]
    unknown = clerk.call("POST", "/home/pins", body=b"pin=nothing&press=hide",
                         headers={"content-type": "application/x-www-form-urlencoded"})  # fmt: skip
    assert unknown.status == 422


def test_a_pin_whose_records_are_gone_locks_nobody_out(client: Client) -> None:
    pressed(client, "/o/thing/pins?where=count+%3E+3")
    pressed(client, "/o/loan/pins?view=open")
    thing = client.get("/api/meta/object/thing").json()
    fields = [f for f in thing["fields"] if f["name"] != "count"]
    assert (
        client.put("/api/meta/object/thing?force=true", {**thing, "fields": fields}).status == 200
    )
    home = client.get("/", arrange="true")
    assert home.status == 200 and "This cannot be shown." in home.text and "my:open" in home.text
    assert client.get("/home/pins/things_filtered").status == 200
    assert client.delete("/api/meta/object/thing?force=true").status == 200
    assert client.get("/").status == 200 and "This cannot be shown." in client.get("/").text
    pressed(client, "/home/pins", pin="my:things_filtered", press="hide")
    assert client.get("/home/pins/things_filtered").status == 404  # and it is deleted
    assert pins_of(client) == ["first", "second", "third", "my:open"]


EUR = {"currency": "EUR"}


@pytest.mark.parametrize(
    ("name", "asked", "held", "other"),
    [
        ("name", 'It\'s \\ "new"', 'It\'s \\ "new"', "else"),
        ("count", "12.5", "12.5", "1"),
        ("count", "", None, "3"),
        ("price", "3.20 EUR", {"amount": "3.20", **EUR}, {"amount": "4.00", **EUR}),
        ("told", "true", True, False),
        ("day", "2026-03-01", "2026-03-01", "2026-03-02"),
        ("tags", "old", ["old"], ["new"]),
        ("length", "3600", 3600, 60),
    ],
)
def test_a_saved_view_keeps_what_the_address_asks(
    client: Client, name: str, asked: str, held: object, other: object
) -> None:
    for at, value in enumerate((held, other)):
        client.made("thing", **{"name": f"Thing {at}", name: value})
    seen = client.get("/o/thing", **{name: asked, "sort": "name"}).text
    saved = client.post("/o/thing/views", {"label": "Kept", "query": {name: asked, "sort": "name"}})
    assert saved.status == 201, saved.text
    view = client.call("GET", saved.json()["href"]).text
    assert rows(view) == rows(seen) and len(rows(view)) == 1


def rows(page: str) -> list[str]:
    return re.findall(r'data-pick value="[^"]*" aria-label="Select ([^"]*)"', page)


def test_a_saved_view_keeps_look_ups_and_people(client: Client) -> None:
    north = client.made("branch", name="North")["id"]
    me = client.get("/api/me").json()["id"]
    client.made("thing", name="Here", branch=north, keeper={"user": me})
    client.made("thing", name="There")
    for query in ({"branch": north}, {"keeper": f"user:{me}"}, {"branch": "", "keeper": ""}):
        saved = client.post("/o/thing/views", {"label": "Kept", "query": query})
        assert saved.status == 201, saved.text
        page = client.call("GET", saved.json()["href"]).text
        wanted = "There" if "" in query.values() else "Here"
        assert rows(page) == [wanted], query


def test_an_own_view_is_changed_and_shared(client: Client) -> None:
    first = client.post("/o/loan/views", {"label": "Mine", "query": {"where": "state == 'out'"}})
    name = first.json()["href"].partition("view=")[2]
    again = {"label": "Out ones", "replaces": name, "query": {"view": name, "sort": "-due"}}
    assert client.post("/o/loan/views", again).json()["href"] == first.json()["href"]
    page = client.get("/o/loan", view=name).text
    assert "Out ones" in page and ">Mine" not in page
    shared = {"label": "Out ones", "shared": True, "audience": ["clerk"], "replaces": name,
              "query": {"view": name}}  # fmt: skip
    assert client.post("/o/loan/views", shared).status == 201
    document = client.get(f"/api/meta/view/{name}").json()
    assert document["audience"] == ["clerk"] and document["where"] == "state == 'out'"
    assert document["sort"] == ["-due"]
