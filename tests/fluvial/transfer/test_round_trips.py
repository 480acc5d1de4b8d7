"""An export that is imported untouched changes nothing: as CSV and XLSX, by a key or by the id."""

import random
import re
import string
from html import unescape
from typing import Any

import pytest

from tests.app import Client, Documents
from tests.fluvial.tables import AUTHOR, BOOK, imported, sent
from tests.forms.shapes import PNG, multipart

PLACE: dict[str, Any] = {
    "kind": "object",
    "name": "place",
    "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text"},
        {"name": "code", "kind": "text", "unique": True},
        {"name": "note", "kind": "long_text"},
        {"name": "size", "kind": "number", "scale": 3},
        {"name": "rent", "kind": "money"},
        {"name": "open", "kind": "duration"},
        {"name": "double", "kind": "calculated", "result": "number", "formula": "size * 2"},
        {"name": "plans", "kind": "file", "many": True},
        {"name": "keeper", "kind": "person", "accepts": ["user", "team"]},
        {"name": "within", "kind": "lookup", "to": "place", "inverse": "parts"},
    ],
}
FORMATS = pytest.mark.parametrize("format_", ["csv", "xlsx"])
LOOKS_LIKE_MORE = [
    "=1+1", "'=1+1", "''=1+1", "+1", "-1", "@x", "'plain", "=", "'", "007", "1e5", "1.50", "TRUE",
    "true", "2026-01-02", "12:30", "1/2", "50%", "_x000D_", "#N/A", '"', "a;b", "a,b", "{=1}",
    "https://example.com/?a=b&c", "null", "-", "e 1", "\\N", "<b>", "&amp;", "ł", "日本", "😀",
]  # fmt: skip


@pytest.fixture
def documents() -> Documents:
    return [AUTHOR, BOOK, PLACE]


def again(client: Client, object_name: str, format_: str, key: str, **query: str) -> dict[str, Any]:
    reply = client.get(f"/api/records/{object_name}/export", format=format_, **query)
    assert reply.status == 200, reply.text
    return imported(client, object_name, reply.body, name=f"table.{format_}", key=[key])


def all_unchanged(done: dict[str, Any], count: int) -> None:
    assert (done["unchanged"], done["updated"], done["created"], done["errors"]) == (
        count, 0, 0, [],
    )  # fmt: skip


@FORMATS
@pytest.mark.parametrize("key", ["code", "id"])
def test_texts_that_look_like_something_else_come_back_as_they_are(
    client: Client, format_: str, key: str
) -> None:
    for at, text in enumerate(LOOKS_LIKE_MORE):
        client.made("place", name=text, code=f"P{at}", note=f"{text}\n{text}")
    all_unchanged(again(client, "place", format_, key), len(LOOKS_LIKE_MORE))
    names = {row["name"] for row in client.rows("/api/records/place", limit="100")}
    assert names == set(LOOKS_LIKE_MORE)


@FORMATS
def test_random_texts_come_back_as_they_are(client: Client, format_: str) -> None:
    chosen = random.Random(28)
    letters = string.punctuation + "ab1 \n\tä\u00a0\u200b\u2028"
    for at in range(150):
        text = "".join(chosen.choices(letters, k=chosen.randint(1, 12)))
        name = text.replace("\n", " ").replace("\t", " ")
        client.post("/api/records/place", {"name": name, "note": text, "code": f"R{at}"})
    count = client.get("/api/records/place", total="exact").json()["total"]
    assert count > 100
    all_unchanged(again(client, "place", format_, "code"), count)


@FORMATS
@pytest.mark.parametrize("key", ["code", "id"])
def test_values_of_every_size_come_back_as_they_are(client: Client, format_: str, key: str) -> None:
    team = client.made("team", name="Rangers")["id"]
    me = client.get("/api/me").json()["id"]
    body, headers = multipart(("file", "plan.png", "image/png", PNG))
    plan = client.call("POST", "/api/files", body=body, headers=headers).json()["id"]
    first = client.made("place", name="One", code="1", size="123456789012.125", plans=[plan],
                        rent={"amount": "0.01", "currency": "EUR"}, open=61,
                        keeper={"team": team})  # fmt: skip
    client.made("place", name="Two", code="2", size="-0.001", open=0, keeper={"user": me},
                rent={"amount": "-1234567.80", "currency": "USD"}, within=first["id"])  # fmt: skip
    client.made("place", name="Three", code="3", size="0", open=3600 * 10**6)
    done = again(client, "place", format_, key)
    all_unchanged(done, 3)
    assert set(done["left_out"]) == {"double", "plans"} | ({"id"} - {key})


@FORMATS
def test_the_columns_of_a_list_come_back_as_they_are(client: Client, format_: str) -> None:
    """Also where a look-up names two records alike: the one that is linked stays."""
    authors = [client.made("author", name="Ann", code=code) for code in "AB"]
    for at, author in enumerate(authors):
        client.made("book", title_text=f"Emma {at}", author=author["id"], price="12.50",
                    pages="100", state="new", lent="2026-03-01T10:00:00Z")  # fmt: skip
    fields = "number,title_text,author.name,author.editor,price,state,lent,title,created_at,rev"
    done = again(client, "book", format_, "number", fields=fields)
    all_unchanged(done, 2)
    assert done["left_out"] == ["author.editor", "title", "created_at", "rev"]


@FORMATS
def test_the_link_of_a_list_page_comes_back_as_it_is(client: Client, format_: str) -> None:
    ann = client.made("author", name="Ann", code="A", born="1990-02-03")
    client.made("author", name="=Bob", code="B", teacher=ann["id"])
    page = client.get("/o/author", where="code != null").text
    (link,) = [
        unescape(href)
        for href in re.findall(r'href="(/api/records/author/export[^"]*)"', page)
        if f"format={format_}" in href and "fields=" not in href
    ]
    reply = client.call("GET", link)
    for key in ("code", "id"):
        done = imported(client, "author", reply.body, name=f"table.{format_}", key=[key])
        all_unchanged(done, 2)


def test_an_id_finds_the_record_and_no_id_makes_one(client: Client) -> None:
    ann = client.made("author", name="Ann", code="A")
    done = imported(client, "author", f"id,name\n{ann['id']},Anna\n,Ben\n", key=["id"])
    assert (done["updated"], done["created"]) == (1, 1)
    assert client.get(f"/api/records/author/{ann['id']}").json()["name"] == "Anna"


@pytest.mark.parametrize(
    "cell", ["01890a5d-ac96-774b-bcce-b302099a8057", "A", "=1", "01890A5D-AC96-774B-BCCE"]
)
def test_an_id_that_leads_nowhere_is_told_and_makes_nothing(client: Client, cell: str) -> None:
    reply = sent(client, "author", f"id,name\n{cell},Ann\n", key=["id"])
    assert reply.status == 422
    assert [e["column"] for e in reply.json()["errors"]] == ["id"]
    assert client.rows("/api/records/author") == []


def test_what_somebody_may_not_write_comes_back_and_cannot_be_changed(client: Client) -> None:
    grants = [{"object": "author", "can": ["read", "create", "update", "import", "export"],
               "fields": {"born": "read", "teacher": "read"}}]  # fmt: skip
    client.define({"kind": "role", "name": "desk", "grants": grants})
    ann = client.made("author", name="Ann", code="A", born="1990-02-03")
    client.made("author", name="Bob", code="B", teacher=ann["id"])
    desk = client.person("desk@example.com", "desk")
    all_unchanged(again(desk, "author", "csv", "code"), 2)
    for table in ("code,born\nA,1990-02-04\n", f"code,teacher\nA,{ann['id']}\n",
                  "code,teacher.code\nA,A\n", "code,teacher.code\nA,nobody\n",
                  "code,name,born\nC,Cy,1990-02-03\n"):  # fmt: skip
        reply = sent(desk, "author", table, key=["code"])
        assert reply.status == 422, table
    assert client.get(f"/api/records/author/{ann['id']}").json()["born"] == "1990-02-03"


def test_a_heading_that_is_no_field_is_still_refused(client: Client) -> None:
    for heading in ("ids", "author.nothing", "born.name", "Total"):
        assert sent(client, "author", f"name,{heading}\nAnn,1\n").status == 422


@pytest.mark.parametrize("length", [32_768, 50_000])
def test_a_text_that_no_cell_holds_is_refused_and_not_cut(client: Client, length: int) -> None:
    client.made("place", name="One", code="1", note="x" * 32_767)
    all_unchanged(again(client, "place", "xlsx", "code"), 1)
    client.made("place", name="Two", code="2", note="x" * length)
    refused = client.get("/api/records/place/export", format="xlsx")
    assert refused.status == 422
    assert "Export as CSV" in refused.json()["detail"]
    all_unchanged(again(client, "place", "csv", "code"), 2)
