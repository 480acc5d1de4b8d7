"""Server-sent events: open boards and lists hear of changes to what they show."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from contextlib import suppress
from typing import Any

import orjson

from fluvial.database.connection import BusyError, GoneError
from fluvial.kernel.change_stream import NOTIFICATION, RecordChange, StreamListener
from fluvial.kernel.problems import Problem, Unauthorized, fault
from fluvial.records.reading.reader import find_one
from fluvial.runtime.session import Session

from .call import Answer, Call
from .perform import identify, unavailable

MAX_TOPICS = 20
BEAT_SECONDS = 4.0  # also how soon a stream of somebody who was shut out ends

_TOPIC = re.compile(r"object:[a-z][a-z0-9_]*|record:[0-9a-f-]{36}")

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


def topics_of(call: Call) -> frozenset[str]:
    """What the caller wants to hear of, beside their own notifications."""
    topics = call.only("topics").get("topics", "").split(",")
    if len(topics) > MAX_TOPICS or not all(map(_TOPIC.fullmatch, topics)):
        raise _unknown(
            f"`topics` must be 1 to {MAX_TOPICS} entries of object:NAME or record:ID, "
            "separated by commas."
        )
    return frozenset(topics)


def _unknown(message: str) -> Problem:
    return Problem(message, errors=[fault("topics", "unknown_topic", message)])


def _check_objects(call: Call, topics: Iterable[str]) -> None:
    """Refuse objects that there are not, as far as the caller can know."""
    access = call.session.access
    for topic in sorted(topics):
        kind, _, name = topic.partition(":")
        if kind == "object":
            known = name in call.session.catalog.objects
            if not known or not access.object(name).can("read"):
                raise _unknown(f"There is no object `{name}` to listen to.")


async def serve_stream(call: Call, receive: Receive, send: Send) -> Answer | None:
    """The stream until the caller leaves; an answer where there is none to be had."""
    topics = topics_of(call)
    try:
        if not await _ask(call, _may_listen, call):
            raise Unauthorized()
    except (BusyError, GoneError) as error:
        raise unavailable(error) from error
    _check_objects(call, topics)
    headers = [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    gone = asyncio.ensure_future(_gone(receive))
    try:
        own = f"record:{call.session.actor.id}"
        with call.engine.stream.listening(topics | {own}) as listener:
            await _part(send, b": listening\n\n")
            # Where the database is away the stream ends, and the browser asks for a new one.
            with suppress(BusyError, GoneError):
                while not gone.done() and await _next(call, listener, send):
                    pass
    finally:
        gone.cancel()
    await send({"type": "http.response.body", "body": b""})
    return None


async def _next(call: Call, listener: StreamListener, send: Send) -> bool:
    """Wait for a change and tell of it, or give a sign of life; False ends the stream."""
    try:
        change = await asyncio.wait_for(listener.waiting.get(), BEAT_SECONDS)
    except TimeoutError:
        if not await _ask(call, _may_listen, call):
            return False
        await _part(send, b": beat\n\n")
        return True
    if change.object == NOTIFICATION:
        await _part(send, b"event: notification\ndata: " + change.note.encode() + b"\n\n")
    elif await _ask(call, _may_see, call, change):
        data = orjson.dumps({"object": change.object, "id": change.id, "rev": change.rev})
        await _part(send, b"event: change\ndata: " + data + b"\n\n")
    return True


async def _ask(call: Call, work: Callable[..., bool], *arguments: Any) -> bool:
    def asked() -> bool:
        connection = call.engine.database.connection()
        return connection.reading(lambda: work(*arguments))

    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(call.engine.database.executor, asked)


async def _part(send: Send, body: bytes) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": True})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _may_listen(call: Call) -> bool:
    """Whether the caller is still somebody; the session is renewed with each look."""
    engine = call.engine
    connection = engine.database.connection()
    try:
        identity = identify(call)
    except Unauthorized:
        return False
    if identity is None:
        return False
    catalog = engine.catalogs.at(identity.version, connection)
    call.session = Session(engine, connection, catalog, identity.actor, engine.clock.now())
    return True


def _may_see(call: Call, change: RecordChange) -> bool:
    if not _may_listen(call):
        return False
    session = call.session
    if not session.access.object(change.object).can("read"):
        return False
    if session.access.object(change.object).where["read"] is None:
        return True
    return find_one(session, change.object, change.id, (("id",),)) is not None
