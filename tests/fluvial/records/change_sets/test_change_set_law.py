"""The law of change sets: applied, refused and taken back by chance, a plain replay says the same.

The replay knows records as values and, of each field, what was changed by whom and when. It says
which applications are conflicts, and what the records are after the others.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.app import Client, Documents
from tests.fluvial.records.change_sets.covers import DOCUMENTS

Values = dict[str, Any]
FIELDS = ("asset", "until", "secret")


@pytest.fixture
def documents() -> Documents:
    return DOCUMENTS


@dataclass
class Kept:
    """An edit of the replay. `seen` are the values of its record when it was kept."""

    action: str
    record: str
    body: Values
    seen: Values | None
    undo: list[tuple[str, Values]] = field(default_factory=list)


@dataclass
class Set:
    id: str
    edits: list[Kept] = field(default_factory=list)
    state: str = "draft"
    left: dict[str, Values | None] = field(default_factory=dict)  # what applying left


class World:
    """People and amendments at work by chance, beside a plain replay of it all."""

    def __init__(self, client: Client, chance: random.Random) -> None:
        self.client = client
        self.chance = chance
        self.contract = client.made("contract", name="One", price="1.00")["id"]
        self.records: dict[str, Values] = {}
        self.binned: dict[str, Values] = {}
        self.count = 0
        self.sets: list[Set] = []
        self.done = {"applied": 0, "reversed": 0, "conflict": 0}
        for _ in range(5):
            self.create()
        for _ in range(3):
            self.new_set()

    def new_set(self) -> None:
        made = self.client.made("amendment", number=f"A-{len(self.sets)}")["id"]
        self.sets.append(Set(made))

    def some(self) -> Values:
        self.count += 1
        values = {
            "until": self.chance.choice([None, "2030-01-01", "2031-02-02"]),
            "secret": self.chance.choice(["a", "b", f"{self.count}"]),
            "asset": f"asset {self.count}",
        }
        names = self.chance.sample(FIELDS, self.chance.randint(1, 2))
        return {name: values[name] for name in names}

    def create(self) -> None:
        values: Values = {"asset": f"first {self.count}", "until": None, "secret": None}
        self.count += 1
        made = self.client.made("cover", contract=self.contract, **values)
        self.records[made["id"]] = values

    def step(self) -> None:
        ways = [self.keep, self.keep, self.keep, self.change, self.apply, self.reverse]
        self.chance.choice(ways)()

    def open(self) -> Set:
        found = [one for one in self.sets if one.state == "draft"]
        if not found:
            self.new_set()
            return self.sets[-1]
        return self.chance.choice(found)

    def inside(self, set_: Set) -> dict[str, Values]:
        """The records as a change set sees them."""
        there = {id: dict(values) for id, values in self.records.items()}
        for edit in set_.edits:
            if edit.action == "delete":
                there.pop(edit.record, None)
            elif edit.action == "create":
                there[edit.record] = dict(edit.body)
            elif edit.record in there:
                there[edit.record] |= edit.body
        return there

    def keep(self) -> None:
        set_ = self.open()
        query = f"?change_set={set_.id}"
        there = self.inside(set_)
        action = self.chance.choice(["update", "update", "update", "create", "delete"])
        if action == "create":
            body = {"until": None, "secret": None, **self.some(), "asset": f"new {self.count}"}
            reply = self.client.post(
                f"/api/records/cover{query}", {"contract": self.contract, **body}
            )
            assert reply.status == 202, reply.text
            set_.edits.append(Kept("create", reply.json()["id"], body, None))
        elif there:
            record = self.chance.choice(sorted(there))
            path = f"/api/records/cover/{record}{query}"
            seen = self.records.get(record)
            if action == "delete":
                reply = self.client.delete(path)
                assert reply.status == 202, reply.text
                set_.edits.append(Kept("delete", record, {}, seen and dict(seen)))
                return
            body = {n: v for n, v in self.some().items() if there[record][n] != v}
            reply = self.client.patch(path, body)
            assert reply.status == (202 if body else 200), reply.text
            if body:
                set_.edits.append(Kept("update", record, body, seen and dict(seen)))

    def change(self) -> None:
        if not self.records:
            return
        record = self.chance.choice(sorted(self.records))
        if self.chance.random() < 0.15:
            assert self.client.delete(f"/api/records/cover/{record}").status == 204
            self.binned[record] = self.records.pop(record)
            return
        body = self.some()
        reply = self.client.patch(f"/api/records/cover/{record}", body)
        assert reply.status == 200, reply.text
        self.records[record] |= body

    def act(self, set_: Set, name: str, *, fits: bool) -> bool:
        reply = self.client.post(f"/api/records/amendment/{set_.id}/actions/{name}", {})
        assert reply.status == (200 if fits else 409), (reply.text, name)
        if not fits:
            assert reply.json()["conflicts"]
            self.done["conflict"] += 1
        return fits

    def apply(self) -> None:
        set_ = self.open()
        fits = all(self.fits(edit) for edit in set_.edits)
        if not self.act(set_, "schedule", fits=fits):
            set_.state = "stuck"
            return
        set_.state = "applied"
        self.done["applied"] += 1
        for edit in set_.edits:
            before = self.records.get(edit.record)
            if edit.action == "create":
                self.records[edit.record] = dict(edit.body)
            elif edit.action == "delete":
                self.binned[edit.record] = self.records.pop(edit.record)
            else:
                assert before is not None
                edit.undo.append((edit.record, {n: before[n] for n in edit.body}))
                before |= edit.body
        for edit in set_.edits:
            left = self.records.get(edit.record)
            set_.left[edit.record] = None if left is None else dict(left)

    def fits(self, edit: Kept) -> bool:
        """Whether what an edit was made on is still so."""
        if edit.seen is None:
            return True
        now = self.records.get(edit.record)
        if now is None:
            return False
        names = FIELDS if edit.action == "delete" else edit.body
        return all(now[name] == edit.seen[name] for name in names)

    def reverse(self) -> None:
        applied = [one for one in self.sets if one.state == "applied"]
        if not applied:
            return
        set_ = self.chance.choice(applied)
        fits = all(self.stands(set_, edit) for edit in set_.edits)
        if not self.act(set_, "reverse", fits=fits):
            set_.state = "stuck"
            return
        set_.state = "reversed"
        self.done["reversed"] += 1
        for edit in reversed(set_.edits):
            if edit.action == "create":
                self.binned[edit.record] = self.records.pop(edit.record)
            elif edit.action == "delete":
                self.records[edit.record] = self.binned.pop(edit.record)
            else:
                for record, values in edit.undo:
                    self.records[record] |= values

    def stands(self, set_: Set, edit: Kept) -> bool:
        left, now = set_.left[edit.record], self.records.get(edit.record)
        if left is None or now is None:
            return left is None and now is None
        names = FIELDS if edit.action == "create" else edit.body
        return all(now[name] == left[name] for name in names)

    def check(self) -> None:
        rows = self.client.rows("/api/records/cover", limit="500")
        found = {row["id"]: {name: row[name] for name in FIELDS} for row in rows}
        assert found == self.records


@pytest.mark.parametrize("seed", range(3))
def test_a_plain_replay_says_the_same(client: Client, seed: int) -> None:
    world = World(client, random.Random(seed))
    for at in range(60):
        world.step()
        if at % 10 == 9:
            world.check()
    assert world.done["applied"] and world.done["conflict"], world.done
