"""The product under test: an engine on a fresh database, and a client that speaks HTTP to it.

The client calls the ASGI application in this process; tests of several processes start real ones.
"""

from __future__ import annotations

import asyncio
import atexit
import re
import shutil
import tempfile
import threading
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import orjson
import pytest
from argon2 import PasswordHasher

from fluvial.auth import passwords
from fluvial.database.database import sqlite_path
from fluvial.http.app import Front, build_app
from fluvial.kernel.settings import load
from fluvial.packages import folder_of, install, install_core
from fluvial.packages.installation import first_administrator
from fluvial.records.calculated import recalculation_queue
from fluvial.runtime.engine import Engine
from fluvial.runtime.session import Session
from metamodel.catalog import Catalog
from tests.servers import Databases

# Tests sign many people in; the processes that they start take the care that is meant.
passwords.HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
# Other tests write to the same server meanwhile: what is left to work out waits for them too.
recalculation_queue.YOUNG = timedelta(seconds=30)

# What is compiled depends on these beside the documents.
CATALOG_SETTINGS = {"FLUVIAL_LOCALE", "FLUVIAL_ZONE", "FLUVIAL_KINDS"}

EMAIL = "admin@example.com"
PASSWORD = "correct horse battery"


def told(found: object) -> str:
    """The text of it without ids and keys, whose digits hold any short word now and then."""
    return re.sub(r"[\w-]{20,}", "", str(found))


@dataclass
class Reply:
    """An answer: status, headers (lower case) and body."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return orjson.loads(self.body)

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def told(self) -> str:
        return told(self.text)


def _header_names(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


@dataclass
class Client:
    """Speaks to the application as one person, by cookie or token."""

    app: Front
    headers: dict[str, str] = field(default_factory=dict)

    def call(
        self,
        method: str,
        path: str,
        json: Any = None,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> Reply:
        sent = {**self.headers, **(headers or {})}
        if json is not None:
            body, sent = orjson.dumps(json), {"content-type": "application/json", **sent}
        path, _, raw = path.partition("?")
        raw = urlencode(query) if query else raw
        return _run(_ask(self.app, method, path, raw, sent, body or b""))

    def get(self, path: str, **query: str) -> Reply:
        return self.call("GET", path, query=query or None)

    def post(self, path: str, json: Any = None, **headers: str) -> Reply:
        return self.call("POST", path, json, headers=_header_names(headers))

    def patch(self, path: str, json: Any = None, **headers: str) -> Reply:
        return self.call("PATCH", path, json, headers=_header_names(headers))

    def put(self, path: str, json: Any = None) -> Reply:
        return self.call("PUT", path, json)

    def delete(self, path: str, **headers: str) -> Reply:
        return self.call("DELETE", path, headers=_header_names(headers))

    def made(self, object_name: str, **values: Any) -> dict[str, Any]:
        """A new record, which has to be taken."""
        reply = self.post(f"/api/records/{object_name}", values)
        assert reply.status == 201, reply.text
        record: dict[str, Any] = reply.json()
        return record

    def define(self, *documents: Mapping[str, Any]) -> dict[str, Any]:
        """Put documents in force, which have to be sound."""
        reply = self.post("/api/meta/changes", {"documents": list(documents)})
        assert reply.status == 200, reply.text
        answer: dict[str, Any] = reply.json()
        return answer

    def rows(self, path: str, **query: str) -> list[dict[str, Any]]:
        reply = self.get(path, **query)
        assert reply.status == 200, reply.text
        data: list[dict[str, Any]] = reply.json()["data"]
        return data

    def signed_in(self, email: str, password: str) -> Client:
        """Another client, of somebody who signs in with a password."""
        reply = Client(self.app).post("/api/login", {"email": email, "password": password})
        assert reply.status == 200, reply.text
        cookie = reply.headers["set-cookie"].partition(";")[0]
        return Client(self.app, {"cookie": cookie, "x-csrf-token": reply.json()["csrf"]})

    def person(self, email: str, *roles: str, **values: Any) -> Client:
        """A client of a new person with these roles."""
        body = {"email": email, "name": email.partition("@")[0].title(), "roles": list(roles)}
        self.made("user", **body, password=PASSWORD, **values)
        return self.signed_in(email, PASSWORD)


@cache
def _loop() -> asyncio.AbstractEventLoop:
    """One for all calls of the main thread: making one costs more than a small request."""
    loop = asyncio.new_event_loop()
    atexit.register(loop.close)
    return loop


def _run(asked: Coroutine[Any, Any, Reply]) -> Reply:
    if threading.current_thread() is threading.main_thread():
        return _loop().run_until_complete(asked)
    return asyncio.run(asked)


async def _ask(
    app: Front, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes
) -> Reply:
    sent = False
    answer: dict[str, Any] = {"body": b""}

    async def receive() -> dict[str, Any]:
        nonlocal sent
        if sent:
            return {"type": "http.disconnect"}
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            answer.update(message)
        else:
            answer["body"] += message.get("body", b"")

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query.encode(),
        "headers": [
            (b"host", b"testserver"),
            *((k.lower().encode(), v.encode("latin-1")) for k, v in headers.items()),
        ],
        "client": ("127.0.0.1", 50000),
        "server": ("testserver", 80),
    }
    await app(scope, receive, send)
    found = {k.decode(): v.decode("latin-1") for k, v in answer["headers"]}
    return Reply(answer["status"], found, answer["body"])


OpenEngine = Callable[..., Engine]
Documents = Sequence[Mapping[str, Any]]


class Prepared:
    """Databases with the engine, perhaps apps and documents in force; tests get copies of them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: dict[tuple[bool, tuple[str, ...], bytes], str] = {}
        self._signed_in: dict[str, dict[str, str]] = {}  # address -> the administrator's headers
        self._catalogs: dict[str, Catalog] = {}  # address -> what is in force there at first

    def copy(
        self,
        databases: Databases | None,
        folder: Path,
        apps: tuple[str, ...] = (),
        documents: Documents = (),
    ) -> str:
        """The address of a copy: on PostgreSQL where a server is given, else on SQLite."""
        return self._copied(self._original(databases, apps, documents), databases, folder)

    def _original(
        self, databases: Databases | None, apps: tuple[str, ...], documents: Documents
    ) -> str:
        """The address of the one that is copied. One with documents begins as a copy itself."""
        key = (databases is None, apps, orjson.dumps(documents))
        if key not in self._made:
            folder = Path(tempfile.mkdtemp(dir=self._folder))
            if documents:
                address = self._copied(self._original(databases, apps, ()), databases, folder)
                self._define(address, documents)
            else:
                file = f"sqlite:///{folder}/fluvial.db"
                address = databases.create() if databases else file
                self._set_up(address, apps)
            self._made[key] = address
        return self._made[key]

    def _copied(self, original: str, databases: Databases | None, folder: Path) -> str:
        if databases:
            address = databases.create(template=original)
        else:
            shutil.copy(sqlite_path(original), folder / "fluvial.db")
            address = f"sqlite:///{folder}/fluvial.db"
        self._signed_in[address] = self._signed_in[original]
        self._catalogs[address] = self._catalogs[original]
        return address

    def opened(self, address: str, settings: Mapping[str, str]) -> Engine:
        """An engine on a copy, which takes over what is compiled already.

        As long as nothing is changed, it works with the snapshot that the copied database was
        left with, and so with the plans that tests before it have made. After a change it
        merges and compares all documents as ever, and compiles those that are others.
        """
        engine = Engine(load(settings))
        catalog = self._catalogs[address]
        if not CATALOG_SETTINGS & settings.keys():
            engine.catalogs.adopt(catalog)
        if "FLUVIAL_LOCALE" not in settings:
            engine.catalogs.take_over(catalog)
        return engine

    def headers(self, address: str) -> dict[str, str]:
        """What the first administrator sends, who is signed in already in every copy."""
        return dict(self._signed_in[address])

    def _define(self, url: str, documents: Documents) -> None:
        engine = self.opened(url, environment(url, self._folder))
        Client(build_app(engine), self.headers(url)).define(*documents)
        self._catalogs[url] = engine.catalogs.current(engine.database.connection())
        engine.close()

    def _set_up(self, url: str, apps: tuple[str, ...]) -> None:
        engine = Engine(load(environment(url, self._folder)))
        engine.open()
        install_core(Session.begin(engine))
        first_administrator(engine)
        for app in apps:
            install(Session.begin(engine), folder_of(app))
        self._signed_in[url] = Client(build_app(engine)).signed_in(EMAIL, PASSWORD).headers
        self._catalogs[url] = engine.catalogs.current(engine.database.connection())
        engine.close()


def environment(url: str, folder: Path, **settings: str) -> dict[str, str]:
    """The variables of an engine under test."""
    return {
        "FLUVIAL_DATABASE_URL": url,
        "FLUVIAL_DATA_DIR": str(folder / "data"),
        "FLUVIAL_ADMIN_EMAIL": EMAIL,
        "FLUVIAL_ADMIN_PASSWORD": PASSWORD,
        "FLUVIAL_THREADS": "2",
        "FLUVIAL_ENV": "development",
        **{f"FLUVIAL_{name.upper()}": value for name, value in settings.items()},
    }


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return Prepared(tmp_path_factory.mktemp("prepared"))


@pytest.fixture
def installed_apps() -> tuple[str, ...]:
    """Which apps the engine of a test has; a folder of tests may say otherwise."""
    return ()


@pytest.fixture
def documents() -> Documents:
    """What is in force already when a test begins; a module of tests may say otherwise."""
    return ()


# Of tests whose answers come from checks of documents or from templates alone: a database of
# another kind is asked the same few questions, which other tests ask it.
ONE_DATABASE = pytest.mark.parametrize("engine_url", ["sqlite"], indirect=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def engine_url(
    request: pytest.FixtureRequest,
    prepared: Prepared,
    installed_apps: tuple[str, ...],
    documents: Documents,
    tmp_path: Path,
) -> Iterator[str]:
    """The address of a database in which the engine is set up; the test runs on each kind."""
    databases = request.getfixturevalue("databases") if request.param == "postgresql" else None
    address = prepared.copy(databases, tmp_path, installed_apps, documents)
    yield address
    if databases is not None:
        databases.drop(address)


@pytest.fixture
def open_engine(engine_url: str, prepared: Prepared, tmp_path: Path) -> Iterator[OpenEngine]:
    """Opens engines on the test's database: two of them are two processes to each other."""
    opened: list[Engine] = []

    def open_one(**settings: str) -> Engine:
        engine = prepared.opened(engine_url, environment(engine_url, tmp_path, **settings))
        opened.append(engine)
        return engine

    yield open_one
    for engine in opened:
        engine.close()


@pytest.fixture
def engine(open_engine: OpenEngine) -> Engine:
    return open_engine()


@pytest.fixture
def client(engine: Engine, engine_url: str, prepared: Prepared) -> Client:
    """The first administrator's client."""
    return Client(build_app(engine), prepared.headers(engine_url))


@pytest.fixture
def anybody(client: Client) -> Client:
    """A client of nobody in particular."""
    return Client(client.app)
