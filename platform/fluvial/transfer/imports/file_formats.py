"""Which format a file has: CSV or a workbook; anything else gets a sentence, not its bytes."""

from __future__ import annotations

from typing import IO

from .csv_files import open_csv
from .table_files import FileReading, Fits, TableFile, refused
from .workbook_files import open_workbook, workbook_sheets

SAVE = "Save the table as a workbook (.xlsx) or as CSV, and import that."
SIGNS = (
    (b"\xd0\xcf\x11\xe0", "The file is an old Excel workbook (.xls), or protected by a password."),
    (b"\x09\x08", "The file is a very old Excel workbook (.xls)."),
    (b"%PDF", "The file is a PDF."),
    (b"{\\rtf", "The file is a text document (.rtf)."),
    (b"\x89PNG", "The file is an image."),
    (b"\xff\xd8\xff", "The file is an image."),
    (b"GIF8", "The file is an image."),
    (b"\x1f\x8b", "The file is compressed (.gz)."),
    (b"7z\xbc\xaf", "The file is compressed (.7z)."),
    (b"Rar!", "The file is compressed (.rar)."),
    (b"SQLite format 3", "The file is a database."),
    (b"\x00\x01\x00\x00Standard", "The file is a database (.mdb or .accdb)."),
    (b"PAR1", "The file is a Parquet file."),
)
MARKUP = (
    (b"<!doctype html", "The file is a web page, whatever its name says."),
    (b"<html", "The file is a web page, whatever its name says."),
    (b"<table", "The file is a web page, whatever its name says."),
    (b"<?xml", "The file is XML, whatever its name says."),
)


def sheet_names(source: IO[bytes]) -> list[str]:
    """The sheets of a workbook; none of another file."""
    head = source.read(4)
    source.seek(0)
    return workbook_sheets(source) if head == b"PK\x03\x04" else []


def open_table(
    source: IO[bytes], reading: FileReading | None = None, fits: Fits = lambda _: False
) -> TableFile:
    """The table of a file, whichever of the formats it has.

    `fits` says whether a heading names a field, which decides where a file may be read in two ways.
    """
    head = source.read(64)
    source.seek(0)
    if not head:
        raise refused("The file is empty.")
    if head.startswith(b"PK\x03\x04"):
        return open_workbook(source, reading or FileReading())
    plain = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    for signs, begin in ((SIGNS, head), (MARKUP, plain)):
        for sign, what in signs:
            if begin.startswith(sign):
                raise refused(f"{what} {SAVE}")
    return open_csv(source, reading or FileReading(), fits)
