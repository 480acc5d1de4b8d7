"""What is checked of printed documents: when they are saved, and while they are made."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from reports.printed import print_words, printer
from reports.printed.printer import Printer
from tests.app import Client, Documents
from tests.reports.press import BACKING, LETTERHEAD, PRESS, TEMPLATE, Json, billed, uploaded


@pytest.fixture
def documents() -> Documents:
    return PRESS


@pytest.fixture
def engine_url(request: pytest.FixtureRequest, prepared: Any, tmp_path: Any, documents: Any) -> str:
    """What is checked here is the same on every database."""
    return str(prepared.copy(None, tmp_path, (), documents))


def table(**members: Any) -> Json:
    return {"tables": [{**BACKING, **members}]}


LETTER: Json = {"kind": "template", "name": "bill", "for": "bill", "subject": "x", "body": "y"}
FAULTS: list[tuple[Json, str, str]] = [
    (table(rows="lines.nothing"), "/tables/0/rows", "has no collection `nothing`"),
    (table(rows="branch"), "/tables/0/rows", "has no collection `branch`"),
    (table(columns=["amount", "pieces"]), "/tables/0/columns/1", "has no field `pieces`"),
    (table(group=["line.colour"]), "/tables/0/group/0", "has no field `colour`"),
    (table(sum="item"), "/tables/0/sum", "cannot be added up"),
    (table(sum="cost"), "/tables/0/sum", "is not a column"),
    (table(equals="number"), "/tables/0/equals", "another type"),
    (table(equals="net + nothing"), "/tables/0/equals", "nothing"),
    (table(where="item > 3"), "/tables/0/where", "item"),
    ({"tables": [BACKING, BACKING]}, "/tables/1/name", "is defined twice"),
    ({"body": "{{ tables.other }}"}, "/body", "there is no table `other`"),
    ({"body": "{{ bill.nothing }}"}, "/body", "has no field `nothing`"),
    ({"body": "{% include 'x' %}"}, "/body", "is not allowed"),
    ({"keep": "status"}, "/keep", "status"),
    ({"language": "net"}, "/language", "does not give a language"),
    ({"chosen_by": "net"}, "/chosen_by", "does not give the name"),
    ({"file": "{nothing}.pdf"}, "/file", "has no field `nothing`"),
    ({"layout": "nothing"}, "/layout", "no page_layout `nothing`"),
    ({"layout_of": "client"}, "/layout_of", "shows a record of branch"),
    ({"layout_of": "day"}, "/layout_of", "shows a record of branch"),
    ({"subject": "x"}, "/subject", "has no `subject`"),
]


@pytest.mark.parametrize(("members", "place", "words"), FAULTS)
def test_a_fault_is_told_at_its_place(
    client: Client, members: Json, place: str, words: str
) -> None:
    reply = client.post("/api/meta/changes?plan=true", {"documents": [{**TEMPLATE, **members}]})
    assert reply.status == 422
    found = {one["pointer"]: one["message"] for one in reply.json()["errors"]}
    assert words in found.get(f"/template/bill{place}", ""), found


def refusal(client: Client, *documents: Json) -> str:
    reply = client.post("/api/meta/changes?plan=true", {"documents": list(documents)})
    assert reply.status == 422
    return str([one["message"] for one in reply.json()["errors"]])


def test_channels_do_not_mix(client: Client) -> None:
    assert "only for `channel: document`" in refusal(client, {**LETTER, "keep": "true"})
    assert "no filter `image`" in refusal(client, {**LETTER, "body": "{{ bill.pdf | image }}"})
    nameless = {name: LETTER[name] for name in LETTER if name != "subject"}
    assert "`subject` is required" in refusal(client, nameless)
    rule: Json = {"kind": "rule", "name": "tell", "on": {"object": "bill", "event": "created"},
                  "do": [{"notify": {"to": ["client.email"], "template": "bill"}}]}  # fmt: skip
    assert "is printed, and not a message" in refusal(client, rule)
    without = {**LETTERHEAD, "body": "<p>{{ branch.name }}</p>"}
    assert "does not show the document" in refusal(client, without)


def said(client: Client, **members: Any) -> str:
    """What the PDF of a template that says something else is refused with."""
    plain = {name: TEMPLATE[name] for name in ("kind", "name", "for", "channel", "body")}
    client.define({**plain, "tables": [BACKING], **members})
    bill = billed(client, "B-1", "1", pdf=[{"id": uploaded(client, "x.png", PNG, PNG_TYPE)["id"]}])
    reply = client.get(f"/api/records/bill/{bill['id']}/documents/bill")
    assert reply.status in (422, 503), reply.body[:200]
    return str(reply.json()["detail"])


PNG, PNG_TYPE = b"\x89PNG\r\n\x1a\n" + b"nothing" * 9, "image/png"
ASKED_FOR = [
    "<img src='https://example.com/x.png'>",
    "<img src='file:///etc/passwd'>",
    "<link rel='attachment' href='file:///etc/passwd'>",
    "<style>@import 'http://127.0.0.1/x.css'</style>",
    "<p style=\"background: url('ftp://127.0.0.1/x')\">x</p>",
    "<img src='/etc/passwd'>",
    "<p>x</p><svg viewBox='0 0 9 9'><image href='file:///etc/passwd' width='9' height='9'/></svg>",
]


@pytest.mark.parametrize("asked", ASKED_FOR)
def test_nothing_is_loaded_from_elsewhere(client: Client, asked: str) -> None:
    assert "is not loaded" in said(client, body=asked)


def test_what_cannot_be_printed_is_said(client: Client) -> None:
    picture = said(client, body="{{ bill.pdf | image }}")
    assert picture == "The picture x.png cannot be read. Upload it again as PNG or JPEG."
    other = "<img src='picture:01a00000-0000-7000-8000-000000000000'>"
    assert "is not a picture of this record" in said(client, body=other)
    many = "{% for at in range(600) %}<p style='break-before: page'>x</p>{% endfor %}"
    assert "500 are possible" in said(client, body=many)
    assert "cannot be made" in said(client, body="{{ bill.net / 0 }}")


def test_without_pango_documents_say_what_to_install(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert printer.missing_words() == ""
    monkeypatch.setattr(printer, "find_library", lambda name: None)
    assert print_words.INSTALL in printer.missing_words()
    missing = Printer("tests.reports.without_pango")
    monkeypatch.setattr(printer.printer_of, "_make", lambda engine: missing)
    assert print_words.INSTALL in said(client, body="<p>x</p>")
    bill = client.rows("/api/records/bill")[0]
    for format_ in ("html", "xlsx", "csv"):
        path = f"/api/records/bill/{bill['id']}/documents/bill"
        assert client.get(path, format=format_).status == 200
    missing.close()


def test_only_the_printing_process_loads_the_library() -> None:
    """It takes a second and tens of megabytes, in every process of the product."""
    code = (
        "import sys; from fluvial.kernel.features import load_features; load_features();"
        "import fluvial.http.app; sys.exit('weasyprint' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
