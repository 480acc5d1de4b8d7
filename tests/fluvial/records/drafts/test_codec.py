"""The write path: generated code says what the kinds say, and rights hold for what was written."""

from __future__ import annotations

from itertools import zip_longest
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fluvial.records.drafts.codec import first_changes, record_maker, row_packer, row_reader
from fluvial.records.drafts.draft import wire_value
from metamodel.build import build_catalog
from metamodel.catalog import Field
from metamodel.documents import Document, with_kinds
from tests.app import Client
from tests.fluvial.library import LIBRARY
from tests.metamodel.catalogs import CORE_DOCUMENTS

ID = "01890a5d-ac96-774b-bcce-b302099a8057"
DOCUMENTS = [Document(str(d["kind"]), str(d["name"]), d, "library") for d in LIBRARY]
BOOK = build_catalog([*CORE_DOCUMENTS, *DOCUMENTS], with_kinds([])).objects["book"]
RAW: dict[str, list[Any]] = {
    "sequence": ["B-0001"],
    "text": ["Emma", "Ärger \N{LATIN SMALL LETTER SHARP S}"],
    "long_text": ["One\ntwo"],
    "number": ["1", "12"],
    "money": [{"amount": "0.00", "currency": "EUR"}, {"amount": "12.50", "currency": "EUR"}],
    "boolean": [True, False],
    "date": ["2026-06-15", "0001-01-01"],
    "datetime": ["2026-06-15T12:30:00Z", "2026-06-15T12:30:00.25+02:00"],
    "duration": [0, 5400],
    "choice": ["in", "gone"],
    "multi_choice": [["novel", "crime"]],
    "lookup": [ID],
    "multi_lookup": [[ID]],
    "any_lookup": [{"object": "member", "id": ID}],
    "identity": [ID],
    "revision": [1, 7],
}


def _raw(field: Field) -> list[Any]:
    if field.kind.name == "person":
        people = [{kind: ID} for kind in field.option("accepts", ["user"])]
        return [people] if field.many else people
    return RAW[field.kind.name]


FIELDS = [f for f in BOOK.fields.values() if f.stored and not f.hidden]
VALUES = st.fixed_dictionaries(
    {
        f.name: st.sampled_from([f.kind.absent(f), *(f.kind.parse(f, raw) for raw in _raw(f))])
        for f in FIELDS
    }
)


def _cells(field: Field, value: Any, dialect: str) -> list[Any]:
    """What the columns of a field hold, by the methods of its kind alone."""
    none = value is None or (value == [] and not field.many)
    parts = () if none else field.kind.pack(field, value)
    return [c.storage.encode(dialect, p) for c, p in zip_longest(field.columns, parts)]


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_generated_code_says_what_the_kinds_say(dialect: str) -> None:
    fields = [f for f in FIELDS if f.columns]
    pack, read = row_packer(fields, dialect), row_reader(fields, dialect)
    changes, record = first_changes(FIELDS), record_maker(FIELDS)

    @settings(deadline=None, max_examples=60)
    @given(VALUES)
    def check(values: dict[str, Any]) -> None:
        cells = [_cells(f, values[f.name], dialect) for f in fields]
        assert pack(values) == [cell for part in cells for cell in part]
        shown = [
            cell
            for f, part in zip(fields, cells, strict=True)
            for column, cell in zip(f.columns, part, strict=True)
            if not column.hidden
        ]
        assert read(tuple(shown)) == {f.name: values[f.name] for f in fields}
        wire = {f.name: wire_value(f, values[f.name]) for f in FIELDS}
        assert record(values) == wire
        filled = {name: one for name, one in wire.items() if one is not None and one != []}
        assert changes(values) == {name: [None, one] for name, one in filled.items()}

    check()


def _role(*grants: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "role", "name": "clerk", "label": "Clerk", "grants": list(grants)}


@pytest.mark.parametrize(
    "where",
    [
        "shelf.room.name == 'a' or keeper == me",  # which the writing statement answers
        "(shelf.room.name == 'a' or keeper == me) and count(shelf.books) < 100",  # read again
    ],
)
def test_what_is_written_stays_within_the_rights_of_its_author(client: Client, where: str) -> None:
    name = {"name": "name", "kind": "text"}
    room = {"kind": "object", "name": "room", "fields": [name]}
    shelf = {
        "kind": "object",
        "name": "shelf",
        "fields": [name, {"name": "room", "kind": "lookup", "to": "room"}],
    }
    book: dict[str, Any] = {
        "kind": "object",
        "name": "book",
        "title": "{name}",
        "fields": [
            {"name": "name", "kind": "text", "searchable": True},
            {"name": "secret", "kind": "text"},
            {
                "name": "shelf",
                "kind": "lookup",
                "to": "shelf",
                "inverse": "books",
                "on_delete": "clear",
            },
            {"name": "keeper", "kind": "person"},
            {"name": "pages", "kind": "number", "scale": 0},
        ],
    }
    hidden = {"fields": {"secret": "none"}}
    own = {"object": "book", "can": ["read", "create", "update"], "where": where, **hidden}
    shelves = {"object": "shelf", "can": ["read", "delete"]}
    client.define(room, shelf, book, _role(own, shelves, {"object": "room", "can": ["read"]}))
    rooms = [client.made("room", name=name)["id"] for name in "ab"]
    mine, other = (client.made("shelf", room=room)["id"] for room in rooms)
    clerk, path = client.person("clerk@example.com", "clerk"), "/api/records/book"
    me = {"user": clerk.get("/api/me").json()["id"]}

    made = clerk.made("book", name="Emma", shelf=mine, pages=7)
    one = f"{path}/{made['id']}"
    assert "secret" not in made and made == clerk.get(one).json()
    changed = clerk.patch(one, {"pages": 8, "name": "Emma 2"}).json()
    assert changed["title"] == "Emma 2" and changed == clerk.get(one).json()
    assert changed == clerk.patch(one, {"pages": 8}).json()  # which changes nothing
    # With a value that leads out of them nothing is written.
    for refused in (
        clerk.post(path, {"name": "Ulysses", "shelf": other}),
        clerk.post(path, {"name": "Ulysses"}),
        clerk.patch(one, {"shelf": other}),
        clerk.patch(one, {"shelf": None}),
    ):
        assert refused.status == 403 and "with these values" in refused.json()["detail"]
    assert clerk.get(one).json() == changed and len(client.rows(path)) == 1
    assert clerk.patch(one, {"shelf": other, "keeper": me}).status == 200
    assert clerk.get(f"{one}/history").json()["data"][0]["rev"] == 3

    # Who may write what they may not read learns its id.
    anywhere = {"object": "book", "can": ["create", "update"]}
    client.define(_role(own, anywhere, shelves))
    blind = clerk.post(path, {"name": "Ulysses", "shelf": other})
    assert blind.status == 201 and set(blind.json()) == {"id", "rev"}
    assert clerk.patch(one, {"keeper": None}).json() == {"id": made["id"], "rev": 4}
    # What follows from a deletion is the engine's own work, whatever its author may change.
    client.define(_role({"object": "book", "can": ["read"]}, shelves))
    assert clerk.delete(f"/api/records/shelf/{other}").status == 204
    assert client.get(one).json()["shelf"] is None
