"""The load: one thread with kept-alive connections, as the streams say what to send."""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass

from bench.streams import Stream
from bench.world import World

PATIENCE = 60
LEAST = 40  # requests of a round, for which it may take so many times as long:
STRETCHED = 8


@dataclass(frozen=True)
class Load:
    requests: int
    p50: float  # milliseconds


class Failed(Exception):
    """The server did not answer, or not with success."""


def put_load(world: World, stream: Stream, clients: int, seconds: float) -> Load:
    """One request in flight on each connection; those under way at the end are waited for."""
    selector = selectors.DefaultSelector()
    connected = [_Client(number, world.port, stream, selector) for number in range(clients)]
    try:
        latencies = sorted(_latencies(selector, connected, seconds))
    finally:
        for client in connected:
            client.socket.close()
    return Load(len(latencies), latencies[len(latencies) // 2] * 1e3)


def _latencies(
    selector: selectors.BaseSelector, clients: list[_Client], seconds: float
) -> Iterator[float]:
    began = time.perf_counter()
    for client in clients:
        client.send()
    answered, waiting = 0, len(clients)
    while waiting:
        ready = selector.select(PATIENCE)
        if not ready:
            raise Failed(f"no answer in {PATIENCE} seconds")
        for key, _ in ready:
            client = key.data
            if not client.receive():
                continue
            now = time.perf_counter()
            yield now - client.started
            answered += 1
            lasted = now - began
            if lasted < seconds or (answered < LEAST and lasted < seconds * STRETCHED):
                client.send()
            else:
                waiting -= 1


class _Client:
    def __init__(
        self, number: int, port: int, stream: Stream, selector: selectors.BaseSelector
    ) -> None:
        self.number = number
        self.port = port
        self.stream = stream
        self.selector = selector
        self.started = 0.0
        self._request = b""
        self._buffer = bytearray()
        self._answered = True  # on this connection
        self._connect()

    def _connect(self) -> None:
        self.socket = socket.create_connection(("127.0.0.1", self.port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.selector.register(self.socket, selectors.EVENT_READ, self)
        self._answered = False

    def send(self) -> None:
        self._request = self.stream.request(self.number)
        self.started = time.perf_counter()
        self.socket.sendall(self._request)

    def receive(self) -> bool:
        """Read what has come; true when the answer is complete."""
        part = self.socket.recv(262_144)
        if not part:
            self._send_again()
            return False
        self._buffer += part
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return False
        head = bytes(self._buffer[:end]).lower()
        length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
        if len(self._buffer) < end + 4 + length:
            return False
        body = bytes(self._buffer[end + 4 :])
        self._buffer.clear()
        self._answered = True
        if head.split(b" ", 2)[1][:1] != b"2":
            raise Failed(f"{head[:40]!r} {body[:500]!r}")
        self.stream.answered(self.number, body)
        return True

    def _send_again(self) -> None:
        """A server may close a connection that was kept alive; what met that is sent once more."""
        if self._buffer or not self._answered:
            raise Failed("the server closed the connection")
        self.selector.unregister(self.socket)
        self.socket.close()
        self._connect()
        self.socket.sendall(self._request)
