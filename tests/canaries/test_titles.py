"""What a title is made of and its reader may not read is left out of it, wherever it stands."""

from __future__ import annotations

from typing import Any

import pytest

from fluvial.auth.access import access_of
from fluvial.auth.actors import Actor
from tests.app import Client, Documents

Json = dict[str, Any]

AUTHOR: Json = {
    "kind": "object", "name": "author", "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text", "searchable": True},
        {"name": "branch", "kind": "choice", "options": [{"name": "north"}, {"name": "south"}]},
    ],
}  # fmt: skip
BOOK: Json = {
    "kind": "object", "name": "book", "title": "{shelf} - {code}, {author} {state} {bought}",
    "fields": [
        {"name": "shelf", "kind": "text", "searchable": True},
        {"name": "code", "kind": "text", "searchable": True},
        {"name": "author", "kind": "lookup", "to": "author"},
        {"name": "state", "kind": "choice", "options": [{"name": "new", "label": "Brand new"}]},
        {"name": "bought", "kind": "date"},
    ],
}  # fmt: skip
LOAN: Json = {
    "kind": "object", "name": "loan", "title": "Loan of {book}",
    "fields": [{"name": "book", "kind": "lookup", "to": "book"},
               {"name": "about", "kind": "any_lookup", "to": ["book", "author"]}],
}  # fmt: skip
ROOM: Json = {  # the title of a part shows the one of its whole
    "kind": "object", "name": "room", "title": "{part_of} {name}",
    "fields": [{"name": "name", "kind": "text", "searchable": True},
               {"name": "open", "kind": "boolean"},
               {"name": "part_of", "kind": "lookup", "to": "room"}],
}  # fmt: skip
CLERK: Json = {
    "kind": "role", "name": "clerk", "label": "Clerk", "grants": [
        {"object": "author", "can": ["*"], "where": "branch == 'north'"},
        {"object": "book", "can": ["*"], "fields": {"code": "none"}},
        {"object": "loan", "can": ["*"]},
        {"object": "room", "can": ["*"], "where": "open"}],
}  # fmt: skip
READER: Json = {
    "kind": "role", "name": "reader", "label": "Reader",
    "grants": [{"object": name, "can": ["*"]} for name in ("author", "book", "loan", "room")],
}  # fmt: skip


@pytest.fixture
def documents() -> Documents:
    return [AUTHOR, BOOK, LOAN, ROOM, CLERK, READER]


@pytest.fixture
def clerk(client: Client) -> Client:
    made = client.made
    authors = {name: made("author", name=name, branch=branch)["id"]
               for name, branch in (("Ann", "north"), ("Bob", "south"))}  # fmt: skip
    for shelf, code, author in (("A", "zeta", "Bob"), ("B", "beta", "Ann"), ("C", "acme", "Bob")):
        book = made("book", shelf=shelf, code=code, author=authors[author], state="new",
                    bought="2026-03-01")  # fmt: skip
        made("loan", book=book["id"], about={"object": "book", "id": book["id"]})
    return client.person("clerk@example.com", "clerk")


FULL = ["A - zeta, Bob Brand new 1 Mar 2026", "B - beta, Ann Brand new 1 Mar 2026",
        "C - acme, Bob Brand new 1 Mar 2026"]  # fmt: skip
LEFT = ["A - , Brand new 1 Mar 2026", "B - , Ann Brand new 1 Mar 2026",
        "C - , Brand new 1 Mar 2026"]  # fmt: skip


def titles(client: Client, object_name: str, **query: str) -> list[str]:
    rows = client.rows(f"/api/records/{object_name}", **{"fields": "title", **query})
    return [row["title"] for row in rows]


def test_a_title_leaves_out_hidden_fields_and_records_of_others(
    client: Client, clerk: Client
) -> None:
    assert titles(client, "book", sort="shelf") == FULL
    assert titles(clerk, "book", sort="shelf") == LEFT
    reader = client.person("reader@example.com", "reader")
    assert titles(reader, "book", sort="shelf") == FULL


def test_the_title_of_another_record_leaves_out_the_same(clerk: Client) -> None:
    assert titles(clerk, "loan", sort="book.shelf") == [f"Loan of {title}" for title in LEFT]
    loan = clerk.rows("/api/records/loan", fields="book.title,about.title", sort="book.shelf")[0]
    assert (loan["book"]["title"], loan["about"]["title"]) == (LEFT[0], LEFT[0])


def test_a_title_as_of_another_day_leaves_out_the_same(clerk: Client) -> None:
    assert titles(clerk, "loan", sort="book.shelf", as_of="2031-01-01")[0] == f"Loan of {LEFT[0]}"


def test_a_title_as_it_was_recorded_leaves_out_the_same(client: Client, clerk: Client) -> None:
    loan = clerk.rows("/api/records/loan", sort="book.shelf")[0]["id"]
    now = client.app.engine.clock.now().isoformat()
    for path in (f"/api/records/loan/{loan}", "/api/records/loan", "/api/records/book"):
        answer = clerk.get(path, believed_on=now).text
        assert "A - , Brand new" in answer
        assert not any(word in answer for word in ("zeta", "Bob"))
    where = "contains(title, 'zeta')"
    assert clerk.rows("/api/records/book", believed_on=now, where=where) == []


def test_the_title_of_a_whole_that_may_not_be_seen_stands_in_no_part(
    client: Client, clerk: Client
) -> None:
    cellar = client.made("room", name="Cellar", open=False)["id"]
    safe = client.made("room", name="Safe", open=True, part_of=cellar)["id"]
    client.made("room", name="Drawer", open=True, part_of=safe)
    assert titles(client, "room", sort="name")[1] == "Cellar Safe Drawer"
    assert titles(clerk, "room", sort="name") == ["Safe Drawer", "Safe"]


def test_the_order_by_title_tells_nothing_that_it_leaves_out(client: Client, clerk: Client) -> None:
    assert titles(clerk, "book", sort="title") == LEFT
    assert titles(clerk, "book", sort="-title") == LEFT[::-1]
    bob = client.rows("/api/records/author", name="Bob")[0]["id"]
    client.made("book", shelf="A", code="aaa", author=bob, state="new")
    assert len(titles(clerk, "loan", sort="book")) == 3


def test_pages_by_title_go_on_where_they_ended(clerk: Client) -> None:
    page = clerk.get("/api/records/book", sort="title", limit="2").json()
    rest = clerk.get("/api/records/book", sort="title", limit="2", cursor=page["next"]).json()
    assert [row["title"] for row in page["data"] + rest["data"]] == LEFT


@pytest.mark.parametrize("word", ["zeta", "acme", "bob", "zet"])
def test_nothing_is_found_by_what_titles_leave_out(clerk: Client, word: str) -> None:
    assert titles(clerk, "book", search=word) == titles(clerk, "loan", search=word) == []
    assert titles(clerk, "book", where=f"contains(title, '{word}')") == []
    assert clerk.get("/search", q=word).text.count("/o/book/") == 0
    path = "/lookup/loan/book"
    assert clerk.get(path, q=word).json()["results"] == []


def test_what_a_title_shows_is_found_and_compared(clerk: Client) -> None:
    assert titles(clerk, "book", search="ann") == [LEFT[1]]
    assert titles(clerk, "book", where="starts_with(title, 'B')") == [LEFT[1]]
    assert [r["label"] for r in clerk.get("/lookup/loan/book", q="ann").json()["results"]]


def test_groups_by_title_tell_nothing_that_it_leaves_out(clerk: Client) -> None:
    answer = clerk.get("/api/records/loan/summary", group="book.title").text
    assert not any(word in answer for word in ("zeta", "acme", "Bob"))


def test_the_answer_to_a_write_leaves_out_the_same(client: Client, clerk: Client) -> None:
    book = clerk.rows("/api/records/book", sort="shelf")[0]
    path = f"/api/records/book/{book['id']}"
    assert clerk.patch(path, {"shelf": "Z"}).json()["title"] == "Z - , Brand new 1 Mar 2026"
    batch = clerk.call("PATCH", "/api/records/book", [{"id": book["id"], "shelf": "Y"}]).json()
    assert batch["data"][0]["title"] == "Y - , Brand new 1 Mar 2026"
    assert client.get(path).json()["title"] == "Y - zeta, Bob Brand new 1 Mar 2026"


def test_pages_show_what_is_left_of_a_title(clerk: Client) -> None:
    loan = clerk.rows("/api/records/loan", sort="book.shelf")[0]["id"]
    for path in ("/o/book", "/o/loan", f"/o/loan/{loan}", f"/o/loan/{loan}/edit"):
        page = clerk.get(path).text
        assert "A - , Brand new" in page and "zeta" not in page and "Bob" not in page


def test_a_title_of_nothing_is_what_the_record_is(client: Client) -> None:
    only = {"kind": "object", "name": "note", "label": "Note", "title": "{words}",
            "fields": [
               {"name": "words", "kind": "text"}, {"name": "on", "kind": "date"}]}  # fmt: skip
    grants = [{"object": "note", "can": ["read"], "fields": {"words": "none"}}]
    client.define(only, {"kind": "role", "name": "guest", "label": "Guest", "grants": grants})
    client.made("note", words="secret")
    guest = client.person("guest@example.com", "guest")
    assert titles(guest, "note") == titles(guest, "note", sort="title") == ["Note"]


def test_a_protected_field_is_no_title_where_an_object_has_none(client: Client) -> None:
    fields = [{"name": "name", "kind": "text", "protected": True}, {"name": "town", "kind": "text"}]
    client.define({"kind": "object", "name": "card", "label": "Card", "fields": fields})
    assert client.made("card", name="secret", town="York")["title"] == "York"


def test_who_may_read_all_of_a_title_reads_the_column(client: Client) -> None:
    """The principals of whom nothing is withheld pay nothing: it is decided before the query."""
    connection = client.app.engine.database.connection()
    catalog = client.app.engine.catalogs.current(connection)
    for role, withheld in (("reader", set()), ("clerk", {"book", "loan", "room"})):
        assert access_of(catalog, Actor(None, "x", (role,))).withheld_titles == withheld
