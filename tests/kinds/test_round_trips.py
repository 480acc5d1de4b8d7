"""What is read can be written: every kind in every language, through the API, tables and pages."""

from __future__ import annotations

from typing import Any

import pytest

from fluvial.http.app import build_app
from metamodel.kinds import KINDS
from tests.app import Client, Documents, OpenEngine, Prepared
from tests.fluvial.pages.inputs import inputs_of
from tests.fluvial.pages.posting import posted
from tests.fluvial.tables import imported

LOCALES = ("en", "en_GB", "en_IN", "de", "de_CH", "fr", "es", "pt_BR", "sv", "pl", "ru", "tr",
           "ar", "fa", "he", "hi", "ja", "zh")  # fmt: skip
# A language is read and written before a database has a part in it: few are tried on PostgreSQL.
in_every_language = pytest.mark.parametrize(
    ("engine_url", "locale"),
    [*(("sqlite", name) for name in LOCALES), ("postgresql", "en"), ("postgresql", "ar")],
    indirect=["engine_url"],
)
MADE = ("calculated", "sequence", "file")  # kinds that nobody writes, or not in this way
OPTIONS = [{"name": "good", "label": "As new; nearly"}, {"name": "worn"}]
AUTHOR = {
    "kind": "object", "name": "author", "title": "{name}",
    "fields": [{"name": "name", "kind": "text", "unique": True}],
}  # fmt: skip
FIELDS: list[dict[str, Any]] = [
    {"name": "code", "kind": "text", "unique": True, "required": True},
    {"name": "number", "kind": "sequence"},
    {"name": "mail", "kind": "text", "format": "email"},
    {"name": "clock", "kind": "text", "format": "time"},
    {"name": "phone", "kind": "text", "format": "phone", "calling_code": "+49"},
    {"name": "notes", "kind": "long_text"},
    {"name": "whole", "kind": "number", "scale": 0},
    {"name": "amount", "kind": "number"},
    {"name": "fine", "kind": "number", "scale": 3, "thousands": False},
    {"name": "finest", "kind": "number", "scale": 6},
    {"name": "share", "kind": "number", "format": "percent"},
    {"name": "weight", "kind": "number", "unit": "kg"},
    {"name": "price", "kind": "money", "currency": "EUR"},
    {"name": "fee", "kind": "money"},
    {"name": "tick", "kind": "boolean", "yes": {"en": "Here", "de": "Da"}},
    {"name": "maybe", "kind": "boolean", "three_state": True},
    {"name": "day", "kind": "date"},
    {"name": "at", "kind": "datetime"},
    {"name": "sharp", "kind": "datetime", "precision": "second", "zone": "Asia/Kathmandu"},
    {"name": "spent", "kind": "duration"},
    {"name": "state", "kind": "choice", "options": OPTIONS},
    {"name": "states", "kind": "multi_choice", "options": OPTIONS},
    {"name": "author", "kind": "lookup", "to": "author"},
    {
        "name": "authors",
        "kind": "multi_lookup",
        "to": "author",
        "link_fields": [{"name": "part", "kind": "number", "scale": 3}],
    },
    {"name": "about", "kind": "any_lookup", "to": ["author", "thing"]},
    {"name": "keeper", "kind": "person"},
    {"name": "keepers", "kind": "person", "many": True},
    {"name": "twice", "kind": "calculated", "result": "number", "formula": "amount * 2"},
]
THING = {"kind": "object", "name": "thing", "title": "{code}", "fields": FIELDS}
ROWS: list[dict[str, Any]] = [
    {
        "code": "=1+1", "mail": "jo@example.org", "clock": "09:05", "phone": "+49351123456",
        "notes": "One; two,\n\"three\"", "whole": "1234567", "amount": "1234.50", "fine": "1.250",
        "finest": "0.000001", "share": "12.50", "weight": "0.10", "price": "1234567.80",
        "fee": {"amount": "1.234", "currency": "KWD"}, "tick": True, "maybe": False,
        "day": "2026-03-05", "at": "2026-10-25T00:30:15Z", "sharp": "2026-06-15T12:30:59Z",
        "spent": 5405, "state": "good", "states": ["good", "worn"],
    },
    {
        "code": "'quoted", "whole": "-1000", "amount": "-0.01", "fine": "-999.999",
        "finest": "123456.654321", "share": "-0.05", "price": "-7.00", "phone": "+442079460958",
        "fee": {"amount": "1000", "currency": "JPY"}, "tick": False, "maybe": True,
        "day": "1900-02-28", "at": "2026-03-05T10:00:00Z", "spent": 360000000, "state": "worn",
    },
    {"code": "1.000", "fine": "12.500", "fee": {"amount": "0.0001", "currency": "CLF"},
     "notes": "1,234", "spent": 65, "amount": "0.30"},
    {"code": "empty"},
]  # fmt: skip


@pytest.fixture
def documents() -> Documents:
    return [AUTHOR, THING]


def site(
    open_engine: OpenEngine, engine_url: str, prepared: Prepared, locale: str = "en"
) -> Client:
    return Client(build_app(open_engine(locale=locale)), prepared.headers(engine_url))


def filled(client: Client) -> dict[str, dict[str, Any]]:
    ada, bob = (client.made("author", name=name)["id"] for name in ("Ada", "Bob; the other"))
    user = client.rows("/api/records/user")[0]["id"]
    links = {
        "author": ada, "about": {"object": "author", "id": bob}, "keeper": {"user": user},
        "authors": [{"id": ada, "part": "1.500"}, {"id": bob, "part": None}],
        "keepers": [{"user": user}],
    }  # fmt: skip
    for at, row in enumerate(ROWS):
        client.made("thing", **(row | links if at == 0 else row))
    return read(client)


def read(client: Client) -> dict[str, dict[str, Any]]:
    return {row["code"]: row for row in client.rows("/api/records/thing")}


def test_every_kind_that_people_write_is_tried() -> None:
    tried = {field["kind"] for field in FIELDS}
    assert {name for name, kind in KINDS.items() if kind.__module__.startswith("metamodel")} == (
        tried | set(MADE)
    )


def test_what_the_api_reads_it_writes(client: Client) -> None:
    rows = filled(client)
    writable = [f["name"] for f in FIELDS if f["kind"] not in MADE]
    for row in rows.values():
        body = {name: row[name] for name in writable}
        reply = client.patch(f"/api/records/thing/{row['id']}", body)
        assert reply.status == 200, reply.text
        assert reply.json() == row


@in_every_language
def test_a_table_of_ours_comes_back_and_changes_nothing(
    open_engine: OpenEngine, engine_url: str, prepared: Prepared, locale: str
) -> None:
    client = site(open_engine, engine_url, prepared, locale)
    rows = filled(client)
    for format_ in ("csv", "xlsx"):
        table = client.get("/api/records/thing/export", format=format_).body
        for key in (["id"], ["code"]):
            done = imported(client, "thing", table, key=key)
            counts = (done["created"], done["updated"], done["unchanged"], done["errors"])
            assert counts == (0, 0, len(rows), []), (format_, key)
    assert read(client) == rows


@in_every_language
def test_a_page_saved_untouched_changes_nothing(
    open_engine: OpenEngine, engine_url: str, prepared: Prepared, locale: str
) -> None:
    client = site(open_engine, engine_url, prepared, locale)
    rows = filled(client)
    for row in rows.values():
        path = f"/o/thing/{row['id']}/edit"
        reply = posted(client, path, inputs_of(client.get(path).text, path))
        assert reply.status == 303, reply.text
    assert read(client) == rows
