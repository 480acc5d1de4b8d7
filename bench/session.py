"""A small HTTP client for preparing and checking; the load has its own."""

from __future__ import annotations

import http.client
from dataclasses import dataclass, field
from typing import Any

import orjson


@dataclass(frozen=True)
class Reply:
    status: int
    body: Any
    cookie: str  # what the answer set, as the next request sends it
    raw: bytes


@dataclass
class Session:
    port: int
    headers: dict[str, str] = field(default_factory=dict)

    def call(self, method: str, path: str, body: Any = None) -> Reply:
        headers = dict(self.headers)
        content = body if isinstance(body, bytes) or body is None else orjson.dumps(body)
        if content is not None:
            headers["content-type"] = "application/json"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=600)
        try:
            connection.request(method, path, content, headers)
            response = connection.getresponse()
            raw = response.read()
        finally:
            connection.close()
        set_cookies = response.headers.get_all("set-cookie") or []
        cookie = "; ".join(text.partition(";")[0] for text in set_cookies)
        json = "json" in response.headers.get("content-type", "") and bool(raw)
        return Reply(response.status, orjson.loads(raw) if json else None, cookie, raw)

    def get(self, path: str) -> Any:
        return self.expect("GET", path)

    def post(self, path: str, body: Any) -> Any:
        return self.expect("POST", path, body)

    def expect(self, method: str, path: str, body: Any = None) -> Any:
        reply = self.call(method, path, body)
        if reply.status >= 300:
            answer = reply.raw[:2000].decode(errors="replace")
            raise RuntimeError(f"{method} {path} answered {reply.status}: {answer}")
        return reply.body
