"""A large library is copied by SQL: a copy is what the product would have written."""

import sqlite3
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from bench import baseline_data, data, engine_data
from bench.targets import documents
from fluvial.kernel.search_words import indexed
from tests.app import Client

RECORDS, SEEDS = 12, 4
KEPT = (("loan", "id"), ("fluvial_history", "record"), ("fluvial_search", "record"))
# What each record has for itself.
OWN = {"id", "record", "rowid", "at", "created_at", "updated_at", "words"}


@pytest.fixture
def filled() -> data.Library:
    return data.library(RECORDS, SEEDS)


@pytest.fixture
def library(client: Client, engine_url: str, filled: data.Library) -> Client:
    client.define(*documents())
    groups = [client.made("group", name=f"Branch {n}")["id"] for n in range(data.GROUPS)]
    people = [
        client.made("user", name=person.email, email=person.email)["id"] for person in filled.people
    ]
    members = [
        client.made("member", name=name, group=groups[group])["id"]
        for name, group in filled.members
    ]
    loans = [data.wire(loan, members, people) for loan in filled.loans()]
    assert client.post("/api/records/loan", loans).status == 201
    engine_data.complete(engine_url, filled)
    return client


def rows(url: str, table: str, key: str, id: str) -> list[dict[str, Any]]:
    if url.startswith("sqlite"):
        connection = sqlite3.connect(url.removeprefix("sqlite:///"))
        connection.row_factory = sqlite3.Row
        found = connection.execute(f"SELECT * FROM {table} WHERE {key} = ?", (id,)).fetchall()
        connection.close()
        return [dict(row) for row in found]
    with psycopg.connect(url, row_factory=dict_row) as server:
        return server.execute(f"SELECT * FROM {table} WHERE {key} = %s", (id,)).fetchall()


def written(url: str, loan: dict[str, Any]) -> str:
    """All that a database holds of a loan, but for what is its own."""
    found = [
        {name: value for name, value in row.items() if name not in OWN}
        for table, key in (
            ("loan", "id"),
            ("fluvial_history", "record"),
            ("fluvial_search", "record"),
        )
        for row in rows(url, table, key, loan["id"])
    ]
    assert len(found) == 3
    own = set(indexed(loan["number"]).split())
    words = found[-1]["text"].split()
    assert own <= {*words}, "it is found by its own number"
    found[-1]["text"] = [word for word in words if word not in own]
    text = repr(found).replace(loan["number"][2:], "NUMBER")
    return text.replace(loan["barcode"], "BARCODE").replace(loan["barcode"].lower(), "barcode")


def test_a_copy_is_what_the_product_would_have_written(
    library: Client, engine_url: str, filled: data.Library
) -> None:
    page = library.get("/api/records/loan?limit=500&total=exact&sort=number").json()
    assert page["total"] == RECORDS
    copied = page["data"][SEEDS:]
    system = {"id", "rev", "title", "number", "owner"}
    for loan in copied:
        body = {
            name: value
            for name, value in loan.items()
            if name not in system and not name.startswith(("created_", "updated_"))
        }
        twin = library.made("loan", **body | {"barcode": f"C{loan['number'][2:]}00"})
        assert written(engine_url, loan) == written(engine_url, twin)


def test_copies_have_ids_in_the_order_of_their_time_and_moments_of_their_own(
    library: Client, filled: data.Library
) -> None:
    by_time = library.get("/api/records/loan?limit=500&sort=created_at").json()["data"]
    assert [loan["id"] for loan in by_time] == sorted(loan["id"] for loan in by_time)
    for name in ("created_at", "due", "barcode", "number"):
        assert len({loan[name] for loan in by_time}) == RECORDS
    first = next(loan for loan in by_time if loan["barcode"] == "B00000009")
    assert first["number"] == "L-000010"
    assert first["title"].startswith("L-000010 The ") and first["title"].endswith(" x000000")
    found = library.get("/api/records/loan?search=L-000010").json()["data"]
    assert [loan["id"] for loan in found] == [first["id"]]
    member = library.get(f"/api/records/member/{first['member']}").json()
    assert int(member["name"].split()[-1]) >= len(filled.members)


def test_the_baseline_holds_the_same(database_url: str, filled: data.Library) -> None:
    if database_url.startswith("sqlite"):
        baseline_data.fill_sqlite(database_url.removeprefix("sqlite:///"), filled)
    else:
        baseline_data.fill_postgresql(database_url, filled)
    for table in ("loan", "history", "search"):
        assert len(rows(database_url, table, "'x'", "x")) == RECORDS, table
