"""What the reader of workbooks does not say of a sheet's cells: which are percentages, and whose
formula failed.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from typing import Any, NamedTuple
from xml.parsers import expat

CHUNK = 65_536
PLACE = re.compile(r"([A-Z]{1,3})(\d{1,7})")
CELL, ROW, VALUE = "c", "row", "v"
PERCENT = {"9", "10"}  # the formats of every workbook that show percentages
WORDS = re.compile(r'"[^"]*"|\\.|_.')  # of a format: what stands there for itself


class Marked(NamedTuple):
    """Of a row, by their columns: what cells show whose formula failed, and the percentages."""

    failed: dict[int, str]
    percents: set[int]


def marked_rows(archive: zipfile.ZipFile, sheet: str) -> Iterator[tuple[int, Marked]]:
    """The numbers of rows with such cells, and the cells."""
    path = _path_of(archive, sheet)
    if path is None:
        return
    percents = _percent_styles(archive)
    if not percents and not _says(archive, path, b't="e"'):
        return
    reader = _MarkReader(percents)
    with archive.open(path) as source:
        while chunk := source.read(CHUNK):
            reader.feed(chunk)
            yield from reader.taken()


def _percent_styles(archive: zipfile.ZipFile) -> frozenset[str]:
    """The styles of cells that show their number as a percentage."""
    names = {name.lower(): name for name in archive.namelist()}
    if "xl/styles.xml" not in names:
        return frozenset()
    formats = set(PERCENT)
    styles: list[str] = []
    inside = False

    def take(name: str, attributes: dict[str, str]) -> None:
        nonlocal inside
        if name == "numFmt" and "%" in WORDS.sub("", attributes.get("formatCode", "")):
            formats.add(attributes.get("numFmtId", ""))
        elif name in ("cellXfs", "cellStyles"):
            inside = name == "cellXfs"
        elif name == "xf" and inside:
            styles.append(attributes.get("numFmtId", ""))

    _parser(take).Parse(archive.read(names["xl/styles.xml"]), True)
    return frozenset(str(at) for at, form in enumerate(styles) if form in formats)


def _says(archive: zipfile.ZipFile, path: str, sign: bytes) -> bool:
    rest = b""
    with archive.open(path) as source:
        while chunk := source.read(CHUNK):
            if sign in rest + chunk:
                return True
            rest = chunk[-len(sign) :]
    return False


def _path_of(archive: zipfile.ZipFile, sheet: str) -> str | None:
    """Where the cells of a sheet are, which the workbook says by way of a relation."""
    found: dict[str, str] = {}
    targets: dict[str, str] = {}

    def sheets(name: str, attributes: dict[str, str]) -> None:
        if name == "sheet":
            found[attributes.get("name", "")] = attributes.get("id", "")

    def relations(name: str, attributes: dict[str, str]) -> None:
        if name == "Relationship":
            targets[attributes.get("Id", "")] = attributes.get("Target", "")

    names = {name.lower(): name for name in archive.namelist()}
    for path, take in (("xl/workbook.xml", sheets), ("xl/_rels/workbook.xml.rels", relations)):
        if path not in names:
            return None
        parser = _parser(take)
        parser.Parse(archive.read(names[path]), True)
    target = targets.get(found.get(sheet, ""), "")
    path = target.removeprefix("/") if target.startswith("/") else f"xl/{target}"
    return names.get(path.lower())


def _parser(start: Any) -> Any:
    parser = expat.ParserCreate(namespace_separator=" ")

    def local(name: str, attributes: dict[str, str]) -> None:
        start(_local(name), {_local(key): value for key, value in attributes.items()})

    parser.StartElementHandler = local
    parser.buffer_text = True
    return parser


def _local(name: str) -> str:
    return name.rpartition(" ")[2]


class _MarkReader:
    """Reads the XML of a sheet in pieces. Cells and rows without a place follow the last one."""

    def __init__(self, percents: frozenset[str]) -> None:
        self._styles = percents
        self._parser = _parser(self._start)
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._row = self._column = 0
        self._failed = self._in_value = False
        self._said = ""
        self._marked = Marked({}, set())
        self._rows: list[tuple[int, Marked]] = []

    def feed(self, chunk: bytes) -> None:
        self._parser.Parse(chunk)

    def taken(self) -> list[tuple[int, Marked]]:
        rows, self._rows = self._rows, []
        return rows

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if name == ROW:
            self._row = int(attributes.get("r", self._row + 1))
            self._column = 0
        elif name == CELL:
            place = PLACE.fullmatch(attributes.get("r", ""))
            self._column = _number(place[1]) if place else self._column + 1
            form = attributes.get("t", "n")
            self._failed = form == "e"
            if form == "n" and attributes.get("s") in self._styles:
                self._marked.percents.add(self._column - 1)
            self._said = ""
        elif name == VALUE:
            self._in_value = self._failed

    def _text(self, text: str) -> None:
        if self._in_value:
            self._said += text

    def _end(self, name: str) -> None:
        name = _local(name)
        if name == VALUE:
            self._in_value = False
        elif name == CELL and self._failed:
            self._marked.failed[self._column - 1] = self._said.strip() or "#VALUE!"
            self._failed = False
        elif name == ROW and any(self._marked):
            self._rows.append((self._row, self._marked))
            self._marked = Marked({}, set())


def _number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number
