"""The product as processes of its own: served, worked on, killed."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.app import EMAIL, PASSWORD
from tests.forks import Forked
from tests.servers import free_port

PATIENCE = 60.0


class Process:
    """One `fluvial` command with its own environment."""

    def __init__(self, command: str, environ: Mapping[str, str], log: Path, *, fresh: bool) -> None:
        self.log = log
        self.process = (_fresh if fresh else _forked)(command, {**os.environ, **environ}, log)

    def killed(self) -> bool:
        """Wait for it to be gone; whether it was a kill -9."""
        return self.process.wait(PATIENCE) == -signal.SIGKILL

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.terminate()
        try:
            return self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(PATIENCE)


def _fresh(command: str, environ: Mapping[str, str], log: Path) -> subprocess.Popen[bytes] | Forked:
    with open(log, "ab") as file:
        return subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "fluvial.cli", command],
            env=environ,
            stdout=file,
            stderr=subprocess.STDOUT,
            cwd=log.parent,
        )


def _forked(
    command: str, environ: Mapping[str, str], log: Path
) -> subprocess.Popen[bytes] | Forked:
    return Forked("fluvial.cli", [command], environ, log)


class Product:
    """Processes on one database. `settings` are names of settings without FLUVIAL_.

    They are `fresh` as in a machine room, or forked from one that has all imports behind it.
    """

    def __init__(
        self,
        folder: Path,
        database_url: str,
        settings: Mapping[str, str],
        *,
        fresh: bool = False,
    ) -> None:
        self.folder = folder
        self.fresh = fresh
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environ = {
            "FLUVIAL_DATABASE_URL": database_url,
            "FLUVIAL_DATA_DIR": str(folder / "data"),
            "FLUVIAL_ADMIN_EMAIL": EMAIL,
            "FLUVIAL_ADMIN_PASSWORD": PASSWORD,
            "FLUVIAL_ENV": "development",
            "FLUVIAL_PORT": str(self.port),
            **{f"FLUVIAL_{name.upper()}": value for name, value in settings.items()},
        }
        self.started: list[Process] = []
        self.clients: list[httpx.Client] = []

    def start(self, command: str, **environ: str) -> Process:
        log = self.folder / f"{command}.log"
        process = Process(command, self.environ | environ, log, fresh=self.fresh)
        self.started.append(process)
        return process

    def serve(self, **environ: str) -> Process:
        """A web process that answers."""
        process = self.start("serve", **environ)
        deadline = time.monotonic() + PATIENCE
        while True:
            if self._ready():
                return process
            if process.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(process.log.read_text(encoding="utf-8")[-3000:])
            time.sleep(0.05)

    def _ready(self) -> bool:
        # httpx would read all certificates of the machine for each question.
        asked = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            asked.request("GET", "/health/ready")
            return asked.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            asked.close()

    def client(self) -> httpx.Client:
        """Signed in as the first administrator."""
        client = httpx.Client(base_url=self.url, timeout=30)
        self.clients.append(client)
        reply = client.post("/api/login", json={"email": EMAIL, "password": PASSWORD})
        reply.raise_for_status()
        client.headers["x-csrf-token"] = reply.json()["csrf"]
        return client

    def end(self) -> None:
        for client in self.clients:
            client.close()
        for process in self.started:
            if process.process.poll() is None:
                process.kill()


@contextmanager
def served(
    folder: Path, database_url: str, settings: Mapping[str, str] | None = None
) -> Iterator[Product]:
    """A product that answers, until it is no longer needed."""
    product = Product(folder, database_url, settings or {})
    try:
        product.serve()
        yield product
    finally:
        product.end()


@pytest.fixture
def products(tmp_path: Path) -> Iterator[list[Product]]:
    """Put products in here: they end with the test."""
    made: list[Product] = []
    yield made
    for product in made:
        product.end()
