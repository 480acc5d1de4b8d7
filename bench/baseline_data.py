"""Filling the hand-written application's tables."""

from __future__ import annotations

import hashlib
import sqlite3
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import psycopg

from bench.baseline_sqlite import stored
from bench.baseline_store import uuid7
from bench.data import Library

from . import baseline_schema, copies, data

Tables = dict[str, tuple[str, list[tuple[Any, ...]]]]

LOAN_COLUMNS = (
    "id, rev, title, number, book, notes, weight, fee, deposit, renewable, lent_on, due, "
    "reading_time, status, format, barcode, member, assignee, remark, created_at, updated_at"
)


def baseline_rows(filled: Library) -> Tables:
    """Columns and rows of each of the baseline's tables, but for the search index."""
    groups = [uuid7() for _ in range(data.GROUPS)]
    users = [uuid7() for _ in filled.people]
    members = [uuid7() for _ in filled.members]
    at = datetime.now(UTC)
    people = list(zip(users, filled.people, strict=True))
    scopes, expires = ["records:read", "records:write"], at + timedelta(days=30)
    tables: Tables = {
        "user_account": (
            "id, email, role, active",
            [(u, p.email, p.role, True) for u, p in people],
        ),
        "user_group": ("user_id, group_id", [(u, groups[g]) for u, p in people for g in p.groups]),
        "token": (
            "id, hash, user_id, scopes, expires_at",
            [
                (uuid7(), hashlib.sha256(data.token_of(p).encode()).digest(), u, scopes, expires)
                for u, p in people
            ],
        ),
        "member": (
            'id, rev, title, name, "group", created_at, updated_at',
            [
                (id, 1, name, name, groups[group], at, at)
                for id, (name, group) in zip(members, filled.members, strict=True)
            ],
        ),
    }
    return tables | _loan_rows(filled, members, users, at)


def _loan_rows(filled: Library, members: list[str], users: list[str], at: datetime) -> Tables:
    loans: list[tuple[Any, ...]] = []
    history: list[tuple[Any, ...]] = []
    ids = sorted(uuid7() for _ in range(filled.seeds))  # ids of one millisecond are not in order
    for place, (id, loan) in enumerate(zip(ids, filled.loans(), strict=True), 1):
        number = f"L-{place:06d}"
        assignee = None if loan["assignee"] is None else users[loan["assignee"]]
        values = loan | {"member": members[loan["member"]], "assignee": assignee}
        title = f"{number} {loan['book']}"
        loans.append((id, 1, title, number, *values.values(), at, at))
        shown = {"number": number} | data.wire(loan, members, users)
        changes = {name: [None, value] for name, value in shown.items() if value is not None}
        history.append((id, 1, "loan", "created", at, orjson.dumps(changes).decode()))
    return {
        "loan": (LOAN_COLUMNS, loans),
        "history": ("record, rev, object, event, at, changes", history),
    }


LAYOUT = copies.Layout(history="history", search=None)


def fill_postgresql(url: str, filled: Library) -> None:
    with psycopg.connect(url) as connection:
        connection.execute(baseline_schema.POSTGRESQL)
        for name, (columns, rows) in baseline_rows(filled).items():
            with connection.cursor().copy(f"copy {name} ({columns}) from stdin") as copy:
                for row in rows:
                    copy.write_row(row)
        copies.multiply(connection, copies.POSTGRESQL, LAYOUT, filled)
        connection.execute(
            "insert into search "
            "select 'loan', id, to_tsvector('simple', translate(title, '-', ' ')) from loan"
        )
        connection.execute("select setval('loan_number', %s)", (filled.records,))
        connection.execute(baseline_schema.POSTGRESQL_INDEXES)
    analyze_postgresql(url)


def fill_sqlite(path: str, filled: Library) -> None:
    with copies.filling(path) as connection:
        _run(connection, baseline_schema.SQLITE)
        for name, (columns, rows) in baseline_rows(filled).items():
            names = columns.split(", ")
            connection.executemany(
                f"insert into {name} ({columns}) values ({', '.join('?' * len(names))})",
                [tuple(map(_sqlite_value, names, row)) for row in rows],
            )
        copies.multiply(connection, copies.SQLITE, LAYOUT, filled)
        connection.execute(
            "insert into search (rowid, object, record, body) "
            "select rowid, 'loan', id, title from loan"
        )
        connection.execute("update sequence set value = ?", (filled.records,))
        _run(connection, baseline_schema.SQLITE_INDEXES)


def _run(connection: sqlite3.Connection, script: str) -> None:
    """Statement by statement: `executescript` would end the transaction."""
    for statement in script.split(";"):
        connection.execute(statement)


def _sqlite_value(name: str, value: Any) -> Any:
    return orjson.dumps(value).decode() if isinstance(value, list) else stored(name, value)


def analyze_postgresql(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("vacuum analyze")
