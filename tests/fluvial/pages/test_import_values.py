"""The wizard asks how values are written where cells leave it open, and shows what it reads."""

from __future__ import annotations

from html import unescape
from typing import Any

import pytest

from fluvial.http.app import build_app
from tests.app import Client, Documents, OpenEngine, Prepared, Reply
from tests.fluvial.pages.inputs import inputs_of
from tests.fluvial.pages.posting import posted
from tests.fluvial.tables import sent
from tests.forms.shapes import multipart

PATH = "/import/thing"
THING = {
    "kind": "object", "name": "thing", "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text", "required": True},
        {"name": "amount", "kind": "number"},
        {"name": "price", "kind": "money", "currency": "EUR"},
        {"name": "born", "kind": "date"},
        {"name": "at", "kind": "datetime"},
        {"name": "spent", "kind": "duration"},
        {"name": "active", "kind": "boolean"},
    ],
}  # fmt: skip


@pytest.fixture
def documents() -> Documents:
    return [THING]


@pytest.fixture
def german(open_engine: OpenEngine, engine_url: str, prepared: Prepared) -> Client:
    return Client(build_app(open_engine(locale="de")), prepared.headers(engine_url))


def uploaded(client: Client, table: str) -> Reply:
    body, headers = multipart(("file", "table.csv", "text/csv", table.encode()))
    return client.call("POST", PATH, body=body, headers=headers)


def go_on(client: Client, reply: Reply, **said: str) -> Reply:
    """The next step, with the proposals of the page and what the person says."""
    return posted(client, PATH, inputs_of(reply.text, PATH) | {k: [v] for k, v in said.items()})


def words(reply: Reply) -> str:
    return " ".join(unescape(reply.text).split())


def things(client: Client, field: str) -> list[Any]:
    return [row[field] for row in client.rows("/api/records/thing", sort="name")]


@pytest.mark.parametrize(
    "table",
    ["name,born\nA,03/05/2026\nB,04/06/2026\n", "name;born\nA;3.5.26\nB;5.5.2026\n",
     "name,at\nA,03/05/2026 10:00\nB,2026-05-04 11:00\n"],
)  # fmt: skip
def test_dates_that_fit_both_orders_are_asked(client: Client, table: str) -> None:
    asked = uploaded(client, table)
    assert "Choose: both orders fit" in asked.text
    assert inputs_of(asked.text, PATH)["dates"] == [""]
    refused = go_on(client, asked)
    assert refused.status == 422 and "both fit the dates of the file" in words(refused)
    assert client.rows("/api/records/thing") == []
    shown = go_on(client, refused, dates="mdy")
    assert "5 Mar" in shown.text and "3 May" not in shown.text
    assert "3 May" in go_on(client, refused, dates="dmy").text


def test_dates_that_fit_one_order_are_not_asked(client: Client) -> None:
    rows = "".join(f"X{n},03/05/2026\n" for n in range(40))
    asked = uploaded(client, f"name,born\n{rows}Y,05/25/2026\n")
    assert inputs_of(asked.text, PATH)["dates"] == ["mdy"]
    assert "both orders" not in asked.text
    go_on(client, go_on(client, asked))
    assert things(client, "born")[-1] == "2026-05-25"


def test_a_german_table_is_imported_by_a_person_who_accepts_the_proposals(german: Client) -> None:
    table = "Name;Amount;Price;Born;Active\nW1;1.234,56;12,50;31.12.2025;ja\n"
    table += "W2;7,5;1.000,00;05.03.2026;nein\n"
    asked = uploaded(german, table)
    proposed = inputs_of(asked.text, PATH)
    assert (proposed["decimal"], proposed["dates"]) == ([","], ["dmy"])
    looked = go_on(german, asked)
    assert "1.234,56" in looked.text and "12,50" in looked.text and "5 März 2026" in looked.text
    go_on(german, looked)
    assert things(german, "amount") == ["1234.56", "7.50"]
    assert things(german, "active") == [True, False]


@pytest.mark.parametrize(("mark", "amount"), [(".", "1234.00"), (",", None)])
def test_a_number_that_fits_both_marks_is_asked(
    german: Client, mark: str, amount: str | None
) -> None:
    asked = uploaded(german, "Name;Amount\nW1;1,234\n")
    assert "Choose: both marks fit" in asked.text
    refused = go_on(german, asked)
    assert refused.status == 422 and "Choose the decimal mark" in words(refused)
    looked = go_on(german, refused, decimal=mark)
    if amount is None:
        assert "at most 2 decimals" in words(looked)
    else:
        go_on(german, looked)
        assert things(german, "amount") == [amount]


def test_an_english_table_on_a_german_site_is_read_by_its_own_marks(german: Client) -> None:
    asked = uploaded(german, 'Name,Amount\nW1,"1,234.50"\nW2,1.5\nW3,"2,000"\n')
    assert inputs_of(asked.text, PATH)["decimal"] == ["."]
    go_on(german, go_on(german, asked))
    assert things(german, "amount") == ["1234.50", "1.50", "2000.00"]


@pytest.mark.parametrize(("unit", "seconds"), [("hours", 28800), ("minutes", 480), ("seconds", 8)])
def test_a_length_without_a_unit_is_asked(client: Client, unit: str, seconds: int) -> None:
    asked = uploaded(client, "name,spent\nA,8\n")
    refused = go_on(client, asked)
    assert refused.status == 422 and "Choose the unit" in words(refused)
    go_on(client, go_on(client, refused, durations=unit))
    assert things(client, "spent") == [seconds]


def test_a_length_with_a_unit_in_its_heading_is_not_asked(client: Client) -> None:
    asked = uploaded(client, "name,Spent (h)\nA,1.5\n")
    assert "has no unit" not in asked.text
    looked = go_on(client, asked)
    assert "1:30" in looked.text
    go_on(client, looked)
    assert things(client, "spent") == [5400]


def test_line_breaks_are_offered_as_a_space(client: Client) -> None:
    asked = uploaded(client, 'name,amount\n"Ada\nLovelace",1\n')
    assert "Replace them with a space" in asked.text
    looked = go_on(client, asked)
    assert "Ada Lovelace" in looked.text
    go_on(client, looked)
    assert things(client, "name") == ["Ada Lovelace"]
    assert "Replace them" not in uploaded(client, "name\nAda\n").text


def test_what_is_a_fault_is_shown_as_it_stands_in_the_file(client: Client) -> None:
    looked = go_on(client, uploaded(client, "name,amount\nA,twelve\nB,7\n"))
    assert '<span class="bad">twelve</span>' in looked.text and "7.00" in looked.text


def test_the_preview_of_the_api_says_what_only_a_person_can_tell(client: Client) -> None:
    table = 'name,born,amount,spent\nA,03/05/2026,"1,234",8\n'
    found = sent(client, "thing", table, path="import/preview").json()
    assert found["asks"] == ["dates", "decimal", "durations"]
    assert found["suggested"]["dates"] == "ymd" and "decimal" not in found["suggested"]
    table = 'name,born,amount\nA,13/05/2026,"1.234,5"\n'
    found = sent(client, "thing", table, path="import/preview").json()
    assert found["asks"] == []
    assert (found["suggested"]["dates"], found["suggested"]["decimal"]) == ("dmy", ",")
