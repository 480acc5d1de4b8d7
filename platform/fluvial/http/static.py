"""Static files: joined stylesheets, and addresses with a version that browsers keep for ever."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from starlette.responses import Response
from starlette.staticfiles import StaticFiles

from .assets import JOINED, STATIC

FOR_EVER = "public, max-age=31536000, immutable"


class Static(StaticFiles):
    def __init__(self) -> None:
        super().__init__(directory=STATIC, check_dir=False)

    async def get_response(self, path: str, scope: MutableMapping[str, Any]) -> Response:
        if path in JOINED:
            response = Response(JOINED[path](), media_type="text/css")
        else:
            response = await super().get_response(path, scope)
        versioned = scope.get("query_string", b"").startswith(b"v=") or "chunk-" in path
        response.headers["cache-control"] = FOR_EVER if versioned else "no-cache"
        response.headers["x-content-type-options"] = "nosniff"
        return response
