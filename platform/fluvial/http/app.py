"""The ASGI application: one table of endpoints, a static folder, and a short way for the API."""

from __future__ import annotations

import asyncio
import re
import sys
import time
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
    Mapping,
    MutableMapping,
)
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import cache, partial
from itertools import chain
from typing import Any

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect
from starlette.routing import Mount

from fluvial.database.connection import BusyError, GoneError
from fluvial.kernel.metrics import UNKNOWN
from fluvial.kernel.problems import NotFound, Problem, TooLarge
from fluvial.runtime.engine import Engine

from .assistants import PATH as MCP
from .assistants import Assistants
from .call import Answer, Call
from .compression import ENCODING, LEAST, MOST, VARY, is_text, packed, takes_gzip
from .form_bodies import read_form
from .form_files import refuse_files
from .perform import perform, perform_next, unavailable
from .proxies import Proxies
from .routes import ENDPOINT, MAX_JSON, Endpoint, Policy, problem_answer
from .server_sent_events import serve_stream
from .static import Static

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

STREAM = "/api/stream"

SECURITY_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
)
PAGE_HEADERS = (
    (
        b"content-security-policy",
        b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        b"font-src 'self'; connect-src 'self'; frame-src 'self'; form-action 'self'; "
        b"base-uri 'none'; "
        b"frame-ancestors 'none'",
    ),
    (b"cache-control", b"no-store"),
)
API_HEADERS = ((b"cache-control", b"no-store"),)


def build_app(engine: Engine) -> Front:
    """The application of a process. Its lifespan opens and closes the engine's threads."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await front.assistants.close()
        engine.close()

    table = RouteTable(engine.brought(ENDPOINT))
    other = Starlette(
        routes=[Mount("/static", Static()), Mount("/", partial(_serve, engine, table))],
        lifespan=lifespan,
    )
    front = Front(engine, table, other)
    return front


class Front:
    """Stands before Starlette: calls of the API go straight to the engine's threads."""

    def __init__(self, engine: Engine, table: RouteTable, other: Starlette) -> None:
        self.engine = engine
        self.table = table
        self._other = other
        self._proxies = Proxies(engine.settings.proxies)
        self.assistants = Assistants(engine, table.find, _performed)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope = self._proxies.seen(scope)
        if scope["type"] == "http" and scope["path"] == STREAM:
            await _stream(self.engine, scope, receive, send)
        elif scope["type"] == "http" and scope["path"] == MCP:
            await _assist(self.assistants, scope, receive, send)
        elif scope["type"] == "http" and scope["path"].startswith("/api/"):
            await _serve(self.engine, self.table, scope, receive, send)
        else:
            await self._other(scope, receive, send)


class RouteTable:
    """Finds the endpoint of a method and path, literal steps before parameters."""

    def __init__(self, endpoints: Iterable[Endpoint]) -> None:
        self.endpoints = tuple(endpoints)
        self._routes: dict[tuple[str, int], list[tuple[re.Pattern[str], Endpoint]]] = {}
        ordered = sorted(self.endpoints, key=lambda e: [s[:1] == "{" for s in e.path.split("/")])
        for endpoint in ordered:
            key = (endpoint.method, endpoint.path.count("/"))
            self._routes.setdefault(key, []).append((_pattern(endpoint.path), endpoint))

    def find(self, method: str, path: str) -> tuple[Endpoint, dict[str, str]]:
        if "\x00" in path:
            raise NotFound("An address cannot contain a zero character.")
        for pattern, endpoint in self._routes.get((method, path.count("/")), ()):
            match = pattern.fullmatch(path)
            if match is not None:
                return endpoint, match.groupdict()
        others = sorted(
            other
            for (other, count), routes in self._routes.items()
            if count == path.count("/") and any(p.fullmatch(path) for p, _ in routes)
        )
        if others and method != "HEAD":
            raise NoMethod(
                f"{path} accepts {', '.join(others)}.", headers={"Allow": ", ".join(others)}
            )
        raise NotFound(f"There is nothing at {path}.")


@cache
def _pattern(path: str) -> re.Pattern[str]:
    """What the path of an endpoint fits; its parameters are groups."""
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path))


class NoMethod(Problem):
    status = 405
    title = "Method not allowed"


def _call(engine: Engine, scope: Scope, path: str) -> Call:
    return Call(
        engine,
        scope["method"],
        path,
        scope["query_string"],
        {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]},
        b"",
        {},
        client=(scope.get("client") or ("",))[0],
        scheme=scope.get("scheme", "http"),
        proxied="proxied" in scope,
    )


async def _stream(engine: Engine, scope: Scope, receive: Receive, send: Send) -> None:
    call = _call(engine, scope, scope["path"])
    try:
        if scope["method"] != "GET":
            raise NoMethod(f"{STREAM} accepts GET.", headers={"Allow": "GET"})
        await serve_stream(call, receive, send)
    except Problem as problem:
        await _send(send, Answer.problem(problem), scope["method"])


async def _assist(assistants: Assistants, scope: Scope, receive: Receive, send: Send) -> None:
    """A call of an assistant: the library speaks with those who were admitted."""
    call = _call(assistants.engine, scope, scope["path"])
    started = time.perf_counter()
    try:
        body = await _body(receive, call.headers, MAX_JSON)
        refused = await assistants.admitted(call)
    except TooLarge as problem:
        refused = Answer.problem(problem)
    except ClientDisconnect:
        return
    if refused is not None:
        await _send(send, refused, call.method)
    else:
        await assistants.serve(scope, _said(body, receive), send)
    status = refused.status if refused is not None else 200
    assistants.engine.metrics.request("POST", MCP, status, time.perf_counter() - started)


def _said(body: bytes, receive: Receive) -> Receive:
    """What a client has sent, for somebody else to receive."""
    left = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> MutableMapping[str, Any]:
        return left.pop() if left else await receive()

    return again


async def _serve(
    engine: Engine, table: RouteTable, scope: Scope, receive: Receive, send: Send
) -> None:
    root = scope.get("root_path", "")
    path = scope["path"][len(root) :] if root and scope["path"].startswith(root) else scope["path"]
    method = scope["method"]
    started, counted = time.perf_counter(), (UNKNOWN, UNKNOWN)
    call = _call(engine, scope, path)
    try:
        endpoint, params = table.find("GET" if method == "HEAD" else method, path)
        counted = endpoint.method, endpoint.path
        call.params = params
        call.body = await _body(receive, call.headers, endpoint.max_body)
        if endpoint.form:
            call.form = await read_form(call.headers, call.body)
            if call.form is not None and any("\x00" in str(v) for v in call.form.values()):
                raise Problem("The form contains a zero character, which text cannot have.")
            if call.form is not None and endpoint.files is not None:
                refuse_files(call.form, endpoint.files)
    except Problem as problem:
        if path.startswith("/api/"):
            answer = problem_answer(call, problem, page=False)
            if call.form is not None:
                await call.form.close()
            engine.metrics.request(*counted, answer.status, time.perf_counter() - started)
            return await _send(send, answer, method)
        endpoint = _refusing(problem)
    except ClientDisconnect:
        return
    answer = endpoint.handler(call) if endpoint.at_once else await _performed(endpoint, call)
    if answer.stream is not None and method != "HEAD":
        answer = await _begun(answer)
    engine.metrics.request(*counted, answer.status, time.perf_counter() - started)
    if call.form is not None:
        await call.form.close()
    await _send(send, answer, method, packs=_packs(endpoint, call))


def _packs(endpoint: Endpoint, call: Call) -> bool:
    return not endpoint.secret and takes_gzip(call.headers.get("accept-encoding", ""))


async def _performed(endpoint: Endpoint, call: Call) -> Answer:
    shown = partial(problem_answer, page=endpoint.page)
    loop = asyncio.get_running_loop()
    executor = call.engine.database.executor
    answer = await loop.run_in_executor(executor, perform, endpoint, call, shown)
    while answer.next is not None:  # other calls come in between
        answer = await loop.run_in_executor(executor, perform_next, call, answer.next, shown)
    return answer


def _refusing(problem: Problem) -> Endpoint:
    """An endpoint that only refuses: the page that says so knows who asks."""

    def refuse(_: Call) -> Answer:
        raise problem

    return Endpoint("GET", "", refuse, Policy.PUBLIC, "", page=True, csrf=False)


async def _body(receive: Receive, headers: Mapping[str, str], limit: int) -> bytes:
    length = headers.get("content-length", "0")
    if length.isascii() and length.isdigit() and (len(length) > 15 or int(length) > limit):
        raise TooLarge(f"The body is larger than {limit} bytes.")
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        part = message.get("body", b"")
        size += len(part)
        if size > limit:
            raise TooLarge(f"The body is larger than {limit} bytes.")
        parts.append(part)
        if not message.get("more_body", False):
            return parts[0] if len(parts) == 1 else b"".join(parts)


async def _send(send: Send, answer: Answer, method: str, *, packs: bool = False) -> None:
    headers: list[tuple[bytes, bytes]] = [(b"content-type", answer.type.encode())]
    headers += [(name.lower().encode("ascii"), _value(text)) for name, text in answer.headers]
    given = {name for name, _ in headers}
    usual = PAGE_HEADERS if answer.type.startswith("text/html") else API_HEADERS
    headers += [h for h in (*SECURITY_HEADERS, *usual) if h[0] not in given]
    body = answer.body
    if answer.stream is None:
        if LEAST <= len(body) <= MOST and is_text(answer.type):
            headers.append(VARY)
            if packs:
                body = packed(body)
                headers.append(ENCODING)
        headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    if answer.stream is not None and method != "HEAD":
        async for part in _parts(answer):
            await send({"type": "http.response.body", "body": part, "more_body": True})
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else body})


def _value(text: str) -> bytes:
    """The value of a header; what would end its line is taken out."""
    return "".join(c for c in text if c >= " " and c != "\x7f").encode("latin-1", "replace")


async def _begun(answer: Answer) -> Answer:
    """A streamed answer with its first part made, or the problem that it meets before that."""
    try:
        first = [part async for part in _parts(answer, most=1)]
    except (BusyError, GoneError) as error:
        return Answer.problem(unavailable(error))
    except Problem as problem:
        return Answer.problem(problem)
    rest = answer.stream
    if not first or rest is None:  # it ended before it said anything, and its thread with it
        return replace(answer, stream=None)
    return replace(answer, stream=chain(first, rest))


async def _parts(answer: Answer, most: int = sys.maxsize) -> AsyncIterator[bytes]:
    """The parts of a streamed answer, each made on the thread of its connection."""
    loop = asyncio.get_running_loop()
    stream = answer.stream
    assert stream is not None
    for _ in range(most):
        part = await loop.run_in_executor(answer.executor, next, stream, None)
        if part is None:
            return
        yield part
