"""What a person chose for a list never locks them out of it."""

from typing import Any

import pytest

from tests.app import Client, Documents

BOOK: dict[str, Any] = {
    "kind": "object",
    "name": "book",
    "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text"},
        {"name": "pages", "kind": "number"},
        {"name": "genre", "kind": "text"},
        {"name": "keeper", "kind": "person", "accepts": ["user", "team"]},
        {"name": "source", "kind": "any_lookup", "to": ["book", "team"]},
    ],
}
VIEW = {"kind": "view", "name": "shelf", "object": "book", "columns": ["name", "genre"],
        "sort": ["genre"]}  # fmt: skip
SAID = "cannot be shown any more"


@pytest.fixture
def documents() -> Documents:
    return [BOOK, VIEW]


def without(*names: str) -> dict[str, Any]:
    return {**BOOK, "fields": [f for f in BOOK["fields"] if f["name"] not in names]}


@pytest.mark.parametrize(
    ("chosen", "there"),
    [
        ({"columns": "pages"}, True),
        ({"columns": "name,pages,keeper"}, True),
        ({"sort": "pages"}, True),
        ({"sort": "-pages,name"}, True),
        ({"columns": "name,keeper"}, False),
    ],
)
def test_a_choice_whose_field_is_gone_falls_back_and_says_so(
    client: Client, chosen: dict[str, str], there: bool
) -> None:
    client.made("book", name="Emma", pages="3")
    client.get("/o/book", view="all", **chosen)
    assert SAID not in client.get("/o/book", view="all").text
    reply = client.post("/api/meta/changes", {"documents": [without("pages")]})
    assert reply.status == 200, reply.text
    page = client.get("/o/book", view="all")
    assert page.status == 200
    assert "Emma" in page.text
    assert (SAID in page.text) is there
    assert client.get("/o/book").status == 200
    client.get("/o/book", view="all", columns="", sort="name")
    assert SAID not in client.get("/o/book", view="all").text


@pytest.mark.parametrize(
    "wrong", [{"sort": "nothing"}, {"sort": "-"}, {"sort": "name name"}, {"sort": "keeper.roles"},
              {"columns": "nothing"}, {"columns": ",".join("x" for _ in range(300))},
              {"columns": "keeper,keeper.name,keeper.email,source,source.title,source.name"}]
)  # fmt: skip
def test_a_wrong_choice_is_not_kept(client: Client, wrong: dict[str, str]) -> None:
    team = client.made("team", name="Desk")
    book = client.made("book", name="Emma", keeper={"team": team["id"]})
    client.made("book", name="Kim", source={"object": "book", "id": book["id"]},
                keeper={"user": client.get("/api/me").json()["id"]})  # fmt: skip
    assert client.get("/o/book", view="all", **wrong).status < 500
    page = client.get("/o/book", view="all")
    assert page.status == 200
    assert "Emma" in page.text and "Kim" in page.text
    assert "A former user" not in page.text


def test_a_view_that_a_role_may_not_sort_by_opens_for_it(client: Client) -> None:
    grants = [{"object": "book", "can": ["read"], "fields": {"genre": "none"}}]
    client.define({"kind": "role", "name": "guest", "grants": grants})
    client.made("book", name="Emma", genre="novel")
    page = client.person("guest@example.com", "guest").get("/o/book", view="shelf")
    assert page.status == 200
    assert "Emma" in page.text and SAID in page.text and "novel" not in page.text
