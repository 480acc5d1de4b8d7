"""Media types: what a file is by its first bytes, and whether that fits what it claims to be."""

from __future__ import annotations

import codecs
from pathlib import PurePath

BINARY = "application/octet-stream"
PLAIN = "text/plain"
ZIP = "application/zip"

SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"%PDF-", "application/pdf"),
    (b"PK\x03\x04", ZIP),
    (b"PK\x05\x06", ZIP),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (b"\x1f\x8b", "application/gzip"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"MZ", "application/x-msdownload"),
    (b"\x7fELF", "application/x-executable"),
)

_OFFICE = "application/vnd.openxmlformats-officedocument"
_OPEN = "application/vnd.oasis.opendocument"

# What a zip archive or an OLE file is called, by the end of its name.
CONTAINERS: dict[str, tuple[str, str]] = {
    ".docx": (ZIP, f"{_OFFICE}.wordprocessingml.document"),
    ".xlsx": (ZIP, f"{_OFFICE}.spreadsheetml.sheet"),
    ".pptx": (ZIP, f"{_OFFICE}.presentationml.presentation"),
    ".odt": (ZIP, f"{_OPEN}.text"),
    ".ods": (ZIP, f"{_OPEN}.spreadsheet"),
    ".odp": (ZIP, f"{_OPEN}.presentation"),
    ".doc": ("application/x-ole-storage", "application/msword"),
    ".xls": ("application/x-ole-storage", "application/vnd.ms-excel"),
    ".ppt": ("application/x-ole-storage", "application/vnd.ms-powerpoint"),
    ".msg": ("application/x-ole-storage", "application/vnd.ms-outlook"),
}

# Kinds of text that are told apart by name. HTML and SVG are not: they stay plain text.
TEXTS = {
    ".csv": "text/csv",
    ".json": "application/json",
    ".md": "text/markdown",
    ".eml": "message/rfc822",
}

NAMES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".pdf": "application/pdf",
    **{end: type_ for end, (_, type_) in CONTAINERS.items()},
}

IMAGES = ("image/png", "image/jpeg", "image/gif", "image/webp")
INLINE = (*IMAGES, "application/pdf")
_KNOWN = frozenset(NAMES.values())


def sniff(head: bytes, name: str) -> str:
    """The media type of a file from its first bytes; its name only tells alike ones apart."""
    end = PurePath(name).suffix.lower()
    for start, type_ in SIGNATURES:
        if head.startswith(start):
            container, inner = CONTAINERS.get(end, ("", ""))
            return inner if container == type_ else type_
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    return TEXTS.get(end, PLAIN) if _is_text(head) else BINARY


def _is_text(head: bytes) -> bool:
    try:
        # The last character may be cut off.
        codecs.getincrementaldecoder("utf-8")().decode(head)
        return b"\0" not in head
    except UnicodeDecodeError:
        # Text of older systems is one byte for a letter; control characters give data away.
        return not any(byte < 9 or 13 < byte < 32 for byte in head)


def agrees(claimed: str, name: str, found: str) -> bool:
    """Whether neither the name nor the claimed type names a known type that it is not."""
    said = claimed.partition(";")[0].strip().lower().replace("image/jpg", "image/jpeg")
    named = NAMES.get(PurePath(name).suffix.lower())
    return all(one not in _KNOWN or one == found for one in (said, named) if one)
