"""The stream of changes: what was committed here, and with Redis also in other processes."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import queue
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import orjson
import redis

log = logging.getLogger("fluvial.stream")

NOTIFICATION = "$notification"  # in place of an object's name; the id is the person's
CHANNEL = "fluvial:changes"
MAX_WAITING = 1_000  # changes that wait for one listener; more are dropped, oldest first
RETRY_SECONDS = 2.0


class RecordChange(NamedTuple):
    """A record that was created, changed, binned or restored; or a person who was told of one."""

    object: str
    id: str
    rev: int
    note: str = ""  # of a notification: what its listener gets, as JSON


@dataclass(eq=False)
class StreamListener:
    """One open stream: its topics, and a queue on the event loop that serves it."""

    topics: frozenset[str]
    loop: asyncio.AbstractEventLoop
    waiting: asyncio.Queue[RecordChange] = field(default_factory=lambda: asyncio.Queue(MAX_WAITING))

    def wants(self, change: RecordChange) -> bool:
        return f"object:{change.object}" in self.topics or f"record:{change.id}" in self.topics

    def put(self, change: RecordChange) -> None:
        """On the loop: what a slow listener misses it sees when it loads the page again."""
        if self.waiting.full():
            self.waiting.get_nowait()
        self.waiting.put_nowait(change)


class Stream:
    """Hands changes to listeners. Publishing never waits and never fails a save."""

    def __init__(self, redis_url: str) -> None:
        self._url = redis_url
        self._name = uuid.uuid4().hex
        self._listeners: set[StreamListener] = set()
        self._lock = threading.Lock()
        self._outgoing: queue.SimpleQueue[RecordChange] = queue.SimpleQueue()
        self._closed = threading.Event()
        self._threads: list[threading.Thread] = []

    def publish(self, change: RecordChange) -> None:
        self._hand_out(change)
        if self._url:
            self._start("stream-out", self._send)
            self._outgoing.put(change)

    @contextlib.contextmanager
    def listening(self, topics: frozenset[str]) -> Iterator[StreamListener]:
        """On an event loop: a listener for as long as the block lasts."""
        listener = StreamListener(topics, asyncio.get_running_loop())
        with self._lock:
            self._listeners.add(listener)
        if self._url:
            self._start("stream-in", self._receive)
        try:
            yield listener
        finally:
            with self._lock:
                self._listeners.discard(listener)

    def close(self) -> None:
        self._closed.set()

    def _hand_out(self, change: RecordChange) -> None:
        if not self._listeners:
            return
        with self._lock:
            wanting = [one for one in self._listeners if one.wants(change)]
        for listener in wanting:
            with contextlib.suppress(RuntimeError):  # its loop has ended
                listener.loop.call_soon_threadsafe(listener.put, change)

    def _start(self, name: str, work: Callable[[], None]) -> None:
        with self._lock:
            if not any(thread.name == name for thread in self._threads):
                thread = threading.Thread(target=work, name=name, daemon=True)
                self._threads.append(thread)
                thread.start()

    def _send(self) -> None:
        client = redis.Redis.from_url(self._url, socket_timeout=5, socket_connect_timeout=2)
        while not self._closed.is_set():
            change = self._outgoing.get()
            body = orjson.dumps([self._name, change.object, change.id, change.rev, change.note])
            try:
                client.publish(CHANNEL, body)
            except redis.RedisError as error:
                log.warning("Other processes are not notified of changes: %s", error)

    def _receive(self) -> None:
        while not self._closed.is_set():
            try:
                client = redis.Redis.from_url(self._url, socket_connect_timeout=2)
                with _subscription(client) as heard:
                    heard.subscribe(CHANNEL)
                    self._hear(heard)
            except redis.RedisError as error:
                log.warning("Changes by other processes are not received: %s", error)
                self._closed.wait(RETRY_SECONDS)

    def _hear(self, heard: Any) -> None:
        while not self._closed.is_set():
            message = heard.get_message(timeout=1.0)
            if message is None:
                continue
            name, *change = orjson.loads(message["data"])
            if name != self._name:
                self._hand_out(RecordChange(*change))


def _subscription(client: Any) -> Any:
    return client.pubsub(ignore_subscribe_messages=True)
