"""Printed documents: what they show and to whom, in which language, and what is kept of them."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from decimal import Decimal

import pytest
from python_calamine import CalamineWorkbook

from tests.app import Client, Documents
from tests.reports.pdf_text import pages_of, text_of
from tests.reports.press import BACKING, PNG, PRESS, TEMPLATE, Json, billed, uploaded

AMOUNT = re.compile(r"€ ?([\d,]+\.\d\d)|([\d.]+,\d\d)\s€")


@pytest.fixture
def documents() -> Documents:
    return PRESS


def address(bill: Json, template: str = "bill") -> str:
    return f"/api/records/bill/{bill['id']}/documents/{template}"


def branch(client: Client) -> Json:
    logo = uploaded(client, "logo.png", PNG, "image/png")
    words = "12 Mill Lane\nLeeds"
    return client.made("branch", name="Leeds Press", address=words, logo=[{"id": logo["id"]}])


def test_a_bill_is_printed_with_its_layout_and_tables(client: Client) -> None:
    amounts = [f"{at}.10" for at in range(1, 61)]
    bill = billed(client, "B-1", *amounts, branch=branch(client)["id"])
    reply = client.get(address(bill))
    assert reply.status == 200, reply.text
    assert reply.headers["content-type"] == "application/pdf"
    assert "B-1.pdf" in reply.headers["content-disposition"]
    text = text_of(reply.body)
    assert "Leeds Press" in text and "12 Mill Lane" in text and "3 Jun 2026" in text
    assert len(pages_of(reply.body)) > 1
    shown = [Decimal(one.replace(",", "")) for one, _ in AMOUNT.findall(text)]
    total = sum(map(Decimal, amounts))
    # The total and the line, each portion, and the sums of the line's group and of the table.
    assert sum(shown) == 2 * total + total + 2 * total
    assert text.count("Draft") == len(pages_of(reply.body))


def test_a_document_is_in_the_language_of_whoever_gets_it(client: Client) -> None:
    german = client.made("client", name="Bücher Groß", language="de")
    for_them = {"client": german["id"], "branch": branch(client)["id"]}
    bill = billed(client, "B-1", "1234.50", "1.25", **for_them)
    text = text_of(client.get(address(bill)).body)
    assert "Rechnung B-1" in text and "Bücher Groß, 03.06.2026" in text
    assert (
        re.search(r"1.235,75\s€", text) and "Menge" in text and "1,5" in text and "Entwurf" in text
    )
    english = text_of(client.get(address(bill), language="en").body)
    assert "Bill B-1" in english and "€1,235.75" in english and "Qty" in english
    assert client.get(address(bill), language="xx_nothing").status == 422
    bad = client.made("client", name="Odd", language="klingonish!")
    reply = client.get(address(billed(client, "B-2", "1", client=bad["id"])))
    assert reply.status == 422 and "is not a language" in reply.json()["detail"]


def test_a_final_document_is_made_once_and_kept(client: Client) -> None:
    bill = billed(client, "B-1", "10", branch=branch(client)["id"])
    early = client.post(address(bill))
    assert early.status == 409 and "status == 'issued'" in early.json()["detail"]
    assert client.patch(f"/api/records/bill/{bill['id']}", {"status": "issued"}).status == 200
    reply = client.post(address(bill), {}, idempotency_key="once")
    assert reply.status == 201, reply.text
    kept = reply.json()
    again = client.post(address(bill), {}, idempotency_key="once")
    assert again.status == 200 and again.json() == kept
    pdf = client.get(address(bill)).body
    assert hashlib.sha256(pdf).hexdigest() == kept["sha256"] and kept["size"] == len(pdf)
    assert kept["name"] == "B-1.pdf" and kept["pages"] == 1 and kept["revision"] > 0
    assert "Draft" not in text_of(pdf)
    # What changes afterwards, of the record or the template, changes nothing that is kept.
    client.patch(f"/api/records/bill/{bill['id']}", {"number": "B-9"})
    client.define({**TEMPLATE, "body": "<p>Other {{ bill.number }}</p>"})
    assert client.get(address(bill)).body == pdf
    assert "Bill B-1" in client.get(address(bill), format="html").text
    (shown,) = client.get(f"/api/records/bill/{bill['id']}/documents").json()["data"]
    assert shown["state"] == "kept" and shown["kept"]["sha256"] == kept["sha256"]


def test_the_first_look_at_a_final_document_keeps_it(client: Client) -> None:
    bill = billed(client, "B-1", "10", status="issued")
    first = client.get(address(bill)).body
    client.patch(f"/api/records/bill/{bill['id']}", {"number": "B-2"})
    assert client.get(address(bill)).body == first
    # In another language it is another document, which is not the final one.
    assert "Entwurf" in text_of(client.get(address(bill), language="de").body)


def test_a_sum_that_is_another_one_is_refused_and_names_the_difference(client: Client) -> None:
    bill = billed(client, "B-1", "10", "2.5")
    net = {"amount": "12.75", "currency": "EUR"}
    client.patch(f"/api/records/bill/{bill['id']}", {"net": net})
    for format_ in ("pdf", "html", "xlsx", "csv"):
        reply = client.get(address(bill), format=format_)
        assert reply.status == 422
        said = reply.json()["detail"]
        assert "12.50 EUR and must come to 12.75 EUR: the difference is -0.25 EUR" in said
        assert "Item 0 (10.00 EUR); Item 1 (2.50 EUR)" in said


def test_tables_are_spreadsheets(client: Client) -> None:
    bill = billed(client, "B-1", "10", "2.5", "7")
    book = client.get(address(bill), format="xlsx")
    assert book.headers["content-disposition"].startswith('attachment; filename="B-1.xlsx"')
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(book.body)).get_sheet_by_name("Backing sheet")
    rows = sheet.to_python()
    assert rows[0] == ["From", "Qty", "Amount", ""]
    assert sum(float(str(row[2])) for row in rows[1:] if row[1]) == 19.5
    assert rows[-1][2:] == [19.5, "EUR"]
    lines = client.get(address(bill), format="csv").body.decode("utf-8-sig")
    found = list(csv.reader(io.StringIO(lines)))
    assert ["2026-06-01", "1.5000", "10.00", "EUR"] in found
    assert client.get(address(bill), format="csv", table="other").status == 400
    client.define({**TEMPLATE, "tables": [{**BACKING, "dates": "DD/MM/YYYY"}]})
    lines = client.get(address(bill), format="csv").body.decode("utf-8-sig")
    assert ["02/06/2026", "1.5000", "2.50", "EUR"] in list(csv.reader(io.StringIO(lines)))
    client.define({**TEMPLATE, "tables": [BACKING, {**BACKING, "name": "more"}]})
    assert "Say which `table`" in client.get(address(bill), format="csv").json()["detail"]
    both = CalamineWorkbook.from_filelike(io.BytesIO(client.get(address(bill), format="xlsx").body))
    assert both.sheet_names == ["Backing sheet", "Backing sheet (2)"]


def test_nobody_sees_in_a_document_what_they_may_not_read(client: Client) -> None:
    client.define({**TEMPLATE, "body": TEMPLATE["body"] + "{{ bill.note }}", "translations": {},
        "tables": [{**BACKING, "columns": ["starts", "cost", "amount"]}]})  # fmt: skip
    grants = [
        {"object": "bill", "can": ["read"], "fields": {"note": "none"}},
        {"object": "bill_line", "can": ["read"]},
        {
            "object": "portion",
            "can": ["read"],
            "fields": {"cost": "none"},
            "where": "item != 'Item 1'",
        },
        {"object": "client", "can": ["read"]},
    ]
    client.define({"kind": "role", "name": "clerk", "label": "Clerk", "grants": grants})
    clerk = client.person("clerk@example.com", "clerk")
    bill = billed(client, "B-1", "10", "2.5", branch=branch(client)["id"], note="zqsecret")
    whole = text_of(client.get(address(bill)).body)
    assert "zqsecret" in whole and "€3.33" in whole and "€2.50" in whole and "Leeds" in whole
    for hidden in (
        text_of(clerk.get(address(bill)).body),
        clerk.get(address(bill), format="html").text,
    ):
        assert "B-1" in hidden and "€10.00" in hidden
        assert not {"zqsecret", "3.33", "2.50", "Leeds"} & set(re.split(r"[\s<>€]+", hidden))
    client.patch(f"/api/records/bill/{bill['id']}", {"status": "issued"})
    assert clerk.post(address(bill)).status == 403
    kept = client.get(address(bill)).body
    theirs = clerk.get(address(bill)).body
    assert theirs != kept and "Draft" in text_of(theirs) and "zqsecret" not in text_of(theirs)
    stranger = client.person("nobody@example.com")
    assert stranger.get(address(bill)).status == 404
    wrong = billed(client, "B-2", "10", "2.5", net={"amount": "99.00", "currency": "EUR"})
    assert "99" not in clerk.get(address(wrong)).json()["detail"]
    assert "99.00" in client.get(address(wrong)).json()["detail"]
