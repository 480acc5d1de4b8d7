"""Bad input over HTTP: each gets a 4xx that names the place and the remedy, never a 500."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.app import Client, Documents
from tests.fluvial.library import LIBRARY

NOBODY = "01890000-0000-7000-8000-000000000000"

BODIES: dict[str, bytes] = {
    "empty": b"",
    "cut off": b'{"name": "x"',
    "not UTF-8": b'{"name": "\xff"}',
    "not an object": b'"text"',
    "number": b"3",
    "null": b"null",
    "doubled member": b'{"name": "a", "name": "b"}',
    "NaN": b'{"name": "a", "pages": NaN}',
    "infinity": b'{"name": "a", "pages": 1e999999}',
    "minus infinity": b'{"name": "a", "pages": -Infinity}',
    "lone surrogate": b'{"name": "\\ud800"}',
    "long number": b'{"name": "a", "pages": ' + b"9" * 5000 + b"}",
    "deep": b'{"name": ' + b"[" * 2000 + b"]" * 2000 + b"}",
    "very deep": b"[" * 200_000,
    "unknown member": b'{"name": "a", "colour": "red"}',
    "system member": b'{"name": "a", "created_at": "2026-01-01T00:00:00Z"}',
    "id": b'{"name": "a", "id": "%s"}' % NOBODY.encode(),
    "calculated": b'{"name": "a", "margin": {"amount": "1", "currency": "EUR"}}',
    "sequence": b'{"name": "a", "code": "B-1"}',
    "number as a list": b'{"name": "a", "pages": [1]}',
    "exponent": b'{"name": "a", "pages": "1e3"}',
    "exponent of a JSON number": b'{"name": "a", "weight": 1e-2}',
    "exponent of a whole JSON number": b'{"name": "a", "pages": 1e0}',
    "exponent of an amount": b'{"name": "a", "price": {"amount": 1E1, "currency": "EUR"}}',
    "exponent of a duration": b'{"name": "a", "reading_time": 36e2}',
    "spaces in a number": b'{"name": "a", "pages": " 1"}',
    "underscore in a number": b'{"name": "a", "pages": "1_000"}',
    "digits of another script": '{"name": "a", "pages": "٣"}'.encode(),
    "too many decimals": b'{"name": "a", "weight": "1.23456"}',
    "money without currency": b'{"name": "a", "cost": {"amount": "1"}}',
    "money as a number": b'{"name": "a", "price": {"amount": true, "currency": "EUR"}}',
    "boolean as text": b'{"name": "a", "lendable": "yes"}',
    "boolean as number": b'{"name": "a", "lendable": 1}',
    "date that is not there": b'{"name": "a", "printed": "2026-02-31"}',
    "date as a number": b'{"name": "a", "printed": 20260101}',
    "moment without zone": b'{"name": "a", "bought_at": "2026-01-01T00:00:00"}',
    "duration with a fraction": b'{"name": "a", "reading_time": 1.5}',
    "option that is not there": b'{"name": "a", "status": "burnt"}',
    "options as text": b'{"name": "a", "genres": "novel"}',
    "look-up that is no id": b'{"name": "a", "branch": "north"}',
    "look-up of nothing": b'{"name": "a", "branch": "%s"}' % NOBODY.encode(),
    "look-up of another object": b'{"name": "a", "source": {"object": "user", "id": "%s"}}'
    % NOBODY.encode(),
    "person of nothing": b'{"name": "a", "keeper": {"user": "%s"}}' % NOBODY.encode(),
    "person twice": b'{"name": "a", "helpers": [{"user": "x"}]}',
    "control character": b'{"name": "a\\u0000b"}',
    "too long": b'{"name": "%s"}' % (b"a" * 81),
    "text as a number": b'{"name": 5}',
    "text as an object": b'{"name": {"en": "x"}}',
}


@pytest.fixture
def documents() -> Documents:
    return LIBRARY


@pytest.fixture
def library(client: Client) -> Client:
    return client


def sound(reply: Any, name: str) -> None:
    assert 400 <= reply.status < 500, (name, reply.status, reply.text)
    assert reply.headers["content-type"] == "application/problem+json", name
    problem = reply.json()
    assert problem["status"] == reply.status and problem["detail"], name
    for word in ("Traceback", "sqlite", "SELECT", "/work", "please", "invalid"):
        assert word not in reply.text, (name, word)


def test_bodies(library: Client) -> None:
    book = library.made("book", name="One")
    for name, body in BODIES.items():
        sound(library.call("POST", "/api/records/book", body=body), name)
        if name != "id":
            path = f"/api/records/book/{book['id']}"
            sound(library.call("PATCH", path, body=body), name)
    assert [r["name"] for r in library.rows("/api/records/book")] == ["One"]


def test_many_unknown_members_take_no_longer_than_they_have_to(library: Client) -> None:
    started = time.process_time()
    reply = library.post("/api/records/book", {f"name_{n}": n for n in range(20_000)})
    assert reply.status == 422 and len(reply.json()["errors"]) == 20_001
    assert "Did you mean `name`?" in reply.json()["errors"][0]["message"]
    assert time.process_time() - started < 2


QUERIES = (
    "limit=0", "limit=501", "limit=x", "limit=", "limit=1&limit=2", "limit=٣", "cursor=x",
    "cursor=",
    "sort=nothing", "sort=name;drop", "sort=(select 1)", "sort=", "sort=a,b,c,d,e,f", "sort=genres",
    "fields=nothing", "fields=name.first", "fields=branch.nothing", "fields=genres.x",
    "fields=a..b",
    "fields=branch.group.users.email", "where=", "where=nothing > 1", "where=pages >", "where=name",
    "where=pages == 'x'", "where=__import__('os')", "where=name.__class__ == 1", "where=9**9**9",
    "where=" + "(" * 200 + "1" + ")" * 200, "where=" + "name == 'x' or " * 200 + "true",
    "where=branch.name.name == 'x'", "where=exists(nothing)", "total=many", "as_of=yesterday",
    "as_of=2026-13-01", "as_of=2026-01-01T00:00:00", "deleted=maybe", "nothing=1", "pages=x",
    "status=burnt", "printed=31.12.2026", "branch=north", "group=status", "password=x",
    "deleted_at=", "where=deleted_at == null", "search=", "name=%00", "believed_on=9999-12-31",
)  # fmt: skip


def test_parameters(library: Client) -> None:
    for query in QUERIES:
        sound(library.get(f"/api/records/book?{query.replace(' ', '%20')}"), query)
    for query in (
        "measure=total(pages)",
        "measure=sum()",
        "measure=sum(nothing)",
        "group=nothing",
        "measure=sum(name)",
        "group=a,b,c,d",
        "measure=count)",
        "measure=",
    ):
        sound(library.get(f"/api/records/book/summary?{query}"), query)


def test_addresses(library: Client) -> None:
    for method, path in (
        ("GET", "/api/records/nothing"), ("GET", "/api/records/book/x"), ("GET", "/api/nothing"),
        ("GET", f"/api/records/book/{NOBODY}"), ("PATCH", f"/api/records/book/{NOBODY}"),
        ("DELETE", f"/api/records/book/{NOBODY}"), ("DELETE", "/api/records/book"),
        ("POST", f"/api/records/book/{NOBODY}/restore"), ("PUT", "/api/records/book"),
        ("GET", f"/api/records/book/{NOBODY}/history"), ("GET", "/api/records/book/%00"),
        ("POST", f"/api/records/book/{NOBODY}/actions/lend"), ("GET", "/api/meta/nothing"),
        ("POST", "/api/meta/revisions/x/rollback"), ("POST", "/api/meta/revisions/99/rollback"),
        ("GET", "/api/records/book; drop table book"), ("GET", "/api/schema/nothing"),
        ("GET", "/api/records/fluvial_token"), ("GET", "/api/records/pg_class"),
    ):  # fmt: skip
        sound(
            library.call(method, path, body=b"{}" if method != "GET" else b""), f"{method} {path}"
        )


DOCUMENTS: tuple[Any, ...] = (
    {},
    {"documents": 3},
    {"documents": [3]},
    {"documents": [{"kind": "object"}]},
    {"documents": [{"kind": "nothing", "name": "a"}]},
    {"documents": [{"kind": "object", "name": "Robert'); DROP TABLE book;--", "fields": []}]},
    {"documents": [{"kind": "object", "name": "a" * 64, "fields": []}]},
    {"documents": [{"kind": "object", "name": "größe", "fields": []}]},
    {"documents": [{"kind": "object", "name": "a", "fields": [{"name": "select", "kind": "txt"}]}]},
    {"documents": [{"kind": "object", "name": "a", "fields": [{"name": "id", "kind": "text"}]}]},
    {"documents": [{"kind": "object", "name": "a", "fields": [{"name": "in", "kind": "text"}]}]},
    {"documents": [{"kind": "object", "name": "a", "fields": [{"name": "x", "kind": "text"}] * 2}]},
    {"documents": [{"kind": "object", "name": "a", "fields": {"x": 1}}]},
    {"documents": [{"kind": "object", "name": "a", "fields": [{"name": "x", "kind": "lookup"}]}]},
    {"documents": [{"kind": "object", "name": "a", "colour": "red", "fields": []}]},
    {"documents": [{"kind": "object", "name": "a", "fields": [
        {"name": "x", "kind": "text", "pattern": "^(a+"}]}]},
    {"documents": [{"kind": "object", "name": "a", "fields": [
        {"name": "x", "kind": "calculated", "result": "number", "formula": "x + 1"}]}]},
    {"documents": [{"kind": "object", "name": "a", "fields": [
        {"name": "x", "kind": "calculated", "result": "number", "formula": "'text'"}]}]},
    {"documents": [{"kind": "object", "name": "a", "title": "{y}", "fields": [
        {"name": "x", "kind": "text"}]}]},
    {"documents": [{"kind": "role", "name": "r", "grants": [
        {"object": "nothing", "can": ["read"]}]}]},
    {"documents": [{"kind": "role", "name": "r", "inherits": ["r"], "grants": []}]},
    {"documents": [{"kind": "role", "name": "r", "grants": [
        {"object": "book", "can": ["read"], "where": "nothing == 1"}]}]},
    {"documents": [{"kind": "view", "name": "v", "object": "book", "columns": ["nothing"]}]},
    {"documents": [{"kind": "object", "name": "book", "fields": True}]},
    {"documents": [{"kind": "object", "name": "book", "fields": [{"name": [], "kind": "text"}]}]},
    {"documents": [{"kind": "object", "name": "a", "fields": [{"name": {}, "kind": "text"}, 5]}]},
    {"documents": [{"kind": "object", "name": "user", "fields": [{"name": [], "kind": "text"}]}]},
    {"documents": [{"kind": "role", "name": "clerk", "inherits": True}]},
    {"documents": [{"kind": "role", "name": "clerk", "inherits": [[]]}]},
    {"documents": [{"kind": "calendar", "name": "c", "hours": 5, "holidays": {}}]},
    {"documents": [{"kind": "webform", "name": "w", "slug": []}, {"kind": "rule", "name": "r",
        "on": {"webform": "w"}, "do": []}, {"kind": "webform", "name": "x", "slug": "x"}]},
    {"documents": [], "delete": [{"kind": "object", "name": "book", "x": "\ud800".encode(
        "utf-8", "surrogatepass").decode("utf-8", "replace")}], "note": 3, "extra": 1},
)  # fmt: skip


def test_documents(library: Client) -> None:
    version = library.get("/api/meta").json()["version"]
    for i, body in enumerate(DOCUMENTS):
        sound(library.post("/api/meta/changes", body), f"document {i}: {body}")
    assert library.get("/api/meta").json()["version"] == version


def test_parts_of_documents(library: Client) -> None:
    for body in (
        {"fields": [{"$delete": True}]},
        {"fields": [{"name": 5, "$delete": True}]},
        {"fields": [{"name": "name"}, "pages"]},
        {"fields": {"name": None}},
        {"keys": 5, "title": ["{name}"], "states": []},
    ):
        for name in ("user", "book"):
            sound(library.patch(f"/api/meta/object/{name}", body), f"{name}: {body}")


def test_packages(library: Client) -> None:
    wrong: tuple[Any, ...] = (
        [],
        [[]],
        True,
        5,
        {"fluvial": 5},
        {"fluvial": []},
        {"fluvial": {}},
        {"x": True},
    )
    for needs in wrong:
        head = {"kind": "app", "name": "shop", "version": "1.0.0", "needs": needs}
        sound(library.post("/api/packages", {"documents": [head]}), str(needs))


def test_ends_of_the_calendar(library: Client) -> None:
    book = library.made("book", name="One", printed="9999-12-31")
    for day in ("0001-01-01", "0001-01-02", "9999-12-31"):
        for path in (f"/o/book/{book['id']}", "/o/book", f"/api/records/book/{book['id']}"):
            reply = library.get(path, as_of=day)
            assert reply.status in (200, 404), (path, day, reply.text)
    shown = library.get(f"/o/book/{book['id']}", until="0001-01-01T00:00:00+14:00", before="5")
    assert shown.status == 200
    for moment in ("0001-01-01T23:00:00Z", "9999-12-31T01:00:00Z"):
        body = {"bought_at": moment}
        sound(library.patch(f"/api/records/book/{book['id']}", body), moment)


def test_layouts(library: Client) -> None:
    wrong: tuple[Any, ...] = ("", True, 5, "x", [], {"x": 1})
    for identifier in wrong:
        sound(library.post("/api/forms/layout/book", {"id": identifier}), str(identifier))
    sound(library.get("/api/forms/layout/book?id=x"), "x")


def test_headers(library: Client) -> None:
    book = library.made("book", name="One")
    path = f"/api/records/book/{book['id']}"
    body = {"name": "Two"}
    for header in ("1", '"x"', 'W/"1"', '""', '"99999999999999"'):
        sound(library.patch(path, body, if_match=header), header)
    sound(library.post("/api/records/book", body, idempotency_key="x" * 300), "long key")
    sound(library.call("GET", path, headers={"authorization": "Basic eDp5"}), "scheme")
    sound(library.call("GET", path, headers={"authorization": "Bearer nothing"}), "token")
    sound(library.call("GET", path, headers={"fluvial-view-as": "nobody"}), "view as")
    for origin in ("http://[", "null", "x", "https://evil.example"):
        reply = library.call("POST", "/api/login", body=b"{}", headers={"origin": origin})
        assert reply.status == 403, origin
    assert library.call("PATCH", path, body=b"{}", headers={"fluvial-cause": "x.y"}).status == 200
