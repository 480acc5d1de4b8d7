"""The load: wrk for reading where it is installed, else and for writing a client of our own."""

from __future__ import annotations

import selectors
import shutil
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from bench.operations import Get, Operation, World

WRK = shutil.which("wrk")
SCRIPT = Path(__file__).with_name("load.lua")


@dataclass(frozen=True)
class Load:
    requests: int
    seconds: float
    p50: float  # milliseconds
    p95: float


def put_load(world: World, operation: Operation, clients: int, seconds: float) -> Load:
    if WRK is not None and isinstance(operation, Get):
        return _wrk(world, operation, clients, seconds)
    return own_client(world, operation, clients, seconds)


def _wrk(world: World, operation: Get, clients: int, seconds: float) -> Load:
    assert WRK is not None
    with tempfile.NamedTemporaryFile("w", suffix=".paths") as paths:
        paths.write("\n".join(operation.paths))
        paths.flush()
        whole = max(1, round(seconds))
        command = [WRK, "-t1", f"-c{clients}", f"-d{whole}s", "-s", str(SCRIPT)]
        command += ["-H", f"authorization: Bearer {world.token}"]
        command += [f"http://127.0.0.1:{world.port}", "--", paths.name]
        ran = subprocess.run(command, capture_output=True, text=True, check=True)
    line = next(line for line in ran.stdout.splitlines() if line.startswith("RESULT "))
    count, micros, p50, p95, errors = (float(word) for word in line.split()[1:])
    if errors:
        raise RuntimeError(f"{operation.name}: {errors:.0f} requests failed.")
    return Load(int(count), micros / 1e6, p50 / 1e3, p95 / 1e3)


@dataclass
class _Client:
    number: int
    socket: socket.socket
    started: float = 0.0
    buffer: bytearray = field(default_factory=bytearray)


def own_client(world: World, operation: Operation, clients: int, seconds: float) -> Load:
    """One thread, kept-alive connections, one request in flight on each."""
    selector = selectors.DefaultSelector()
    for number in range(clients):
        connection = socket.create_connection(("127.0.0.1", world.port))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        selector.register(connection, selectors.EVENT_READ, _Client(number, connection))
    latencies: list[float] = []
    start = time.perf_counter()
    until = start + seconds
    open_clients = [key.data for key in selector.get_map().values()]
    for client in open_clients:
        _send(client, operation)
    waiting = clients
    while waiting:
        for key, _ in selector.select(30) or _silent(operation):
            client = key.data
            if not _receive(client, operation):
                continue
            now = time.perf_counter()
            latencies.append(now - client.started)
            if now < until:
                _send(client, operation)
            else:
                waiting -= 1
    lasted = time.perf_counter() - start
    for client in open_clients:
        client.socket.close()
    latencies.sort()
    half, most = latencies[len(latencies) // 2], latencies[int(len(latencies) * 0.95)]
    return Load(len(latencies), lasted, half * 1e3, most * 1e3)


def _silent(operation: Operation) -> list[tuple[selectors.SelectorKey, int]]:
    raise RuntimeError(f"{operation.name}: no answer in 30 seconds.")


def _send(client: _Client, operation: Operation) -> None:
    request = operation.request(client.number)
    client.started = time.perf_counter()
    client.socket.sendall(request)


def _receive(client: _Client, operation: Operation) -> bool:
    """Read what has come; true when the answer is complete."""
    part = client.socket.recv(262_144)
    if not part:
        raise RuntimeError(f"{operation.name}: the server closed the connection.")
    client.buffer += part
    end = client.buffer.find(b"\r\n\r\n")
    if end < 0:
        return False
    head = bytes(client.buffer[:end]).lower()
    length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
    if len(client.buffer) < end + 4 + length:
        return False
    body = bytes(client.buffer[end + 4 :])
    client.buffer.clear()
    if head.split(b" ", 2)[1][:1] != b"2":
        raise RuntimeError(f"{operation.name} failed: {head[:40]!r} {body[:500]!r}")
    operation.answered(client.number, body)
    return True
