"""The cells of a sheet whose formula failed: the reader of workbooks says that they are empty."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from typing import Any
from xml.parsers import expat

CHUNK = 65_536
PLACE = re.compile(r"([A-Z]{1,3})(\d{1,7})")
CELL, ROW, VALUE = "c", "row", "v"

Cells = dict[int, str]  # by their column


def error_rows(archive: zipfile.ZipFile, sheet: str) -> Iterator[tuple[int, Cells]]:
    """The numbers of rows with such cells, and what these show, such as #REF!."""
    path = _path_of(archive, sheet)
    if path is None or not _says(archive, path, b't="e"'):
        return
    reader = _ErrorReader()
    with archive.open(path) as source:
        while chunk := source.read(CHUNK):
            reader.feed(chunk)
            yield from reader.taken()


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


class _ErrorReader:
    """Reads the XML of a sheet in pieces. Cells and rows without a place follow the last one."""

    def __init__(self) -> None:
        self._parser = _parser(self._start)
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._row = self._column = 0
        self._failed = self._in_value = False
        self._said = ""
        self._cells: Cells = {}
        self._rows: list[tuple[int, Cells]] = []

    def feed(self, chunk: bytes) -> None:
        self._parser.Parse(chunk)

    def taken(self) -> list[tuple[int, Cells]]:
        rows, self._rows = self._rows, []
        return rows

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if name == ROW:
            self._row = int(attributes.get("r", self._row + 1))
            self._column = 0
        elif name == CELL:
            place = PLACE.fullmatch(attributes.get("r", ""))
            self._column = _number(place[1]) if place else self._column + 1
            self._failed = attributes.get("t") == "e"
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
            self._cells[self._column - 1] = self._said.strip() or "#VALUE!"
            self._failed = False
        elif name == ROW and self._cells:
            self._rows.append((self._row, self._cells))
            self._cells = {}


def _number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number
