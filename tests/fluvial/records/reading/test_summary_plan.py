"""How PostgreSQL plans a summary: the sixth time, when it plans for whatever values, too."""

from __future__ import annotations

from typing import Any

import pytest

from fluvial.database.postgres import PostgresConnection
from fluvial.records.reading import summary
from tests.app import Client
from tests.fluvial.library import LIBRARY


@pytest.fixture
def library(client: Client) -> Client:
    client.define(*LIBRARY)
    return client


def test_a_summary_writes_its_limit_out(library: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a limit that is a bind it believes that a tenth of the groups are wanted, and goes
    through the index of the groups for all records: five times the cost at half a million."""
    if library.app.engine.database.dialect != "postgresql":
        pytest.skip("SQLite plans by the text alone.")
    seen: list[str] = []
    result = PostgresConnection._result

    def noted(self: PostgresConnection, sql: str, binds: Any, **more: Any) -> Any:
        seen.append(sql)
        return result(self, sql, binds, **more)

    monkeypatch.setattr(PostgresConnection, "_result", noted)
    library.get("/api/records/book/summary?group=status&measure=count")
    (asked,) = [sql for sql in seen if "GROUP BY" in sql]
    assert "LIMIT $" not in asked and "LIMIT 1" in asked


def test_a_summary_says_that_there_are_more_groups(
    library: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(summary, "MAX_ROWS", 3)
    for name in ("a", "b", "c"):
        library.made("branch", name=name)
    whole = library.get("/api/records/branch/summary?group=name").json()
    assert [row["name"] for row in whole["data"]] == ["a", "b", "c"] and "more" not in whole
    library.made("branch", name="d")
    cut = library.get("/api/records/branch/summary?group=name&where=name != 'z'").json()
    assert [row["name"] for row in cut["data"]] == ["a", "b", "c"] and cut["more"] is True
