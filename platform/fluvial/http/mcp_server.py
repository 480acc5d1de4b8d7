"""The Model Context Protocol, as its official library speaks it: tools, and nothing else.

Without sessions: each request stands for itself, so any of several processes can answer it.
Loaded when the first assistant comes (`assistants.py`), because the library is large.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import mcp_types as types
import orjson
from mcp.server.lowlevel.server import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

from fluvial import __version__

from .assistants import Assistants, Receive, Scope, Send
from .routes import MAX_JSON

INSTRUCTIONS = (
    "Fluvial keeps the records of a business; its object types are metadata. Begin with "
    "describe_model. You act with the rights of the person whose token you have. Before you "
    "change metadata, plan the change and show the plan to the person."
)


class McpServer:
    """One for each application; works in the event loop in which it is first asked."""

    def __init__(self, assistants: Assistants) -> None:
        self._assistants = assistants
        self._server: Server[Any] = Server(
            "fluvial",
            version=__version__,
            title="Fluvial",
            instructions=INSTRUCTIONS,
            on_list_tools=self._list,
            on_call_tool=self._call,
        )
        self._ready = asyncio.Event()
        self._over = asyncio.Event()
        self._manager = StreamableHTTPSessionManager(
            self._server, json_response=True, stateless=True, max_request_body_size=MAX_JSON
        )
        # What the library opens, it wants closed by the same task.
        self._running = asyncio.get_running_loop().create_task(self._run())

    async def _run(self) -> None:
        async with self._manager.run():
            self._ready.set()
            await self._over.wait()

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._ready.wait()
        await self._manager.handle_request(scope, receive, send)

    async def close(self) -> None:
        self._over.set()
        with contextlib.suppress(asyncio.CancelledError):
            await self._running

    async def _list(self, context: Any, _: Any) -> types.ListToolsResult:
        found = await self._assistants.tools(context.request.headers)
        return types.ListToolsResult(tools=[types.Tool.model_validate(one) for one in found])

    async def _call(self, context: Any, asked: types.CallToolRequestParams) -> types.CallToolResult:
        headers = context.request.headers
        answer = await self._assistants.use(headers, asked.name, dict(asked.arguments or {}))
        text = answer.body.decode("utf-8", "replace")
        told = orjson.loads(answer.body) if answer.body else None
        return types.CallToolResult(
            content=[types.TextContent(type="text", text=text)],
            structured_content=told if isinstance(told, dict) else None,
            is_error=answer.status >= 400,
        )
