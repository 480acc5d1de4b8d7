"""Records over HTTP: the write path and the read path, on both databases."""

from __future__ import annotations

from typing import Any

import pytest

from tests.app import Client, Documents
from tests.fluvial.library import LIBRARY

Json = dict[str, Any]


@pytest.fixture
def documents() -> Documents:
    return LIBRARY


@pytest.fixture
def library(client: Client) -> Client:
    return client


FULL: Json = {
    "name": "Émile",
    "blurb": "A book\nabout learning.",
    "pages": "320",
    "weight": "0.450",
    "price": {"amount": "12.50", "currency": "EUR"},
    "cost": {"amount": "900.00", "currency": "GBP"},
    "lendable": False,
    "printed": "1762-05-22",
    "bought_at": "2026-11-21T08:30:00+01:00",
    "reading_time": 5400,
    "genres": ["science", "novel"],
}


def test_create_answers_what_a_read_gives(library: Client) -> None:
    branch = library.made("branch", name="North")
    member = library.made("member", name="Ann")
    user = library.get("/api/me").json()["id"]
    team = library.made("team", name="Cataloguing")
    made = library.made(
        "book",
        **FULL,
        branch=branch["id"],
        reviewers=[member["id"]],
        source={"object": "member", "id": member["id"]},
        keeper={"user": user},
        helpers=[{"user": user}, {"team": team["id"]}],
    )
    reply = library.get(f"/api/records/book/{made['id']}")
    assert reply.json() == made
    assert reply.headers["etag"] == '"1"'
    assert made["code"] == "B-0001"
    assert made["title"] == "B-0001 Émile"
    assert made["weight"] == "0.450"
    assert made["price"] == {"amount": "12.50", "currency": "EUR"}
    assert made["cost"] == {"amount": "900.00", "currency": "GBP"}
    assert made["margin"] == {"amount": "3.13", "currency": "EUR"}
    assert made["bought_at"] == "2026-11-21T07:30:00Z"
    assert made["genres"] == ["novel", "science"]
    assert made["helpers"] == [{"user": user}, {"team": team["id"]}]
    assert made["status"] == "in"
    assert made["created_by"] == {"user": user}
    assert "deleted_at" not in made


def test_every_fault_is_told_at_once(library: Client) -> None:
    reply = library.post(
        "/api/records/book",
        {
            "pages": "1.5",
            "price": {"amount": "1", "currency": "GBP"},
            "printed": "2026-02-30",
            "bought_at": "2026-01-01T00:00:00",
            "status": "lost",
            "genres": ["novel", "poem"],
            "code": "B-9",
            "nam": "x",
            "keeper": "me",
        },
    )
    assert reply.status == 422
    assert reply.headers["content-type"] == "application/problem+json"
    faults = {error["pointer"]: error for error in reply.json()["errors"]}
    assert set(faults) >= {
        "/name", "/pages", "/price", "/printed", "/bought_at", "/status", "/genres", "/code",
        "/nam", "/keeper",
    }  # fmt: skip
    assert "Did you mean `name`?" in faults["/nam"]["message"]


def test_update_merges_other_fields_and_refuses_the_same(library: Client) -> None:
    book = library.made("book", name="One")
    path = f"/api/records/book/{book['id']}"
    assert library.patch(path, {"pages": "10"}, if_match='"1"').status == 200
    merged = library.patch(path, {"name": "Two"}, if_match='"1"')
    assert merged.status == 200
    assert (merged.json()["pages"], merged.json()["rev"]) == ("10", 3)
    refused = library.patch(path, {"name": "Three", "weight": "1", "rev": 2})
    assert refused.status == 409
    body = refused.json()
    assert (body["base"], body["theirs"], body["yours"]) == (
        {"name": "One"}, {"name": "Two"}, {"name": "Three"},
    )  # fmt: skip
    assert library.patch(path, {"name": "x", "rev": 99}).status == 409
    assert library.patch(path, {"name": "x"}, if_match="3").status == 400
    assert library.patch(path, {"name": "Four"}).json()["rev"] == 4


def test_lists_filter_sort_and_page(library: Client) -> None:
    north = library.made("branch", name="North")
    for i, name in enumerate(("Zoo", "école", "Eclair", "Ecole", "apple")):
        library.made("book", name=name, pages=str(i + 1), branch=north["id"] if i % 2 else None)
    names = [row["name"] for row in library.rows("/api/records/book?sort=name")]
    assert names == ["apple", "Eclair", "Ecole", "école", "Zoo"]
    by_branch = library.rows("/api/records/book?sort=-branch,name&fields=name,branch.name")
    assert [row["name"] for row in by_branch] == ["Ecole", "école", "apple", "Eclair", "Zoo"]
    assert by_branch[0]["branch"]["name"] == "North" and by_branch[-1]["branch"] is None
    seen: list[str] = []
    cursor = ""
    while True:
        query = {"sort": "branch,-pages", "limit": "2"} | ({"cursor": cursor} if cursor else {})
        page = library.get("/api/records/book", **query).json()
        seen += [row["name"] for row in page["data"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == ["Ecole", "école", "apple", "Eclair", "Zoo"]
    where = library.rows("/api/records/book", where="branch.name == 'North' and pages > 2")
    assert [row["name"] for row in where] == ["Ecole"]
    assert len(library.rows(f"/api/records/book?branch={north['id']}")) == 2
    assert len(library.rows("/api/records/book?branch=")) == 3
    total = library.get("/api/records/book?total=exact&limit=1").json()
    assert (total["total"], len(total["data"])) == (5, 1)


def test_search_ignores_case_and_accents(library: Client) -> None:
    book = library.made("book", name="L'Étranger", blurb="Albert Camus")
    library.made("book", name="Other")
    assert [r["id"] for r in library.rows("/api/records/book?search=etranger%20CAM")] == [
        book["id"]
    ]
    library.patch(f"/api/records/book/{book['id']}", {"name": "The outsider"})
    assert library.rows("/api/records/book?search=etranger") == []


def test_bin_holds_back_clears_and_cascades(library: Client) -> None:
    branch = library.made("branch", name="North")
    member = library.made("member", name="Ann", branch=branch["id"])
    book = library.made("book", name="One", branch=branch["id"], reviewers=[member["id"]])
    loan = library.made("loan", book=book["id"], member=member["id"])
    held = library.delete(f"/api/records/branch/{branch['id']}")
    assert held.status == 409
    assert {use["object"] for use in held.json()["uses"]} == {"member", "book"}
    assert library.delete(f"/api/records/member/{member['id']}").status == 204
    assert library.get(f"/api/records/loan/{loan['id']}").status == 404
    assert library.get(f"/api/records/book/{book['id']}").json()["reviewers"] == []
    assert [r["id"] for r in library.rows("/api/records/member?deleted=true")] == [member["id"]]
    back = library.post(f"/api/records/member/{member['id']}/restore")
    assert back.status == 200 and back.json()["name"] == "Ann"


def test_bin_frees_unique_keys(library: Client) -> None:
    first = library.made("branch", name="North")
    taken = library.post("/api/records/branch", {"name": "North"})
    assert taken.status == 422 and taken.json()["errors"][0]["code"] == "not_unique"
    batch = [{"name": name} for name in ("North", "South", "South", "North")]
    for headers in ({}, {"idempotency-key": "once"}):
        reply = library.call("POST", "/api/records/branch", batch, headers=headers)
        assert reply.status == 422, reply.text
        pointers = [error["pointer"] for error in reply.json()["errors"]]
        assert pointers == ["/0/name", "/2/name", "/3/name"]
    assert len(library.rows("/api/records/branch")) == 1
    library.delete(f"/api/records/branch/{first['id']}")
    library.made("branch", name="North")
    assert library.post(f"/api/records/branch/{first['id']}/restore").status == 409


def test_states_allow_transitions_only(library: Client) -> None:
    book = library.made("book", name="One", lendable=False)
    path = f"/api/records/book/{book['id']}"
    refused = library.patch(path, {"status": "out"})
    assert refused.status == 422 and refused.json()["errors"][0]["message"] == "It stays here."
    library.patch(path, {"lendable": True})
    assert library.post(f"{path}/actions/lend").json()["status"] == "out"
    assert library.post(f"{path}/actions/lend").status == 409
    nowhere = library.patch(path, {"status": "in"})
    assert nowhere.status == 200


def test_history_says_who_and_what(library: Client) -> None:
    book = library.made("book", name="One")
    library.patch(f"/api/records/book/{book['id']}", {"name": "Two"})
    entries = library.rows(f"/api/records/book/{book['id']}/history")
    assert [entry["event"] for entry in entries] == ["updated", "created"]
    assert entries[0]["changes"] == {"name": ["One", "Two"]}
    assert entries[0]["by"] == book["created_by"]


def test_idempotency_key_answers_once(library: Client) -> None:
    body = {"name": "Once"}
    first = library.post("/api/records/book", body, idempotency_key="k1")
    again = library.post("/api/records/book", body, idempotency_key="k1")
    assert first.status == again.status == 201
    assert first.json() == again.json() and again.headers["etag"] == '"1"'
    assert library.post("/api/records/book", {"name": "x"}, idempotency_key="k1").status == 422
    assert len(library.rows("/api/records/book")) == 1
    assert library.post("/api/records/book", {}, idempotency_key="k2").status == 422
    assert library.post("/api/records/book", {"name": "y"}, idempotency_key="k2").status == 201


def test_batches_are_atomic(library: Client) -> None:
    bad = library.post("/api/records/book", [{"name": "a"}, {"name": "b", "pages": "no"}, 3])
    assert bad.status == 422
    assert [e["pointer"] for e in bad.json()["errors"]] == ["/1/pages", "/2"]
    assert library.rows("/api/records/book") == []
    good = library.post("/api/records/book", [{"name": "a"}, {"name": "b"}])
    assert [r["name"] for r in good.json()["data"]] == ["a", "b"]
    changes = [{"id": r["id"], "pages": "5"} for r in good.json()["data"]]
    done = library.patch("/api/records/book", changes)
    assert [r["pages"] for r in done.json()["data"]] == ["5", "5"]


def test_look_ups_are_checked(library: Client) -> None:
    north, south = library.made("branch", name="North"), library.made("branch", name="South")
    book = library.made("book", name="One", branch=north["id"])
    ann = library.made("member", name="Ann", branch=north["id"])
    bob = library.made("member", name="Bob", branch=south["id"])
    nobody = "01890000-0000-7000-8000-000000000000"
    missing = library.post("/api/records/loan", {"book": book["id"], "member": nobody})
    assert missing.json()["errors"][0]["code"] == "unknown_record"
    wrong = library.post("/api/records/loan", {"book": book["id"], "member": bob["id"]})
    assert wrong.status == 422 and wrong.json()["errors"][0]["code"] == "may_not_pick"
    library.made("loan", book=book["id"], member=ann["id"])
    assert library.get(f"/api/records/member/{ann['id']}").json()["open_loans"] == "1"


def test_summary_groups_and_measures(library: Client) -> None:
    for name, pages, price in (("a", "10", "1.50"), ("b", "20", "2.25"), ("c", None, None)):
        money = {"amount": price, "currency": "EUR"} if price else None
        library.made("book", name=name, pages=pages, price=money)
    rows = library.rows(
        "/api/records/book/summary?group=status&measure=count,sum(pages),sum(price.amount)"
    )
    assert rows == [{"status": "in", "count": 3, "sum(pages)": "30", "sum(price.amount)": "3.75"}]
    assert library.rows("/api/records/book/summary") == [{"count": 3}]
    for amount, currency in (("5", "EUR"), ("7", "USD"), ("1", "USD")):
        library.made("book", name="d", cost={"amount": amount, "currency": currency})
    by_currency = library.rows(
        "/api/records/book/summary?group=cost.currency&measure=sum(cost.amount)"
    )
    assert by_currency == [
        {"cost": {"currency": "EUR"}, "sum(cost.amount)": "5.00"},
        {"cost": {"currency": "USD"}, "sum(cost.amount)": "8.00"},
        {"cost": {"currency": None}, "sum(cost.amount)": "0.00"},
    ]


def test_as_of_shows_dated_records(library: Client) -> None:
    book = library.made("book", name="One")
    library.made("shelf_place", book=book["id"], shelf="A", starts="2026-01-01", ends="2026-06-16")
    library.made("shelf_place", book=book["id"], shelf="B", starts="2026-06-16")
    path = "/api/records/shelf_place"
    assert [r["shelf"] for r in library.rows(path, as_of="2026-06-15")] == ["A"]
    assert [r["shelf"] for r in library.rows(path, as_of="2026-06-16")] == ["B"]
    assert len(library.rows(path)) == 2
    clash = library.post(path, {"book": book["id"], "shelf": "C", "starts": "2026-06-01"})
    assert clash.status == 422 and clash.json()["errors"][0]["code"] == "overlap"


def test_numbers_are_given_once_and_gap_free_ones_without_gaps(client: Client) -> None:
    fields = [
        {"name": "name", "kind": "text", "unique": True},
        {"name": "free", "kind": "sequence", "pattern": "A-{000}"},
        {
            "name": "exact",
            "kind": "sequence",
            "pattern": "X-{YYYY}-{000}",
            "reset": "yearly",
            "gap_free": True,
        },
    ]
    client.define({"kind": "object", "name": "receipt", "title": "{exact}", "fields": fields})
    made = [client.made("receipt", name="a"), client.made("receipt", name="b")]
    assert client.post("/api/records/receipt", {"name": "a"}).status == 422
    made.append(client.made("receipt", name="c"))
    year = made[0]["created_at"][:4]
    assert [m["exact"] for m in made] == [f"X-{year}-00{n}" for n in (1, 2, 3)]
    free = [m["free"] for m in made]
    assert free == sorted(set(free)) and free[0] == "A-001"
