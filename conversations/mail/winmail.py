"""Outlook's winmail.dat (TNEF, MS-OXTNEF): the files that are packed in it.

It is a signature, a key, and attributes one after another: level, id, length, data, checksum. What
is wanted of them takes a page, and the libraries that read all of it are no longer looked after.
What is cut off or lies about its length ends the reading: what came before it is kept.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from .mail_charsets import decoded

SIGNATURE = b"\x78\x9f\x3e\x22"
MOST_ATTRIBUTES = 2_000
# Attributes of a file: it begins, its short name, its content, and its properties.
BEGINS, TITLE, DATA, PROPERTIES = 0x00069002, 0x00018010, 0x0006800F, 0x00069005
CODEPAGE = 0x00069007
_HEAD = struct.Struct("<BII")
# Properties (MS-OXPROPS): the long name, as Windows text and as UTF-16, and the media type.
_LONG_NAME, _MEDIA_TYPE, _CONTENT_ID = 0x3707, 0x370E, 0x3712
_TEXT8, _TEXT16, _BYTES, _OBJECT = 0x001E, 0x001F, 0x0102, 0x000D
_SIZES = {0x0002: 4, 0x0003: 4, 0x0004: 4, 0x0005: 8, 0x0006: 8, 0x0007: 8, 0x000A: 4,
          0x000B: 4, 0x0014: 8, 0x0040: 8, 0x0048: 16}  # fmt: skip


@dataclass
class PackedFile:
    name: str = ""
    claimed: str = "application/octet-stream"
    content: bytes = b""
    cid: str = ""


def unpacked(raw: bytes) -> list[PackedFile]:
    """The files in it; none where it is not what it says, or holds a text alone."""
    found: list[PackedFile] = []
    charset = "windows-1252"
    for attribute, data in _attributes(raw):
        if attribute == CODEPAGE and len(data) >= 4:
            charset = f"cp{int.from_bytes(data[:4], 'little')}"
        elif attribute == BEGINS:
            found.append(PackedFile())
        elif not found:
            continue
        elif attribute == TITLE:
            found[-1].name = found[-1].name or _text(data, charset)
        elif attribute == DATA:
            found[-1].content = data
        elif attribute == PROPERTIES:
            _describe(found[-1], data, charset)
    return [one for one in found if one.content]


def _attributes(raw: bytes) -> Iterator[tuple[int, bytes]]:
    if not raw.startswith(SIGNATURE):
        return
    at = len(SIGNATURE) + 2
    for _ in range(MOST_ATTRIBUTES):
        if at + _HEAD.size > len(raw):
            return
        level, attribute, length = _HEAD.unpack_from(raw, at)
        at += _HEAD.size
        data = raw[at : at + length]
        if level not in (1, 2) or len(data) < length:
            return
        yield attribute, data
        at += length + 2  # and the checksum


def _describe(file: PackedFile, data: bytes, charset: str) -> None:
    for property_, value in _properties(data):
        text = (
            value.decode("utf-16-le", "replace").rstrip("\0")
            if property_ & 0xFFFF == _TEXT16
            else _text(value, charset)
        )
        if property_ >> 16 == _LONG_NAME and text:
            file.name = text
        elif property_ >> 16 == _MEDIA_TYPE and text:
            file.claimed = text
        elif property_ >> 16 == _CONTENT_ID:
            file.cid = text


def _properties(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Properties of one value or of several; it ends at the first that is named or unknown."""
    at = 4
    for _ in range(int.from_bytes(data[:4], "little")):
        tag = int.from_bytes(data[at : at + 4], "little")
        kind = tag & 0xFFFF
        at += 4
        if len(data) < at or tag >> 16 >= 0x8000:
            return
        if kind in _SIZES:
            yield tag, data[at : at + _SIZES[kind]]
            at += _SIZES[kind]
        elif kind in (_TEXT8, _TEXT16, _BYTES, _OBJECT):
            length = int.from_bytes(data[at + 4 : at + 8], "little")
            yield tag, data[at + 8 : at + 8 + length]
            at += 8 + -(-length // 4) * 4  # filled up to four bytes
        else:
            return


def _text(data: bytes, charset: str) -> str:
    return decoded(data.rstrip(b"\0"), charset)
