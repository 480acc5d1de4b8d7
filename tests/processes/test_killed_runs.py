"""Runs of random processes while the product is killed again and again: none is lost, stuck or
done twice, whatever it was at."""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import httpx
import pytest

from tests.app import Prepared
from tests.fluvial.processes import Process, Product, products
from tests.processes.desk import DOCUMENTS, Json
from tests.processes.random_processes import (
    check_run,
    graph_of_body,
    outcomes_of,
    random_process,
)

__all__ = ["products"]

KILLS = int(os.environ.get("KILLED_RUNS", "3"))
SEED = int(os.environ.get("KILLED_RUNS_SEED", "0"))
MOST_STEPS = 60 * KILLS
DATABASES = ["sqlite"] if KILLS < 10 else ["sqlite", "postgresql"]


class Runs:
    """A product that dies at points that chance names, and those who work with it meanwhile."""

    def __init__(self, product: Product, chance: Random) -> None:
        self.product, self.chance = product, chance
        self.kills, self.now = 0, datetime.fromisoformat("2026-06-12T15:00:00+00:00")
        self.process = self.begin()
        self.client = product.client()
        self.done: dict[str, str] = {}  # tasks whose completion was answered, with their stage

    def begin(self) -> Process:
        """The product as of some hours later, so that the time of open tasks is up."""
        while True:
            self.now += timedelta(hours=2)
            name, most = self.chance.choice((("run_written", 9), ("after_commit", 30)))
            fault = f"{name}:{self.chance.randint(1, most)}" if self.kills < KILLS else ""
            now = self.now.isoformat().replace("+00:00", "Z")
            with suppress(AssertionError):  # killed before it answers, by what its workers did
                return self.product.serve(FLUVIAL_FAULT_AT=fault, FLUVIAL_NOW=now)
            assert self.product.started[-1].killed(), fault
            self.kills += 1

    def ask(self, method: str, path: str, body: Json | None = None) -> Json | None:
        """What is answered; None where the product has died over it, which begins anew."""
        try:
            reply = self.client.request(method, path, json=body)
        except httpx.TransportError:
            assert self.process.killed()
            self.kills += 1
            self.process = self.begin()
            return None
        assert reply.status_code < 500, reply.text
        found: Json = {"answer": reply.status_code, **reply.json()}
        return found

    def runs(self, body: Json) -> list[Json]:
        """All runs of a process, each in a state that it allows."""
        while True:
            listed = self.ask("GET", f"/api/processes/{body['name']}/runs?limit=100")
            asked = [self.ask("GET", f"/api/processes/runs/{one['id']}")
                     for one in (listed or {"data": []})["data"]]  # fmt: skip
            found = [one for one in asked if one is not None]
            if listed is not None and len(found) == len(asked):
                return found

    def step(self, run: Json, body: Json) -> None:
        """Somebody completes an open task of a run."""
        task = self.chance.choice([one for one in run["tasks"] if one["status"] == "open"])
        outcomes = outcomes_of(body, task["stage"])
        said = {"outcome": self.chance.choice(outcomes)} if outcomes else {}
        told = self.ask("POST", f"/api/processes/tasks/{task['id']}/complete", said)
        assert told is None or told["answer"] in (200, 409), told
        if told is not None and told["answer"] == 200:
            assert task["id"] not in self.done
            self.done[task["id"]] = task["stage"]


@pytest.mark.parametrize("database", DATABASES)
def test_runs_go_on_where_the_product_was_killed(
    request: pytest.FixtureRequest,
    prepared: Prepared,
    tmp_path: Path,
    products: list[Product],
    database: str,
) -> None:
    chance = Random(SEED)
    place = request.getfixturevalue("databases") if database == "postgresql" else None
    address = prepared.copy(place, tmp_path, (), DOCUMENTS)
    product = Product(tmp_path, address, {"zone": "Europe/London"})
    products.append(product)
    runs = Runs(product, chance)
    bodies = [random_process(chance) for _ in range(1 + KILLS // 4)]
    graphs = [graph_of_body(body) for body in bodies]
    while runs.ask("POST", "/api/meta/changes", {"documents": bodies}) is None:
        pass
    deal = None
    while deal is None:
        deal = runs.ask("POST", "/api/records/deal", {"name": "Press"})
    for _ in range(MOST_STEPS):
        at = chance.randrange(len(bodies))
        found = runs.runs(bodies[at])
        for run in found:
            check_run(run, bodies[at], graphs[at])
        busy = [one for one in found if one["status"] == "running"]
        if busy:
            runs.step(chance.choice(busy), bodies[at])
        elif runs.kills < KILLS:
            runs.ask("POST", f"/api/processes/{bodies[at]['name']}/runs", {"subject": deal["id"]})
        else:
            break
    assert runs.kills >= KILLS, (SEED, runs.kills)
    for body in bodies:
        tasks = {one["id"]: one for run in runs.runs(body) for one in run["tasks"]}
        for id in runs.done.keys() & tasks.keys():
            assert tasks[id]["status"] == "done", (SEED, tasks[id])
            runs.done.pop(id)
    assert not runs.done, SEED  # what was answered is there
