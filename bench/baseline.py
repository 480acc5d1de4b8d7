"""A library's loans as a hand-written, synchronous Starlette application: the yardstick."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from anyio import to_thread
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bench.baseline_fields import SYSTEM, Problem, fault, parse, read_body, with_defaults
from bench.baseline_http import answer, authenticate, problem, store, visible, writing
from bench.baseline_lists import board, page, summary
from bench.baseline_store import Actor, Change, Record, UniqueConflict, Values, uuid7

MAX_BATCH = 500


def record_id(request: Request) -> str:
    try:
        return str(UUID(request.path_params["id"]))
    except ValueError:
        raise Problem(404, "There is no such loan.") from None


def read(request: Request) -> Response:
    actor = authenticate(request, "records:read")
    record = store().one(actor, record_id(request))
    if record is None:
        raise Problem(404, "There is no such loan.")
    return answer(visible(actor, record), etag=record["rev"])


def check_references(actor: Actor, values: Values, complete: bool) -> None:
    """Faults where the member or the assignee is not there, or not for this actor."""
    if "member" not in values and values.get("assignee") is None:
        return
    member_usable, group, assignee_usable = store().references(actor, values)
    faults = []
    if "member" in values and not member_usable:
        faults.append(fault("member", "reference", "There is no such member."))
    if values.get("assignee") is not None and not assignee_usable:
        faults.append(fault("assignee", "reference", "There is no such person."))
    if faults:
        raise Problem(422, "Some values need a change.", errors=faults)
    if complete and group not in actor.groups and values.get("assignee") != actor.id:
        raise Problem(403, "You may not create this loan.")


def create(request: Request, body: bytes) -> Response:
    actor = authenticate(request, "records:write")
    sent = read_body(body)
    return create_loans(actor, sent) if isinstance(sent, list) else create_loan(actor, sent)


def create_loan(actor: Actor, members: dict[str, Any]) -> Response:
    values = with_defaults(parse(members, actor.role))
    connection = store()
    try:
        with connection.transaction():
            check_references(actor, values, complete=True)
            record = connection.insert(actor, uuid7(), values)
            connection.log(actor, "created", [(record, changes_of_new(record))])
            connection.index(record, new=True)
    except UniqueConflict as conflict:
        raise taken(str(conflict)) from conflict
    return answer(visible(actor, record), 201, record["rev"])


def changes_of_new(record: Record) -> dict[str, list[Any]]:
    return {
        name: [None, value]
        for name, value in record.items()
        if value is not None and name not in SYSTEM
    }


def each(bodies: list[Any], take: Any) -> list[Any]:
    """What `take` makes of each body, or the faults of all of them with their places."""
    if len(bodies) > MAX_BATCH:
        raise Problem(422, f"Send at most {MAX_BATCH} loans.")
    taken_, faults = [], []
    for at, body in enumerate(bodies):
        try:
            if not isinstance(body, dict):
                raise Problem(422, "Send objects.", errors=[fault("", "value", "Use an object.")])
            taken_.append(take(body))
        except Problem as problem_:
            if "errors" not in problem_.body:
                raise
            errors = problem_.body["errors"]
            faults += [{**error, "pointer": f"/{at}{error['pointer']}"} for error in errors]
    if faults:
        raise Problem(422, "Some values need a change.", errors=faults)
    return taken_


def check_many(actor: Actor, many: list[Values], complete: bool) -> None:
    """The same as `check_references`, with two queries for all of them."""
    members = {values["member"] for values in many if "member" in values}
    people = {values["assignee"] for values in many if values.get("assignee") is not None}
    if not members and not people:
        return
    groups, active = store().usable(sorted(members), sorted(people))
    faults = []
    for at, values in enumerate(many):
        if "member" in values and groups.get(values["member"]) not in actor.groups:
            faults.append(fault(f"{at}/member", "reference", "There is no such member."))
        if values.get("assignee") is not None and values["assignee"] not in active:
            faults.append(fault(f"{at}/assignee", "reference", "There is no such person."))
    if faults:
        raise Problem(422, "Some values need a change.", errors=faults)
    # Who may use the member may create the loan: both ask for its group.


def create_loans(actor: Actor, bodies: list[Any]) -> Response:
    many = each(bodies, lambda body: with_defaults(parse(body, actor.role)))
    connection = store()
    try:
        with connection.transaction():
            check_many(actor, many, complete=True)
            records = connection.insert_many(actor, [(uuid7(), values) for values in many])
            changes = [(record, changes_of_new(record)) for record in records]
            connection.log(actor, "created", changes)
            connection.index_new(records)
    except UniqueConflict as conflict:
        raise taken(str(conflict)) from conflict
    return answer({"data": [visible(actor, record) for record in records]}, 201)


def asked_change(actor: Actor, body: dict[str, Any]) -> Change:
    """The id, the rev, the members that were sent, and their values."""
    id, rev = body.pop("id", None), body.pop("rev", None)
    if not isinstance(id, str) or len(id) != 36:
        raise Problem(422, "Some need an id.", errors=[fault("id", "required", "Give the id.")])
    if rev is not None and (isinstance(rev, bool) or not isinstance(rev, int)):
        raise Problem(422, "rev is a whole number.")
    return Change(id, rev, body, parse(body, actor.role))


def update_loans(request: Request, body: bytes) -> Response:
    actor = authenticate(request, "records:write")
    sent = read_body(body)
    if not isinstance(sent, list):
        raise Problem(422, "Send a list.")
    wanted: list[Change] = each(sent, lambda body: asked_change(actor, body))
    connection = store()
    try:
        with connection.transaction():
            records = change_many(actor, wanted)
    except UniqueConflict as conflict:
        raise taken(str(conflict)) from conflict
    return answer({"data": [visible(actor, record) for record in records]})


def change_many(actor: Actor, wanted: list[Change]) -> list[Record]:
    connection = store()
    old = connection.many(actor, [change.id for change in wanted])
    for change in wanted:
        if change.id not in old:
            raise Problem(404, f"There is no loan {change.id}.")
        check_rev(old[change.id], change.rev, change.members)
    check_many(actor, [change.values for change in wanted], complete=False)
    alike: dict[tuple[str, ...], list[Change]] = defaultdict(list)
    for change in wanted:
        alike[tuple(change.values)].append(change)
    new = dict(old)
    for names, group in alike.items():
        rows = [(change.id, change.values) for change in group]
        new |= {record["id"]: record for record in connection.update_many(actor, names, rows)}
    logged = []
    for change in wanted:
        before, after = old[change.id], new[change.id]
        changes = {n: [before[n], after[n]] for n in change.values if before[n] != after[n]}
        if changes:
            logged.append((after, changes))
        if "book" in changes:
            connection.index(after, new=False)
    connection.log(actor, "updated", logged)
    return [new[change.id] for change in wanted]


def taken(name: str) -> Problem:
    errors = [fault(name, "unique", "Another loan has this value.")]
    return Problem(409, "Some values need a change.", errors=errors)


def asked_rev(request: Request, body: dict[str, Any]) -> int | None:
    rev = body.pop("rev", None)
    if rev is None and "if-match" in request.headers:
        text = request.headers["if-match"].strip('"')
        if not (text.isascii() and text.isdigit()):
            raise Problem(400, 'If-Match is a rev in quotes, such as "3".')
        rev = int(text)
    if rev is not None and (isinstance(rev, bool) or not isinstance(rev, int)):
        raise Problem(422, "rev is a whole number.")
    return rev


def check_rev(record: Record, rev: int | None, body: dict[str, Any]) -> None:
    """Writes that meet in different fields merge; in the same field the later one is refused."""
    if rev is None or rev == record["rev"]:
        return
    changed = store().changed_since(record["id"], rev)
    met = set(body) if changed is None else changed & body.keys()
    if met:
        theirs = {name: record[name] for name in met}
        yours = {name: body[name] for name in met}
        raise Problem(409, "Someone else changed this loan.", theirs=theirs, yours=yours)


def update_loan(request: Request, body: bytes) -> Response:
    actor = authenticate(request, "records:write")
    id, members = record_id(request), read_body(body)
    if not isinstance(members, dict):
        raise Problem(422, "Send one object.")
    rev = asked_rev(request, members)
    values = parse(members, actor.role)
    connection = store()
    try:
        with connection.transaction():
            old = connection.one(actor, id, lock=True)
            if old is None:
                raise Problem(404, "There is no such loan.")
            check_rev(old, rev, members)
            check_references(actor, values, complete=False)
            record = connection.update(actor, id, values) if values else old
            changes = {n: [old[n], record[n]] for n in values if old[n] != record[n]}
            if changes:
                connection.log(actor, "updated", [(record, changes)])
            if "book" in changes:
                connection.index(record, new=False)
    except UniqueConflict as conflict:
        raise taken(str(conflict)) from conflict
    return answer(visible(actor, record), etag=record["rev"])


def ready(request: Request) -> Response:
    return answer({"ready": store().ready()})


@asynccontextmanager
async def lifespan(_: Starlette) -> AsyncIterator[None]:
    if threads := os.environ.get("BENCH_THREADS"):
        to_thread.current_default_thread_limiter().total_tokens = int(threads)
    yield


app = Starlette(
    lifespan=lifespan,
    routes=[
        Route("/health/ready", ready),
        Route("/api/boards/desk", board, methods=["GET"]),
        Route("/api/records/loan", page, methods=["GET"]),
        Route("/api/records/loan", writing(create), methods=["POST"]),
        Route("/api/records/loan", writing(update_loans), methods=["PATCH"]),
        Route("/api/records/loan/summary", summary, methods=["GET"]),
        Route("/api/records/loan/{id}", read, methods=["GET"]),
        Route("/api/records/loan/{id}", writing(update_loan), methods=["PATCH"]),
    ],
    exception_handlers={Problem: problem},
)
