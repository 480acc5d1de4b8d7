"""The stream of changes, over a real socket."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator

import httpx
import pytest
import uvicorn

from fluvial.http.app import build_app
from tests.app import EMAIL, PASSWORD, OpenEngine


@pytest.fixture
def address(open_engine: OpenEngine) -> Iterator[str]:
    config = uvicorn.Config(build_app(open_engine()), port=0, log_level="warning", ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        pass
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()


def test_a_listener_hears_of_a_change_to_what_they_see(address: str) -> None:
    with httpx.Client(base_url=address, timeout=20) as client:
        signed = client.post("/api/login", json={"email": EMAIL, "password": PASSWORD}).json()
        write = {"X-CSRF-Token": signed["csrf"]}
        with client.stream("GET", "/api/stream?topics=object:group") as stream:
            lines = stream.iter_lines()
            assert next(lines) == ": listening"
            made = client.post("/api/records/group", json={"name": "x"}, headers=write).json()
            client.post("/api/records/team", json={"name": "x"}, headers=write)
            heard = [line for line in (next(lines) for _ in range(4)) if line]
        assert heard[0] == "event: change"
        assert json.loads(heard[1].removeprefix("data: ")) == {
            "object": "group", "id": made["id"], "rev": 1,
        }  # fmt: skip
        assert client.get("/api/stream?topics=nothing").status_code == 400


def test_nobody_hears_anything(address: str) -> None:
    assert httpx.get(f"{address}/api/stream?topics=object:group").status_code == 401


TOPICS = ("", ",", "object:", "object:nothing", "record:x", "object:group,nothing", "object:Group",
          "*", "object:group,")  # fmt: skip


def test_a_stream_without_a_known_topic_is_refused(address: str) -> None:
    with httpx.Client(base_url=address, timeout=20) as client:
        client.post("/api/login", json={"email": EMAIL, "password": PASSWORD})
        assert client.get("/api/stream").status_code == 400
        for topics in TOPICS:
            answer = client.get("/api/stream", params={"topics": topics})
            assert answer.status_code == 400, topics
            assert answer.json()["errors"][0]["pointer"] == "topics"
