"""The contract in its corners, on both databases: each of these was once answered otherwise."""

from __future__ import annotations

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.app import EMAIL, PASSWORD, Client, Documents
from tests.fluvial.library import LIBRARY

BOOKS = "/api/records/book"


@pytest.fixture
def documents() -> Documents:
    return LIBRARY


@pytest.fixture
def library(client: Client) -> Client:
    return client


def summary(client: Client, **query: str) -> Any:
    reply = client.get(f"{BOOKS}/summary", **query)
    assert reply.status == 200, reply.text
    return reply.json()["data"]


def test_summaries_are_exact_and_equal(library: Client) -> None:
    for _ in range(12):  # their sum does not fit 64 bits
        library.made("book", name="Dear", price="9999999999999999.99", pages=1)
    for pages in (2, 2):
        library.made("book", name="Cheap", price="-0.01", pages=pages)
    assert summary(library, measure="sum(price),min(price),max(price)") == [
        {
            "sum(price)": "119999999999999999.86",
            "min(price)": "-0.01",
            "max(price)": "9999999999999999.99",
        }
    ]
    cheap = {"where": "name == 'Cheap'"}
    assert summary(library, measure="avg(pages),sum(pages + 0.5)", **cheap) == [
        {"avg(pages)": "2.000000", "sum(pages + 0.5)": "5"}
    ]
    assert summary(library, measure="avg(price / 3)", **cheap) == [{"avg(price / 3)": "-0.003333"}]
    nothing = summary(library, measure="sum(pages * 2),avg(pages),max(pages / 3)", where="false")
    assert nothing == [{"sum(pages * 2)": "0", "avg(pages)": None, "max(pages / 3)": None}]


def test_a_summary_refuses_what_it_cannot_do(library: Client) -> None:
    for query in (
        "group=reviewers",
        "limit=3",
        "sort=name",
        "cursor=x",
        "total=exact",
        "fields=name",
    ):
        assert library.get(f"{BOOKS}/summary?{query}").status == 400, query


def test_as_of_takes_dates_and_moments_only(library: Client) -> None:
    for text in (
        "2026-W47-6",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "20261121",
    ):
        assert library.get(BOOKS, as_of=text).status == 400, text
    assert library.get(BOOKS, as_of="2026-11-21T10:00:00+01:00").status == 200


def test_search_takes_any_text(library: Client) -> None:
    library.made("book", name="Über T-2026-00123", blurb="Ask jo@lending.example/desk")
    for text in ("---", '"', "'", "*", "((", ":*", "%", "\\", "NOT"):
        assert library.rows(BOOKS, search=text) == [], text
    for text in (
        "uber",
        "2026",
        "T-2026-00123",
        "00123",
        "jo@lending.example",
        "desk",
        "exam lend",
    ):
        assert len(library.rows(BOOKS, search=text)) == 1, text


def test_search_does_not_find_by_hidden_fields(library: Client) -> None:
    role = {"kind": "role", "name": "guest", "grants": [
        {"object": "book", "can": ["read"], "fields": {"blurb": "none"}}]}  # fmt: skip
    library.define(role)
    library.made("book", name="Café nights", blurb="Canary")
    guest = library.person("guest@example.com", "guest")
    assert guest.rows(BOOKS, search="canary") == []
    assert len(guest.rows(BOOKS, search="cafe nig")) == 1
    assert len(library.rows(BOOKS, search="canary")) == 1


def test_people_are_offered_to_those_who_may_name_them(library: Client) -> None:
    library.define(
        {"kind": "role", "name": "guest", "grants": [{"object": "book", "can": ["read"]}]}
    )
    keeper = library.made("user", email="keeper@example.com", name="Keeper", roles=["clerk"])
    library.made("book", name="Kept", keeper={"user": keeper["id"]})
    guest = library.person("guest@example.com", "guest")

    def offered(client: Client, path: str) -> set[str]:
        return {result["label"] for result in client.get(path).json()["results"]}

    assert offered(guest, "/lookup/people") == {"Guest"}
    assert offered(guest, "/lookup/book/keeper") == {"Guest", "Keeper"}
    assert "@" not in guest.get("/lookup/book/keeper").text
    assert len(offered(library, "/lookup/people")) == 3


def test_several_people_in_a_field_are_found(library: Client) -> None:
    me = library.get("/api/me").json()["id"]
    library.made("book", name="Helped", helpers=[{"user": me}])
    library.made("book", name="Alone")
    assert [r["name"] for r in library.rows(BOOKS, helpers=me)] == ["Helped"]
    assert [r["name"] for r in library.rows(BOOKS, helpers=f"user:{me}")] == ["Helped"]
    assert library.get(BOOKS, genres="novel;crime").status == 422


def test_a_restored_record_breaks_no_rule(library: Client) -> None:
    book = library.made("book", name="One")
    places = "/api/records/shelf_place"
    old = library.made("shelf_place", book=book["id"], shelf="A", starts="2026-01-01")
    library.delete(f"{places}/{old['id']}")
    new = library.made("shelf_place", book=book["id"], shelf="B", starts="2026-02-01")
    assert library.post(f"{places}/{old['id']}/restore").status == 409
    library.delete(f"{places}/{new['id']}")
    assert library.delete(f"{BOOKS}/{book['id']}").status == 204
    assert library.post(f"{places}/{old['id']}/restore").status == 409  # its book is in the bin
    library.post(f"{BOOKS}/{book['id']}/restore")
    assert library.post(f"{places}/{old['id']}/restore").status == 200


def test_a_restored_record_lets_go_of_what_went_meanwhile(library: Client) -> None:
    branch = library.made("branch", name="North")
    book = library.made("book", name="One", branch=branch["id"])
    library.delete(f"{BOOKS}/{book['id']}")
    assert library.delete(f"/api/records/branch/{branch['id']}").status == 204
    back = library.post(f"{BOOKS}/{book['id']}/restore").json()
    assert back["branch"] is None
    entry = library.rows(f"{BOOKS}/{book['id']}/history")[0]
    assert entry["changes"] == {"branch": [branch["id"], None]}


def test_a_password_alone_can_be_changed(library: Client) -> None:
    person = library.person("clerk@example.com", "clerk")
    user = person.get("/api/me").json()["id"]
    reply = library.patch(f"/api/records/user/{user}", {"password": "another horse battery"})
    assert reply.status == 200 and "password" not in reply.json()
    assert person.get("/api/me").status == 401
    library.signed_in("clerk@example.com", "another horse battery")


def test_counting_with_the_revision_loses_nothing(library: Client) -> None:
    book = library.made("book", name="Counter", pages=1)
    path = f"{BOOKS}/{book['id']}"

    def count(_: int) -> None:
        for _ in range(100):
            read = library.get(path).json()
            body = {"pages": int(read["pages"]) + 1, "rev": read["rev"]}
            if library.patch(path, body).status == 200:
                return
        raise AssertionError("never got through")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(count, range(8)))
    assert library.get(path).json()["pages"] == "9"


def test_a_batch_takes_no_if_match(library: Client) -> None:
    book = library.made("book", name="One")
    reply = library.patch(BOOKS, [{"id": book["id"], "pages": 2}], if_match='"1"')
    assert reply.status == 400


def test_answers_with_secrets_are_kept_nowhere(library: Client) -> None:
    key = {"idempotency_key": "once"}
    body = {"name": "robot"}
    assert library.post("/api/tokens", body, **key).status == 201
    assert library.post("/api/tokens", body, **key).status == 409
    assert len(library.rows("/api/tokens")) == 1
    login = {"email": EMAIL, "password": PASSWORD}
    assert library.post("/api/login", login, **key).status == 200
    engine = library.app.engine

    def stored() -> str:
        return str(
            engine.database.connection().query("SELECT body, headers FROM fluvial_idempotency")
        )

    assert "flv_" not in engine.database.call(stored)
    assert "fluvial=" not in engine.database.call(stored)


def test_tokens_say_when_in_utc(library: Client) -> None:
    for expires in ("9999-12-31T23:59:59-23:59", "2999-01-01", "2999-01-01T00:00:00", 5):
        assert library.post("/api/tokens", {"name": "t", "expires": expires}).status == 422, expires
    assert library.post("/api/tokens", {"name": "a\x07b"}).status == 422
    library.post("/api/tokens", {"name": "t", "expires": "2999-01-01T01:00:00+01:00"})
    (token,) = library.rows("/api/tokens")
    assert token["expires"] == "2999-01-01T00:00:00Z"
    assert token["created_at"].endswith("Z")


def test_a_token_does_not_outgrow_its_scopes(library: Client) -> None:
    def client(*scopes: str) -> Client:
        made = library.post("/api/tokens", {"name": "t", "scopes": list(scopes)}).json()
        return Client(library.app, {"authorization": f"Bearer {made['token']}"})

    writer = client("records:read", "records:write")
    new = {
        "email": "new@example.com",
        "name": "New",
        "roles": ["administrator"],
        "password": PASSWORD,
    }
    assert writer.post("/api/records/user", new).status == 422
    me = library.get("/api/me").json()["id"]
    assert writer.patch(f"/api/records/user/{me}", {"password": "another horse"}).status == 422
    assert writer.patch(f"/api/records/user/{me}", {"name": "Chief"}).status == 200
    reader = client("meta:read")
    for path in ("/api/me", "/api/meta", "/api/schema/object", "/api/openapi.json"):
        assert reader.get(path).status == 200, path
    assert reader.get(BOOKS).status == 403


def test_what_is_used_is_not_taken_out(library: Client) -> None:
    reply = library.delete("/api/meta/object/branch")
    assert reply.status == 409 and "object/book#/fields/13/to" in reply.json()["uses"]
    part = {"fields": [{"name": "price", "$delete": True}]}
    reply = library.patch("/api/meta/object/book", part)
    assert reply.status == 409
    assert any("formula" in use for use in reply.json()["uses"])
    wrong = library.patch("/api/meta/object/book", {"title": "{nothing}"})
    assert wrong.status == 422


def test_a_board_that_asks_of_hidden_fields_is_not_there(library: Client) -> None:
    library.define(
        {"kind": "role", "name": "guest", "grants": [
            {"object": "book", "can": ["read"], "fields": {"price": "none"}}]},
        {"kind": "board", "name": "dear", "label": "Dear", "object": "book",
         "columns": {"by": "status"}, "card": {"title": "name"}, "where": "price > 10"},
    )  # fmt: skip
    guest = library.person("guest@example.com", "guest")
    assert guest.rows("/api/boards") == []
    assert guest.get("/api/boards/dear").status == 404
    assert library.get("/api/boards/dear").status == 200
    card = library.made("book", name="One", price=11)
    for column in ({}, {"a": "b", "c": "d"}, ["in"], {"user": 3}):
        move = {"id": card["id"], "column": column}
        assert library.post("/api/boards/dear/move", move).status == 422, column


def test_parameters_that_nobody_knows_are_refused(client: Client) -> None:
    for path in ("/api/me", "/api/tokens", "/api/meta", "/api/schema/object"):
        assert client.get(f"{path}?x=1").status == 400, path


def cursor_of(*values: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


def test_made_up_cursors_and_huge_numbers(library: Client) -> None:
    book = library.made("book", name="One", pages=3, reading_time=60)
    for sort, first in (("pages", 10**30), ("pages", "x"), ("printed", "x"), ("lendable", "x")):
        made_up = cursor_of(sort, first, book["id"])
        assert library.get(BOOKS, sort=sort, cursor=made_up).status in (200, 400), (sort, first)
    for first in ("x", 10**30, "a\x00b"):
        assert library.get(BOOKS, cursor=cursor_of("", first)).status in (200, 400), first
    assert library.get(BOOKS, rev=str(2**63)).status == 422
    assert library.get(BOOKS, rev="9" * 5000).status == 422
    for where in ("reading_time > 99999999999999999999", "rev == 99999999999999999999"):
        assert library.get(BOOKS, where=where).status in (200, 400), where


def test_no_text_holds_a_zero_character(library: Client) -> None:
    body = b'{"documents": [{"kind": "role", "name": "r", "label": "a\\u0000b", "grants": []}]}'
    assert library.call("POST", "/api/meta/changes", body=body).status == 400
    escaped = b'{"name": "a\\\\u0000b"}'  # a backslash, and letters
    assert library.call("POST", BOOKS, body=escaped).json()["name"] == "a\\u0000b"
    form = {"content-type": "application/x-www-form-urlencoded"}
    assert library.call("POST", "/signin", body=b"email=a%00b", headers=form).status == 400
    assert library.get("/o/book%00").status == 404
    deep = b'{"name": ' + b"[" * 900 + b'"\\ud800"' + b"]" * 900 + b"}"
    assert library.call("POST", BOOKS, body=deep).status == 413


def test_nobody_is_sent_elsewhere_by_signing_in(library: Client, anybody: Client) -> None:
    for address in (
        "//evil.example",
        "/\\evil",
        "https://evil.example",
        "/a\r\nX-Added: 1",
        "/\t/evil",
    ):
        reply = library.get("/signin", next=address)
        assert (reply.status, reply.headers["location"]) == (303, "/"), address
        assert "x-added" not in reply.headers
    assert library.get("/signin", next="/o/book?search=é").headers["location"].isascii()
    body = {"email": EMAIL, "password": PASSWORD}
    assert anybody.post("/api/login", body, sec_fetch_site="cross-site").status == 403
    assert anybody.post("/api/login", body, origin="https://evil.example").status == 403
    assert anybody.post("/api/login", body, sec_fetch_site="same-origin").status == 200


def test_the_api_document_has_every_call_of_an_object(library: Client) -> None:
    paths = library.get("/api/openapi.json").json()["paths"]
    for end in ("", "/{id}", "/summary", "/export", "/import", "/{id}/history", "/{id}/restore"):
        assert BOOKS + end in paths, end
    assert "/api/records/book/{id}/actions/{name}" in paths
