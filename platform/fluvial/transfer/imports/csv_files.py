"""Tables in CSV, in the encodings and dialects that spreadsheets write."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import IO, Any

from .delimiters import delimiter_of
from .table_files import FileReading, Fits, Row, RowFault, TableFile, table_of
from .text_encodings import encoding_of

MAX_CELL = 1_000_000
SAMPLE = 200_000  # characters that show the delimiter
SAID = re.compile(
    r"\"?sep=(.)\"?[\r\n]*", re.IGNORECASE
)  # the first line, as Excel writes and reads it


def open_csv(source: IO[bytes], reading: FileReading, fits: Fits) -> TableFile:
    """The table of a CSV file. Rows are counted as a spreadsheet shows them."""
    encoding = encoding_of(source, reading.encoding)
    text = io.TextIOWrapper(_Kept(source), encoding=encoding, errors="fluvial.misfit", newline="")
    sample = text.read(SAMPLE)
    text.seek(0)
    lines = _Lines(text)
    first = sample.splitlines(True)[:1]
    said = SAID.fullmatch(first[0].lstrip("\ufeff")) if first else None
    if said:
        next(lines)
        sample = sample[len(first[0]) :]
    delimiter = reading.delimiter or (said[1] if said else delimiter_of(sample, fits))
    csv.field_size_limit(MAX_CELL)
    rows = _rows(lines, csv.reader(lines, delimiter=delimiter, strict=True))
    table = table_of(rows, reading, "file")
    return replace(table, encoding=encoding, delimiter=delimiter)


class _Lines:
    """Lines of a text that know whether somebody asked for more than there are."""

    def __init__(self, text: IO[str]) -> None:
        self._text = text
        self.ended = False
        self._begun = False

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._text.readline()
        if not line:
            self.ended = True
            raise StopIteration
        if not self._begun:
            self._begun = True
            line = line.removeprefix("\ufeff")
        return line


def _rows(lines: _Lines, reader: Any) -> Iterator[Row]:
    """The rows, also those that are not valid: a fault ends the row, and the next line goes on."""
    number = 0
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            number += 1
            yield Row(number, [], (_fault(lines, str(error), number),))
            if lines.ended:
                return
            continue
        if cells is None:
            return
        number += 1
        yield Row(number, cells)


def _fault(lines: _Lines, error: str, number: int) -> RowFault:
    if lines.ended:
        message = (
            f"A quote that opens in row {number} is never closed, so the rest of the file belongs "
            "to one cell. Close the quote, or double it where it is part of the text."
        )
        return RowFault("", "open_quote", message)
    if "field larger" in error:
        return RowFault("", "too_long", f"A cell is longer than {MAX_CELL:,} characters.")
    message = (
        "Text follows a quote that closes a cell. Double quotes that are part of the text, or "
        "check whether the quote of an earlier row is closed."
    )
    return RowFault("", "stray_quote", message)


class _Kept(io.BufferedReader):
    """Reads a file that stays open when its text wrapper is thrown away."""

    def __init__(self, source: IO[bytes]) -> None:
        super().__init__(_Raw(source))

    def close(self) -> None:
        return None


class _Raw(io.RawIOBase):
    def __init__(self, source: IO[bytes]) -> None:
        self._source = source

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        read = self._source.read(len(buffer))
        buffer[: len(read)] = read
        return len(read)

    def seek(self, offset: int, whence: int = 0) -> int:
        self._source.seek(offset, whence)
        return self._source.tell()

    def tell(self) -> int:
        return self._source.tell()
