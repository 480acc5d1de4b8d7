"""Processes with many runs: my tasks, the funnel by four dimensions, completing, and starting."""

from __future__ import annotations

import gc
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from bench.conditions import insert
from bench.engines import fresh_engine
from bench.timing import timed
from fluvial.auth.actors import SYSTEM
from fluvial.database.connection import Connection
from fluvial.database.statement import insert as add_row
from fluvial.records.writing.writer import create, update
from fluvial.runtime import long_jobs
from fluvial.runtime.engine import Engine
from fluvial.runtime.session import Session
from processes import repeated_starts, task_steps
from processes.open_tasks import open_tasks
from processes.process_tables import CANDIDATE
from processes.stage_counts import stage_counts
from processes.versions import process_named
from processes.why_waiting import task_wire

ROUNDS, STARTED, COMPLETED, WARM = 5, 10_000, 200, 20
STAGES = ("ask", "offer", "talk", "agree", "deliver")
REACH = (1.0, 0.75, 0.45, 0.225, 0.1)  # how many runs come so far
PEOPLE, BRANCHES, REGIONS = 40, 200, 8
DOCUMENTS: list[dict[str, Any]] = [
    {"kind": "object", "name": "region", "fields": [{"name": "name", "kind": "text"}]},
    {"kind": "object", "name": "branch", "fields": [
        {"name": "name", "kind": "text"}, {"name": "region", "kind": "lookup", "to": "region"}]},
    {"kind": "object", "name": "deal", "fields": [
        {"name": "name", "kind": "text"}, {"name": "hot", "kind": "boolean"},
        {"name": "branch", "kind": "lookup", "to": "branch"},
        {"name": "seller", "kind": "person"},
        {"name": "source", "kind": "choice", "options": [
            {"name": one} for one in ("web", "fair", "call")]}]},
    {"kind": "role", "name": "seller", "grants": [
        {"object": "deal", "can": ["read", "create", "update"]}]},
    {"kind": "process", "name": "sale", "subject": "deal",
     "stages": [{"name": one, "performers": [{"field": "seller"}]} for one in STAGES],
     "routes": [{"from": "start", "to": "ask"},
                *({"from": a, "to": b} for a, b in zip(STAGES, STAGES[1:], strict=False)),
                {"from": "deliver", "to": "end"}]},
    {"kind": "process", "name": "call", "subject": "deal",
     "start": {"every": "2w", "where": "hot", "at": "00:00"},
     "stages": [{"name": "call", "performers": [{"field": "seller"}]}],
     "routes": [{"from": "start", "to": "call"}, {"from": "call", "to": "end"}]},
]  # fmt: skip
ADD_CANDIDATE = add_row(CANDIDATE)
GROUPS = (
    ("subject", "branch", "region"), ("subject", "seller"), ("subject", "source"), ("responsible",),
)  # fmt: skip


def measure(kind: str, runs: int) -> str:
    """A Markdown table of what was measured on one kind of database."""
    with fresh_engine(kind, "processes", *DOCUMENTS) as made:
        lines = made.call(lambda: list(_lines(made.engine, kind, runs)))
    head = f"{made.database}; {runs:,} runs with {5 * runs:,} tasks."
    return "\n".join([head, "", "| what | time | CPU of the process |", "|---|---|---|", *lines])


def _lines(engine: Engine, kind: str, runs: int) -> Iterator[str]:
    session = Session.begin(engine)
    print(f"{kind}: filling {runs:,} runs", file=sys.stderr)
    people = _people(session)
    _fill(session, runs, people)
    connection = session.connection
    connection.analyze()
    actor = engine.people.actor(connection, people[0])
    assert actor is not None
    mine = session.as_actor(actor)
    yield _line("my tasks, 50 of them", lambda: open_tasks(mine, 50))
    yield _line(
        "the same as the API tells them",
        lambda: [task_wire(mine, one) for one in open_tasks(mine, 50)],
    )
    where = "process == 'sale' and attempt == 1"
    yield _line(
        "the funnel by four dimensions", lambda: stage_counts(session, "deal", where, GROUPS)
    )
    yield from _completing(session, people[0])
    yield _starting(engine, connection, people)


def _line(what: str, work: Callable[[], Any], rounds: int = ROUNDS) -> str:
    work()
    taken, spent = [], []
    for _ in range(rounds):
        gc.collect()
        began, at = time.process_time(), time.perf_counter()
        work()
        taken.append(time.perf_counter() - at)
        spent.append(time.process_time() - began)
    return _told(what, statistics.median(taken), statistics.median(spent))


def _told(what: str, seconds: float, spent: float) -> str:
    unit, by = ("s", 1.0) if seconds >= 1 else ("ms", 1000.0)
    return f"| {what} | {seconds * by:.1f} {unit} | {spent * by:.1f} {unit} |"


def _people(session: Session) -> list[str]:
    made = []
    for at in range(PEOPLE):
        values = {"name": f"P{at}", "email": f"p{at}@example.com", "roles": ["seller"]}
        made.append(str(create(session, "user", values)["id"]))
    return made


def _fill(session: Session, runs: int, people: list[str]) -> None:
    chance, first = random.Random(1), datetime(2025, 1, 1, tzinfo=UTC)
    with session.connection.transaction():
        regions = [insert(session, "region", name=f"R{at}") for at in range(REGIONS)]
        branches = [
            insert(session, "branch", name=f"B{at}", region=chance.choice(regions))
            for at in range(BRANCHES)
        ]
        for at in range(runs):
            seller = ("user", chance.choice(people))
            deal = insert(
                session, "deal", name=f"D{at}", seller=seller, branch=chance.choice(branches),
                source=chance.choice(("web", "fair", "call")), hot=at < STARTED,
            )  # fmt: skip
            begun = first + timedelta(minutes=5 * at)
            _run(session, at, ("deal", deal), seller, people[at % PEOPLE], begun)


def _run(
    session: Session,
    at: int,
    subject: tuple[str, str],
    seller: tuple[str, str],
    other: str,
    begun: datetime,
) -> None:
    """A run with five tasks: those of the stages it came to, and others of earlier attempts."""
    reached = sum(at % 1000 < share * 1000 for share in REACH)
    common = {"process": "sale", "subject": subject, "responsible": seller}
    run = insert(
        session, "process_run", **common, name="Sale", version=Decimal(1), status="running",
        started=begun,
    )  # fmt: skip
    for step in range(len(STAGES)):
        stage, attempt = STAGES[min(step, reached - 1)], max(1, step - reached + 2)
        last = step == len(STAGES) - 1
        opened = begun + timedelta(days=step)
        among = list({seller, ("user", other)}) if last and at % 10 == 0 else []
        task = insert(
            session, "process_task", **common, run=run, name=stage, stage=stage, candidates=among,
            attempt=Decimal(attempt), status="open" if last else "done", performer=seller,
            opened=opened, ended=None if last else opened + timedelta(days=1),
            work_due=opened + timedelta(days=7), work_state="running" if last else "met",
            ended_by=None if last else seller,
        )  # fmt: skip
        for _, person in among:
            ADD_CANDIDATE.run(session.connection, person=person, task=task)


def _completing(session: Session, person: str) -> Iterator[str]:
    """A plain save beside completing a task, which makes the next one, in turns."""
    process = process_named(session, "sale")
    deals = [
        str(create(session, "deal", {"name": f"N{at}", "seller": {"user": person}})["id"])
        for at in range(COMPLETED)
    ]
    runs = []
    for deal in deals:
        with session.connection.transaction():
            runs.append(task_steps.start(session, process, ("deal", deal)))
    saves, steps = list[tuple[float, float]](), list[tuple[float, float]]()
    gc.collect()
    for at, run in enumerate(runs):
        save = partial(update, session, "deal", deals[at], {"name": f"M{at}"})
        saves.append(_clocked(save))
        steps.append(_clocked(partial(task_steps.complete, session, run.made[0])))
    for what, times in (("a plain save", saves), ("a task completed", steps)):
        seconds, spent = (statistics.median(one) for one in zip(*times[WARM:], strict=True))
        yield _told(what, seconds, spent)


def _clocked(work: Callable[[], Any]) -> tuple[float, float]:
    """Seconds, and those of the process."""
    began, at = time.process_time(), time.perf_counter()
    work()
    return time.perf_counter() - at, time.process_time() - began


def _starting(engine: Engine, connection: Connection, people: list[str]) -> str:
    """A scheduled start for many records, gone through by its job."""

    def all_of_it() -> None:
        repeated_starts.run(engine)
        for job in long_jobs.visible_jobs(Session.begin(engine, SYSTEM, connection=connection)):
            while long_jobs.advance(engine, connection, job.id):
                pass

    engine.clock._shift += timedelta(days=1)  # a process begins on the morning after it was made
    began = time.process_time()
    seconds, _ = timed(all_of_it)
    session = Session.begin(engine, SYSTEM, connection=connection)
    made = stage_counts(session, "deal", "process == 'call'", ())
    number = sum(one.runs for one in made)
    return _told(f"a scheduled start of {number:,} runs", seconds, time.process_time() - began)
