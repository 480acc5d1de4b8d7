"""A library's loans as a hand-written, synchronous Starlette application: the yardstick."""

from __future__ import annotations

import hashlib
import os
import threading
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import orjson
from anyio import to_thread
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bench.baseline_fields import (
    FIELDS,
    HIDDEN,
    STATUSES,
    SYSTEM,
    Problem,
    fault,
    parse,
    read_body,
    with_defaults,
)
from bench.baseline_postgresql import PostgresqlStore
from bench.baseline_sqlite import SqliteStore
from bench.baseline_store import Actor, Page, Record, Store, UniqueConflict, Values, uuid7

MAX_BODY = 1_000_000
MAX_LIMIT = 500
PAGE_PARAMETERS = frozenset({"status", "sort", "limit", "cursor", "fields"})

_threads = threading.local()


def store() -> Store:
    """This thread's own connection: a pool would cost a hand-over for each request."""
    if not hasattr(_threads, "store"):
        url = os.environ["BENCH_DATABASE_URL"]
        sqlite = url.startswith("sqlite:///")
        _threads.store = SqliteStore(url[10:]) if sqlite else PostgresqlStore(url)
    connected: Store = _threads.store
    return connected


def answer(content: Any, status: int = 200, etag: int | None = None) -> Response:
    headers = {} if etag is None else {"etag": f'"{etag}"'}
    body = orjson.dumps(content, option=orjson.OPT_UTC_Z)
    return Response(body, status, headers, media_type="application/json")


def authenticate(request: Request, scope: str) -> Actor:
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer" and token:
        actor = store().actor(hashlib.sha256(token.encode()).digest())
        if actor is not None and scope in actor.scopes:
            return actor
        if actor is not None:
            raise Problem(403, f"The token lacks the scope {scope}.")
    raise Problem(401, "Sign in, or send a token.")


def record_id(request: Request) -> str:
    try:
        return str(UUID(request.path_params["id"]))
    except ValueError:
        raise Problem(404, "There is no such loan.") from None


def visible(actor: Actor, record: Record) -> Record:
    for name in HIDDEN[actor.role]:
        del record[name]
    return record


def read(request: Request) -> Response:
    actor = authenticate(request, "records:read")
    record = store().one(actor, record_id(request))
    if record is None:
        raise Problem(404, "There is no such loan.")
    return answer(visible(actor, record), etag=record["rev"])


def wanted_fields(actor: Actor, text: str | None) -> list[str] | None:
    if text is None:
        return None
    names = text.split(",")
    known = {*SYSTEM, *FIELDS, "member.name"} - HIDDEN[actor.role]
    unknown = [name for name in names if name not in known]
    if unknown:
        raise Problem(400, f"There is no field {unknown[0]!r}.")
    return ["id", "rev", *("member" if name == "member.name" else name for name in names)]


def asked_page(query: dict[str, str]) -> Page:
    unknown = query.keys() - PAGE_PARAMETERS
    if unknown:
        raise Problem(400, f"There is no parameter {min(unknown)!r}.")
    status, sort, limit = query.get("status"), query.get("sort", "due"), query.get("limit", "50")
    if status is not None and status not in STATUSES:
        raise Problem(422, f"A status is one of {', '.join(STATUSES)}.")
    if sort not in ("due", "-due"):
        raise Problem(422, "Sort by due or -due.")
    if not (limit.isascii() and limit.isdigit() and 1 <= int(limit) <= MAX_LIMIT):
        raise Problem(422, f"limit is a number from 1 to {MAX_LIMIT}.")
    with_member = "member.name" in query.get("fields", "").split(",")
    return Page(status, sort == "-due", int(limit), read_cursor(query.get("cursor")), with_member)


def read_cursor(text: str | None) -> tuple[str, str] | None:
    if text is None:
        return None
    try:
        due, id = orjson.loads(urlsafe_b64decode(text))
        return str(due), str(UUID(id))
    except (ValueError, TypeError, AttributeError):
        raise Problem(422, "The cursor is not one of ours.") from None


def write_cursor(record: Record) -> str:
    place = orjson.dumps([record["due"], record["id"]], option=orjson.OPT_UTC_Z)
    return urlsafe_b64encode(place).decode()


def page(request: Request) -> Response:
    actor = authenticate(request, "records:read")
    query = dict(request.query_params)
    asked = asked_page(query)
    fields = wanted_fields(actor, query.get("fields"))
    records = store().page(actor, asked)
    more = len(records) > asked.limit
    records = records[: asked.limit]
    cursor = write_cursor(records[-1]) if more else None
    if fields is None:
        records = [visible(actor, record) for record in records]
    else:
        records = [{name: record[name] for name in fields} for record in records]
    return answer({"data": records, "next": cursor})


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


def create_loan(request: Request, body: bytes) -> Response:
    actor = authenticate(request, "records:write")
    values = with_defaults(parse(read_body(body), actor.role))
    connection = store()
    try:
        with connection.transaction():
            check_references(actor, values, complete=True)
            record = connection.insert(actor, uuid7(), values)
            changes = {
                name: [None, value]
                for name, value in record.items()
                if value is not None and name not in SYSTEM
            }
            connection.log(actor, "created", record, changes)
            connection.index(record, new=True)
    except UniqueConflict as conflict:
        raise taken(str(conflict)) from conflict
    return answer(visible(actor, record), 201, record["rev"])


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
                connection.log(actor, "updated", record, changes)
            if "book" in changes:
                connection.index(record, new=False)
    except UniqueConflict as conflict:
        raise taken(str(conflict)) from conflict
    return answer(visible(actor, record), etag=record["rev"])


def writing(endpoint: Callable[[Request, bytes], Response]) -> Callable[[Request], Any]:
    """Starlette reads a body only asynchronously; the work itself is done in its threads."""

    async def read_then_work(request: Request) -> Response:
        body = await request.body()
        if len(body) > MAX_BODY:
            raise Problem(413, f"Send at most {MAX_BODY} bytes.")
        return await run_in_threadpool(endpoint, request, body)

    return read_then_work


def ready(request: Request) -> Response:
    return answer({"ready": store().ready()})


async def problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    body = orjson.dumps(error.body, option=orjson.OPT_UTC_Z)
    return Response(body, error.status, media_type="application/problem+json")


@asynccontextmanager
async def lifespan(_: Starlette) -> AsyncIterator[None]:
    if threads := os.environ.get("BENCH_THREADS"):
        to_thread.current_default_thread_limiter().total_tokens = int(threads)
    yield


app = Starlette(
    lifespan=lifespan,
    routes=[
        Route("/health/ready", ready),
        Route("/api/records/loan", page, methods=["GET"]),
        Route("/api/records/loan", writing(create_loan), methods=["POST"]),
        Route("/api/records/loan/{id}", read, methods=["GET"]),
        Route("/api/records/loan/{id}", writing(update_loan), methods=["PATCH"]),
    ],
    exception_handlers={Problem: problem},
)
