"""A file where text is asked for is refused in words, on every page and endpoint."""

import re

import pytest

from fluvial.http.routes import ENDPOINT
from fluvial.runtime.engine import Engine
from tests.app import Client, Documents
from tests.fluvial.library import LIBRARY
from tests.forms.shapes import ADDRESS, LOAN, PNG, WISH, multipart

NAMES = ("name", "text", "label", "columns", "currency", "to", "kind", "view", "email", "password",
         "options", "spec", "rev", "day", "zone", "mention", "take", "scopes", "csrf")  # fmt: skip


@pytest.fixture
def documents() -> Documents:
    return LIBRARY


def with_file(client: Client, path: str, name: str, *texts: tuple[str, str]) -> tuple[int, str]:
    body, headers = multipart(*texts, (name, "note.png", "image/png", PNG))
    reply = client.call("POST", path, body=body, headers=headers)
    return reply.status, reply.text


@pytest.mark.parametrize("name", NAMES)
def test_no_form_breaks_on_a_file_in_place_of_text(
    client: Client, engine: Engine, name: str
) -> None:
    book = client.made("book", name="Emma")["id"]
    places = {"object": "book", "name": "book", "id": book, "field": "name", "slug": "none"}
    forms = [e for e in engine.brought(ENDPOINT) if e.form and e.method == "POST"]
    assert len(forms) > 20
    for endpoint in forms:
        path = re.sub(r"\{(\w+)\}", lambda m: places.get(m[1], "x"), endpoint.path)
        status, text = with_file(client, path, name)
        assert 400 <= status < 500, (path, status, text[:300])


@pytest.mark.parametrize("name", ["name", "pages", "price.currency", "branch", "rev"])
def test_a_record_page_says_at_the_field_that_it_takes_text(client: Client, name: str) -> None:
    book = client.made("book", name="Emma", pages="474")
    for path in ("/o/book/new", f"/o/book/{book['id']}/edit"):
        status, text = with_file(client, path, name, ("lendable", "true"))
        assert status == 422
        assert "takes text, not a file" in text
    assert client.get(f"/api/records/book/{book['id']}").json()["rev"] == book["rev"]


@pytest.mark.parametrize("name", ["book", "wanted", "genres", "note", "token"])
def test_a_web_form_says_which_question_takes_text(client: Client, name: str) -> None:
    client.define(LOAN, WISH)
    token = client.get(f"{ADDRESS}.json").json()["token"]
    texts = [("email", "jo@example.com"), ("step", "1")]
    texts += [("token", token)] if name != "token" else []
    texts += [("book", "Emma")] if name != "book" else []
    status, text = with_file(client, ADDRESS, name, *texts)
    assert status == 422
    assert name == "token" or "takes text, not a file" in text
    assert client.rows("/api/records/wish") == []


def test_a_file_is_still_taken_where_one_is_asked_for(client: Client) -> None:
    body, headers = multipart(("file", "note.png", "image/png", PNG))
    assert client.call("POST", "/api/files", body=body, headers=headers).status == 201
