"""Static files: joined stylesheets, and addresses with a version that browsers keep for ever."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from starlette.datastructures import Headers
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles

from .assets import JOINED, STATIC, asset
from .compression import ENCODING, THOROUGH, VARY, is_text, packed, takes_gzip

FOR_EVER = "public, max-age=31536000, immutable"


class Static(StaticFiles):
    def __init__(self) -> None:
        super().__init__(directory=STATIC, check_dir=False)

    async def get_response(self, path: str, scope: MutableMapping[str, Any]) -> Response:
        sent = Headers(scope=scope)
        packing: Callable[[], bytes]
        packs = takes_gzip(sent.get("accept-encoding", "")) and "range" not in sent
        if path in JOINED:
            response = Response(JOINED[path](), media_type="text/css")
            packing = partial(_packed_sheet, path)
        else:
            response = await super().get_response(path, scope)
            packing = _file_packing(response)
        if response.status_code == 200 and is_text(response.headers.get("content-type", "")):
            response.raw_headers.append(VARY)
            if packs:
                response = _with_body(response, packing())
        lasting = response.status_code < 400 and _is_lasting(path, scope)
        response.headers["cache-control"] = FOR_EVER if lasting else "no-cache"
        response.headers["x-content-type-options"] = "nosniff"
        return response


def _is_lasting(path: str, scope: MutableMapping[str, Any]) -> bool:
    """Whether the address names this content: another release's page may ask for another one."""
    query = scope.get("query_string", b"").decode("latin-1")
    return "chunk-" in path or (query != "" and asset(path) == f"/static/{path}?{query}")


def _file_packing(response: Response) -> Callable[[], bytes]:
    if not isinstance(response, FileResponse):
        return lambda: bytes(response.body)
    file = Path(response.path)
    return lambda: _packed_file(file, file.stat().st_mtime_ns)


def _with_body(response: Response, body: bytes) -> Response:
    """The same answer in gzip."""
    made = Response(body)
    length = (b"content-length", str(len(body)).encode())
    made.raw_headers = [h for h in response.raw_headers if h[0] != b"content-length"]
    made.raw_headers += [ENCODING, length]
    return made


@lru_cache(maxsize=8)
def _packed_sheet(path: str) -> bytes:
    return packed(JOINED[path](), THOROUGH, padded=False)


@lru_cache(maxsize=128)
def _packed_file(file: Path, _: int) -> bytes:
    return packed(file.read_bytes(), THOROUGH, padded=False)
