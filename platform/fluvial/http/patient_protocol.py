"""HTTP connections that do not wait for ever: for a head, a body, or somebody who reads.

uvicorn closes a connection that is idle between requests, and no other. The times of all
connections are looked at together, once a second, so a request costs nothing for it.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from fluvial.kernel.settings import Settings

MAX_HEAD = 65_536  # bytes of a request line and its headers
MIN_RATE = 1_000  # bytes a second that keep a body going
TICKS = 10  # of uvicorn, between two looks: a second

HEAD, BODY = "head", "body"
_ANSWERS = {408: b"408 Request Timeout", 431: b"431 Request Header Fields Too Large"}


@dataclass(frozen=True)
class Patience:
    """Seconds: until a head is complete, of a body beside its rate, and for a slow reader."""

    head: float
    body: float
    send: float


class PatientProtocol(HttpToolsProtocol):
    """A connection that knows since when it waits for what."""

    patience = Patience(10, 30, 60)

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._part = ""  # of a request: what is being received
        self._since = 0.0
        self._received = 0
        self._blocked_since: float | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._receive(HEAD)

    def data_received(self, data: bytes) -> None:
        if not self._part:
            self._receive(HEAD)
        if self._part == HEAD:
            self._received += len(data)
        super().data_received(data)
        if self._part == HEAD and self._received > MAX_HEAD:
            self._refuse(431)

    def on_headers_complete(self) -> None:
        self._receive(BODY)
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._received += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._part = ""
        super().on_message_complete()

    def pause_writing(self) -> None:
        self._blocked_since = time.monotonic()
        super().pause_writing()

    def resume_writing(self) -> None:
        self._blocked_since = None
        super().resume_writing()

    def look(self, now: float) -> None:
        """Close what has waited long enough."""
        if self.transport is None or self.transport.is_closing():
            return
        if self._blocked_since is not None and now - self._blocked_since > self.patience.send:
            self.transport.abort()
        elif self.flow.read_paused:
            self._since = now  # it is we who do not listen
        elif self._part == HEAD and now - self._since > self.patience.head:
            self._refuse(408)
        elif self._part == BODY:
            if now - self._since > self.patience.body + self._received / MIN_RATE:
                self._refuse(408)

    def _receive(self, part: str) -> None:
        self._part, self._since, self._received = part, time.monotonic(), 0

    def _refuse(self, status: int) -> None:
        """Say why, where somebody has begun to speak and nothing was answered yet; then close."""
        silent = self._part == HEAD and not self._received
        cycle = self.cycle
        answering = cycle is not None and self._part == BODY and cycle.response_started
        if not silent and not answering:
            line = b"HTTP/1.1 " + _ANSWERS[status]
            self.transport.write(line + b"\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")
        self._part = ""
        self.transport.close()


class PatientServer(uvicorn.Server):
    """A server that looks after its connections."""

    async def on_tick(self, counter: int) -> bool:
        if counter % TICKS == 0:
            now = time.monotonic()
            for connection in list(self.server_state.connections):
                if isinstance(connection, PatientProtocol):
                    connection.look(now)
        return await super().on_tick(counter)


def server_of(app: Any, settings: Settings) -> PatientServer:
    """The web server of a process."""
    patience = Patience(settings.head_seconds, settings.body_seconds, settings.send_seconds)
    protocol = type("Protocol", (PatientProtocol,), {"patience": patience})
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        http=protocol,
        ws="none",
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,  # see proxies.py
        timeout_keep_alive=settings.idle_seconds,
        timeout_graceful_shutdown=5,
    )
    return PatientServer(config)
