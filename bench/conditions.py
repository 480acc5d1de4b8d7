"""Conditions through look-ups: one query, against fetching the records and evaluating each."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

from bench.engines import fresh_engine
from bench.timing import timed
from fluvial.kernel.ids import new_id
from fluvial.records.drafts.rows import row_writer
from fluvial.records.reading import reader
from fluvial.records.reading.caller_paths import condition
from fluvial.records.reading.query import Query
from fluvial.runtime.engine import Engine
from fluvial.runtime.session import Session
from metamodel.expressions.expression import Expression
from metamodel.expressions.plain import Path, PlainEnvironment
from metamodel.expressions.python import truth

ROUNDS = 5
MEMBERS, BRANCHES = 1_000, 20
PAGE = 500
MEMBERS_BRANCH = ("member", "branch", "name")

DOCUMENTS: list[dict[str, Any]] = [
    {"kind": "object", "name": "branch", "fields": [{"name": "name", "kind": "text"}]},
    {"kind": "object", "name": "member", "fields": [
        {"name": "name", "kind": "text"},
        {"name": "branch", "kind": "lookup", "to": "branch", "inverse": "members"}]},
    {"kind": "object", "name": "loan", "fields": [
        {"name": "member", "kind": "lookup", "to": "member", "inverse": "loans"},
        {"name": "due", "kind": "date"},
        {"name": "fee", "kind": "number", "scale": 2}]},
]  # fmt: skip
CONDITIONS = (
    "member.branch.name == 'Branch 7'",
    "member.branch.name == 'Branch 7' and due < today() and fee * 1.19 > 2",
    "lower(member.branch.name) in ['branch 7', 'branch 9'] or fee / 3 > 3.3",
)


def measure(kind: str, records: int) -> str:
    """A Markdown table of what was measured on one kind of database."""
    with fresh_engine(kind, "conditions", *DOCUMENTS) as made:
        rows = made.call(lambda: list(_rows(made.engine, kind, records)))
    return "\n".join(
        [
            f"{made.database}; {records:,} records, counted through two look-ups.",
            "",
            "| condition | found | one query | fetched and evaluated | ratio |",
            "|---|---|---|---|---|",
            *rows,
        ]
    )


def _rows(engine: Engine, kind: str, records: int) -> Iterator[str]:
    session = Session.begin(engine)
    print(f"{kind}: filling {records:,} loans", file=sys.stderr)
    fill(session, records)
    for source in CONDITIONS:
        asked, fetched = [], []
        found = set()
        for _ in range(ROUNDS):
            taken, count = timed(lambda: reader.count(session, Query("loan", where=source)))  # noqa: B023
            asked.append(taken)
            found.add(count)
        taken, count = timed(lambda: evaluated(session, source))  # noqa: B023
        fetched.append(taken)
        found.add(count)
        if len(found) > 1:
            raise AssertionError(f"the answers to {source} differ: {found}")
        one, other = statistics.median(asked), statistics.median(fetched)
        yield (
            f"| `{source}` | {count:,} | {one * 1000:.0f} ms | {other * 1000:,.0f} ms"
            f" | {other / one:,.0f} |"
        )


def fill(session: Session, records: int) -> None:
    """Branches, members and loans, put into their tables without rules or history."""
    with session.connection.transaction():
        branches = [insert(session, "branch", name=f"Branch {n}") for n in range(BRANCHES)]
        members = [
            insert(session, "member", name=f"Member {n}", branch=branches[n % BRANCHES])
            for n in range(MEMBERS)
        ]
        first = session.today - timedelta(days=200)
        for n in range(records):
            due = first + timedelta(days=n % 400)
            fee = session.catalog.objects["loan"].fields["fee"]
            insert(
                session,
                "loan",
                member=members[n * 7 % MEMBERS],
                due=due,
                fee=fee.kind.parse(fee, f"{n % 1000 / 100:.2f}"),
            )


def insert(session: Session, object: str, **values: Any) -> str:
    type_ = session.catalog.objects[object]
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    system = {"id": new_id(), "rev": 1, "title": object, "created_at": moment, "updated_at": moment}
    row_writer(session, type_).insert(session, {**type_.empty_values, **system, **values})
    return str(system["id"])


def evaluated(session: Session, source: str) -> int:
    """The same count, in the way of those who have no query for it."""
    type_ = session.object("loan")
    made: Expression = condition(session.access, type_, source)
    fields = (("fee",), ("due",), MEMBERS_BRANCH)
    found, cursor = 0, ""
    while True:
        page = reader.read_page(session, Query("loan", fields, limit=PAGE, cursor=cursor))
        for row in page["data"]:
            paths: dict[Path, Any] = {MEMBERS_BRANCH: row["member"]["branch"]["name"]}
            for name in ("fee", "due"):
                paths[name,] = _value(type_.fields[name], row[name])
            found += truth(made, PlainEnvironment(paths, session.now, session.today))
        if page["next"] is None:
            return found
        cursor = page["next"]


def _value(field: Any, raw: Any) -> Any:
    return date.fromisoformat(raw) if field.kind.name == "date" else field.kind.parse(field, raw)
