"""The wizard of an import: who accepts what it proposes gets the right records, or is asked."""

from __future__ import annotations

import re
import threading
from html import unescape
from typing import Any

import pytest

from tests.app import Client, Documents, Reply
from tests.fluvial.pages.posting import posted
from tests.fluvial.tables import sent
from tests.fluvial.transfer.test_files_of_others import PLANT, workbook
from tests.forms.shapes import multipart

PATH = "/import/plant"


@pytest.fixture
def documents() -> Documents:
    return [PLANT]


@pytest.fixture
def garden(client: Client) -> Client:
    return client


def uploaded(client: Client, content: str | bytes, name: str = "plants.csv") -> Reply:
    raw = content.encode() if isinstance(content, str) else content
    body, headers = multipart(("file", name, "text/csv", raw))
    return client.call("POST", PATH, body=body, headers=headers)


def attribute(tag: str, name: str) -> str:
    found = re.search(rf'\b{name}="([^"]*)"', tag)
    return unescape(found[1]) if found else ""


def form_of(reply: Reply) -> dict[str, str]:
    """What a browser sends of the form of a page, as it is proposed."""
    assert reply.status in (200, 422), reply.text
    (form,) = re.findall(rf'<form[^>]*action="{PATH}"[^>]*>.*?</form>', reply.text, re.S)
    values = {}
    for tag in re.findall(r"<input[^>]*>", form):
        if attribute(tag, "type") not in ("radio", "checkbox", "file"):
            values[attribute(tag, "name")] = attribute(tag, "value")
    for head, body in re.findall(r"(<select[^>]*>)(.*?)</select>", form, re.S):
        options = re.findall(r"<option[^>]*>", body)
        chosen = [one for one in options if "selected" in one] or options[:1]
        values[attribute(head, "name")] = attribute(chosen[0], "value") if chosen else ""
    return values


def go_on(client: Client, reply: Reply, **changed: str) -> Reply:
    """The next step, with the proposals of the page and what the person changes."""
    return posted(client, PATH, form_of(reply) | changed)


def error_of(reply: Reply) -> str:
    found = re.search(r'role="alert">.*?<div>(.*?)</div>', reply.text, re.S)
    return unescape(found[1]) if found else ""


def accepted(client: Client, content: str | bytes, name: str = "plants.csv") -> Reply:
    """The last page of somebody who accepts every proposal."""
    looked = go_on(client, uploaded(client, content, name))
    assert "Import</button>" in looked.text, looked.text
    return go_on(client, looked)


def plants(client: Client) -> dict[str, Any]:
    return {row["name"]: row for row in client.rows("/api/records/plant")}


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ('"Plants, 3 May",,\n,,\nNursery,,\nName,Notes,Code\nRose,a,1\n', "a.csv"),
        ("sep=;\r\nName;Notes\r\nRose;a\r\n", "a.csv"),
        ("Name;Notes, long\nRose;a, b\n", "a.csv"),
        ("Konto\n\nName\tNotes\nRose\ta\n", "a.tsv"),
        ("Name;Notes\r\nRose;ü\r\n".encode("utf-16-le"), "a.csv"),
        ("Name;Notes\r\nRose;größer\r\n".encode("cp1252"), "a.csv"),
        (workbook({"S": [["List of plants"], [], ["Name", "Notes"], ["Rose", "a"]]}), "a.xlsx"),
        (workbook({"Read me": [["See Data"]], "Data": [["Name"], ["Rose"]]}), "a.xlsx"),
        ("Name,Uses,Uses\nRose,food,tea\n", "a.csv"),
    ],
)
def test_what_the_wizard_proposes_is_right(garden: Client, content: str | bytes, name: str) -> None:
    done = accepted(garden, content, name)
    assert "1 added" in done.text
    assert list(plants(garden)) == ["Rose"]
    if b"Uses" in (content if isinstance(content, bytes) else content.encode()):
        assert plants(garden)["Rose"]["uses"] == ["food", "tea"]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [("Łodyga", "cp1250"), ("Ромашка", "cp1251"), ("Blåbær", "mac_roman"), ("牡丹花", "gb18030")],
)
def test_an_encoding_that_is_not_sure_is_asked_with_its_texts(
    garden: Client, text: str, encoding: str
) -> None:
    asked = uploaded(garden, f"Name;Notes\r\n{text};x\r\n".encode(encoding))
    assert asked.status == 200 and "Which text is right?" in asked.text
    readings = re.findall(r"<li>.*?</li>", asked.text, re.S)
    (right,) = [one for one in readings if f"{text};x" in one]
    assert "checked" not in asked.text and "required" in right
    answer = {"encoding": attribute(right[right.index("<input") :], "value")}
    columns = go_on(garden, asked, **answer)
    assert text in columns.text
    assert "1 added" in go_on(garden, go_on(garden, columns)).text
    assert list(plants(garden)) == [text]


def test_an_encoding_may_be_another_one(garden: Client) -> None:
    asked = uploaded(garden, "Name\r\nКрапива\r\n".encode("koi8-r"))
    columns = go_on(garden, asked, encoding="", other="koi8_r")
    assert "Крапива" in columns.text
    for wrong in ("klingon", "idna"):
        assert error_of(go_on(garden, asked, encoding=wrong))


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "cp949", "gb18030", "mac_greek"])
@pytest.mark.parametrize("table", ["Name;Notes\n山田;東京\n", "ﾘｽﾄ;\n;\nName;Notes\n山田;x\n"])
def test_the_wrong_encoding_is_shown_and_not_an_error_of_ours(
    garden: Client, table: str, encoding: str
) -> None:
    raw = table.encode("cp932")
    columns = go_on(garden, uploaded(garden, raw), encoding="", other=encoding)
    if columns.status == 200:
        looked = go_on(garden, columns)
        assert looked.status in (200, 422)
        if encoding in ("utf-8", "ascii"):
            assert "does not match the encoding" in looked.text
    else:
        assert "does not match the encoding" in error_of(columns)
    reply = sent(garden, "plant", raw, path="import/preview", encoding=encoding)
    assert reply.status in (200, 422), reply.text
    assert not plants(garden)


@pytest.mark.parametrize(
    ("table", "question"),
    [
        ("Name,Sown\nRose,03/05/2026\n", "dates"),
        ('Name,Height\nRose,1\nFern,"1,234"\n', ""),
    ],
)
def test_who_does_not_answer_is_asked_again(garden: Client, table: str, question: str) -> None:
    garden.define({**PLANT, "fields": [*PLANT["fields"], {"name": "sown", "kind": "date"}]})
    page = uploaded(garden, table)
    for _ in range(3 if question else 0):
        page = go_on(garden, page)
        assert page.status == 422 and "both fit the dates" in error_of(page)
        assert not re.findall(rf'name="{question}"[^>]*checked', page.text)


def test_columns_that_go_nowhere_are_named_with_the_result(garden: Client) -> None:
    looked = go_on(garden, uploaded(garden, "Name,Colour,Scent\nRose,red,sweet\n"))
    assert "chosen for them: Colour, Scent." in " ".join(looked.text.split())
    assert "Not imported" not in go_on(garden, uploaded(garden, "Name\nRose\n")).text


def test_an_export_with_ids_changes_the_records_that_it_came_from(garden: Client) -> None:
    rose, fern = (garden.made("plant", name=name)["id"] for name in ("Rose", "Fern"))
    table = f"id,name,notes\n{rose},Rosa,red\n{fern},Fern,\n,Iris,\n"
    columns = uploaded(garden, table)
    assert form_of(columns)["key"] == "id" and "Record ID" in columns.text
    assert "1 added, 1 changed" in go_on(garden, go_on(garden, columns)).text
    assert {name: row["id"] for name, row in plants(garden).items() if name != "Iris"} == {
        "Rosa": rose, "Fern": fern,
    }  # fmt: skip
    # Ids of another system are no ids of ours, and a person may choose otherwise.
    assert form_of(uploaded(garden, "id,name\n17,Rose\n"))["key"] == ""
    looked = go_on(garden, columns, key="")
    assert "chosen for it: id." in " ".join(looked.text.split())


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_an_export_of_links_comes_back_by_its_proposals(garden: Client, kind: str) -> None:
    me = garden.get("/api/me").json()["id"]
    people = (
        {"name": "grower", "kind": "person"},
        {"name": "helpers", "kind": "person", "many": True},
    )
    about = {"name": "about", "kind": "any_lookup", "to": ["plant"]}
    garden.define({**PLANT, "fields": [*PLANT["fields"], *people, about]})
    rose, fern = (garden.made("plant", name=name)["id"] for name in ("Rose", "Fern"))
    iris = garden.made(
        "plant", name="Iris", parent=rose, friends=[rose, fern], grower={"user": me},
        helpers=[{"user": me}], about={"object": "plant", "id": fern},
    )  # fmt: skip
    file = garden.call("GET", "/api/records/plant/export", query={"format": kind})
    looked = go_on(garden, uploaded(garden, file.body, f"plants.{kind}"))
    assert "Import</button>" in looked.text and 'class="figure">3<' in looked.text, looked.text
    assert "0 added, 0 changed" in go_on(garden, looked).text
    assert plants(garden)["Iris"] == iris
    # Names stay names, and a look-up is found by them.
    again = accepted(garden, "Name,Parent\nMoss,Rose\n")
    assert "1 added" in again.text and plants(garden)["Moss"]["parent"] == rose


def test_a_file_is_read_again_as_the_person_says(garden: Client) -> None:
    table = "Old;Older\nName;Notes\nRose;größer\n".encode("cp1252")
    columns = uploaded(garden, table)
    assert form_of(columns)["headings"] == "2"
    first = go_on(garden, columns, step="again", headings="1", encoding="mac_roman")
    assert form_of(first)["headings"] == "1" and "Older" in first.text
    assert form_of(first)["encoding"] == "mac_roman" and "größer" not in first.text
    # Who does not press the button, but goes on, sees the new reading before anything is done.
    again = go_on(garden, first, headings="2", encoding="cp1252")
    assert form_of(again)["headings"] == "2" and "größer" in again.text
    comma = go_on(garden, again, step="again", delimiter=",")
    assert 'id="head-0">Name;Notes<' in comma.text
    back = go_on(garden, comma, step="again", delimiter=";")
    assert "1 added" in go_on(garden, go_on(garden, back)).text
    for wrong in ("0", "x", "99"):
        refused = go_on(garden, columns, step="again", headings=wrong)
        assert error_of(refused) and form_of(refused)["headings"] == "2", wrong


def test_another_sheet_brings_its_own_headings(garden: Client) -> None:
    book = workbook(
        {
            "May": [["Name", "Notes"], ["Rose", "a"]],
            "June": [["made by hand"], [], ["Name", "Code"], ["Fern", "7"]],
        }
    )
    columns = uploaded(garden, book, "plants.xlsx")
    june = go_on(garden, columns, sheet="June")
    assert (form_of(june)["sheet"], form_of(june)["headings"]) == ("June", "3")
    assert "1 added" in go_on(garden, go_on(garden, june)).text
    assert plants(garden)["Fern"]["code"] == "7"


def test_two_columns_for_one_value_are_said_where_they_are_mapped(garden: Client) -> None:
    columns = uploaded(garden, "Name,Other\nRose,x\n")
    refused = go_on(garden, columns, **{"map.1": "name"})
    assert refused.status == 422 and "`Name` and `Other` both lead to Name" in error_of(refused)
    assert form_of(refused)["map.1"] == "name"
    again = go_on(garden, refused, **{"map.1": "notes"})
    assert "1 added" in go_on(garden, again).text


def test_rows_that_are_not_valid_are_told_before_anything_is_written(garden: Client) -> None:
    looked = go_on(garden, uploaded(garden, 'Name,Notes\nRose,a,MORE\nFern,"open\n'))
    assert "`MORE`" not in plants(garden) and "never closed" in looked.text
    assert "MORE" in looked.text and "Skip the 2 rows" in looked.text
    unnamed = uploaded(garden, "Name,,Notes\nRose,x,y\n")
    assert "Without a heading, and skipped: column B." in unnamed.text
    assert "1 added" in go_on(garden, go_on(garden, unnamed)).text


def test_a_key_that_the_file_has_twice_is_told(garden: Client) -> None:
    looked = go_on(garden, uploaded(garden, "Code,Name\nA,Rose\nB,Fern\nA,Rosa\n"))
    assert "Row 2 has the same key" in looked.text


@pytest.mark.parametrize(("choice", "kept"), [("", True), ("keep", True), ("clear", False)])
def test_empty_cells_are_a_choice(garden: Client, choice: str, kept: bool) -> None:
    garden.made("plant", name="Rose", code="A", notes="old")
    columns = uploaded(garden, "Code,Name,Notes\nA,Rosa,\n")
    looked = go_on(garden, columns, **({"empty_cells": choice} if choice else {}))
    back = posted(garden, PATH, form_of(looked) | {"step": "columns"})
    assert form_of(back)["empty_cells"] == (choice or "keep")
    assert "0 added, 1 changed" in go_on(garden, looked).text
    assert plants(garden)["Rosa"]["notes"] == ("old" if kept else None)


def test_old_workbooks_get_a_sentence(garden: Client) -> None:
    reply = uploaded(garden, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(900), "old.xls")
    assert reply.status == 422 and "old Excel workbook (.xls)" in error_of(reply)


def test_the_last_step_sent_again_imports_nothing_more(garden: Client) -> None:
    looked = go_on(garden, uploaded(garden, "Name,Height\nRose,1\nFern,tall\nIris,2\n"))
    last = form_of(looked) | {"skip_faults": "true"}
    first = posted(garden, PATH, last)
    assert "2 added" in first.text and "already imported" not in first.text
    for _ in range(2):
        again = posted(garden, PATH, last)
        assert again.status == 200
        assert "2 added" in again.text and "1 skipped" in again.text
        assert "already imported" in again.text
    assert len(garden.rows("/api/records/plant")) == 2
    (undo,) = re.findall(rf'action="({PATH}/[^"]+/undo)"', again.text)
    assert posted(garden, undo, {}).status == 303
    late = posted(garden, PATH, last)
    assert late.status == 422 and "undone" in error_of(late)
    assert garden.rows("/api/records/plant") == []
    # The same file, chosen again, is another import.
    assert "1 added" in accepted(garden, "Name\nRose\n").text
    assert "1 added" in accepted(garden, "Name\nRose\n").text


def test_the_last_step_sent_twice_at_the_same_moment_imports_once(garden: Client) -> None:
    last = form_of(go_on(garden, uploaded(garden, "Name\nRose\nFern\n")))
    replies: list[Reply] = []
    both = threading.Barrier(4)

    def press() -> None:
        both.wait()
        replies.append(posted(garden, PATH, last))

    threads = [threading.Thread(target=press) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [reply.status for reply in replies] == [200] * 4, [error_of(one) for one in replies]
    assert sum("already imported" in reply.text for reply in replies) == 3
    assert len(garden.rows("/api/records/plant")) == 2


def test_a_step_that_failed_may_be_sent_again(garden: Client) -> None:
    looked = go_on(garden, uploaded(garden, "Name,Height\nRose,1\nFern,tall\n"))
    last = form_of(looked)
    assert posted(garden, PATH, last).status == 422
    done = posted(garden, PATH, last | {"skip_faults": "true"})
    assert "1 added" in done.text and "already imported" not in done.text
    other = garden.person("other@example.com", "administrator")
    assert posted(other, PATH, last).status in (404, 422)


def test_the_page_says_what_is_in_the_way_of_an_undo(garden: Client) -> None:
    done = accepted(garden, "Name,Code\nRose,A\n")
    (undo,) = re.findall(rf'action="({PATH}/[^"]+/undo)"', done.text)
    columns = uploaded(garden, "Code,Name\nA,Rosa\n", "later.csv")
    go_on(garden, go_on(garden, columns))
    refused = posted(garden, undo, {})
    assert refused.status == 409
    assert "Rosa: Name changed in a later import, later.csv." in refused.text
    assert list(plants(garden)) == ["Rosa"]
