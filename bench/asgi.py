"""Calls of the API in this process: what a request costs, without any network."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson

from fluvial.http.app import Front, build_app
from fluvial.runtime.engine import Engine


class AsgiSession:
    """The first administrator of an engine, as a browser signs them in."""

    def __init__(self, engine: Engine, password: str) -> None:
        self._app: Front = build_app(engine)
        self._loop = asyncio.new_event_loop()
        self._headers: list[tuple[bytes, bytes]] = [(b"content-type", b"application/json")]
        body, headers = self._call(
            "POST", "/api/login", {"email": "admin@example.com", "password": password}
        )
        cookie = dict(headers)[b"set-cookie"].partition(b";")[0]
        self._headers += [(b"cookie", cookie), (b"x-csrf-token", body["csrf"].encode())]

    def call(self, method: str, path: str, body: Any) -> Any:
        return self._call(method, path, body)[0]

    def close(self) -> None:
        self._loop.close()

    def _call(self, method: str, path: str, body: Any) -> tuple[Any, list[tuple[bytes, bytes]]]:
        return self._loop.run_until_complete(self._asked(method, path, orjson.dumps(body)))

    async def _asked(
        self, method: str, path: str, body: bytes
    ) -> tuple[Any, list[tuple[bytes, bytes]]]:
        started: dict[str, Any] = {}
        parts: list[bytes] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            started.update(message)
            parts.append(message.get("body", b""))

        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": b"",
            "headers": [(b"host", b"bench"), *self._headers],
            "client": ("127.0.0.1", 50000),
            "server": ("bench", 80),
        }
        await self._app(scope, receive, send)
        answer = b"".join(parts)
        if started["status"] >= 400:
            raise RuntimeError(f"{method} {path}: {answer.decode()}")
        return orjson.loads(answer), started["headers"]
