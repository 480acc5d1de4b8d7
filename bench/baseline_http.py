"""What every endpoint of the hand-written application begins and ends with."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable
from typing import Any

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from bench.baseline_fields import HIDDEN, Problem
from bench.baseline_postgresql import PostgresqlStore
from bench.baseline_sqlite import SqliteStore
from bench.baseline_store import Actor, Record, Store

MAX_BODY = 1_000_000

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


def visible(actor: Actor, record: Record) -> Record:
    for name in HIDDEN[actor.role]:
        del record[name]
    return record


def writing(endpoint: Callable[[Request, bytes], Response]) -> Callable[[Request], Any]:
    """Starlette reads a body only asynchronously; the work itself is done in its threads."""

    async def read_then_work(request: Request) -> Response:
        body = await request.body()
        if len(body) > MAX_BODY:
            raise Problem(413, f"Send at most {MAX_BODY} bytes.")
        return await run_in_threadpool(endpoint, request, body)

    return read_then_work


async def problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    body = orjson.dumps(error.body, option=orjson.OPT_UTC_Z)
    return Response(body, error.status, media_type="application/problem+json")
