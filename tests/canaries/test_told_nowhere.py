"""What a person may not read is told nowhere: every answer to every reader, looked through.

Every value is a word of its own. Each reader calls every route with every id, also of what is not
theirs; a word in an answer that their grants forbid is a leak.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from email.message import EmailMessage
from typing import Any

import pytest

from fluvial.http.app import build_app
from fluvial.http.routes import ENDPOINT, Endpoint
from tests.app import EMAIL, ONE_DATABASE, PASSWORD, Client, Documents, OpenEngine
from tests.canaries.aviary import Aviary, told
from tests.canaries.bodies import ENDS_SESSIONS
from tests.canaries.people import READERS, Reader
from tests.canaries.realm import DOCUMENTS, KEYS
from tests.canaries.walks import Request, Walk
from tests.mailbox import Mailbox

# What is in their mails, beside what is not.
TOLD = {
    "clerk": ("contract.north.number", "house.north.name", "item.south.name"),
    "partner": ("contract.north.secret", "contract.north.margin", "item.north.cost"),
}


@pytest.fixture
def documents() -> Documents:
    return DOCUMENTS


@pytest.fixture
def aviary(open_engine: OpenEngine, smtp: Mailbox) -> Aviary:
    engine = open_engine(smtp_url=smtp.url, base_url="https://realm.example.org")
    return Aviary(Client(build_app(engine)).signed_in(EMAIL, PASSWORD))


def in_order(endpoint: Endpoint) -> tuple[bool, bool, bool, str]:
    """Reading first, what takes something away last."""
    key = f"{endpoint.method} {endpoint.path}"
    return key in ENDS_SESSIONS, endpoint.method == "DELETE", endpoint.writes, key


# What may be read is worked out before a database has a part in it: every route and reader is
# tried on SQLite. PostgreSQL answers the same questions about data for those from whom most is
# hidden, as its SQL and the words of its refusals are its own.
WALKS = [
    *(pytest.param("sqlite", (reader,), id=f"sqlite-{reader.name}") for reader in READERS),
    pytest.param("postgresql", READERS[:2], id="postgresql"),
]


@pytest.mark.parametrize(("engine_url", "readers"), WALKS, indirect=["engine_url"])
def test_no_route_tells_a_reader_what_the_grants_forbid(
    aviary: Aviary, readers: tuple[Reader, ...], engine_url: str
) -> None:
    leaks: list[str] = []
    endpoints = aviary.admin.app.engine.brought(ENDPOINT)
    for endpoint in sorted(endpoints, key=in_order):
        if endpoint.writes and not (engine_url.startswith("sqlite") or of_records(endpoint)):
            continue
        for reader in readers:
            for request in Walk(aviary, reader).requests(endpoint):
                leaks += leaked(aviary, reader, request)
    assert not leaks, f"{len(leaks)} leaks:\n" + "\n".join(leaks)


def of_records(endpoint: Endpoint) -> bool:
    return endpoint.path.startswith(("/api/records/", "/o/"))


def leaked(aviary: Aviary, reader: Reader, request: Request) -> Iterator[str]:
    address = f"{request.path}?{request.query}"
    reply = aviary.clients[reader.name].call(
        request.method, address, body=request.body, headers=request.headers
    )
    shown = f"{reader.name}: {request.method} {address} {request.body[:150]!r} ({reply.status})"
    if reply.status >= 500:
        yield f"{shown} {reply.text[:300]}"
        return
    found = aviary.found_in(reader, told(reply), said=request.words)
    if found:
        yield f"{shown} tells {', '.join(found)}"


def test_no_mail_tells_its_reader_what_the_grants_forbid_and_none_is_empty(
    aviary: Aviary, smtp: Mailbox
) -> None:
    mails = smtp.wait(2 * 2 * 5)  # two rules, two records, five people
    leaks: list[str] = []
    for mail in mails:
        reader = next(r for r in READERS if mail.recipients == [f"{r.name}@example.com"])
        found = aviary.found_in(reader, words_of(mail.message))
        leaks += [f"{reader.name}: {mail.message['Subject']} tells {found}"] if found else []
    assert not leaks, "\n".join(leaks)
    for name, wanted in TOLD.items():  # nobody is safe from a message that says nothing at all
        theirs = [m.message for m in mails if m.recipients == [f"{name}@example.com"]]
        text = "\n".join(words_of(message) for message in theirs)
        missing = [place for place in wanted if not aviary.is_in(place, text)]
        assert not missing, f"{name} is not told {missing}"


def words_of(message: EmailMessage) -> str:
    parts = [part.get_content() for part in message.walk() if part.get_content_maintype() == "text"]
    return "\n".join([str(message["Subject"]), str(message["To"]), *parts]).lower()


@ONE_DATABASE  # a stream looks up what may be read as the routes above do
def test_no_stream_tells_a_reader_what_the_grants_forbid(aviary: Aviary) -> None:
    topics = ",".join(f"object:{name}" for name in aviary.records)
    leaks: list[str] = []
    for reader in READERS:
        text = asyncio.run(listened(aviary, reader, f"topics={topics}"))
        found = aviary.found_in(reader, text.lower())
        hidden = [
            f"{name}.{key}"
            for name, records in aviary.records.items()
            for key, record in records.items()
            if record["id"] in text and key not in reader.reads.get(name, ())
        ]
        leaks += [f"{reader.name} hears {[*found, *hidden]}"] if found or hidden else []
    assert not leaks, "\n".join(leaks)


async def listened(aviary: Aviary, reader: Reader, query: str) -> str:
    """What a reader hears while the administrator changes every record and mentions people."""
    heard, leaving = [], asyncio.Event()

    async def receive() -> dict[str, Any]:
        await leaving.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        heard.append(message.get("body", b""))

    client = aviary.clients[reader.name]
    scope = {
        "type": "http", "method": "GET", "path": "/api/stream", "query_string": query.encode(),
        "headers": [(k.encode(), v.encode()) for k, v in client.headers.items()],
    }  # fmt: skip
    stream = asyncio.ensure_future(client.app(scope, receive, send))
    if reader.signs_in:
        while not heard[1:]:
            await asyncio.sleep(0.01)
    await asyncio.to_thread(change_all, aviary)
    for _ in range(100):
        await asyncio.sleep(0.01)
    leaving.set()
    await stream
    return b"".join(heard).decode()


def change_all(aviary: Aviary) -> None:
    for name, records in aviary.records.items():
        for record in (records[key] for key in KEYS):
            path = f"/api/records/{name}/{record['id']}"
            reply = aviary.admin.patch(path, {"owner": {"user": aviary.users["stranger"]}})
            assert reply.status == 200, reply.text
            if name != "visit":
                continue
            aviary.admin.patch(path, {"owner": record["owner"]})
    aviary.work()
