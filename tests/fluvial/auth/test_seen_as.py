"""Seeing with another person's rights: only to look, only where nobody gains, and noted."""

from __future__ import annotations

import re
from html import unescape

import pytest

from fluvial.http.routes import ENDPOINT
from tests.app import Client, Documents
from tests.fluvial.library import LIBRARY
from tests.fluvial.pages.posting import posted

NOTHING = "01a00000-0000-7000-8000-000000000000"
ROLES: Documents = [
    {"kind": "role", "name": "clerk", "grants": [
        {"object": "member", "can": ["read", "update"], "where": "name == 'Ann'",
         "fields": {"secret": "none"}},
        {"object": "user", "can": ["read"]},
    ]},
    {"kind": "role", "name": "chief", "inherits": ["clerk"], "admin": True,
     "meta": ["read", "write"],
     "grants": [{"object": "member", "can": ["read", "create", "update"]},
                {"object": "user", "can": ["*"]}]},
    {"kind": "role", "name": "branch_clerk", "grants": [{"object": "branch", "can": ["read"]}]},
    {"kind": "role", "name": "author", "meta": ["roles"]},
]  # fmt: skip


@pytest.fixture
def documents() -> Documents:
    return [*LIBRARY, *ROLES]


def id_of(client: Client, email: str) -> str:
    return str(client.rows("/api/records/user", email=email)[0]["id"])


def looking(client: Client, user: str) -> Client:
    """A client that sees as somebody from now on."""
    reply = posted(client, f"/studio/people/{user}/see", {"to": "/o/member"})
    assert reply.status == 303, reply.text
    assert reply.headers["location"] == "/o/member"
    cookie = reply.headers["set-cookie"].partition(";")[0]
    headers = {**client.headers, "cookie": f"{client.headers['cookie']}; {cookie}"}
    return Client(client.app, headers)


@pytest.fixture
def clerk(client: Client) -> str:
    client.made("member", name="Ann", secret="s3cret")
    client.made("member", name="Bo")
    client.person("clerk@example.com", "clerk")
    return id_of(client, "clerk@example.com")


def test_an_administrator_sees_what_the_person_sees(client: Client, clerk: str) -> None:
    seen = looking(client, clerk)
    page = seen.get("/o/member").text
    assert "Ann" in page and "Bo</a>" not in page
    assert "You see Fluvial as <b>Clerk</b>" in page
    assert "s3cret" not in seen.get("/api/records/member").text
    assert len(client.rows("/api/records/member")) == 2  # another browser is not concerned


def test_it_ends_in_one_click_and_was_noted(client: Client, clerk: str) -> None:
    seen = looking(client, clerk)
    ended = posted(seen, "/studio/see/end", {})
    assert ended.status == 303 and ended.headers["location"] == f"/studio/people/{clerk}/access"
    assert len(seen.rows("/api/records/member")) == 2
    page = client.get(f"/studio/people/{clerk}/access").text
    assert "Seen as Clerk by" in page and "Administrator" in page


def test_it_only_works_in_the_session_that_began_it(client: Client, clerk: str) -> None:
    seen = looking(client, clerk)
    other = client.signed_in("admin@example.com", "correct horse battery")
    looks = seen.headers["cookie"].partition(";")[2]
    seen.headers["cookie"] = f"{other.headers['cookie']};{looks}"
    assert len(seen.rows("/api/records/member")) == 2


def paths(client: Client, record: str) -> list[tuple[str, str]]:
    """Every route with something in its places."""
    places = {"object": "member", "kind": "object", "name": "member", "id": record}

    def filled(path: str) -> str:
        return re.sub(r"\{(\w+)\}", lambda one: places.get(one[1], NOTHING), path)

    return [(one.method, filled(one.path)) for one in client.app.engine.brought(ENDPOINT)]


def test_no_route_writes_and_none_fails(client: Client, clerk: str) -> None:
    record = client.rows("/api/records/member", name="Ann")[0]["id"]
    seen = looking(client, clerk)
    before = everything(client)
    for method, path in paths(client, record):
        if path == "/studio/see/end":
            continue
        for body, kind in ((b"{}", "application/json"), (b"", "application/x-www-form-urlencoded")):
            reply = seen.call(method, path, body=body, headers={"content-type": kind})
            assert reply.status < 500, (method, path, reply.text)
            if method not in ("GET", "HEAD", "OPTIONS"):
                assert reply.status == 403, (method, path, reply.status, reply.text[:300])
    assert everything(client) == before


def everything(client: Client) -> dict[str, list[object]]:
    """All rows of all tables."""
    connection = client.app.engine.database.connection()
    if connection.dialect == "sqlite":
        sql = "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE '%VIRTUAL%'"
    else:
        sql = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
    found = {}
    for (name,) in connection.query(sql):
        if "job" not in name and "rate" not in name:
            rows = connection.query(f'SELECT * FROM "{name}"')
            found[str(name)] = sorted(map(str, rows))
    return found  # type: ignore[return-value]


def test_a_notification_stays_unread(client: Client, clerk: str) -> None:
    member = client.rows("/api/records/member", name="Ann")[0]["id"]
    client.post(
        f"/api/records/member/{member}/comments", {"text": "Look, @Clerk", "mentions": [clerk]}
    )
    seen = looking(client, clerk)
    before = everything(client)
    links = re.findall(r'href="(/notifications/[^"]+)"', seen.get("/notifications").text)
    assert links
    for one in links:
        assert seen.get(unescape(one)).status == 303
    assert everything(client) == before


def test_sessions_and_tokens_stay_the_persons_own(client: Client, clerk: str) -> None:
    seen = looking(client, clerk)
    for path in ("/profile", "/api/tokens", "/api/sessions"):
        reply = seen.get(path)
        assert reply.status == 403 and "alone" in unescape(reply.text), path


@pytest.mark.parametrize(
    ("roles", "may"),
    [
        (["clerk"], True),
        ([], True),
        (["branch_clerk"], False),  # other records
        (["author"], False),  # more on metadata
        (["administrator"], False),
    ],
)
def test_nobody_sees_more_than_their_own_rights(
    client: Client, roles: list[str], may: bool
) -> None:
    client.person("some@example.com", *roles)
    some = id_of(client, "some@example.com")
    chief = client.person("chief@example.com", "chief")
    begun = posted(chief, f"/studio/people/{some}/see", {})
    assert (begun.status == 303) is may, begun.text
    by_header = chief.call("GET", "/api/me", headers={"Fluvial-View-As": some})
    assert (by_header.status == 200) is may, by_header.text


def test_it_is_for_administrators_with_a_session(client: Client, clerk: str) -> None:
    other = client.person("other@example.com", "author", "clerk")
    assert posted(other, f"/studio/people/{clerk}/see", {}).status == 403
    token = client.post("/api/tokens", {"name": "t"}).json()["token"]
    by_token = Client(client.app, {"authorization": f"Bearer {token}"})
    assert posted(by_token, f"/studio/people/{clerk}/see", {}).status == 403
    own = id_of(client, "admin@example.com")
    assert posted(client, f"/studio/people/{own}/see", {}).status == 422
    assert posted(client, f"/studio/people/{NOTHING}/see", {}).status == 404


def test_it_has_ended_when_the_person_gets_more_rights(client: Client, clerk: str) -> None:
    chief = client.person("chief@example.com", "chief")
    seen = looking(chief, clerk)
    assert "You see Fluvial as" in seen.get("/o/member").text
    client.patch(f"/api/records/user/{clerk}", {"roles": ["clerk", "branch_clerk"]})
    assert "You see Fluvial as" not in seen.get("/o/member").text
