"""The names of a run are the same when it goes on later."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import orjson

from metamodel.currencies import Amount
from metamodel.expressions.given_values import GivenBody
from rules.named_wire import names_wire, read_names

NAMES: dict[str, Any] = {
    "answer": GivenBody({"id": 7, "tags": ["a"], "none": None}),
    "nothing": GivenBody(None),
    "invoice": ("invoice", "0b0e9a4e-6f0e-4d3a-9f43-0d9f6f0f5a01"),
    "several": [("invoice", "a"), ("invoice", "b")],
    "fee": Amount(Decimal("12.50"), "EUR"),
    "count": Decimal("3.10"),
    "day": date(2026, 6, 10),
    "moment": datetime(2026, 6, 10, 9, 30, tzinfo=UTC),
    "text": "hello",
    "yes": True,
    "seconds": 90,
    "empty": None,
}


def test_names_survive_the_database() -> None:
    session: Any = None  # only rows that were gathered are read again
    written = orjson.loads(orjson.dumps(names_wire(NAMES)))
    assert read_names(session, written) == NAMES
