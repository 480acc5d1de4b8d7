"""Imports over HTTP: columns to fields, named records, upsert, dry run, faults and undo."""

import io
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pytest
import xlsxwriter  # type: ignore[import-untyped]

from fluvial.database.engine_tables import OUTBOX
from fluvial.kernel.features import Feature
from fluvial.records.drafts.listeners import LISTENER, EventListener
from fluvial.runtime.engine import Engine
from fluvial.transfer.imports import import_job
from tests.app import Client, Documents
from tests.fluvial.tables import AUTHOR, BOOK, faults, imported, sent

AUTHORS = "code,name,born\nJA,Jane Austen,1775-12-16\nFH,Frank Herbert,1920-10-08\n"


@pytest.fixture
def documents() -> Documents:
    return [AUTHOR, BOOK]


@pytest.fixture
def library(client: Client) -> Client:
    return client


def by(client: Client, object_name: str, field: str) -> dict[str, dict[str, Any]]:
    return {row[field]: row for row in client.rows(f"/api/records/{object_name}")}


def test_columns_whose_names_fit_need_no_map(library: Client) -> None:
    done = imported(library, "author", AUTHORS)
    assert (done["created"], done["updated"], done["errors"]) == (2, 0, [])
    assert by(library, "author", "code")["JA"]["born"] == "1775-12-16"
    assert library.rows("/api/records/author", search="austen")[0]["code"] == "JA"
    author = by(library, "author", "code")["FH"]
    (entry,) = library.rows(f"/api/records/author/{author['id']}/history")
    assert entry["changes"]["name"] == [None, "Frank Herbert"]


def test_formats_of_other_systems(library: Client) -> None:
    imported(library, "author", AUTHORS)
    table = "Titel;von;Preis;Seiten;verliehen;da\nDüne;FH;1.250,50;?;05.03.2026 14:30;ja\n"
    imported(
        library,
        "book",
        table.encode("cp1252"),
        map={"Titel": "title_text", "von": "author.code", "Preis": "price", "Seiten": "pages",
             "verliehen": "lent", "da": "on_shelf"},
        dates="dmy", decimal=",", empty=["?"], values={"da": {"ja": "yes"}},
        fixed={"state": "Worn"},
    )  # fmt: skip
    (book,) = library.rows(
        "/api/records/book", fields="title_text,price,pages,lent,on_shelf,state,author.name"
    )
    assert book["title_text"] == "Düne"
    assert book["price"] == {"amount": "1250.50", "currency": "EUR"}
    assert (book["pages"], book["lent"], book["on_shelf"]) == (None, "2026-03-05T14:30:00Z", True)
    assert (book["state"], book["author"]["name"]) == ("worn", "Frank Herbert")


def test_look_ups_of_every_kind(library: Client) -> None:
    imported(library, "author", AUTHORS)
    library.made("team", name="Editors")
    table = (
        "title_text,author.name,helpers.code,about.author.code,about.book.number\n"
        "Emma,Jane Austen,JA;FH,FH,\n"
    )
    imported(library, "book", table)
    more = "title_text,author.name,about.author.code,about.book.number\nDune,Frank Herbert,,B-001\n"
    imported(library, "book", more)
    imported(library, "author", "code,editor.email\nJA,admin@example.com\n", key=["code"])
    imported(library, "author", "code,editor.team.name\nFH,Editors\n", key=["code"])
    authors, books = by(library, "author", "code"), by(library, "book", "title_text")
    assert books["Emma"]["helpers"] == [authors["JA"]["id"], authors["FH"]["id"]]
    assert books["Emma"]["about"] == {"object": "author", "id": authors["FH"]["id"]}
    assert books["Dune"]["about"] == {"object": "book", "id": books["Emma"]["id"]}
    assert list(authors["JA"]["editor"]) == ["user"]
    assert list(authors["FH"]["editor"]) == ["team"]


def test_of_several_records_the_one_that_may_be_picked_is_meant(library: Client) -> None:
    imported(library, "author", AUTHORS + "J2,Jane Austen,\n")
    chapter = {
        "kind": "object",
        "name": "chapter",
        "fields": [
            {"name": "name", "kind": "text"},
            {"name": "author", "kind": "lookup", "to": "author"},
            {"name": "book", "kind": "lookup", "to": "book", "where": "author == record.author"},
        ],
    }
    library.define(chapter)
    imported(library, "book", "title_text,author.code\nEmma,JA\nEmma,FH\nKim,J2\nKim,J2\n")
    imported(library, "chapter", "name,author.code,book.title_text\nOne,FH,Emma\n")
    (row,) = library.rows("/api/records/chapter", fields="book.author.code")
    assert row["book"]["author"]["code"] == "FH"
    reply = sent(library, "chapter", "name,author.code,book.title_text\nTwo,J2,Kim\n")
    assert faults(reply) == [(2, "book.title_text", "several_records")]


def test_rows_may_name_rows_further_down(library: Client) -> None:
    table = "code,name,teacher.code\nA,Ann,C\nB,Bob,A\nC,Cid,\n"
    done = imported(library, "author", table)
    assert (done["created"], done["updated"]) == (3, 0)
    authors = by(library, "author", "code")
    assert authors["A"]["teacher"] == authors["C"]["id"]
    assert authors["B"]["teacher"] == authors["A"]["id"]
    reply = sent(library, "author", "code,name,teacher.code\nD,Dan,Z\n")
    assert faults(reply) == [(2, "teacher.code", "unknown_record")]


def test_every_fault_of_every_row_and_nothing_kept(library: Client) -> None:
    imported(library, "author", AUTHORS + "J2,Jane Austen,\n")
    table = (
        "title_text,author.name,price,pages,lent\n"
        "Emma,Nobody,1.00,10,\n"
        "Dune,Frank Herbert,1.2.3,ten,2026-99-99 10:00\n"
        ",Frank Herbert,-1,10,\n"
        "Kim,Jane Austen,1.00,10,\n"
        "Thin,Frank Herbert,1.00,2,\n"
        "Good,Frank Herbert,1.00,20,\n"
    )
    reply = sent(library, "book", table)
    assert reply.status == 422
    assert set(faults(reply)) == {
        (2, "author.name", "unknown_record"),
        (3, "price", "not_a_number"), (3, "pages", "not_a_number"), (3, "lent", "not_a_date"),
        (4, "price", "below_min"), (5, "author.name", "several_records"), (6, "pages", "thick"),
    }  # fmt: skip
    assert reply.json()["created"] == 0
    assert library.rows("/api/records/book") == []

    done = imported(library, "book", table, skip_faults=True)
    assert (done["created"], len(done["errors"])) == (1, 7)
    assert [b["number"] for b in library.rows("/api/records/book")] == ["B-001"]


def test_what_is_not_unique_is_told_by_its_row(library: Client) -> None:
    imported(library, "author", AUTHORS)
    reply = sent(library, "author", "code,name\nX,Ann\nJA,Bob\nX,Cid\nY,Dan\n")
    assert faults(reply) == [(3, "code", "not_unique"), (4, "code", "not_unique")]
    done = imported(library, "author", "code,name\nX,Ann\nJA,Bob\nY,Dan\n", skip_faults=True)
    assert done["created"] == 2


def test_a_key_updates_what_is_there(library: Client) -> None:
    imported(library, "author", AUTHORS)
    table = (
        "code,name,born\nJA,Jane A.,1775-12-16\nFH,Frank Herbert,1920-10-08\nX,Ann,\nX,Ann B.,\n"
    )
    done = imported(library, "author", table, key=["code"])
    assert (done["created"], done["updated"], done["unchanged"]) == (1, 2, 1)
    authors = by(library, "author", "code")
    assert (authors["JA"]["name"], authors["X"]["name"]) == ("Jane A.", "Ann B.")
    assert authors["FH"]["rev"] == 1
    reply = sent(library, "author", "code,name\n,Ann\n", key=["code"])
    assert faults(reply) == [(2, "code", "empty_key")]
    assert sent(library, "author", "name\nAnn\n", key=["code"]).status == 422
    again = library.call("POST", "/api/records/author/import?key=code&dry_run=true", body=b"")
    assert again.status == 400


def test_a_key_of_several_fields(library: Client) -> None:
    imported(library, "author", AUTHORS)
    table = "title_text,author.code,pages\nEmma,JA,100\nEmma,FH,200\n"
    assert imported(library, "book", table, key=["author", "title_text"])["created"] == 2
    table = "title_text,author.code,pages\nEmma,JA,101\nEmma,FH,200\n"
    done = imported(library, "book", table, key=["author", "title_text"])
    assert (done["created"], done["updated"], done["unchanged"]) == (0, 1, 1)
    reply = sent(library, "book", "title_text,author.code\nEmma,JA\n", key=["title_text"])
    assert [f[2] for f in faults(reply)] == ["several_records"]


def test_a_dry_run_keeps_nothing_and_tells_all(library: Client) -> None:
    done = imported(library, "author", AUTHORS, dry_run=True)
    assert (done["batch"], done["created"]) == (None, 2)
    faulty = imported(library, "author", AUTHORS + "JA,Again,\n", dry_run=True)
    assert len(faulty["errors"]) == 1
    assert library.rows("/api/records/author") == []


def test_numbers_of_another_system_are_kept_and_counted_on(library: Client) -> None:
    imported(library, "author", AUTHORS)
    imported(library, "book", "number,title_text,author.code\nB-041,Emma,JA\nB-007,Dune,FH\n")
    book = library.made("book", title_text="Kim", author=by(library, "author", "code")["JA"]["id"])
    assert book["number"] == "B-042"


def test_an_import_is_taken_back_as_a_whole(library: Client) -> None:
    imported(library, "author", AUTHORS)
    before = by(library, "author", "code")
    done = imported(library, "author", "code,name\nJA,Jane A.\nX,Ann\n", key=["code"])
    author = by(library, "author", "code")["X"]["id"]
    library.patch(f"/api/records/author/{author}", {"name": "Anna"})
    refused = library.post(f"/api/imports/{done['batch']}/undo")
    assert refused.status == 409
    assert [c["title"] for c in refused.json()["changed"]] == ["Anna"]
    assert by(library, "author", "code")["JA"]["name"] == "Jane A."

    done = imported(library, "author", "code,name\nFH,Frank H.\nY,Bea\n", key=["code"])
    taken = library.post(f"/api/imports/{done['batch']}/undo")
    assert taken.json() == {"batch": done["batch"], "deleted": 1, "restored": 1}
    after = by(library, "author", "code")
    assert after["FH"]["name"] == before["FH"]["name"]
    assert "Y" not in after
    assert library.post(f"/api/imports/{done['batch']}/undo").status == 409
    assert library.post("/api/imports/nothing/undo").status == 404


def test_what_was_before_an_import_may_not_fit_any_more(library: Client) -> None:
    imported(library, "author", AUTHORS)
    done = imported(library, "author", "code,name\nFH,Frank\n", key=["code"])
    field = {"name": "name", "kind": "text", "max_length": 8}
    library.patch("/api/meta/object/author", {"fields": [field]})
    refused = library.post(f"/api/imports/{done['batch']}/undo")
    assert refused.status == 422 and refused.json()["errors"][0]["pointer"] == "/name"
    assert by(library, "author", "code")["FH"]["name"] == "Frank"


def test_a_workbook(library: Client) -> None:
    raw = io.BytesIO()
    book = xlsxwriter.Workbook(raw, {"default_date_format": "yyyy-mm-dd"})
    book.add_worksheet("Notes").write_row(0, 0, ["nothing"])
    sheet = book.add_worksheet("Authors")
    sheet.write_row(0, 0, ["code", "name", "born"])
    sheet.write_row(1, 0, [42, "Ann"])
    sheet.write_datetime(1, 2, datetime(1999, 3, 1))
    book.close()
    done = imported(library, "author", raw.getvalue(), name="a.xlsx", sheet="Authors")
    assert done["created"] == 1
    assert by(library, "author", "code")["42"]["born"] == "1999-03-01"
    assert sent(library, "author", raw.getvalue(), sheet="None").status == 422
    assert sent(library, "author", b"PK\x03\x04 no workbook").status == 422
    whole = raw.getvalue()
    for at in range(0, len(whole), 301):  # bytes that were lost on the way
        broken = whole[:at] + b"\xff\xff" + whole[at + 2 :]
        assert sent(library, "author", broken, path="import/preview").status in (200, 422)
    assert sent(library, "author", b"\x89PNG\r\n\x1a\n\x81\x8d\x00").status == 422


def test_the_preview_suggests(library: Client) -> None:
    table = "Code;Full name;Born on;Teacher\nJA;Jane;16-12-1775;?\nFH;Frank;08-10-1920;\n"
    reply = sent(library, "author", table, path="import/preview")
    assert reply.status == 200, reply.text
    shown = reply.json()
    assert shown["delimiter"] == ";"
    assert (shown["count"], shown["rows"][0]) == (2, ["JA", "Jane", "16-12-1775", "?"])
    assert shown["columns"][0] == {
        "index": 0,
        "header": "Code",
        "samples": ["JA", "FH"],
        "field": "code",
    }
    suggested = shown["suggested"]
    assert suggested["map"]["Teacher"] == "teacher.name"
    assert (suggested["dates"], suggested["empty"], suggested["key"]) == ("dmy", ["?"], ["code"])


@pytest.mark.parametrize(
    ("table", "options", "place"),
    [
        ("name,nothing\nAnn,x\n", {}, "/options/map/nothing"),
        ("name\nAnn\n", {"map": {"nme": "name"}}, "/options/map/nme"),
        ("name\nAnn\n", {"map": {"name": "nam"}}, "/options/map/name"),
        ("name\nAnn\n", {"map": {"name": "created_at"}}, "/options/map/name"),
        ("name\nAnn\n", {"map": {"name": "born.year"}}, "/options/map/name"),
        ("name\nAnn\n", {"dates": "dym"}, "/options/dates"),
        ("name\nAnn\n", {"maps": {}}, "/options/maps"),
        ("name\nAnn\n", {"fixed": {"colour": "red"}}, "/options/fixed/colour"),
        ("name\nAnn\n", {"fixed": {"born": "today"}}, "/options/fixed"),
        ("name,name\nAnn,Bob\n", {}, "/options/map/name (2)"),
        ("", {}, "/file"),
        ("name\nAnn\n", {"map": {"name": ""}}, "/options/map"),
    ],
)
def test_faults_of_options_name_their_place(
    library: Client, table: str, options: Mapping[str, Any], place: str
) -> None:
    reply = sent(library, "author", table, **options)
    assert reply.status == 422, reply.text
    assert reply.json()["errors"][0]["pointer"] == place


def test_imports_are_for_those_who_may(library: Client) -> None:
    grants = [
        {"object": "author", "can": ["read", "create", "update", "import"],
         "where": "code == 'JA' or code == 'FH'", "fields": {"born": "read"}},
        {"object": "book", "can": ["read", "create"]},
    ]  # fmt: skip
    library.define({"kind": "role", "name": "clerk", "grants": grants})
    clerk = library.person("clerk@example.com", "clerk")
    assert sent(clerk, "book", "title_text\nEmma\n").status == 403
    assert sent(clerk, "author", AUTHORS).status == 422
    assert imported(clerk, "author", "code,name\nJA,Jane\n")["created"] == 1
    reply = sent(clerk, "author", "code,name\nFH,Frank\nX,Ann\n")
    assert faults(reply) == [(3, "", "forbidden")]
    assert len(library.rows("/api/records/author")) == 1
    done = imported(clerk, "author", "code,name\nFH,Frank\n")
    assert library.person("other@example.com", "clerk").post(
        f"/api/imports/{done['batch']}/undo"
    ).status == 403  # fmt: skip


def test_rules_may_be_left_out(library: Client, engine: Engine) -> None:
    def waiting() -> int:
        query = f"SELECT count(*) FROM {OUTBOX.name}"
        return int(engine.database.call(lambda: engine.database.connection().query(query)[0][0]))

    engine.features += Feature("watch", brings=[LISTENER(EventListener(lambda *_: None))])
    before = waiting()
    imported(library, "author", AUTHORS, rules=False)
    assert waiting() == before
    imported(library, "author", "code,name\nX,Ann\n")
    assert waiting() == before + 1


def test_memory_and_statements_do_not_grow_with_the_rows(
    library: Client, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_job, "SMALL", 2_000)  # else each portion has its few

    def statements() -> int:
        return sum(connection.statements for connection in engine.database._all)

    def table(start: int, rows: int) -> str:
        lines = [f"A{at},Author {at},2000-01-01" for at in range(start, start + rows)]
        return "\n".join(["code,name,born", *lines])

    imported(library, "author", table(0, 10))
    before = statements()
    assert imported(library, "author", table(1000, 1024))["created"] == 1024
    assert statements() - before < 150


def test_rows_of_one_batch_see_each_other_where_they_have_to(library: Client) -> None:
    loan = {
        "kind": "object",
        "name": "loan",
        "dated": {"from": "starts", "until": "ends", "per": ["author"]},
        "fields": [
            {"name": "author", "kind": "lookup", "to": "author", "inverse": "loans"},
            {"name": "starts", "kind": "date", "required": True},
            {"name": "ends", "kind": "date"},
            {"name": "code", "kind": "text"},
        ],
        "checks": [
            {
                "name": "few",
                "expect": "code != 'counted' or count(author.loans) < 2",
                "message": "Two at most.",
            }
        ],
    }
    imported(library, "author", AUTHORS)
    library.define(loan)
    table = (
        "author.code,starts,ends,code\n"
        "JA,2026-01-01,2026-02-01,\n"
        "JA,2026-02-01,2026-03-01,\n"
        "JA,2026-02-15,2026-04-01,\n"
        "JA,2026-05-01,,counted\n"
        "FH,2026-05-01,,counted\n"
    )
    reply = sent(library, "loan", table)
    assert faults(reply) == [(4, "starts", "overlap"), (5, "", "few")]
