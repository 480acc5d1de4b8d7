"""Boards and pins as pages."""

import re
from html import unescape

import pytest

from tests.app import Client, Documents
from tests.kanban.library import BRANCH, DESK, LOAN

PIN = {
    "kind": "pin", "name": "overdue", "label": "Overdue loans", "object": "loan",
    "where": "state == 'overdue'",
}  # fmt: skip
FEES = {
    "kind": "pin", "name": "fees", "label": "Open fees", "object": "loan",
    "where": "state.closed == false", "measure": "sum(fee)",
}  # fmt: skip
NEXT = {"kind": "pin", "name": "next", "label": "Next", "object": "loan", "show": "list",
        "columns": ["branch", "due"], "sort": ["due"]}  # fmt: skip


@pytest.fixture
def documents() -> Documents:
    return [BRANCH, LOAN, DESK, PIN, FEES, NEXT]


@pytest.fixture
def library(client: Client) -> Client:
    return client


def text_of(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def test_a_board_has_columns_lanes_totals_and_cards(library: Client) -> None:
    north = library.made("branch", name="North")["id"]
    for book in ("Emma", "Persuasion", "Sanditon"):
        library.made("loan", book=book, branch=north, state="out", fee="1.50", due="2020-01-01")
    page = library.get("/boards/desk")
    assert page.status == 200
    said = text_of(page.text)
    assert "Out 3 of 2" in said and "1 over" in said and "€4.50" in said
    assert 'data-lane-label="North"' in page.text
    assert '<span class="bad">1 Jan 2020</span>' in page.text  # due, and it has passed
    assert "Back" not in said
    assert page.text.count("<h1") == 1


def test_a_locked_card_says_so_and_why(library: Client) -> None:
    lock = {"when": "state == 'back'", "except": ["state"], "message": "It was given back."}
    library.define({**LOAN, "locked": lock})
    library.made("loan", book="Emma", state="out")
    loan = library.made("loan", book="Persuasion", state="out")
    assert library.post(f"/api/records/loan/{loan['id']}/actions/take").status == 200
    everything = {**DESK, "name": "everything", "columns": {"by": "state"}}
    del everything["where"]
    library.define(everything)
    page = unescape(library.get("/boards/everything").text)
    assert page.count("This loan is locked. It was given back.") == 2  # on sight, and read out
    card = page[page.index('data-title="Persuasion"') :]
    assert card.index("This loan is locked.") < card.index("</article>")


def test_a_board_shows_the_rest_of_a_column_on_demand(library: Client) -> None:
    for at in range(52):
        library.made("loan", book=f"Book {at:02}")
    page = library.get("/boards/desk")
    more = unescape(re.findall(r'hx-get="([^"]+)"', page.text)[0])
    rest = library.call("GET", more)
    assert "<html" not in rest.text
    assert rest.text.count('class="tile"') == 2


def test_my_cards(library: Client) -> None:
    me = library.get("/api/me").json()["id"]
    library.made("loan", book="Emma", clerk={"user": me})
    library.made("loan", book="Persuasion")
    mine = library.get("/boards/desk", filter="mine")
    assert "Emma" in mine.text and "Persuasion" not in mine.text
    assert library.get("/boards/desk", filter="nothing").status == 404


def test_the_rail_names_the_boards(library: Client) -> None:
    assert 'href="/boards/desk"' in library.get("/").text
    nobody = library.person("rita@example.com")
    assert 'href="/boards/desk"' not in nobody.get("/").text
    assert nobody.get("/boards/desk").status == 404


def test_home_shows_pins_that_open_their_records(library: Client) -> None:
    library.made("loan", book="Emma", state="overdue", fee="2.50", due="2020-01-01")
    library.made("loan", book="Persuasion", fee="1.00")
    home = library.get("/")
    said = text_of(home.text)
    assert "Overdue loans 1" in said
    assert "€3.50" in said
    address = unescape(re.findall(r'<a href="([^"]+)">Overdue loans', home.text)[0])
    listed = library.call("GET", address).text
    assert "Emma" in listed and "Persuasion" not in listed
    assert "1 Jan 2020" in said  # the last column of the list


def test_home_shows_what_is_mine(library: Client) -> None:
    me = library.get("/api/me").json()["id"]
    library.made("loan", book="Emma", clerk={"user": me}, due="2020-01-01")
    library.made("loan", book="Persuasion", clerk={"user": me}, state="back")
    said = text_of(library.get("/").text)
    mine = said[said.index("My work") :]
    assert "L-001 Emma" in said
    assert "Persuasion" not in mine.partition("Next")[0]
