"""Sends tables to an import, and the documents of a small library to import into."""

from typing import Any

import orjson

from tests.app import Client, Reply
from tests.forms.shapes import multipart

AUTHOR: dict[str, Any] = {
    "kind": "object",
    "name": "author",
    "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text", "required": True, "searchable": True},
        {"name": "code", "kind": "text", "unique": True, "max_length": 10},
        {"name": "born", "kind": "date"},
        {"name": "teacher", "kind": "lookup", "to": "author", "inverse": "pupils"},
        {"name": "editor", "kind": "person", "accepts": ["user", "team"]},
    ],
}
BOOK: dict[str, Any] = {
    "kind": "object",
    "name": "book",
    "title": "{number} {title_text}",
    "fields": [
        {"name": "number", "kind": "sequence", "pattern": "B-{000}"},
        {"name": "title_text", "label": "Name", "kind": "text", "required": True},
        {"name": "author", "kind": "lookup", "to": "author", "inverse": "books", "required": True},
        {"name": "helpers", "kind": "multi_lookup", "to": "author", "inverse": "helped"},
        {"name": "price", "kind": "money", "currency": "EUR", "min": 0},
        {"name": "pages", "kind": "number", "scale": 0},
        {"name": "lent", "kind": "datetime"},
        {"name": "on_shelf", "kind": "boolean"},
        {"name": "state", "kind": "choice", "options": [{"name": "new"}, {"name": "worn"}]},
        {"name": "about", "kind": "any_lookup", "to": ["author", "book"]},
    ],
    "checks": [{"name": "thick", "expect": "pages > 3", "message": "A book is thicker.",
                "field": "pages"}],
}  # fmt: skip


def sent(
    client: Client,
    object_name: str,
    table: str | bytes,
    *,
    path: str = "import",
    name: str = "table.csv",
    **options: Any,
) -> Reply:
    content = table.encode() if isinstance(table, str) else table
    body, headers = multipart(
        ("options", orjson.dumps(options).decode()), ("file", name, "text/csv", content)
    )
    url = f"/api/records/{object_name}/{path}"
    return client.call("POST", url, body=body, headers=headers)


def imported(
    client: Client, object_name: str, table: str | bytes, **options: Any
) -> dict[str, Any]:
    """The answer of an import that has to be taken."""
    reply = sent(client, object_name, table, **options)
    assert reply.status == 200, reply.text
    answer: dict[str, Any] = reply.json()
    return answer


def faults(reply: Reply) -> list[tuple[int, str, str]]:
    return [(e["row"], e["column"], e["code"]) for e in reply.json()["errors"]]
