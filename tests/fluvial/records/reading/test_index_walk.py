"""Lists page through everything once, in order: in both directions, with empties and with ties."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from fluvial.runtime.engine import Engine
from tests.app import Client, Documents, OpenEngine

VISIT = {
    "kind": "object",
    "name": "visit",
    "label": "Visit",
    "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text"},
        {"name": "state", "kind": "choice", "options": [{"name": "open"}, {"name": "done"}]},
        {"name": "due", "kind": "datetime"},
        {"name": "pages", "kind": "number", "scale": 0},
        {"name": "member", "kind": "lookup", "to": "group"},
    ],
    "keys": [
        {"fields": ["state", "due"], "unique": False},
        {"fields": ["pages"], "unique": False},
        {"fields": ["due"], "unique": False},
    ],
}

CLERK = {
    "kind": "role",
    "name": "clerk",
    "label": "Clerk",
    "grants": [
        {"object": "visit", "can": ["read"], "where": "member.name == 'a' or pages == 1"},
        {"object": "group", "can": ["read"]},
    ],
}


@pytest.fixture
def engine(open_engine: OpenEngine) -> Engine:
    """With one thread, so that one connection sees every statement."""
    return open_engine(threads="1")


@pytest.fixture
def documents() -> Documents:
    return [VISIT, CLERK]


@pytest.fixture
def visits(client: Client) -> list[dict[str, Any]]:
    chance = random.Random(4)
    days = [None, None, "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", "2026-01-03T10:30:00Z"]
    groups = [client.made("group", name=name)["id"] for name in "ab"]
    rows = [
        {
            "member": chance.choice([None, *groups]),
            "name": chance.choice([None, "a", "b"]),
            "state": chance.choice([None, "open", "open", "done"]),
            "due": chance.choice(days),
            "pages": chance.choice([None, 1, 2, 3]),
        }
        for _ in range(60)
    ]
    made: list[dict[str, Any]] = client.post("/api/records/visit", rows).json()["data"]
    return made


def ordered(rows: Sequence[dict[str, Any]], sort: str) -> list[str]:
    """The ids in the order that is promised: empties last, ties by id in the last direction."""
    names = [(part.lstrip("-"), part.startswith("-")) for part in sort.split(",") if part]
    found = sorted(rows, key=lambda row: str(row["id"]), reverse=bool(names) and names[-1][1])
    for name, descending in reversed(names):
        known = [row for row in found if row[name] is not None]
        # reverse=True keeps those that are equal as they were
        known.sort(key=lambda row: row[name], reverse=descending)
        found = known + [row for row in found if row[name] is None]
    return [row["id"] for row in found]


def walked(client: Client, **query: str) -> Iterator[str]:
    cursor: str | None = ""
    while cursor is not None:
        given = query | {"cursor": cursor}
        asked = {name: text for name, text in given.items() if text}
        page = client.get("/api/records/visit", **asked).json()
        yield from (row["id"] for row in page["data"])
        cursor = page["next"]


SORTS = [
    "", "id", "-id", "due", "-due", "pages", "-pages", "due,pages", "-due,-pages", "-due,pages",
    "due,-pages", "created_at", "-created_at", "-created_at,due", "updated_at,-due", "name,-due",
    "-state,due", "-pages,-created_at", "pages,created_at", "-due,name", "rev,-due",
]  # fmt: skip


@pytest.mark.parametrize("sort", SORTS)
def test_every_record_comes_once_and_in_order(
    client: Client, visits: list[dict[str, Any]], sort: str
) -> None:
    by = {"state": {"open": 0, "done": 1, None: None}}
    rows = [{**row, "state": by["state"][row["state"]]} for row in visits]
    wanted = ordered(rows, sort)
    for limit in ("7", "60"):
        assert list(walked(client, sort=sort, limit=limit)) == wanted, limit
    opened = ordered([row for row in rows if row["state"] == 0], sort)
    for asked in ({"state": "open"}, {"where": "state == 'open'"}):
        assert list(walked(client, sort=sort, limit="4", **asked)) == opened, asked
    late = [row for row in rows if row["due"] is not None and row["due"] >= "2026-01-02"]
    where = "due >= '2026-01-02'"
    assert list(walked(client, sort=sort, limit="3", where=where)) == ordered(late, sort)


@pytest.mark.parametrize("sort", ["due", "-due", "-pages", "-created_at", "member.name,-due"])
def test_parts_are_read_with_rights_and_look_ups(
    client: Client, visits: list[dict[str, Any]], sort: str
) -> None:
    names = {row["id"]: row["name"] for row in client.rows("/api/records/group")}
    clerk = client.person("clerk@example.com", "clerk")
    named = [{**row, "member.name": names.get(row["member"])} for row in visits]
    seen = [row for row in named if row["member.name"] == "a" or row["pages"] == "1"]
    wanted = ordered(seen, sort)
    fields = "name,due,member.name"
    assert list(walked(clerk, sort=sort, limit="5", fields=fields)) == wanted
    opened = [row["id"] for row in seen if row["state"] == "open"]
    asked = {"sort": sort, "limit": "5", "fields": fields, "where": "state == 'open'"}
    assert list(walked(clerk, **asked)) == [id for id in wanted if id in opened]
    page = clerk.get("/api/records/visit", **asked, total="exact").json()
    assert page["total"] == len(opened)


@pytest.mark.parametrize(
    "query",
    [
        "sort=due", "sort=-due", "sort=-due&state=open", "sort=due&where=state == 'open'",
        "sort=-pages", "sort=-created_at", "sort=created_at", "sort=id", "sort=-id",
    ],
)  # fmt: skip
def test_an_index_has_the_order_of_the_first_page_and_of_the_next(
    client: Client, visits: list[dict[str, Any]], query: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = client.app.engine.database.call(client.app.engine.database.connection)
    asked: list[tuple[str, Sequence[Any]]] = []
    query_rows = connection.query

    def spy(sql: str, binds: Sequence[Any] = (), **more: Any) -> Any:
        if "FROM visit" in sql:
            asked.append((sql, binds))
        return query_rows(sql, binds, **more)

    monkeypatch.setattr(connection, "query", spy)
    path = f"/api/records/visit?limit=2&{query.replace(' ', '%20').replace('=%20', '=')}"
    first = client.get(path).json()
    assert client.get(f"{path}&cursor={first['next']}").status == 200

    def plans() -> list[str]:
        if connection.dialect == "sqlite":
            rows = [query_rows(f"EXPLAIN QUERY PLAN {sql}", binds) for sql, binds in asked]
            return ["\n".join(str(row[3]) for row in each) for each in rows]
        for off in ("seqscan", "bitmapscan"):
            connection.script(f"SET enable_{off} = off")
        connection.script("SET plan_cache_mode = auto")
        rows = [query_rows(f"EXPLAIN {sql}", binds) for sql, binds in asked]
        return ["\n".join(str(row[0]) for row in each) for each in rows]

    made = client.app.engine.database.call(plans)
    assert len(made) == 2
    for plan in made:
        assert "Sort" not in plan and "TEMP B-TREE FOR ORDER" not in plan, plan
        assert "Index Scan" in plan or "USING INDEX" in plan, plan


def test_postgresql_plans_once_where_the_values_decide_nothing(
    client: Client, visits: list[dict[str, Any]]
) -> None:
    database = client.app.engine.database
    connection = database.call(database.connection)
    if connection.dialect != "postgresql":
        pytest.skip("SQLite plans when it prepares")

    def by_values(query: str) -> int:
        """How many of three pages were planned by their values."""
        connection.script("DISCARD PLANS")
        before = database.call(lambda: connection.query(counted))[0][0] or 0
        for state in ("open", "done", "open"):
            client.rows(f"/api/records/visit?limit=2&{query.format(state)}")
        return (database.call(lambda: connection.query(counted))[0][0] or 0) - before

    counted = (
        "SELECT sum(custom_plans)::bigint FROM pg_prepared_statements "
        "WHERE statement LIKE '%FROM visit%'"
    )
    assert by_values("state={}&sort=-due") == 0
    assert by_values("sort=-created_at") == 0
    assert by_values("state={}&sort=-created_at") == 3
    assert by_values("where=state%20==%20'{}'%20and%20name%20==%20'a'&sort=due") == 3
    assert by_values("where=state%20==%20'{}'&sort=due") == 0
