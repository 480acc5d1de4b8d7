"""The text of a PDF, page by page, as far as ours are built."""

from __future__ import annotations

import re
import zlib

_OBJECT = re.compile(rb"(\d+) 0 obj\s*(.*?)endobj", re.DOTALL)
_STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.DOTALL)
_MAPPED = re.compile(r"<([0-9a-fA-F]+)>\s*<([0-9a-fA-F]+)>")
_SHOWN = re.compile(rb"/(\S+) [\d.]+ Tf|<([0-9a-fA-F]*)>|(-?[\d.]+(?: -?[\d.]+){5}) Tm|(ET)")


def pages_of(pdf: bytes) -> list[str]:
    objects = {int(match[1]): match[2] for match in _OBJECT.finditer(pdf)}
    for packed in [one for one in objects.values() if b"/ObjStm" in one]:
        objects |= _unpacked(packed)
    pages = [one for one in objects.values() if re.search(rb"/Type\s*/Page\b", one)]
    return [_text(page, objects) for page in pages]


def _unpacked(packed: bytes) -> dict[int, bytes]:
    """The objects that stand in another one: their numbers and places come first."""
    first = re.search(rb"/First (\d+)", packed)
    assert first is not None
    content = _stream(packed)
    head, body = content[: int(first[1])].split(), content[int(first[1]) :]
    places = [int(place) for place in head[1::2]]
    ends = [*places[1:], len(body)]
    return {
        int(number): body[at:end] for number, at, end in zip(head[::2], places, ends, strict=True)
    }


def text_of(pdf: bytes) -> str:
    return "\n".join(pages_of(pdf))


def _text(page: bytes, objects: dict[int, bytes]) -> str:
    fonts = _fonts(page, objects)
    contents = re.search(rb"/Contents\s*\[?\s*((?:\d+ 0 R\s*)+)", page)
    assert contents is not None
    told: list[str] = []
    for number in re.findall(rb"(\d+) 0 R", contents[1]):
        _read(_stream(objects[int(number)]), fonts, objects, told)
    return "".join(told)


def _read(
    stream: bytes, fonts: dict[bytes, dict[int, str]], objects: dict[int, bytes], told: list[str]
) -> None:
    mapped: dict[int, str] = {}
    for match in _SHOWN.finditer(stream):
        if match[1]:
            mapped = fonts.get(match[1], {})
        elif match[4]:
            told.append("\n")
        elif match[2]:
            code = match[2].decode()
            told += (mapped.get(int(code[at : at + 4], 16), "?") for at in range(0, len(code), 4))


def _fonts(page: bytes, objects: dict[int, bytes]) -> dict[bytes, dict[int, str]]:
    everything = b" ".join(objects.values())
    found: dict[bytes, dict[int, str]] = {}
    for name, number in re.findall(rb"/(\S+) (\d+) 0 R", everything):
        font = objects.get(int(number), b"")
        unicode = re.search(rb"/ToUnicode (\d+) 0 R", font)
        if unicode is not None:
            cmap = _stream(objects[int(unicode[1])]).decode()
            found[name] = {
                int(code, 16): bytes.fromhex(text).decode("utf-16-be")
                for code, text in _MAPPED.findall(cmap)
            }
    return found


def _stream(body: bytes) -> bytes:
    match = _STREAM.search(body)
    assert match is not None
    return zlib.decompress(match[1]) if b"/FlateDecode" in body[: match.start()] else match[1]
