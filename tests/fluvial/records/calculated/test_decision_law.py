"""The law of decisions: SQL, Python and a plain reading of the rule choose the same row."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

import pytest

from fluvial.records.drafts.record_environment import RecordEnvironment
from fluvial.records.drafts.rows import load_rows
from fluvial.runtime.engine import Engine
from fluvial.runtime.session import Session
from metamodel.expressions.compiler import compile_expression
from metamodel.expressions.python import evaluate
from metamodel.expressions.scope import scope_of
from tests.app import Client, Documents
from tests.fluvial.records.calculated.test_decisions import ALL, BOOKING, PRICE, TARIFF

# Inputs of several kinds: links, a choice, a number, a yes/no with three answers, a person.
MORE = [
    {"name": "size", "kind": "number", "scale": 1},
    {"name": "heated", "kind": "boolean", "three_state": True},
    {"name": "keeper", "kind": "person"},
]
INPUTS = ["club", "hall", "use", "size", "heated", "keeper"]
START = date(2026, 1, 1)


@pytest.fixture
def documents() -> Documents:
    table = {**TARIFF, "fields": [*TARIFF["fields"], *MORE]}
    asking = {**BOOKING, "fields": [*BOOKING["fields"], *MORE]}
    inputs = {name: name for name in INPUTS}
    price = {**PRICE, "inputs": INPUTS, "for": {"booking": inputs}}
    present = {**price, "name": "present_price"}
    del present["day"]
    return (*ALL[:2], table, asking, price, present)


class Chance:
    """Rows and records by chance, of few values, so that many of them meet."""

    def __init__(self, client: Client, seed: int) -> None:
        self.chance = random.Random(seed)
        halls = [client.made("hall", name=f"H{at}")["id"] for at in range(2)]
        clubs = [client.made("club", name=f"C{at}")["id"] for at in range(2)]
        user = client.get("/api/me").json()["id"]
        self.known: dict[str, list[Any]] = {
            "club": clubs, "hall": halls, "use": ["concert", "training"], "size": ["1.5", "2"],
            "heated": [True, False], "keeper": [{"user": user}],
        }  # fmt: skip

    def inputs(self, filled: float) -> dict[str, Any]:
        return {
            name: self.chance.choice(values)
            for name, values in self.known.items()
            if self.chance.random() < filled
        }

    def day(self) -> date:
        return START + timedelta(days=self.chance.randrange(20))


def _plain_winner(rows: list[dict[str, Any]], asked: dict[str, Any]) -> Any:
    """The rule as it is told in the documentation."""
    day = asked["day"]
    fitting = [
        row
        for row in rows
        if all(row[name] is None or row[name] == asked[name] for name in INPUTS)
        and day is not None
        and row["starts"] <= day
        and (row["ends"] is None or day < row["ends"])
    ]
    return max(
        fitting, key=lambda row: [row[name] is not None for name in INPUTS], default={"id": None}
    )["id"]


@pytest.mark.parametrize("seed", range(2))
def test_everybody_chooses_the_same_row(client: Client, engine: Engine, seed: int) -> None:
    world = Chance(client, seed)
    taken = 0
    for at in range(60):
        first = world.day()
        ends = world.chance.choice([None, str(first + timedelta(days=world.chance.randint(1, 9)))])
        body = {"name": f"T{at}", "starts": str(first), "ends": ends, **world.inputs(0.4)}
        reply = client.post("/api/records/tariff", body)
        assert reply.status == 201 or "more specific" in reply.text, reply.text
        taken += reply.status == 201
    assert taken > 20
    bodies = [
        {"name": f"B{at}", "day": world.chance.choice([None, str(world.day())]),
         **world.inputs(0.7)}
        for at in range(80)
    ]  # fmt: skip
    assert client.post("/api/records/booking", bodies).status in (200, 201)
    for row in client.rows("/api/records/tariff", limit="100")[:5]:
        assert client.delete(f"/api/records/tariff/{row['id']}").status == 204

    def check() -> None:
        session = Session.begin(engine)
        rows = [dict(one) for one in load_rows(session, "tariff", None, None, live=True)]
        asking = load_rows(session, "booking", None, None, live=True)
        expression = compile_expression("decide(price)", scope_of(session.catalog, "booking"))
        type_ = session.catalog.objects["booking"]
        won = set()
        for one in asking:
            wanted = _plain_winner(rows, dict(one))
            assert one["tariff"] == wanted  # by SQL, when it was stored
            assert evaluate(expression, RecordEnvironment(session, type_, one)) == wanted
            won.add(wanted)
        assert len(won) > 5

    engine.database.call(check)
