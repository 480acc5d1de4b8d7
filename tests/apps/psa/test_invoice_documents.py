"""Invoices as their customers get them: five formats, two languages, and sums that add up."""

from __future__ import annotations

import os
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from fluvial.http.app import build_app
from tests.app import Client, Prepared, environment
from tests.apps.psa.books import Books
from tests.reports.pdf_text import text_of

FORMATS = (
    "invoice_document", "invoice_by_device", "invoice_by_order", "invoice_by_day", "invoice_brief",
)  # fmt: skip


@pytest.fixture(scope="module")
def books(prepared: Prepared, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Books]:
    folder = tmp_path_factory.mktemp("invoices")
    address = prepared.copy(None, folder, ("psa",))
    engine = prepared.opened(address, environment(address, folder))
    yield Books(Client(build_app(engine), prepared.headers(address)), engine)
    engine.close()


def invoiced(books: Books) -> str:
    """An invoice of devices with a credit in the past, of licences and of a setup fee."""
    books.change("legal_entity", books.entity, street="20 Old Brewery Yard", town="London",
                 postcode="EC1V 9HX", country="United Kingdom", phone="020 7946 0000",
                 email="accounts@tidewell.example", registration="Companies House 09999973",
                 tax_id="GB 999 9999 73", bank="GB33 BUKB 2020 1555 5555 55")  # fmt: skip
    books.change("account", books.account, name="Harrow Legal LLP", street="12 Mincing Lane",
                 town="London", postcode="EC3R 2LQ", country="United Kingdom", code="AC-0001",
                 tax_id="GB 888 8888 11")  # fmt: skip
    line, covers = books.ten(description="Gold support, printers")
    head = books.made("site", name="Head office", account=books.account)
    branch = books.made("site", name="Riverside branch", account=books.account)
    for at, cover in enumerate(covers):
        asset = books.read("coverage", cover)["asset"]
        books.change("asset", asset, site=head if at < 6 else branch)
    contract = books.read("contract_line", line)["contract"]
    books.change("contract", contract, order_reference="PO-4711")
    books.run("2026-06-01")
    books.change("coverage", covers[6], ends="2026-06-16", reason="retired")
    books.line("per_user", "22.00", "2026-06-01", quantity="12", description="Mailboxes")
    books.line("recurring", "310.00", "2026-07-01", description="Managed firewall")
    books.run("2026-07-01")
    return str(books.bill("2026-07-01")["id"])


def test_every_format_tells_the_same_sum_in_both_languages(books: Books) -> None:
    invoice = invoiced(books)
    net = books.read("invoice", invoice)["net"]["amount"]
    for language in ("en", "de"):
        for form in FORMATS:
            books.change("account", books.account, invoice_format=form, language=language)
            path = f"/api/records/invoice/{invoice}/documents/invoice_document"
            pdf = books.client.get(path)
            assert pdf.status == 200, pdf.text
            if folder := os.environ.get("INVOICES_FOR_EYES"):
                Path(folder, f"{form}_{language}.pdf").write_bytes(pdf.body)
            words = text_of(pdf.body)
            assert ("Rechnung" in words) == (language == "de"), words
            assert ("Printer 7" in words) == (form != "invoice_brief")
            shown = f"{Decimal(net):,.2f}"
            if language == "de":
                shown = shown.translate(str.maketrans(",.", ".,"))
            assert words.count(shown) >= (1 if form == "invoice_brief" else 2), words
            table = books.client.get(path, format="csv", table="backing").text
            rows = [line.split(",") for line in table.splitlines()[1:]]
            assert rows, table
    listed = books.client.rows(f"/api/records/invoice/{invoice}/documents")
    assert [one["template"] for one in listed] == ["invoice_document"]
