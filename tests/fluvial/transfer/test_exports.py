"""Exports over HTTP: what a list shows, as a file that an import reads again."""

import csv
import io

import orjson
import pytest
from python_calamine import CalamineWorkbook

from tests.app import Client, Documents
from tests.fluvial.tables import AUTHOR, BOOK, imported

RUNNING = ["=1+1", "+1", "-cmd", "@sum", "'=kept", "plain", "'plain"]


@pytest.fixture
def documents() -> Documents:
    return [AUTHOR, BOOK]


@pytest.fixture
def library(client: Client) -> Client:
    return client


def rows(client: Client, **query: str) -> list[list[str]]:
    reply = client.get("/api/records/author/export", **query)
    assert reply.status == 200, reply.text
    return list(csv.reader(io.StringIO(reply.body.decode("utf-8-sig"))))


def test_a_csv_has_what_the_list_has(library: Client) -> None:
    for at in range(1203):
        library_name = f"Author {at:04d}"
        if at < 3:
            library.made("author", name=library_name, code=f"A{at}", born="2000-01-01")
    table = "code,name\n" + "".join(f"B{at},Author {at:04d}\n" for at in range(3, 1203))
    imported(library, "author", table)
    header, *found = rows(library, fields="code,name,born", sort="-code", where="code != 'A0'")
    assert header == ["code", "name", "born"]
    assert len(found) == 1202
    assert found[0][0] == "B999"
    assert found[-1] == ["A1", "Author 0001", "2000-01-01"]


def test_what_a_spreadsheet_would_run_is_quoted_and_comes_back(library: Client) -> None:
    for at, name in enumerate(RUNNING):
        library.made("author", name=name, code=f"C{at}")
    _, *found = rows(library, fields="name", sort="code")
    assert [row[0] for row in found] == [
        "'=1+1",
        "'+1",
        "'-cmd",
        "'@sum",
        "''=kept",
        "plain",
        "'plain",
    ]

    exported = library.get("/api/records/author/export", fields="code,name").body
    done = imported(library, "author", exported, key=["code"])
    assert (done["unchanged"], done["updated"]) == (len(RUNNING), 0)


def test_a_whole_export_is_read_back_unchanged(library: Client) -> None:
    ann = library.made("author", name="Ann", code="A", born="1990-02-03")
    library.made(
        "book", title_text="=Emma", author=ann["id"], helpers=[ann["id"]], price="12.50",
        pages="100", lent="2026-03-01T10:00:00Z", on_shelf=True, state="new",
        about={"object": "author", "id": ann["id"]},
    )  # fmt: skip
    exported = library.get("/api/records/book/export").body
    done = imported(library, "book", exported, key=["number"], map={"id": ""})
    assert (done["unchanged"], done["updated"], done["created"]) == (1, 0, 0)


def test_json_lines_and_a_workbook(library: Client) -> None:
    ann = library.made("author", name="=Ann", code="007")
    library.made("book", title_text="Emma", author=ann["id"], pages="100", price="12.50")
    path = "/api/records/book/export"
    lines = library.get(
        path, format="jsonl", fields="title_text,author.name,pages"
    ).body.splitlines()
    record = orjson.loads(lines[0])
    assert (record["author"]["name"], record["pages"]) == ("=Ann", "100")
    reply = library.get(path, format="xlsx", fields="title_text,author.name,author.code,pages")
    book = CalamineWorkbook.from_filelike(io.BytesIO(reply.body))
    assert book.get_sheet_by_index(0).to_python() == [
        ["title_text", "author.name", "author.code", "pages"],
        ["Emma", "=Ann", "007", 100.0],
    ]


def test_exports_show_what_roles_allow(library: Client) -> None:
    grants = [{"object": "author", "can": ["read", "export"], "where": "code == 'A'",
               "fields": {"born": "none"}},
              {"object": "book", "can": ["read"]}]  # fmt: skip
    library.define({"kind": "role", "name": "guest", "grants": grants})
    library.made("author", name="Ann", code="A", born="1990-02-03")
    library.made("author", name="Bob", code="B")
    guest = library.person("guest@example.com", "guest")
    header, *found = rows(guest)
    assert "born" not in header
    assert len(found) == 1
    assert guest.get("/api/records/author/export", fields="born").status == 400
    assert guest.get("/api/records/book/export").status == 403


@pytest.mark.parametrize(
    "query", [{"format": "pdf"}, {"group": "code"}, {"where": "x"}, {"y": "1"}]
)
def test_wrong_parameters(library: Client, query: dict[str, str]) -> None:
    assert library.get("/api/records/author/export", **query).status == 400
