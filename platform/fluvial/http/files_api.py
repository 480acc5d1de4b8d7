"""Files over HTTP: upload, and download for those who may read what they are attached to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from starlette.datastructures import FormData, UploadFile

from fluvial.kernel.media_types import INLINE
from fluvial.kernel.problems import NotFound, Problem, fault
from fluvial.transfer import files
from fluvial.transfer.thumbnails import MEDIA_TYPE, thumbnail

from .call import Answer, Call
from .routes import MAX_UPLOAD, Endpoint, Policy

# What comes from others is never run with the rights of this site.
CLOSED = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; sandbox"
PDF = "default-src 'none'; style-src 'unsafe-inline'; object-src 'self'; frame-ancestors 'self'"
CHECKED = [("cache-control", "private, no-cache")]  # a right may be taken away at any time
ALONE = [("x-content-type-options", "nosniff"), ("cross-origin-resource-policy", "same-origin")]


def upload(call: Call) -> Answer:
    call.only()
    sent = sent_file(call.form)
    row = files.store(call.session, sent.filename or "file", sent.content_type or "", sent.file)
    return Answer.json(files.wire(row), 201, [("location", f"/api/files/{row['id']}")])


def sent_file(form: FormData | None) -> UploadFile:
    """The one part `file` of a multipart body."""
    sent = form.getlist("file") if form is not None else []
    if len(sent) != 1 or not isinstance(sent[0], UploadFile):
        message = "Send multipart/form-data with one part `file`."
        raise Problem(message, errors=[fault("/file", "required", message)])
    return sent[0]


def download(call: Call) -> Answer:
    call.only()
    return file_answer(call, files.readable_file(call.session, call.params["id"]))


def file_answer(call: Call, row: Mapping[str, Any]) -> Answer:
    """The content of a file that the caller may read."""
    tag = f'"{row["sha256"][:32]}"'
    headers = [("etag", tag), *CHECKED]
    if call.headers.get("if-none-match") == tag:
        return Answer(304, b"", row["media_type"], headers)
    headers += [
        disposition(row["name"], inline=row["media_type"] in INLINE),
        ("content-security-policy", PDF if row["media_type"] == "application/pdf" else CLOSED),
        *ALONE,
    ]
    type_ = row["media_type"]
    if type_.startswith("text/"):
        type_ += "; charset=utf-8"
    return Answer(200, b"", type_, headers, stream=files.read_parts(call.engine, row))


def disposition(name: str, *, inline: bool) -> tuple[str, str]:
    """The header that says what a file is called, and whether the browser shows it."""
    way = "inline" if inline else "attachment"
    plain = name.encode("ascii", "replace").decode().replace("\\", "_").replace('"', "_")
    value = f"{way}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
    return "content-disposition", value


def show_small(call: Call) -> Answer:
    """A small copy of an image, for those who may read the image."""
    call.only()
    row = files.readable_file(call.session, call.params["id"])
    tag = f'"{row["sha256"][:32]}-small"'
    headers = [("etag", tag), *CHECKED]
    if call.headers.get("if-none-match") == tag:
        return Answer(304, b"", MEDIA_TYPE, headers)
    made = thumbnail(call.engine, row)
    if made is None:
        raise NotFound(f"{row['name']} has no thumbnail. Read the file itself.")
    return Answer(200, made, MEDIA_TYPE, [*headers, ("content-security-policy", CLOSED), *ALONE])


ENDPOINTS = (
    Endpoint(
        "POST",
        "/api/files",
        upload,
        Policy.SIGNED_IN,
        "Upload a file, to be attached to a record.",
        form=True,
        files=("file",),
        max_body=MAX_UPLOAD,
    ),
    Endpoint("GET", "/api/files/{id}", download, Policy.SIGNED_IN, "The content of a file."),
    Endpoint(
        "GET",
        "/api/files/{id}/thumbnail",
        show_small,
        Policy.SIGNED_IN,
        "The thumbnail of an image.",
    ),
)
