"""The law of the state log: what was noted on the way is what the history tells afterwards."""

from __future__ import annotations

import random
from typing import Any

import pytest

from fluvial.records.calculated.log_filling import fill_log
from fluvial.runtime.engine import Engine
from fluvial.runtime.session import Session
from tests.app import Client, Documents
from tests.fluvial.records.drafts.test_state_log import LOAN, Still, clock
from tests.waiting import worked_off

__all__ = ["clock"]

DATED: dict[str, Any] = {
    "name": "grade", "kind": "choice", "dated": True, "log": True,
    "options": [{"name": "low"}, {"name": "high"}],
}  # fmt: skip
RULE: dict[str, Any] = {
    "kind": "rule",
    "name": "calm_down",
    "on": {"object": "loan", "event": ["created", "updated"]},
    "when": "mood == 'waiting'",
    "do": [{"update": {"set": {"mood": "'new'"}}}],
}
CHOICES = {"mood": (None, "new", "waiting", "done"), "grade": (None, "low", "high"),
           "colour": ("new", "done")}  # fmt: skip


@pytest.fixture
def documents() -> Documents:
    return ({**LOAN, "fields": [*LOAN["fields"], DATED]}, RULE)


def _spans(engine: Engine) -> list[tuple[Any, ...]]:
    columns = 'record, field, rev, object, state, "from", until, "by", cause'
    rows = engine.database.connection().query(
        f"SELECT {columns} FROM fluvial_state_span ORDER BY record, field, rev"
    )
    return [tuple(row) for row in rows]


class Hands:
    """People who change records in every way, by chance."""

    def __init__(self, client: Client, clock: Still, chance: random.Random) -> None:
        self.client = client
        self.clock = clock
        self.chance = chance
        self.there: list[str] = []
        self.binned: list[str] = []

    def step(self) -> None:
        self.clock.later(self.chance.choice([0, 0, 1, 60, 60 * 24]))
        ways = [self.create, self.create_many, self.change, self.change_many, self.act, self.act,
                self.plan, self.bin, self.restore]  # fmt: skip
        self.chance.choice(ways if self.there else [self.create])()

    def some(self) -> dict[str, Any]:
        names = self.chance.sample(sorted(CHOICES), self.chance.randint(0, 3))
        return {name: self.chance.choice(CHOICES[name]) for name in names}

    def one(self) -> str:
        return self.chance.choice(self.there)

    def create(self) -> None:
        self.there.append(self.client.made("loan", name="one", **self.some())["id"])

    def create_many(self) -> None:
        bodies = [{"name": f"{at}", **self.some()} for at in range(3)]
        reply = self.client.post("/api/records/loan", bodies)
        self.there += [one["id"] for one in reply.json()["data"]]

    def change(self) -> None:
        reply = self.client.patch(f"/api/records/loan/{self.one()}", self.some())
        assert reply.status == 200, reply.text

    def change_many(self) -> None:
        ids = self.chance.sample(self.there, min(3, len(self.there)))
        reply = self.client.patch("/api/records/loan", [{"id": one, **self.some()} for one in ids])
        assert reply.status == 200, reply.text

    def act(self) -> None:
        name = self.chance.choice(["wait", "resume", "finish"])
        assert self.client.post(f"/api/records/loan/{self.one()}/actions/{name}").status < 500

    def plan(self) -> None:
        """A value of another day; of one that is past it may be today's value too."""
        day = self.clock.moment.date().replace(day=self.chance.randint(1, 28))
        path = f"/api/records/loan/{self.one()}?as_of={day}"
        reply = self.client.patch(path, {"grade": self.chance.choice(CHOICES["grade"])})
        assert reply.status < 500, reply.text

    def bin(self) -> None:
        record = self.one()
        assert self.client.delete(f"/api/records/loan/{record}").status == 204
        self.there.remove(record)
        self.binned.append(record)

    def restore(self) -> None:
        if self.binned:
            record = self.binned.pop()
            assert self.client.post(f"/api/records/loan/{record}/restore").status == 200
            self.there.append(record)


@pytest.mark.parametrize("seed", range(3))
def test_the_log_is_what_the_history_tells(
    client: Client, clock: Still, engine: Engine, seed: int
) -> None:
    hands = Hands(client, clock, random.Random(seed))
    for at in range(60):
        hands.step()
        if at % 6 == 0:  # rules, and values whose day has come
            worked_off(engine)

    def made_anew() -> list[tuple[Any, ...]]:
        session = Session.begin(engine)
        with session.connection.transaction():
            for field in session.catalog.objects["loan"].logged_fields:
                fill_log(session, field)
        return _spans(engine)

    noted = engine.database.call(lambda: _spans(engine))
    told = engine.database.call(made_anew)
    assert len(noted) > 60 and any(span[8] == "calm_down" for span in noted)
    assert noted == told
    by_record: dict[tuple[str, str], list[Any]] = {}
    for span in noted:
        by_record.setdefault((span[0], span[1]), []).append(span)
    for spans in by_record.values():
        for before, after in zip(spans, spans[1:], strict=False):
            assert before[6] is not None and before[6] <= after[5], (before, after)
