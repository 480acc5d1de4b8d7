"""Playing an app's test: what is given, what happens, and whether what follows is so."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any

import orjson

from fluvial.auth.actors import SYSTEM
from fluvial.kernel.features import Seam
from fluvial.kernel.problems import Problem
from fluvial.records.writing import bin, transitions, writer
from fluvial.runtime.engine import Engine
from fluvial.runtime.long_jobs import advance
from fluvial.runtime.session import Session
from metamodel.catalog import ObjectType

from .app_test_files import AppTest
from .app_test_values import answered, shown, wire
from .effects_seen import effects_so_far, judge
from .judged_rows import Fault, found_record, judge_found, judge_record
from .stage import Stage, StoppedClock, work

# Session, endpoint, status and body; whether a call waited for it.
CALLED: Seam[Callable[[Session, str, int, bytes], bool]] = Seam("to answer calls")
# Session, ledger and day: the long job of a run; nothing where there is no ledger of this name.
LEDGER_RUN: Seam[Callable[[Session, str, date], str]] = Seam("to run ledgers in tests and stories")
CLOCK_SET: Seam[Callable[[Session], None]] = Seam("what is planned as a test begins on its day")
# Session, name and fields; whether there is a web form of this name.
ANSWER: Seam[Callable[[Session, str, Mapping[str, Any]], bool]] = Seam("to answer web forms")


@dataclass(frozen=True)
class Failure:
    """What is not as the test says, at its line."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}"


class Wrong(Exception):
    """A test that cannot go on: at which place, and why."""

    def __init__(self, path: tuple[str | int, ...], message: str) -> None:
        self.path = path
        super().__init__(message)


@dataclass
class Play:
    """One test on its engine."""

    test: AppTest
    engine: Engine
    refs: dict[str, tuple[str, str]] = field(default_factory=dict)
    people: dict[str, str] = field(default_factory=dict)  # the addresses of given users
    failures: list[Failure] = field(default_factory=list)
    refused: Problem | None = None
    jobs: list[str] = field(default_factory=list)  # that were begun and are not done yet

    def fail(self, message: str, *path: str | int) -> None:
        self.failures.append(Failure(self.test.file, self.test.line(*path), message))

    def session(self, name: str = "") -> Session:
        """A session of the system, or of a given user."""
        if not name:
            return Session.begin(self.engine, SYSTEM)
        object_name, record = self.refs.get(name, ("", ""))
        actor = None
        if object_name == "user":
            actor = self.engine.people.actor(self.engine.database.connection(), record)
        if actor is None:
            raise Problem(f"`{name}` is not a user of this test. Add it under `given: user`.")
        return Session.begin(self.engine, actor)

    def type(self, name: str, *path: str | int) -> ObjectType:
        type_ = self.session().catalog.objects.get(name)
        if type_ is None:
            raise Wrong(path, f"There is no object `{name}`.")
        return type_

    def ref(self, name: str, *path: str | int) -> tuple[str, str]:
        if name not in self.refs:
            known = ", ".join(sorted(self.refs))
            raise Wrong(path, f"There is no record `{name}` in this test. Available: {known}.")
        return self.refs[name]

    def shown(self, value: Any) -> str:
        return shown(value, self.refs)

    def work(self) -> None:
        """Let all be done that follows from a step, before the clock goes on."""
        connection = self.engine.database.connection()
        while self.jobs:
            if not advance(self.engine, connection, self.jobs[0]):
                del self.jobs[0]
        work(self.engine)


def play(test: AppTest, stage: Stage) -> list[Failure]:
    """What is not as the test says; nothing where it passes."""
    today = date.fromisoformat(str(test.body["today"]))
    with stage.engine(test.name, today, str(test.body.get("zone", "UTC"))) as engine:
        play = Play(test, engine)
        try:
            for plan in engine.brought(CLOCK_SET):
                plan(play.session())
            _give(play)
            work(engine)
            before = len(effects_so_far(play.session()))
            _happen(play)
            play.work()
            _judge(play, before)
        except Wrong as wrong:
            play.fail(str(wrong), *wrong.path)
        except Problem as problem:
            play.fail(f"The step failed: {_said(problem)}", "then")
        return play.failures


def _said(problem: Problem) -> str:
    faults = " ".join(f"{e['pointer']}: {e['message']}" for e in problem.errors)
    return faults or problem.detail


def _give(play: Play) -> None:
    """The records of `given`, written without setting off rules."""
    for object_name, entries in play.test.body.get("given", {}).items():
        type_ = play.type(object_name, "given", object_name)
        for at, entry in enumerate(entries):
            session = replace(play.session(), quiet=True).posting(*play.session().catalog.objects)
            try:
                made = writer.create(session, object_name, wire(type_, entry["fields"], play.refs))
            except Problem as problem:
                path = ("given", object_name, at, "fields")
                raise Wrong(path, f"This record cannot be created: {_said(problem)}") from problem
            name = entry.get("ref", f"{object_name}_{at}")
            play.refs[name] = (object_name, made["id"])
            if object_name == "user":
                play.people[name] = made["email"]


def _happen(play: Play) -> None:
    steps = play.test.steps
    listed = isinstance(play.test.body["when"], list)
    for at, step in enumerate(steps):
        path = ("when", at) if listed else ("when",)
        try:
            step_of(play, step, path)
        except Problem as problem:
            if at == len(steps) - 1 and play.test.body["then"].get("refused"):
                play.refused = problem
                return
            raise Wrong(path, f"This was refused: {_said(problem)}") from problem
        if at < len(steps) - 1:
            play.work()


def step_of(play: Play, step: Mapping[str, Any], path: tuple[str | int, ...]) -> None:
    if "at" in step:
        _move_clock(play, str(step["at"]), path)
        return
    if "answer" in step:
        _answer_call(play, step, path)
        return
    session = play.session(step.get("as", ""))
    if "ledger" in step:
        play.jobs += _ledger_run(session, str(step["ledger"]), path)
        return
    fields = step.get("fields", {})
    if "create" in step:
        type_ = play.type(step["create"], *path)
        made = writer.create(session, type_.name, wire(type_, fields, play.refs))
        play.refs[step.get("ref", "created")] = (type_.name, made["id"])
        return
    if "post" in step:
        _post(play, step["post"], fields, path)
        return
    verb = next((v for v in ("update", "delete", "restore", "act") if v in step), None)
    if verb is None:
        known = "create, update, delete, restore, act, ledger, post, answer or at"
        raise Wrong(path, f"Name the step: {known}.")
    object_name, record = play.ref(step[verb], *path)
    body = wire(play.type(object_name, *path), fields, play.refs)
    if verb == "update":
        writer.update(session, object_name, record, body)
    elif verb == "delete":
        bin.delete(session, object_name, record)
    elif verb == "restore":
        bin.restore(session, object_name, record)
    else:
        answers = answered(play.type(object_name, *path), body, play.refs)
        transitions.act(session, object_name, record, str(step.get("action", "")), answers)


def _ledger_run(session: Session, name: str, path: tuple[str | int, ...]) -> list[str]:
    """The jobs of a run until the day of the clock."""
    jobs = [run(session, name, session.today) for run in session.engine.brought(LEDGER_RUN)]
    if not any(jobs):
        raise Wrong((*path, "ledger"), f"There is no ledger `{name}`.")
    return [job for job in jobs if job]


def _move_clock(play: Play, text: str, path: tuple[str | int, ...]) -> None:
    clock = play.engine.clock
    assert isinstance(clock, StoppedClock)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Wrong(
            path, f"`{text}` is not a date and time. Write 2026-12-27T08:01:00Z."
        ) from error
    moment = moment if moment.tzinfo else moment.replace(tzinfo=clock.zone)
    if moment < clock.moment:
        raise Wrong(path, f"The clock cannot be set back to {text}.")
    clock.moment = moment.astimezone(UTC)


def _post(play: Play, name: str, fields: Mapping[str, Any], path: tuple[str | int, ...]) -> None:
    session = play.session()
    for answer in play.engine.brought(ANSWER):
        if answer(session, name, fields):
            break
    else:
        raise Wrong(path, f"There is no web form `{name}`.")


def _answer_call(play: Play, step: Mapping[str, Any], path: tuple[str | int, ...]) -> None:
    """Let the endpoint of a call answer the first one that waits for it."""
    status = int(step.get("status", 200))
    body = orjson.dumps(step["body"]) if "body" in step else b""
    for answer in play.engine.brought(CALLED):
        if answer(play.session(), step["answer"], status, body):
            return
    raise Wrong((*path, "answer"), f"No call of {step['answer']} waits for an answer.")


def _judge(play: Play, before: int) -> None:
    then = play.test.body["then"]
    _judge_refusal(play, then.get("refused"))
    if "effects" in then:
        made = effects_so_far(play.session())[before:]
        for message, where in judge(made, then["effects"], play.refs, play.people):
            play.fail(message, "then", "effects", *where)
    for at, row in enumerate(then.get("records", ())):
        for message, member in _judge_row(play, row, ("then", "records", at)):
            play.fail(message, "then", "records", at, *member)


def _judge_refusal(play: Play, wanted: Any) -> None:
    if not wanted:
        return
    if play.refused is None:
        play.fail("expected a refusal, but it was accepted", "then", "refused")
        return
    said = _said(play.refused)
    if isinstance(wanted, Mapping):
        name = wanted.get("field")
        if name and not any(e["pointer"].startswith(f"/{name}") for e in play.refused.errors):
            play.fail(f"expected a refusal of {name}, found: {said}", "then", "refused", "field")
        if wanted.get("says", "") not in f"{said} {play.refused.detail}":
            play.fail(f"expected {wanted['says']!r}, found: {said}", "then", "refused", "says")


def _judge_row(play: Play, row: Mapping[str, Any], path: tuple[str | int, ...]) -> Iterator[Fault]:
    session = play.session(row.get("as", ""))
    if "as_of" in row:
        session = session.at(date.fromisoformat(row["as_of"]))
    if "object" in row:
        yield from judge_found(session, play.type(row["object"], *path), row, play.refs)
        return
    object_name, record = play.ref(str(row.get("ref", "")), *path)
    values = found_record(session, object_name, record)
    if values is None or not row.get("there", True):
        if (values is not None) != row.get("there", True):
            state = "deleted or hidden" if values is None else "there"
            yield f"`{row['ref']}` is {state}", ("there",)
        return
    yield from judge_record(session, play.type(object_name, *path), row, values, play.refs)
