"""Long texts with places for the record's values: refused, filled, read with own rights."""

from __future__ import annotations

from typing import Any

from tests.app import Client

AUTHOR = {
    "kind": "object",
    "name": "author",
    "title": "{name}",
    "fields": [{"name": "name", "kind": "text"}, {"name": "born", "kind": "date"}],
}
BOOK: dict[str, Any] = {
    "kind": "object",
    "name": "book",
    "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text", "required": True},
        {"name": "author", "kind": "lookup", "to": "author"},
        {"name": "price", "kind": "money", "currency": "EUR"},
        {"name": "pin", "kind": "text", "protected": True},
        {"name": "blurb", "kind": "long_text", "format": "template"},
    ],
}
READER = {
    "kind": "role",
    "name": "reader",
    "grants": [
        {"object": "book", "can": ["read"], "fields": {"price": "none"}},
        {"object": "author", "can": ["read"]},
    ],
}
FORM = {
    "kind": "webform", "name": "give", "object": "book", "slug": "give",
    "steps": [{"name": "all", "fields": [{"field": "blurb"}]}],
}  # fmt: skip
BLURB = "<b>{{ book.name }}</b> by {{ book.author.name }}, {{ book.author.born | date }}"


def refusal(client: Client, text: str) -> str:
    reply = client.post("/api/records/book", {"name": "Emma", "blurb": text})
    assert reply.status == 422, reply.text
    (fault,) = reply.json()["errors"]
    assert (fault["pointer"], fault["code"]) == ("/blurb", "template")
    return str(fault["message"])


def test_texts_are_filled_with_what_the_reader_may_see(client: Client) -> None:
    client.define(AUTHOR, BOOK, READER)
    assert "no field `nam`. Did you mean `name`?" in refusal(client, "{{ book.nam }}")
    assert "`self_` is not known here" in refusal(client, "{{ self_.x }}")
    assert "not allowed in templates" in refusal(client, "{% include 'x' %}")
    assert "no filter `tojson`" in refusal(client, "{{ book | tojson }}")
    assert refusal(client, "{{ book.name")

    author = client.made("author", name="Jane <i>", born="1775-12-16")
    book = client.made(
        "book", name="Emma", author=author["id"], price="9", pin="swordfish", blurb=BLURB
    )
    path = f"/api/records/book/{book['id']}"
    assert client.get(path).json()["blurb"] == BLURB
    said = "<b>Emma</b> by Jane <i>, 16 Dec 1775"
    assert client.get(f"{path}/filled/blurb").json() == {"text": said}
    assert client.get(f"{path}/filled/name").status == 404
    page = client.get(f"/o/book/{book['id']}").text
    assert "&lt;b&gt;Emma&lt;/b&gt; by Jane &lt;i&gt;, 16 Dec 1775" in page
    edit = client.get(f"/o/book/{book['id']}/edit").text
    assert '<option value="{{ book.price }}">Price</option>' in edit
    assert "{{ book.pin }}" not in edit

    for text in ("{{ book.price }}", "{{ book.pin }}"):
        assert client.patch(path, {"blurb": text}).status == 200
        ann = client.person(f"a{len(text)}@example.org", "reader")
        reply = ann.get(f"{path}/filled/blurb")
        assert reply.status == 409 and "may not see" in reply.text
        page = ann.get(f"/o/book/{book['id']}").text
        assert "cannot be filled in" in page and "swordfish" not in page
    assert client.patch(path, {"blurb": "{{ ''.__class__ }}"}).status == 200
    assert client.get(f"{path}/filled/blurb").status == 409
    assert (
        client.patch(path, {"blurb": "{% for i in range(90000) %}{{ i }}{% endfor %}"}).status
        == 200
    )
    assert client.get(f"{path}/filled/blurb").status in (200, 409)

    plan = client.post("/api/meta/changes?plan=true", {"documents": [FORM]})
    assert plan.status == 422 and "to read your records" in plan.text
