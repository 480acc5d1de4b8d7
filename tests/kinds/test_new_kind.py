"""The eighteenth kind at the doors that the matrix of kinds does not open one by one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from fluvial.http.app import build_app
from fluvial.kernel.settings import load
from fluvial.pages.presenters import face_of_kind
from fluvial.runtime.engine import Engine
from metamodel.kinds import KINDS
from metamodel.retyping import becomes
from tests.app import Client, Prepared, environment
from tests.kinds.rating import Rating
from tests.kinds.rating_face import RatingFace

BOOK: dict[str, Any] = {
    "kind": "object",
    "name": "book",
    "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text"},
        {"name": "genre", "kind": "choice", "options": [{"name": "crime"}, {"name": "travel"}]},
        {"name": "stars", "kind": "rating", "most": 4, "default": "3"},
        {"name": "again", "kind": "rating", "default": "stars"},
        {"name": "why", "kind": "text"},
        {"name": "pages", "kind": "number", "scale": 0},
        {"name": "blurb", "kind": "text"},
    ],
    "logic": [{"field": "why", "visible": "stars < 2"}],
}
BOARD = {
    "kind": "board", "name": "shelf", "object": "book", "columns": {"by": "genre"},
    "card": {"title": "name", "fields": ["stars"]},
}  # fmt: skip


@pytest.fixture(scope="module")
def client(prepared: Prepared, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder = tmp_path_factory.mktemp("rating")
    address = prepared.copy(None, folder)
    engine = Engine(load(environment(address, folder, kinds="tests.kinds.rating:Rating")))
    client = Client(build_app(engine), prepared.headers(address))
    client.define(BOOK, BOARD)
    yield client
    engine.close()
    KINDS.pop("rating")


def data(html: str, id: str) -> Any:
    found = re.search(f'<script type="application/json" id="{id}">(.*?)</script>', html, re.S)
    assert found is not None
    return json.loads(unescape(found[1]))


def test_one_line_brings_the_class_and_its_face(client: Client) -> None:
    assert isinstance(KINDS["rating"], Rating)
    assert type(face_of_kind(KINDS["rating"])) is RatingFace


def test_defaults_are_its_values(client: Client) -> None:
    made = client.made("book", name="Emma")
    assert (made["stars"], made["again"]) == ("3", "3")
    reply = client.post("/api/records/book", {"name": "Emma", "stars": 5})
    assert reply.status == 422 and "0 to 4 stars" in reply.text


def test_forms_follow_it_while_one_types(client: Client) -> None:
    page = client.get("/o/book/new").text
    assert 'data-field="stars" data-holds="digits"' in page
    logic = data(page, "logic")
    assert logic["fields"]["why"]["if"]["visible"] == ["<", ["get", "stars", "n"], ["n", "2"]]
    assert logic["defaults"] == {"again": ["get", "stars", "n"]}


def test_lists_filter_sort_and_set_it(client: Client) -> None:
    client.made("book", name="Persuasion", stars=4)
    client.get("/o/book", view="all", columns="name,stars")
    page = client.get("/o/book", view="all", sort="-stars").text
    assert '<span title="4">★★★★</span>' in page
    assert "most stars first" in page
    model = client.get("/studio/model/book", purpose="filter").json()
    asked = {field["name"]: field["asked"] for field in model["members"]}
    assert asked["stars"]["input"] == {"type": "number", "min": "0", "max": "4"}
    assert asked["stars"]["quote"] is False
    assert {"is", "above", "at_least", "empty"} <= {op["name"] for op in asked["stars"]["ops"]}
    quick = {field["name"]: field for field in data(page, "bulk-data")}
    assert quick["stars"]["holds"] == "digits"
    narrowed = client.get("/o/book", view="all", where="stars >= 4").text
    assert "Persuasion" in narrowed and "Emma" not in narrowed


def test_cards_show_it(client: Client) -> None:
    client.made("book", name="Sanditon", genre="crime", stars=1)
    assert '<span title="1">★☆☆☆</span>' in client.get("/boards/shelf").text


def test_a_record_shows_it_and_changes_it_in_its_place(client: Client) -> None:
    book = client.made("book", name="Lesley Castle", stars=2)
    assert "★★☆☆" in client.get(f"/o/book/{book['id']}").text
    path = f"/o/book/{book['id']}/edit/stars"
    form = client.call("GET", path, headers={"hx-request": "true"}).text
    assert 'data-holds="digits"' in form and 'value="2"' in form


def test_kinds_become_each_other(client: Client) -> None:
    rating, kinds = KINDS["rating"], {kind.name for kind in becomes(KINDS["rating"])}
    assert kinds >= {"text", "long_text", "number", "money", "choice", "duration", "boolean"}
    assert {"text", "long_text", "number", "choice"} <= {
        name for name, kind in KINDS.items() if rating in becomes(kind)
    }
    one = client.made("book", name="One", pages=3, blurb="★★", stars=1)
    two = client.made("book", name="Two", pages=300, blurb="dull", stars=4)
    anew = {
        "pages": {"name": "pages", "kind": "rating"},
        "blurb": {"name": "blurb", "kind": "rating"},
        "again": {"name": "again", "kind": "text"},
    }
    fields = [anew.get(field["name"], field) for field in BOOK["fields"]]
    reply = client.put("/api/meta/object/book", {**BOOK, "fields": fields})
    assert reply.status == 200, reply.text
    found = [client.get(f"/api/records/book/{book['id']}").json() for book in (one, two)]
    assert [(book["pages"], book["blurb"], book["again"]) for book in found] == [
        ("3", "2", "1"),
        (None, None, "4"),
    ]
    assert client.put("/api/meta/object/book", BOOK).status == 200


def test_the_studio_offers_its_options(client: Client) -> None:
    page = client.get("/studio/objects/book").text
    options = data(page, "kind-options")["rating"]
    assert "most" in [option["name"] for option in options]
    assert "Rating" in client.get("/studio/objects/book/fields/pages/kind").text


def test_a_face_that_does_not_load_says_where_it_was_sought(tmp_path: Path) -> None:
    class Lost(Rating):
        name = "lost"
        face = "tests.kinds.rating_face:Nothing"

    with pytest.raises(LookupError, match="rating_face:Nothing.*Write package.module:Class"):
        face_of_kind(Lost())

    class Wrong(Rating):
        name = "wrong"
        face = "decimal:Decimal"

    with pytest.raises(LookupError, match="is not a Face"):
        face_of_kind(Wrong())
