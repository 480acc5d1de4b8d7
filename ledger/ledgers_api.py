"""Ledgers over HTTP: runs, what they take back, and what a key is made of."""

from __future__ import annotations

import uuid
from functools import partial
from typing import Any

from fluvial.http.call import Answer, Call
from fluvial.http.long_answers import job_answer, result_of
from fluvial.http.parameters import day, refuse
from fluvial.http.routes import Endpoint, Policy
from fluvial.kernel.problems import Unprocessable, fault
from fluvial.records.reading.titles import titles_of
from fluvial.runtime.long_jobs import DONE, LongJob
from fluvial.runtime.session import Session

from .explaining import explain
from .ledger_model import Ledger
from .ledger_reader import ledgers_of
from .ledger_run_rows import RunRow, faults_of, found_run, newest_runs
from .ledger_runs import RunWish, begin_run, begin_void, ledger_named, with_runs

PATIENCE = 20.0  # seconds that a call waits for a run
MOST_RUNS = 200

Json = dict[str, Any]


def list_ledgers(call: Call) -> Answer:
    call.only()
    rows = [
        {"name": one.name, "label": one.label, "for": one.object, "objects": list(one.objects)}
        for one in call.session.catalog.derive(ledgers_of).values()
        if call.session.access.object(one.object).can("read")
    ]
    return Answer.json({"data": sorted(rows, key=lambda one: str(one["label"]))})


def start_run(call: Call) -> Answer:
    """Work out what should have been charged until a day, and post the difference."""
    call.only()
    ledger = ledger_named(call.session, call.params["name"])
    body = call.json_object("until", "where", "dry_run")
    wish = RunWish(_until(call, body), _where(body), _dry_run(body))
    begin = partial(begin_run, call.session, ledger, wish, _id(call, ledger, body))
    return job_answer(call, begin, partial(_ended, ledger.name), PATIENCE, _left(ledger.name))


def void_run(call: Call) -> Answer:
    """Take back what a run has posted, by opposite entries."""
    call.only()
    ledger = ledger_named(call.session, call.params["name"])
    begin = partial(begin_void, call.session, ledger, call.params["id"])
    return job_answer(call, begin, partial(_ended, ledger.name), PATIENCE, _left(ledger.name))


def list_runs(call: Call) -> Answer:
    call.only("limit")
    ledger = with_runs(call.session, call.params["name"])
    limit = call.whole("limit", 50, 1, MOST_RUNS)
    found = newest_runs(call.session.connection, ledger.name, limit)
    return Answer.json({"data": [one.wire() for one in found]})


def read_run(call: Call) -> Answer:
    call.only()
    ledger = with_runs(call.session, call.params["name"])
    run = found_run(call.session.connection, ledger.name, call.params["id"])
    return Answer.json(told_run(call.session, ledger, run))


def told_run(session: Session, ledger: Ledger, run: RunRow) -> Json:
    """A run with its faults, as far as the records are the reader's to see."""
    faults = faults_of(session.connection, run.id)
    titles = titles_of(session, ledger.object, [one[0] for one in faults])
    listed = [
        {
            "record": {"id": record, "title": titles[record]},
            "period": period or None,
            "message": message,
        }
        for record, period, message in faults
        if record in titles
    ]
    return {**run.wire(), "fault_list": listed}


def explain_key(call: Call) -> Answer:
    given = call.only("record", "period", "until", "demand", "source")
    ledger = ledger_named(call.session, call.params["name"])
    if not given.get("record"):
        raise refuse("record", "required", "`record` is the id of a record that is charged.")
    until = day(call, given["until"], "until") if "until" in given else call.session.today
    period = given.get("period") or given.get("demand")
    told = explain(call.session, ledger, given["record"], period, until, given.get("source"))
    return Answer.json(told)


def _ended(name: str, call: Call, job: LongJob) -> Answer:
    if job.state != DONE:
        return result_of(call, job)
    ledger = ledger_named(call.session, name)
    run = found_run(call.session.connection, name, job.id)
    return Answer.json(told_run(call.session, ledger, run), 200)


def _left(name: str) -> Any:
    def left(call: Call, id: str) -> Answer:
        run = found_run(call.engine.database.connection(), name, id)
        place = [("location", f"/api/ledgers/{name}/runs/{id}")]
        return Answer.json({**run.wire(), "fault_list": []}, 202, place)

    return left


def _until(call: Call, body: Json) -> Any:
    if not isinstance(body.get("until"), str):
        message = "`until` is the last day whose dues are posted, such as 2026-06-30."
        raise Unprocessable(message, errors=[fault("/until", "required", message)])
    return day(call, body["until"], "/until")


def _where(body: Json) -> str:
    where = body.get("where") or ""
    if not isinstance(where, str):
        message = "`where` is a condition about the records that are charged."
        raise Unprocessable(message, errors=[fault("/where", "not_text", message)])
    return where


def _dry_run(body: Json) -> bool:
    dry = body.get("dry_run", False)
    if not isinstance(dry, bool):
        message = "`dry_run` is true or false."
        raise Unprocessable(message, errors=[fault("/dry_run", "not_boolean", message)])
    return dry


def _id(call: Call, ledger: Ledger, body: Json) -> str:
    """Of a call that may be sent again: the same run."""
    key = call.headers.get("idempotency-key", "")
    if not key:
        return ""
    who = call.session.actor.id or call.client
    said = f"{body.get('until')} {body.get('where')} {body.get('dry_run')}"
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{who} {ledger.name} {key} {said}"))


_ONE = "/api/ledgers/{name}"

ENDPOINTS = (
    Endpoint("GET", "/api/ledgers", list_ledgers, Policy.SIGNED_IN, "Ledgers of what I may read."),
    Endpoint("GET", f"{_ONE}/runs", list_runs, Policy.SIGNED_IN, "Runs of a ledger, newest first."),
    Endpoint(
        "POST",
        f"{_ONE}/runs",
        start_run,
        Policy.SIGNED_IN,
        "Run a ledger: post what should have been charged and is not posted.",
    ),
    Endpoint(
        "GET", f"{_ONE}/runs/{{id}}", read_run, Policy.SIGNED_IN, "A run, with what it counted."
    ),
    Endpoint(
        "POST",
        f"{_ONE}/runs/{{id}}/void",
        void_run,
        Policy.SIGNED_IN,
        "Take back what a run has posted.",
    ),
    Endpoint(
        "GET",
        f"{_ONE}/explain",
        explain_key,
        Policy.SIGNED_IN,
        "What a record should have been charged, with the cells, and what is posted.",
    ),
)
