"""A real HTTP server that keeps what is posted to it and answers as the test says."""

import socket
import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import orjson
import pytest

HANG = "hang"
DROP = "drop"


@dataclass(frozen=True)
class Answered:
    """What is answered, with more than a status: a body, which may be cut off, and headers."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    length: int | None = None  # what is said of the body's length


Reply = int | str | Answered


@dataclass(frozen=True)
class Delivery:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    reply: Reply

    def json(self) -> object:
        return orjson.loads(self.body)


class WebhookSink:
    """`replies` are used up one for each request; without one, the answer is 200.

    A reply is a status code, or more than that; HANG answers only when the test ends, DROP closes
    the connection.
    Header names are in lower case.
    """

    def __init__(self) -> None:
        self.replies: deque[Reply] = deque()
        self.deliveries: list[Delivery] = []
        self.arrived = threading.Condition()
        self.over = threading.Event()
        self.server = SinkServer(self)
        self.port = self.server.server_port
        self.url = f"http://127.0.0.1:{self.port}"
        self.thread = threading.Thread(
            target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self.thread.start()

    def wait(self, count: int, timeout: float = 60.0) -> list[Delivery]:
        """All requests, as soon as there are so many, whatever was answered."""
        deadline = time.monotonic() + timeout
        with self.arrived:
            while len(self.deliveries) < count:
                left = deadline - time.monotonic()
                if left <= 0 or not self.arrived.wait(left):
                    raise AssertionError(f"{len(self.deliveries)} of {count} requests came")
            return list(self.deliveries)

    def close(self) -> None:
        self.over.set()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def take(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Reply:
        with self.arrived:
            reply = self.replies.popleft() if self.replies else 200
            self.deliveries.append(Delivery(method, path, headers, body, reply))
            self.arrived.notify_all()
        return reply


class SinkServer(ThreadingHTTPServer):
    def __init__(self, sink: WebhookSink) -> None:
        super().__init__(("127.0.0.1", 0), SinkHandler)
        self.sink = sink


class SinkHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: SinkServer

    def answer(self) -> None:
        length = int(self.headers.get("Content-Length", "0"))
        body = self.rfile.read(length)
        if len(body) < length:  # whoever sent it was killed meanwhile: it has not arrived
            self.close_connection = True
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        reply = self.server.sink.take(self.command, self.path, headers, body)
        self.close_connection = True
        if reply == HANG:
            self.server.sink.over.wait()
        if isinstance(reply, str):
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        said = reply if isinstance(reply, Answered) else Answered(reply)
        self.send_response(said.status)
        told = len(said.body) if said.length is None else said.length
        self.send_header("Content-Length", str(told))
        self.send_header("Connection", "close")
        for name, value in said.headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(said.body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the test looks at the deliveries."""


@pytest.fixture
def webhook_sink() -> Iterator[WebhookSink]:
    sink = WebhookSink()
    yield sink
    sink.close()
