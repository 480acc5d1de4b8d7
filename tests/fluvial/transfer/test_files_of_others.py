"""Files as other systems and people make them: what cannot be known is asked, never guessed."""

from __future__ import annotations

import io
from typing import Any

import pytest
import xlsxwriter  # type: ignore[import-untyped]

from tests.app import Client, Documents
from tests.fluvial.tables import faults, imported, sent

PLANT: dict[str, Any] = {
    "kind": "object",
    "name": "plant",
    "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text"},
        {"name": "code", "kind": "text", "unique": True},
        {"name": "notes", "kind": "long_text"},
        {"name": "shelf", "kind": "text", "label": "Shelf mark"},
        {"name": "height", "kind": "number", "scale": 2},
        {"name": "hardy", "kind": "boolean", "default": True},
        {"name": "uses", "kind": "multi_choice",
         "options": [{"name": "food"}, {"name": "dye"}, {"name": "tea"}]},
        {"name": "parent", "kind": "lookup", "to": "plant", "inverse": "children"},
        {"name": "friends", "kind": "multi_lookup", "to": "plant", "inverse": "friend_of"},
    ],
}  # fmt: skip

Sheets = dict[str, list[list[Any]]]


@pytest.fixture
def documents() -> Documents:
    return [PLANT]


@pytest.fixture
def garden(client: Client) -> Client:
    return client


def workbook(sheets: Sheets) -> bytes:
    """A workbook; a text that begins with # is the result of a formula that failed."""
    raw = io.BytesIO()
    book = xlsxwriter.Workbook(raw)
    for name, rows in sheets.items():
        sheet = book.add_worksheet(name)
        for at, row in enumerate(rows):
            for column, value in enumerate(row):
                if isinstance(value, str) and value.startswith("#"):
                    sheet.write_formula(at, column, "=1/0", None, value)
                elif value != "":
                    sheet.write(at, column, value)
    book.close()
    return raw.getvalue()


def names(client: Client) -> set[str]:
    return {row["name"] for row in client.rows("/api/records/plant")}


def pointer(client: Client, table: str | bytes, **options: Any) -> str:
    """Where the fault of a file that is refused as a whole lies."""
    reply = sent(client, "plant", table, **options)
    assert reply.status == 422, reply.text
    assert names(client) == set()
    return str(reply.json()["errors"][0]["pointer"])


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Łodyga żółta;Řeřicha", "cp1250"), ("Růže;Jetel plazivý", "cp1250"),
        ("Ромашка;Шалфей", "cp1251"), ("Роза", "koi8-r"), ("Липа;Дуб", "cp866"),
        ("Τριαντάφυλλο", "cp1253"), ("Şeftali;Ağaç", "cp1254"), ("Kārkls;Ābele", "cp1257"),
        ("ורד", "cp1255"), ("Kråkris;Blåbær", "mac_roman"), ("Größe;Ähre", "mac_roman"),
        ("진달래;장미", "euc_kr"), ("牡丹;月季", "gb18030"), ("牡丹;蘭花", "big5"),
        ("桜;きく", "shift_jis"), ("桜並木", "euc_jp"), ("桜", "iso2022_jp"),
        ("Żonkil", "iso8859-2"), ("Blüte;Größe", "cp850"), ("Rosé;Éclair;Über", "mac_roman"),
    ],
)  # fmt: skip
def test_an_encoding_that_is_not_sure_is_asked(garden: Client, text: str, encoding: str) -> None:
    lines = text.split(";")
    table = "Name\r\n" + "".join(f"{line}\r\n" for line in lines)
    reply = sent(garden, "plant", table.encode(encoding))
    assert reply.status == 422, reply.text
    (error,) = reply.json()["errors"]
    assert (error["pointer"], error["code"]) == ("/options/encoding", "encoding_unclear")
    assert names(garden) == set()
    shown = sent(garden, "plant", table.encode(encoding), path="import/preview").json()
    assert any(lines[0] in one["lines"] for one in shown["encodings"]), shown["encodings"]
    assert imported(garden, "plant", table.encode(encoding), encoding=encoding)["created"]
    assert names(garden) == set(lines)


@pytest.mark.parametrize(
    ("text", "encoding", "found"),
    [
        ("Möhre", "utf-16-le", "utf-16-le"), ("Möhre", "utf-16-be", "utf-16-be"),
        ("牡丹", "utf-16-le", "utf-16-le"), ("Möhre", "utf-16", "utf-16"),
        ("Möhre", "utf-32-le", "utf-32-le"), ("Möhre", "utf-32", "utf-32"),
        ("Möhre", "cp1252", "cp1252"), ("Löwenzahn – „süß“", "cp1252", "cp1252"),
        ("牡丹", "utf-8", "utf-8"),
    ],
)  # fmt: skip
def test_an_encoding_that_is_sure_is_found(
    garden: Client, text: str, encoding: str, found: str
) -> None:
    table = f"Name;Notes\r\n{text};x\r\n".encode(encoding)
    assert sent(garden, "plant", table, path="import/preview").json()["encoding"] == found
    imported(garden, "plant", table)
    assert names(garden) == {text}


def test_a_byte_that_does_not_fit_is_a_fault_of_its_row(garden: Client) -> None:
    table = "name,notes\nMöhre,a\nKürbis,b\n".encode() + b"Sch\xe4fchen,c\nRose,d\n"
    reply = sent(garden, "plant", table)
    assert faults(reply) == [(4, "name", "wrong_byte")]
    assert "0xE4" in reply.json()["errors"][0]["message"]
    imported(garden, "plant", table, skip_faults=True)
    assert names(garden) == {"Möhre", "Kürbis", "Rose"}
    said = sent(garden, "plant", "name\nRosé\nIris\nÉté\n".encode("cp1252"), encoding="utf-8")
    assert faults(said) == [(2, "name", "wrong_byte"), (4, "name", "wrong_byte")]
    undefined = sent(garden, "plant", b"name\nx\n\x81\n", encoding="windows-1252")
    assert faults(undefined) == [(3, "name", "wrong_byte")]
    inside = sent(garden, "plant", b"name\nx\ny" + b"\0" + b"z\n", encoding="utf-8")
    assert faults(inside) == [(3, "name", "wrong_byte")]
    heading = sent(garden, "plant", b"na\xefme\nx\n", encoding="utf-8")
    assert heading.status == 422 and "Row 1" in heading.text


def test_an_encoding_has_a_name_and_fits_the_mark_of_the_file(garden: Client) -> None:
    for said in ("klingon", "idna", "base64", "unicode_escape"):
        assert pointer(garden, "name\nx\n", encoding=said) == "/options/encoding"
    marked = "name\nMöhre\n".encode("utf-8-sig")
    assert pointer(garden, marked, encoding="cp1252") == "/options/encoding"
    imported(garden, "plant", marked, encoding="UTF-8")
    imported(garden, "plant", "name\nEfeu ü\n".encode("utf-16"), encoding="utf-16")
    imported(garden, "plant", "name\nAster ä\n".encode("utf-16-le"), encoding="utf-16")
    imported(garden, "plant", "name\nLatin é è\n".encode("latin-1"), encoding="ISO-8859-1")
    assert names(garden) == {"Möhre", "Efeu ü", "Aster ä", "Latin é è"}


def test_more_cells_than_headings_are_a_fault(garden: Client) -> None:
    table = "Name,Notes,Code\nRose,a,1,MORE\nFern,Cut, then dry,2\nIris,b,3, ,\nMoss,c\n"
    reply = sent(garden, "plant", table)
    assert faults(reply) == [(2, "", "too_many_cells"), (3, "", "too_many_cells")]
    assert "`MORE`" in reply.json()["errors"][0]["message"]
    imported(garden, "plant", table, skip_faults=True)
    assert names(garden) == {"Iris", "Moss"}
    assert faults(sent(garden, "plant", "Name\nRose, red\n")) == [(2, "", "too_many_cells")]
    mapped = sent(garden, "plant", "Pflanze;X\nRose;;y\n", map={"Pflanze": "name"})
    assert faults(mapped) == [(2, "", "too_many_cells")]
    book = workbook({"A": [["Name", "Notes"], ["Rose", "a"], ["Fern", "b", "", "far"]]})
    assert faults(sent(garden, "plant", book)) == [(3, "", "too_many_cells")]


def test_a_cell_under_no_heading_is_a_fault_unless_columns_are_mapped(garden: Client) -> None:
    table = "Name,,Notes\nRose,,a\nFern,what,b\n"
    reply = sent(garden, "plant", table)
    assert faults(reply) == [(3, "", "no_heading")]
    assert "Column B" in reply.json()["detail"] and "`what`" in reply.json()["detail"]
    imported(garden, "plant", table, map={"Name": "name"})
    assert names(garden) == {"Rose", "Fern"}


@pytest.mark.parametrize(
    ("table", "found"),
    [
        ('Name,Notes\nRose,"open\nFern,x\nIris,y\n', [(2, "", "open_quote")]),
        ('Name\n"Rose\n', [(2, "", "open_quote")]),
        ('Name,Notes\nRose,x\nIris,"a ""quoted\n', [(3, "", "open_quote")]),
        ('Name,Notes\nRose,"open\nFern,x\nIris,"y"\nMoss,z\n', [(2, "", "stray_quote")]),
        ('Name,Notes\n"12" pot,x\nFern,y\n', [(2, "", "stray_quote")]),
    ],
)
def test_quotes_that_never_close_are_a_fault(
    garden: Client, table: str, found: list[tuple[int, str, str]]
) -> None:
    reply = sent(garden, "plant", table)
    assert reply.status == 422 and faults(reply) == found
    assert pointer(garden, '"Name,Notes\nRose,x\n') == "/file"


def test_a_quote_that_is_part_of_a_text_is_none(garden: Client) -> None:
    imported(garden, "plant", 'name,notes\n"5"" pot",a\npot 3" wide,b\nlong,"two\nlines"\n')
    assert names(garden) == {'5" pot', 'pot 3" wide', "long"}


def test_cells_whose_formula_failed_are_faults(garden: Client) -> None:
    rows: list[list[Any]] = [
        ["Name", "Height", "Notes"], ["Rose", "#DIV/0!", ""], ["Fern", 1.5, "#REF!"],
        ["#N/A", 2, "x"], ["Iris", 3, "y"], ["", "", "#NAME?"],
    ]  # fmt: skip
    reply = sent(garden, "plant", workbook({"A & B": rows}))
    assert faults(reply) == [
        (2, "Height", "failed_formula"), (3, "Notes", "failed_formula"),
        (4, "Name", "failed_formula"), (6, "Notes", "failed_formula"),
    ]  # fmt: skip
    assert "#DIV/0!" in reply.json()["errors"][0]["message"]
    named = imported(garden, "plant", workbook({"A": rows[:1] + rows[2:4]}), empty=["#REF!"],
                     values={"Name": {"#N/A": "Fern II"}})  # fmt: skip
    assert (named["created"], names(garden)) == (2, {"Fern", "Fern II"})
    # In a file of plain text it is a text, which no number takes.
    plain = sent(garden, "plant", "Name,Height\n#N/A,1\nFern,#WERT!\n")
    assert faults(plain) == [(3, "Height", "not_a_number")]
    made = workbook({"A": [["Name", "Code"], ["Rose", "#REF!"]]})
    both = sent(garden, "plant", made, fixed={"notes": "{Name} {Code}"}, map={"Code": ""})
    assert [f[2] for f in faults(both)] == ["failed_formula"]
    heading = sent(garden, "plant", workbook({"A": [["Name", "#REF!"], ["Rose", "x"]]}))
    assert heading.status == 422


LINES = '"Plants, 3 May",,\n,,\nNursery,,\nName,Notes,Code\nRose,a,1\n'


@pytest.mark.parametrize(
    ("table", "row"),
    [
        (LINES, 4),
        ("Konto;123\nStand;5\n\nName;Notes\nRose;a\n", 4),
        ("Export\r\nName\tNotes\r\nRose\ta\r\n", 2),
        (workbook({"S": [["List of plants"], [], ["Name", "Notes"], ["Rose", "a"]]}), 3),
    ],
)
def test_headings_may_stand_below_other_lines(garden: Client, table: str | bytes, row: int) -> None:
    refused = sent(garden, "plant", table)
    assert refused.status == 422 and f"`headings`: {row}" in refused.json()["detail"]
    shown = sent(garden, "plant", table, path="import/preview").json()
    assert (shown["headings"], shown["columns"][0]["header"]) == (row, "Name")
    wrong = sent(garden, "plant", "\n\nName,Height\nRose,tall\n", headings=3)
    assert faults(wrong) == [(4, "Height", "not_a_number")]
    imported(garden, "plant", table, headings=row)
    assert names(garden) == {"Rose"}


@pytest.mark.parametrize("headings", [9, 2, 0, -1, "4", True, 1.5])
def test_the_row_of_the_headings_has_to_be_there(garden: Client, headings: Any) -> None:
    assert pointer(garden, LINES, headings=headings) == "/options/headings"


@pytest.mark.parametrize(
    "table",
    [
        "sep=;\r\nName;Notes\r\nRose;a,b\r\nFern\r\n",
        "\ufeffsep=,\nName,Notes\nRose,a;b\nFern,\n",
        '"sep=|"\nName|Notes\nRose|a,b\nFern|\n',
        "SEP=\t\nName\tNotes\nRose\ta,b\nFern\t\n",
    ],
)
def test_a_first_line_may_say_the_delimiter(garden: Client, table: str) -> None:
    imported(garden, "plant", table)
    assert names(garden) == {"Rose", "Fern"}
    faulty = table.replace("Name", "Height", 1)
    assert [f[:2] for f in faults(sent(garden, "plant", faulty))] == [(2, "Height"), (3, "Height")]


def test_a_sheet_is_chosen(garden: Client) -> None:
    book = workbook(
        {
            "Read me": [["Fill in the other sheet"]],
            "Empty": [],
            "Data": [["made by hand"], ["Name", "Notes"], ["Rose", "a"]],
            "More": [["Name"], ["Fern"]],
        }
    )
    refused = sent(garden, "plant", book)
    assert "`sheet`: Data and `headings`: 2" in refused.json()["detail"]
    shown = sent(garden, "plant", book, path="import/preview").json()
    assert (shown["sheet"], shown["headings"]) == ("Data", 2)
    assert shown["sheets"] == ["Read me", "Empty", "Data", "More"]
    imported(garden, "plant", book, sheet="Data", headings=2)
    imported(garden, "plant", book, sheet="More")
    assert names(garden) == {"Rose", "Fern"}
    assert sent(garden, "plant", book, sheet="Empty").status == 422


@pytest.mark.parametrize(
    ("table", "delimiter"),
    [
        ("Shelf mark, old;Notes\nA, 1;x\nB, 2;y\n", ";"),
        ("Name;Height, in m\nRose;1,5\nFern;0,5\n", ";"),
        ("Name|Notes, a;b\nRose|x, y;z\n", "|"),
        ("Notes\tName;short, or long\na\tb;c, d\n", "\t"),
    ],
)
def test_headings_that_fit_fields_decide_the_delimiter(
    garden: Client, table: str, delimiter: str
) -> None:
    shown = sent(garden, "plant", table, path="import/preview").json()
    assert shown["delimiter"] == delimiter
    headings = table.partition("\n")[0].split(delimiter)
    columns = {name: "" for name in headings if name not in ("Name", "Notes")}
    imported(garden, "plant", table, map=columns | {headings[0]: "name"} | (
        {headings[1]: "notes"} if headings[1] in ("Name", "Notes") else {}
    ))  # fmt: skip


def test_a_delimiter_is_said(garden: Client) -> None:
    table = "Name,Notes;Code\nRose,a;1\n"
    imported(garden, "plant", table, delimiter=",", map={"Notes;Code": "notes", "Name": "name"})
    imported(garden, "plant", "Name~Notes\nFern~a\n", delimiter="~")
    imported(garden, "plant", "Name\tNotes\nIris\ta\n", delimiter="tab")
    imported(garden, "plant", "Name^Notes\nMoss^a,b\n", delimiter="^")
    assert names(garden) == {"Rose", "Fern", "Iris", "Moss"}
    for said in (";;", "x", '"', "\n", 3):
        assert sent(garden, "plant", table, delimiter=said).status == 422


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500), "old Excel workbook (.xls)"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "PDF"),
        (b"\x89PNG\r\n\x1a\n" + bytes(60), "image"),
        (b"\n <html><table><tr><td>Name</td></tr></table></html>", "web page"),
        (b'<?xml version="1.0"?><Workbook></Workbook>', "XML"),
        (b"\x1f\x8b\x08" + bytes(60), "compressed"),
        (bytes(range(256)) * 4, "not a table"),
    ],
)
def test_a_file_that_is_no_table_gets_a_sentence(
    garden: Client, content: bytes, words: str
) -> None:
    for path in ("import", "import/preview"):
        reply = sent(garden, "plant", content, path=path, name="plants.xls")
        assert reply.status == 422
        detail = reply.json()["detail"]
        assert words in detail and detail.isprintable() and detail.isascii(), detail


def test_headings_that_repeat_fill_a_field_that_holds_many(garden: Client) -> None:
    table = "Name,Uses,Uses,Uses\nRose,food,tea,\nFern,,dye,dye\nMoss,,,\n"
    imported(garden, "plant", table)
    found = {row["name"]: row["uses"] for row in garden.rows("/api/records/plant")}
    assert found == {"Rose": ["food", "tea"], "Fern": ["dye"], "Moss": []}
    friends = "Name,A,B\nIris,Rose,Fern\nSage,Rose,Iris\n"
    imported(garden, "plant", friends, map={"Name": "name", "A": "friends.name",
                                            "B": "friends.name"})  # fmt: skip
    counts = {r["name"]: len(r["friends"]) for r in garden.rows("/api/records/plant")}
    assert (counts["Iris"], counts["Sage"]) == (2, 2)


def test_two_columns_for_one_value_are_a_fault(garden: Client) -> None:
    assert pointer(garden, "Name,Name\nRose,Fern\n") == "/options/map/Name (2)"
    assert pointer(garden, "name,Name\nRose,Fern\n") == "/options/map/Name"
    both = {"A": "name", "B": "name"}
    assert pointer(garden, "A,B\nRose,\n", map=both) == "/options/map/B"
    assert pointer(garden, "A,B,Name\nRose,,x\n", map={"A": "name"}) != ""
    imported(garden, "plant", "Name,Name\nRose,Fern\n", map={"Name (2)": ""})
    imported(garden, "plant", "Code,Code,Name\n1,n,Fern\n", map={"Code": "", "Code (2)": "notes",
                                                                 "Name": "name"})  # fmt: skip
    assert names(garden) == {"Rose", "Fern"}
    other = {"Name": "name", "A": "parent.name", "B": "parent.code"}
    imported(garden, "plant", "Name,Code\nOak,O\n")
    imported(garden, "plant", "Name,A,B\nIris,Oak,\nSage,,O\nDill,Oak,O\n", map=other)
    reply = sent(garden, "plant", "Name,A,B\nMint,Rose,O\n", map=other)
    assert faults(reply) == [(2, "B", "two_values")]


def test_a_key_that_a_file_has_twice_is_told(garden: Client) -> None:
    table = "code,name\nA,Rose\nB,Fern\nA,Rosa\nC,Iris\nA,Rose\n"
    for options in ({"dry_run": True}, {}):
        done = imported(garden, "plant", table, key=["code"], **options)
        told = [(w["row"], w["column"], w["code"]) for w in done["warnings"]]
        assert told == [(4, "code", "repeated_key"), (6, "code", "repeated_key")]
        assert "Row 2" in done["warnings"][0]["message"]
    assert imported(garden, "plant", "code,name\nD,Dill\nE,Dill\n", key=["code"])["warnings"] == []
    unique = sent(garden, "plant", "code,name\nX,Dill\nX,Mint\n")
    assert faults(unique) == [(3, "code", "not_unique")]


@pytest.mark.parametrize(
    ("options", "kept"),
    [({}, True), ({"empty_cells": "keep"}, True), ({"empty_cells": "clear"}, False)],
)
def test_empty_cells_of_an_update_keep_or_clear(
    garden: Client, options: dict[str, Any], kept: bool
) -> None:
    full = (
        "code,name,notes,height,uses,hardy,parent.code\nP,Oak,,,,,\nA,Rose,old,2.5,food;tea,yes,P\n"
    )
    imported(garden, "plant", full)
    again = "code,name,notes,height,uses,hardy,parent.code\nA,Rosa,,,,?,\nN,New,,,,,\n"
    done = imported(garden, "plant", again, key=["code"], empty=["?"], **options)
    assert (done["created"], done["updated"]) == (1, 1)
    (row,) = garden.rows("/api/records/plant", code="A")
    assert row["name"] == "Rosa"
    left = [row[name] for name in ("notes", "height", "uses", "parent")]
    assert (None not in left and [] not in left) is kept
    if not kept:
        assert left == [None, None, [], None]
    (new,) = garden.rows("/api/records/plant", code="N")
    assert new["hardy"] is True
    assert sent(garden, "plant", again, empty_cells="drop").status == 422
