"""The door for assistants: MCP over HTTP at /mcp, for whoever shows a token.

The Model Context Protocol is spoken by its official library, which is loaded when the first
assistant comes. Everything that decides what somebody may do happens here and in the API: the
token, the origin, the number of calls and the size of a body.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from importlib import import_module
from typing import Any
from urllib.parse import urlencode, urlsplit

import orjson

from fluvial.database.rate_limits import Rate, limited
from fluvial.kernel.problems import Forbidden, NotFound, Problem, Unauthorized
from fluvial.runtime.engine import Engine

from .assistant_tools import Asked, tool_of, tools_of
from .call import JSON_TYPE, Answer, Call
from .routes import Endpoint, Policy

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Perform = Callable[[Endpoint, Call], Awaitable[Answer]]
Find = Callable[[str, str], tuple[Endpoint, dict[str, str]]]

PATH = "/mcp"
LIBRARY = "fluvial.http.mcp_server"
CALLS = Rate(600, 60)  # for each person, whatever their tokens
TOO_MANY = "There were too many calls of assistants."
MAX_ANSWER = 400_000  # bytes of a tool's answer: what is longer helps no assistant


class Assistants:
    """Speaks with assistants for one application."""

    def __init__(self, engine: Engine, find: Find, perform: Perform) -> None:
        self.engine = engine
        self._find = find
        self._perform = perform
        self._loading = asyncio.Lock()
        self._server: Any = None

    async def admitted(self, call: Call) -> Answer | None:
        """None where the caller may come in; else what they are told."""
        if call.method != "POST":
            told = Problem(f"{PATH} accepts POST.", headers={"Allow": "POST"})
            told.status, told.title = 405, "Method not allowed"
            return Answer.problem(told)
        if not self._same_origin(call):
            return Answer.problem(Forbidden("Web pages of other sites cannot call this."))
        answer = await self._perform(_ENTER, call)
        return None if answer.status < 400 else answer

    def _same_origin(self, call: Call) -> bool:
        origin = call.headers.get("origin")
        if origin is None:
            return True
        own = urlsplit(self.engine.settings.base_url)
        return origin == f"{own.scheme}://{own.netloc}"

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the library answer an assistant that was admitted."""
        if self._server is None:
            async with self._loading:
                loop = asyncio.get_running_loop()
                library = await loop.run_in_executor(None, import_module, LIBRARY)
                self._server = self._server or library.McpServer(self)
        await self._server.handle(scope, receive, send)

    async def close(self) -> None:
        if self._server is not None:
            await self._server.close()

    async def tools(self, headers: Mapping[str, str]) -> list[dict[str, Any]]:
        """What the caller may use."""
        answer = await self._told(
            headers, lambda call: [t.wire(call.session) for t in tools_of(call.session)]
        )
        found = orjson.loads(answer.body)
        return found if answer.status < 400 else []

    async def use(self, headers: Mapping[str, str], name: str, arguments: dict[str, Any]) -> Answer:
        """Use a tool: the answer of the API."""
        asked: list[Asked] = []

        def look(call: Call) -> Any:
            tool = tool_of(call.session, name, arguments)
            if tool.told is not None:
                return tool.told(call.session, arguments)
            assert tool.asked is not None
            asked.append(tool.asked(arguments))
            return None

        answer = await self._told(headers, look)
        if answer.status < 400 and asked:
            answer = await self._asked(headers, asked[0])
        if len(answer.body) > MAX_ANSWER:
            told = f"The answer is longer than {MAX_ANSWER} bytes. Ask for fewer records or fields."
            return Answer.problem(Problem(told))
        return answer

    async def _told(self, headers: Mapping[str, str], tell: Callable[[Call], Any]) -> Answer:
        def handler(call: Call) -> Answer:
            return Answer.json(tell(call))

        endpoint = Endpoint("POST", PATH, handler, Policy.SIGNED_IN, "", any_scope=True)
        return await self._perform(endpoint, self._call("POST", PATH, headers))

    async def _asked(self, headers: Mapping[str, str], asked: Asked) -> Answer:
        try:
            endpoint, params = self._find(asked.method, asked.path)
        except NotFound as problem:
            return Answer.problem(problem)
        call = self._call(asked.method, asked.path, {**headers, **asked.headers}, asked.body)
        call.raw_query = urlencode(asked.query).encode()
        call.params = params
        return await self._perform(endpoint, call)

    def _call(self, method: str, path: str, headers: Mapping[str, str], body: Any = None) -> Call:
        """A call of the API in the name of whoever shows the token."""
        kept = {n: v for n, v in headers.items() if n in ("authorization", "if-match")}
        content = b"" if body is None else orjson.dumps(body)
        return Call(
            self.engine, method, path, b"", {**kept, "content-type": JSON_TYPE}, content, {}
        )


def _enter(call: Call) -> Answer:
    """Whoever comes shows a token: a browser's cookie is sent by whatever page asks it to."""
    if "authorization" not in call.headers or call.session.actor.id is None:
        raise Unauthorized()
    session = call.session
    limited(session.connection, session.now, CALLS, TOO_MANY, "assistant", call.session.actor.id)
    return Answer.empty()


_ENTER = Endpoint("POST", PATH, _enter, Policy.SIGNED_IN, "", any_scope=True, csrf=False)
