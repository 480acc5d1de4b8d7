"""What is read can be written: amounts of every currency, through the API, tables and pages."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from fluvial.http.app import build_app
from metamodel.currencies import currencies, minor_units
from tests.app import Client, Documents, OpenEngine, Prepared
from tests.fluvial.pages.inputs import inputs_of
from tests.fluvial.pages.posting import posted
from tests.fluvial.tables import imported

LOCALES = ("en", "de", "fr", "sv", "de_CH", "ar", "hi", "pt_BR", "ja")
THING: dict[str, Any] = {
    "kind": "object",
    "name": "thing",
    "title": "{code}",
    "fields": [
        {"name": "code", "kind": "text", "unique": True, "required": True},
        {"name": "note", "kind": "text"},
        {"name": "value", "kind": "money"},
        {"name": "fine", "kind": "money", "scale": 4},
        {"name": "currency", "kind": "text"},
        {"name": "share", "kind": "money", "currency_from": "currency"},
        {"name": "words", "kind": "calculated", "result": "text", "formula": "text(value)"},
        {"name": "same", "kind": "calculated", "result": "money", "formula": "value"},
    ],
}


@pytest.fixture
def documents() -> Documents:
    fixed = [
        {"name": f"in_{code.lower()}", "kind": "money", "currency": code}
        for code in ("JPY", "KWD", "CLF", "HUF", "EUR", "IQD", "ISK")
    ]
    return [{**THING, "fields": [*THING["fields"], *fixed]}]


def amount(code: str) -> str:
    return f"1234.{'5670'[: minor_units(code)]}".rstrip(".")


def made(client: Client) -> list[dict[str, Any]]:
    """A record with an amount in each currency."""
    bodies = [
        {
            "code": code, "currency": code,
            "share": {"amount": amount(code), "currency": code},
            "value": {"amount": amount(code), "currency": code},
            "fine": {"amount": "1.2345", "currency": code},
        }
        for code in sorted(currencies())
    ]  # fmt: skip
    bodies += [{"code": f"fixed {n}", **{
        "in_jpy": "1000", "in_kwd": "1.234", "in_clf": "0.1234", "in_huf": "12.50",
        "in_eur": "-0.01", "in_iqd": "1.5", "in_isk": "7",
    }} for n in range(2)]  # fmt: skip
    reply = client.post("/api/records/thing/batch", {"create": bodies})
    if reply.status >= 400:
        return [client.made("thing", **body) for body in bodies]
    return client.rows("/api/records/thing", limit="500")


def read(client: Client) -> dict[str, dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    cursor = ""
    while True:
        query = {"limit": "200", "sort": "code", **({"cursor": cursor} if cursor else {})}
        page = client.get("/api/records/thing", **query).json()
        rows += page["data"]
        cursor = page["next"] or ""
        if not cursor:
            return {row["code"]: row for row in rows}


def own(row: dict[str, Any]) -> dict[str, Any]:
    made_ = ("id", "rev", "title", "words", "same")
    return {k: v for k, v in row.items() if k not in made_ and not k.endswith(("_at", "_by"))}


def test_every_currency_comes_back_as_it_went_and_can_be_written_again(client: Client) -> None:
    made(client)
    rows = read(client)
    for code in currencies():
        assert rows[code]["value"] == {"amount": amount(code), "currency": code}
        assert rows[code]["share"] == rows[code]["same"] == rows[code]["value"]
        assert rows[code]["words"] == f"{amount(code)} {code}"
    for code in ("JPY", "KWD", "CLF", "HUF", "EUR", "fixed 0"):
        row = rows[code]
        body = {name: value for name, value in own(row).items() if value is not None}
        reply = client.patch(f"/api/records/thing/{row['id']}", {**body, "note": "seen"})
        assert reply.status == 200, reply.text
        assert own(reply.json()) == own(row) | {"note": "seen"}
    assert rows["fixed 0"]["in_kwd"] == {"amount": "1.234", "currency": "KWD"}
    assert rows["fixed 0"]["in_iqd"] == {"amount": "1.500", "currency": "IQD"}


@pytest.mark.parametrize("format_", ["csv", "xlsx"])
def test_every_currency_comes_back_through_a_table(client: Client, format_: str) -> None:
    made(client)
    rows = read(client)
    table = client.get("/api/records/thing/export", format=format_, sort="code").body
    done = imported(client, "thing", table, key=["code"])
    assert (done["created"], done["updated"], done["errors"]) == (0, 0, [])
    assert done["unchanged"] == len(rows)
    if format_ == "csv":
        cells = list(csv.DictReader(io.StringIO(table.decode("utf-8-sig"))))
        for row in cells:
            row["code"] += " again"
        target = io.StringIO()
        writer = csv.DictWriter(target, [n for n in cells[0] if n not in ("id", "rev")])
        writer.writeheader()
        writer.writerows({k: row[k] for k in writer.fieldnames} for row in cells)
        imported(client, "thing", target.getvalue())
        again = read(client)
        for code, row in rows.items():
            assert own(again[f"{code} again"]) == own(row) | {"code": f"{code} again"}


# A language is read and written before a database has a part in it.
@pytest.mark.parametrize(
    ("engine_url", "locale"),
    [*(("sqlite", name) for name in LOCALES), ("postgresql", "de")],
    indirect=["engine_url"],
)
def test_a_page_saved_untouched_changes_no_amount(
    open_engine: OpenEngine, engine_url: str, prepared: Prepared, locale: str
) -> None:
    client = Client(build_app(open_engine(locale=locale)), prepared.headers(engine_url))
    rows = []
    for code in ("JPY", "KWD", "CLF", "HUF", "EUR"):
        sum_ = {"amount": amount(code), "currency": code}
        rows.append(client.made("thing", code=code, value=sum_, currency=code, share=sum_))
    fixed = {"in_jpy": "1000", "in_kwd": "1.234", "in_clf": "0.1234", "in_huf": "-12.50"}
    rows.append(client.made("thing", code="fixed", **fixed))
    for row in rows:
        path = f"/o/thing/{row['id']}/edit"
        reply = posted(client, path, inputs_of(client.get(path).text, path))
        assert reply.status == 303, reply.text
        assert client.get(f"/api/records/thing/{row['id']}").json() == row


@pytest.mark.parametrize(
    ("code", "by_default", "third"),
    [("JPY", "412", "411"), ("KWD", "411.523", "411.522"), ("EUR", "411.52", "411.52"),
     ("CLF", "411.5226", "411.5223")],
)  # fmt: skip
def test_what_an_expression_gives_has_the_decimals_of_its_currency(
    client: Client, code: str, by_default: str, third: str
) -> None:
    money = {"kind": "calculated", "result": "money"}
    client.define(
        {**THING, "fields": [
            *THING["fields"],
            {"name": "by_default", "kind": "money", "default": f"money(1234.5678, '{code}') / 3"},
            {"name": "by_rule", "kind": "money"},
            {"name": "third", **money, "formula": "value / 3"},
            {"name": "now", **money, "formula": "value / 3 if today() > '2020-01-01' else null"},
        ]},
        {"kind": "rule", "name": "divide", "phase": "before_save",
         "on": {"object": "thing", "event": ["created", "updated"]},
         "do": [{"set": {"by_rule": "value / 3"}}]},
    )  # fmt: skip
    made_ = client.made("thing", code=code, value={"amount": amount(code), "currency": code})
    assert made_["by_default"] == {"amount": by_default, "currency": code}
    for name in ("by_rule", "third", "now"):
        assert made_[name] == {"amount": third, "currency": code}, name
    listed = client.rows("/api/records/thing", where=f"now.amount == {third}")
    assert [row["now"] for row in listed] == [made_["now"]]
    path = f"/o/thing/{made_['id']}/edit"
    reply = posted(client, path, inputs_of(client.get(path).text, path))
    assert reply.status == 303, reply.text
    assert client.get(f"/api/records/thing/{made_['id']}").json() == made_


@pytest.mark.parametrize(
    ("code", "text"), [("JPY", "1000.5"), ("KWD", "1.2345"), ("EUR", "1.234"), ("CLF", "1.23456")]
)
def test_decimals_that_a_currency_has_not_are_refused(client: Client, code: str, text: str) -> None:
    body = {"code": "x", "value": {"amount": text, "currency": code}}
    reply = client.post("/api/records/thing", body)
    assert reply.status == 422
    assert reply.json()["errors"][0]["code"] == "too_many_decimals"
    body["value"]["amount"] = f"{amount(code)}{'' if '.' in amount(code) else '.'}000"  # type: ignore[index]
    assert client.post("/api/records/thing", body).status == 201
