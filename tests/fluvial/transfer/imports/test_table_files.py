"""Tables are read in the encodings and dialects that spreadsheets write."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fluvial.kernel.problems import Problem, TooLarge, Unprocessable
from fluvial.transfer.imports.delimiters import DELIMITERS
from fluvial.transfer.imports.file_formats import open_table
from fluvial.transfer.imports.table_files import MAX_COLUMNS, TableFile, with_made

CELLS = st.text("ab1 ,;|\t\"'éß")


def read(content: bytes | str, encoding: str = "utf-8") -> TableFile:
    return open_table(io.BytesIO(content.encode(encoding) if isinstance(content, str) else content))


def plain(table: TableFile) -> list[tuple[int, list[str]]]:
    """The rows, which have no faults."""
    rows = list(table.rows)
    assert not any(row.faults for row in rows), rows
    return [(row.number, row.cells) for row in rows]


def written(rows: list[list[str]], delimiter: str) -> str:
    target = io.StringIO()
    csv.writer(target, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows(rows)
    return target.getvalue()


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.lists(CELLS, min_size=3, max_size=3), max_size=5),
    st.sampled_from(DELIMITERS),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_what_is_written_is_read(rows: list[list[str]], delimiter: str, encoding: str) -> None:
    table = read(written([["one", "two", "three"], *rows], delimiter), encoding)
    assert (table.delimiter, table.encoding) == (delimiter, encoding)
    assert table.header == ["one", "two", "three"]
    numbered = list(enumerate(rows, start=2))
    assert plain(table) == [(number, row) for number, row in numbered if any(row)]


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (b"name\ncaf\xc3\xa9\n", "utf-8"),
        (b"\xef\xbb\xbfname\ncaf\xc3\xa9\n", "utf-8-sig"),
        (b"name\ncaf\xe9\n", "cp1252"),
        (b"\xff\xfe" + "name\ncafé\n".encode("utf-16-le"), "utf-16"),
        (b"\xfe\xff" + "name\ncafé\n".encode("utf-16-be"), "utf-16"),
        (b"name\n" + b"x" * 70_000 + b"\xe9\n", "cp1252"),  # far behind the head
    ],
)
def test_encodings(content: bytes, encoding: str) -> None:
    table = read(content)
    assert table.encoding == encoding
    if b"caf" in content and encoding != "utf-8":
        assert (table.header, plain(table)) == (["name"], [(2, ["café"])])


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("a;b\n1,5;2,5\n", ";"),
        ("a,b\n1;2,3;4\n", ","),
        ("a\tb, c\n1\t2\n", "\t"),
        ("name\nAnn, Bob\nCarl\n", ","),
        ("name\n", ","),
        ('a|b\n"x\n|y"|2\n', "|"),
        ("a;b;c\n1;2;3\n4;5", ";"),  # the last row is cut off
    ],
)
def test_delimiters(text: str, delimiter: str) -> None:
    assert read(text).delimiter == delimiter


def test_rows_keep_the_numbers_that_a_spreadsheet_shows() -> None:
    table = read('name,note\r\n\r\n"two\r\nlines",x\r\n,\r\nlast,y\r\n')
    assert plain(table) == [(3, ["two\r\nlines", "x"]), (5, ["last", "y"])]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "The file is empty."),
        (b"\n\n\n", "The file is empty."),
        (b" , ,\nx\n", "Row 1 has no headings."),
        (b"\xff\xfea", "Row 1, with the headings: The byte 0x61 in"),
        (b"PK\x03\x04 no workbook", "The workbook is not valid"),
    ],
)
def test_what_is_no_table(content: bytes, words: str) -> None:
    with pytest.raises(Unprocessable, match=words) as refused:
        read(content)
    assert refused.value.errors[0]["pointer"] == "/file"


def test_faults_of_a_row_leave_the_others() -> None:
    content = "name\nZoë\n".encode() + b"caf\xe9\n" + b'"a"b\n' + b"x" * 1_000_001
    content += b'\nlast\n"open\n'
    rows = list(read(content).rows)
    assert [(row.number, [fault.code for fault in row.faults]) for row in rows] == [
        (2, []), (3, ["wrong_byte"]), (4, ["stray_quote"]), (5, ["too_long"]), (6, []),
        (7, ["open_quote"]),
    ]  # fmt: skip


def test_a_line_longer_than_what_is_read_at_once_keeps_its_characters() -> None:
    for text in ("x" + "é" * 70_000, "牡" * 60_000, "😀" * 40_000):
        table = read(f"name\n{text}\n")
        assert (table.encoding, plain(table)) == ("utf-8", [(2, [text])])


def test_headings_are_trimmed_and_not_too_many() -> None:
    assert read(" a , b,,c,,\n").header == ["a", "b", "", "c"]
    wide = ",".join(f"c{at}" for at in range(MAX_COLUMNS))
    assert len(read(wide).header) == MAX_COLUMNS
    with pytest.raises(TooLarge, match=f"at most {MAX_COLUMNS} columns; this one has 501"):
        read(f"{wide},more")


def test_made_columns_are_filled_from_the_row() -> None:
    made = {"whole": "{first}  {last}", "place": "Room {room}", "fixed": "x"}
    table = with_made(read("first,last,room\nAda, Byron ,7\nBob\n,,\n"), made)
    assert table.header == ["first", "last", "room", "whole", "place", "fixed"]
    assert [row.cells for row in table.rows] == [
        ["Ada", " Byron ", "7", "Ada Byron", "Room 7", ""],
        ["Bob", "", "", "Bob", "", ""],
    ]
    with pytest.raises(Problem, match="The file has no column `frst`."):
        with_made(read("first\n"), {"whole": "{frst}"})
