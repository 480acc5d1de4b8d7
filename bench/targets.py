"""The two applications under measurement: how each is prepared, started and signed in to."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Protocol

import yaml

from bench.baseline_store import Values
from bench.data import Library, Person
from bench.session import Session

from . import baseline_data, cpu, data, engine_data

ROOT = Path(__file__).parent.parent
BATCH = 500
ADMIN = {"email": "admin@library.example", "password": "a long password for the bench"}
SCOPES = ["records:read", "records:write"]


class Target(Protocol):
    name: str

    @property
    def port(self) -> int: ...
    def prepare(self, filled: Library) -> None: ...
    def token(self, person: Person) -> str: ...
    def server_cpu(self) -> cpu.Seconds: ...
    def database_cpu(self) -> cpu.Seconds: ...
    def stop(self) -> None: ...


class Server:
    """One server process on a port of its own, with its output in a file."""

    def __init__(self, command: list[str], environment: dict[str, str], log: Path) -> None:
        self.port = _free_port()
        self.log = log
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [part.replace("{port}", str(self.port)) for part in command],
                cwd=ROOT,
                env=os.environ | environment | {"FLUVIAL_PORT": str(self.port)},
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self._wait()

    def _wait(self) -> None:
        until = time.monotonic() + 60
        while time.monotonic() < until and self.process.poll() is None:
            with contextlib.suppress(OSError):
                if Session(self.port).call("GET", "/health/ready").status == 200:
                    return
            time.sleep(0.1)
        self.stop()
        raise RuntimeError(f"The server did not start:\n{self.log.read_text()[-3000:]}")

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class _Running:
    """What both targets share once their server runs."""

    def __init__(self, url: str, directory: Path) -> None:
        self.url = url
        self.directory = directory
        self.server: Server | None = None

    @property
    def port(self) -> int:
        assert self.server is not None
        return self.server.port

    @property
    def database(self) -> str | None:
        """The PostgreSQL database's name; SQLite works inside the server process."""
        if self.url.startswith("sqlite"):
            return None
        return self.url.partition("?")[0].rpartition("/")[2]

    def server_cpu(self) -> cpu.Seconds:
        assert self.server is not None
        return cpu.tree(self.server.process.pid)

    def database_cpu(self) -> cpu.Seconds:
        return {} if self.database is None else cpu.backends(self.database)

    def stop(self) -> None:
        if self.server is not None:
            self.server.stop()


class Baseline(_Running):
    name = "baseline"

    def prepare(self, filled: Library) -> None:
        if self.database is None:
            baseline_data.fill_sqlite(self.url.removeprefix("sqlite:///"), filled)
        else:
            baseline_data.fill_postgresql(self.url, filled)
        command = [sys.executable, "-m", "uvicorn", "bench.baseline:app", "--port", "{port}"]
        quiet = ["--no-access-log", "--log-level", "warning"]
        environment = {"BENCH_DATABASE_URL": self.url}
        self.server = Server(command + quiet, environment, self.directory / "baseline.log")

    def token(self, person: Person) -> str:
        return data.token_of(person)


class Engine(_Running):
    """Fluvial, filled through its public API, as any other client would do it."""

    name = "fluvial"

    def prepare(self, filled: Library) -> None:
        (self.directory / "fluvial").mkdir()
        self._start()
        self.passwords = {person.email: f"{person.email} password" for person in filled.people}
        admin = self.sign_in(ADMIN["email"], ADMIN["password"])
        admin.post("/api/meta/changes", {"documents": documents(), "note": "The bench's library."})
        self._fill(admin, filled)
        self.stop()
        engine_data.complete(self.url, filled)
        self._start()

    def _start(self) -> None:
        environment = {
            "FLUVIAL_DATABASE_URL": self.url,
            "FLUVIAL_DATA_DIR": str(self.directory / "fluvial"),
            "FLUVIAL_HOST": "127.0.0.1",
            "FLUVIAL_ADMIN_EMAIL": ADMIN["email"],
            "FLUVIAL_ADMIN_PASSWORD": ADMIN["password"],
        }
        command = [str(Path(sys.executable).with_name("fluvial")), "serve"]
        self.server = Server(command, environment, self.directory / "fluvial.log")

    def token(self, person: Person) -> str:
        session = self.sign_in(person.email, self.passwords[person.email])
        return str(session.headers["authorization"].partition(" ")[2])

    def sign_in(self, email: str, password: str) -> Session:
        """A session with a token of its own, as other systems use it."""
        first = Session(self.port)
        reply = first.call("POST", "/api/login", {"email": email, "password": password})
        if reply.status != 200:
            raise RuntimeError(f"Signing in as {email} answered {reply.status}: {reply.body}")
        first.headers = {"cookie": reply.cookie, "x-csrf-token": reply.body["csrf"]}
        scopes = [] if email == ADMIN["email"] else SCOPES
        made = first.post("/api/tokens", {"name": "bench", "scopes": scopes})
        return Session(self.port, {"authorization": f"Bearer {made['token']}"})

    def _fill(self, admin: Session, filled: Library) -> None:
        groups = self._batches(
            admin, "group", [{"name": f"Branch {n}"} for n in range(data.GROUPS)]
        )
        people = [
            {
                "email": person.email,
                "name": person.email.partition("@")[0],
                "password": self.passwords[person.email],
                "roles": [person.role],
                "groups": [groups[group] for group in person.groups],
                "active": True,
            }
            for person in filled.people
        ]
        users = self._batches(admin, "user", people)
        rows = [{"name": name, "group": groups[group]} for name, group in filled.members]
        members = self._batches(admin, "member", rows)
        loans = (data.wire(loan, members, users) for loan in filled.loans())
        self._batches(admin, "loan", loans, filled.seeds)

    def _batches(
        self, admin: Session, name: str, rows: Iterable[Values], expected: int = 0
    ) -> list[str]:
        ids: list[str] = []
        batch: list[Values] = []
        for row in rows:
            batch.append(row)
            if len(batch) == BATCH:
                ids += _post(admin, name, batch)
                batch = []
                show_progress(f"filling {name}", len(ids), expected)
        return ids + (_post(admin, name, batch) if batch else [])


def _post(admin: Session, name: str, batch: list[Values]) -> list[str]:
    made = admin.post(f"/api/records/{name}", batch)
    return [record["id"] for record in made["data"]]


def documents() -> list[dict[str, Any]]:
    """The library's documents, in the order in which they refer to one another."""
    folder = Path(__file__).parent / "metadata"
    names = ("objects/member", "objects/loan", "roles/clerk", "boards/desk")
    return [yaml.safe_load((folder / f"{name}.yaml").read_text()) for name in names]


def show_progress(what: str, done: int, expected: int) -> None:
    if expected and sys.stderr.isatty():
        end = "\n" if done >= expected else ""
        print(f"\r  {what}: {done:,} of {expected:,}", end=end, file=sys.stderr, flush=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
