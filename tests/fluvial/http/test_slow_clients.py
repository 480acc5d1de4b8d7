"""Clients that are slow, silent or endless: closed in time, while others are served."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import httpx
import pytest

from fluvial.http.app import build_app
from fluvial.http.patient_protocol import MAX_HEAD, PatientServer, server_of
from tests.app import OpenEngine
from tests.waiting import until

pytestmark = pytest.mark.parametrize("engine_url", ["sqlite"], indirect=True)

HEAD = b"GET /health/live HTTP/1.1\r\nhost: x\r\n"
POST = b"POST /api/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
QUICK = {"head_seconds": "1", "body_seconds": "1", "idle_seconds": "1", "send_seconds": "1"}


@pytest.fixture
def server(open_engine: OpenEngine) -> Iterator[PatientServer]:
    engine = open_engine(**QUICK, port="0")
    server = server_of(build_app(engine), engine.settings)
    thread = threading.Thread(target=server.run)
    thread.start()
    until(lambda: server.started)
    yield server
    server.should_exit = True
    thread.join()


def port(server: PatientServer) -> int:
    found: int = server.servers[0].sockets[0].getsockname()[1]
    return found


@pytest.fixture
def client(server: PatientServer) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port(server)), timeout=60) as made:
        yield made


def rest(client: socket.socket) -> bytes:
    """All that comes until the other side closes."""
    parts = []
    try:
        while part := client.recv(65_536):
            parts.append(part)
    except ConnectionResetError:
        pass
    return b"".join(parts)


def drip(client: socket.socket, data: bytes) -> bytes:
    """Send it byte by byte, for as long as somebody listens."""
    client.settimeout(0.2)
    heard = b""
    for at in range(len(data)):
        try:
            client.sendall(data[at : at + 1])
            part = client.recv(65_536)
        except TimeoutError:
            continue
        except OSError:
            return heard
        if not part:
            return heard
        heard += part
    raise AssertionError("it listened to the end")


def test_a_client_that_says_nothing_is_closed(client: socket.socket) -> None:
    assert rest(client) == b""


def at_once(server: PatientServer, *sent: bytes) -> Iterator[tuple[bytes, bytes]]:
    """What each of many clients sends and hears: they are all waited for together."""
    with contextlib.ExitStack() as stack:
        clients = []
        for data in sent:
            made = socket.create_connection(("127.0.0.1", port(server)), timeout=60)
            clients.append(stack.enter_context(made))
            made.sendall(data)
        for data, client in zip(sent, clients, strict=True):
            yield data, rest(client)


def test_half_a_head_is_not_waited_for(server: PatientServer) -> None:
    halves = (b"G", b"GET /", HEAD, HEAD + b"x-more: ", b"\r\n", POST + b"content-length: 5\r\n\r")
    for sent, heard in at_once(server, *halves):
        assert heard.startswith(b"HTTP/1.1 408 Request Timeout\r\nconnection: close"), sent


def test_a_head_that_drips_is_not_waited_for(client: socket.socket) -> None:
    assert drip(client, HEAD + b"x-long: " + b"x" * 500).startswith(b"HTTP/1.1 408")


def test_half_a_body_is_not_waited_for(server: PatientServer) -> None:
    halves = (
        b"content-length: 50\r\n\r\n",
        b'content-length: 50\r\n\r\n{"email": ',
        b"transfer-encoding: chunked\r\n\r\n5\r\n{",
        b"transfer-encoding: chunked\r\n\r\n",
    )
    for sent, heard in at_once(server, *(POST + half for half in halves)):
        assert heard.startswith(b"HTTP/1.1 408 Request Timeout"), sent


def test_a_body_that_drips_is_not_waited_for(client: socket.socket) -> None:
    client.sendall(POST + b"content-length: 500\r\n\r\n")
    assert drip(client, b"x" * 500).startswith(b"HTTP/1.1 408")


def test_a_body_that_was_refused_already_is_not_waited_for(client: socket.socket) -> None:
    client.sendall(POST + b"content-length: 900000000\r\n\r\n")
    heard = drip(client, b"x" * 500)
    assert heard.startswith(b"HTTP/1.1 413") and b"408" not in heard


def test_a_body_that_comes_steadily_may_take_its_time(client: socket.socket) -> None:
    size = 5 * 4_000
    client.sendall(POST + f"content-length: {size}\r\nconnection: close\r\n\r\n".encode())
    for _ in range(5):
        client.sendall(b"x" * 4_000)
        time.sleep(0.5)
    assert rest(client).startswith(b"HTTP/1.1 400")  # it is no JSON


def test_a_connection_that_idles_after_a_request_is_closed(server: PatientServer) -> None:
    begun = (b"", b"\r\n", HEAD)
    for sent, heard in at_once(server, *(HEAD + b"\r\n" + more for more in begun)):
        assert heard.startswith(b"HTTP/1.1 200"), sent


def test_a_head_without_end_is_refused(client: socket.socket) -> None:
    line = b"x-more: " + b"x" * 1_000 + b"\r\n"
    client.sendall(HEAD)
    try:
        for _ in range(2 * MAX_HEAD // len(line)):
            client.sendall(line)
    except OSError:
        pass  # it has been closed already
    assert rest(client)[:12] in (b"HTTP/1.1 431", b"")


def test_a_client_that_does_not_read_is_closed(server: PatientServer) -> None:
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        client.connect(("127.0.0.1", port(server)))
        client.setblocking(False)
        asked = b"GET /static/fluvial.css HTTP/1.1\r\nhost: x\r\n\r\n" * 500
        try:
            client.sendall(asked)
        except BlockingIOError:
            pass
        until(lambda: server.server_state.connections)
        until(lambda: not server.server_state.connections)


def test_slow_clients_keep_no_worker_from_others(server: PatientServer) -> None:
    address = ("127.0.0.1", port(server))
    slow = [socket.create_connection(address) for _ in range(40)]
    for at, client in enumerate(slow):
        client.sendall((HEAD, POST + b"content-length: 50\r\n\r\n{", b"", b"GET")[at % 4])
    for _ in range(10):
        reply = httpx.get(f"http://127.0.0.1:{port(server)}/health/ready", timeout=30)
        assert reply.status_code == 200
    for client in slow:
        client.close()
