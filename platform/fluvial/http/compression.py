"""Compression of answers, for clients that take gzip.

Pages are made anew for each reader, so the lowest level is used: it takes a third of the time of
the usual one, and most of what it saves. Static files are packed once and then kept.

The length of a compressed answer tells something of what is in it (BREACH). So tokens of pages
are masked (`auth/csrf_tokens.py`), answers that hold a secret are not compressed, and every
compressed answer has some bytes more, by chance.
"""

from __future__ import annotations

import re
import secrets
import zlib

LEAST = 1_000  # bytes: below, packing saves nothing
MOST = 4_000_000  # above, it would take the server's thread for too long
MOST_PADDING = 100
QUICK, THOROUGH = 1, 9  # levels
TYPES = re.compile(r"text/|application/(?:json|problem\+json|javascript)|image/svg\+xml")
ENCODING = (b"content-encoding", b"gzip")
VARY = (b"vary", b"accept-encoding")

_HEAD = b"\x1f\x8b\x08\x08\x00\x00\x00\x00\x00\xff"  # gzip, with the name of a file


def takes_gzip(accepted: str) -> bool:
    """Whether an `Accept-Encoding` allows gzip."""
    for part in accepted.lower().split(","):
        name, _, weight = part.partition(";")
        if name.strip() in ("gzip", "*"):
            return not re.fullmatch(r"\s*q\s*=\s*0(?:\.0*)?\s*", weight)
    return False


def is_text(type_: str) -> bool:
    return TYPES.match(type_) is not None


def packed(body: bytes, level: int = QUICK, *, padded: bool = True) -> bytes:
    """A body in gzip; `padded` makes it longer by chance, as the name of a file in its head."""
    name = b"f" * secrets.randbelow(MOST_PADDING) if padded else b""
    packer = zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS)
    check = zlib.crc32(body).to_bytes(4, "little")
    size = (len(body) & 0xFFFFFFFF).to_bytes(4, "little")
    return b"".join((_HEAD, name, b"\0", packer.compress(body), packer.flush(), check, size))
