"""Bodies of forms, read strictly: what is cut off, not UTF-8 or too much is refused."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Mapping
from urllib.parse import parse_qsl

from starlette.datastructures import FormData, Headers
from starlette.formparsers import MultiPartException, MultiPartParser

from fluvial.kernel.problems import Problem

MAX_FORM_FIELDS = 500
MAX_FORM_FILES = 20
MAX_FORM_PART = 1_000_000

URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"


async def read_form(headers: Mapping[str, str], body: bytes) -> FormData | None:
    """The fields and files of a form's body; None for other content types."""
    type_, _, options = headers.get("content-type", "").partition(";")
    type_ = type_.strip().lower()
    if type_ == URLENCODED:
        return _urlencoded(body)
    return await _multipart(headers, options, body) if type_ == MULTIPART else None


def _urlencoded(body: bytes) -> FormData:
    if body.count(b"&") >= MAX_FORM_FIELDS:
        raise Problem(f"A form can have at most {MAX_FORM_FIELDS} fields.")
    try:
        pairs = parse_qsl(body.decode("utf-8"), keep_blank_values=True, errors="strict")
    except UnicodeDecodeError as error:
        raise Problem("The form is not UTF-8.") from error
    return FormData([*pairs])


async def _multipart(headers: Mapping[str, str], options: str, body: bytes) -> FormData:
    boundary = re.search(r'boundary="?([^";]+)"?', options)
    if boundary is None:
        raise Problem("The multipart body has no boundary.")
    if not body.rstrip(b"\r\n").endswith(b"--" + boundary[1].encode("latin-1") + b"--"):
        raise Problem("The multipart body is cut off: its last boundary is missing.")

    async def stream() -> AsyncGenerator[bytes, None]:
        yield body
        yield b""

    parser = _StrictParser(
        Headers(dict(headers)),
        stream(),
        max_files=MAX_FORM_FILES,
        max_fields=MAX_FORM_FIELDS,
        max_part_size=MAX_FORM_PART,
    )
    try:
        return await parser.parse()
    except MultiPartException as error:
        limit = error.message.startswith(("Too many", "Part exceeded"))
        said = error.message if limit else "the header of a part is not valid."
        raise Problem(f"The multipart body is not valid: {said}") from error


class _StrictParser(MultiPartParser):
    """Starlette's, which reads bytes that are not UTF-8 as something else."""

    def on_headers_finished(self) -> None:
        _check(self._current_part.content_disposition or b"", "header of a part")
        super().on_headers_finished()

    def on_part_end(self) -> None:
        if self._current_part.file is None:
            _check(self._current_part.data, f"field `{self._current_part.field_name}`")
        super().on_part_end()


def _check(data: bytes | bytearray, what: str) -> None:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Problem(f"The {what} is not UTF-8.") from error
