"""Invoices as their customers get them: five formats, two languages, and sums that add up."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from fluvial.events.jobs import run_pending
from fluvial.http.app import build_app
from tests.app import PASSWORD, Client, Prepared, environment
from tests.apps.psa.books import Books, gbp
from tests.mailbox import Mail, Mailbox
from tests.reports.pdf_text import text_of

FORMATS = (
    "invoice_document", "invoice_by_device", "invoice_by_order", "invoice_by_day", "invoice_brief",
)  # fmt: skip


@pytest.fixture(scope="module")
def box() -> Iterator[Mailbox]:
    made = Mailbox()
    yield made
    made.close()


@pytest.fixture(scope="module")
def books(
    prepared: Prepared, tmp_path_factory: pytest.TempPathFactory, box: Mailbox
) -> Iterator[Books]:
    folder = tmp_path_factory.mktemp("invoices")
    address = prepared.copy(None, folder, ("psa",))
    engine = prepared.opened(address, environment(address, folder, smtp_url=box.url))
    yield Books(Client(build_app(engine), prepared.headers(address)), engine)
    engine.close()


@pytest.fixture(scope="module")
def invoice(books: Books) -> str:
    return invoiced(books)


def work(books: Books) -> None:
    while run_pending(books.engine):
        pass


def paper(mail: Mail) -> str:
    found, *sheets = mail.message.iter_attachments()
    assert [str(one.get_filename())[-5:] for one in sheets] == [".xlsx"]
    content = found.get_content()
    assert isinstance(content, bytes)
    return text_of(content)


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


def test_every_format_tells_the_same_sum_in_both_languages(books: Books, invoice: str) -> None:
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


def test_billing_contacts_get_the_invoice_and_open_it_themselves(
    books: Books, invoice: str, box: Mailbox
) -> None:
    """Each address once, in the format of the account; the mail stays with the invoice."""
    books.change("account", books.account, invoice_email="ap@harrow.example", language="de",
                 invoice_format="invoice_by_day", invoice_tables=["xlsx"])  # fmt: skip
    for name, duties in (("Ann", ["billing"]), ("Bob", ["billing", "primary"]), ("Tom", [])):
        books.made("contact", name=name, account=books.account, duties=duties,
                   email=f"{name.lower()}@harrow.example")  # fmt: skip
    books.act("invoice", invoice, "issue")
    work(books)
    number = books.read("invoice", invoice)["number"]
    mails = box.wait(3)
    sent = sorted(mail.recipients[0] for mail in mails)
    assert sent == ["ann@harrow.example", "ap@harrow.example", "bob@harrow.example"]
    assert {mail.message["subject"] for mail in mails} == {
        f"Rechnung von Tidewell {books.at} [{number}]"
    }
    assert all(number in paper(mail) and "Nachweis" in paper(mail) for mail in mails)
    assert "Entwurf" not in paper(mails[0])
    books.act("invoice", invoice, "invoice_resend", other="director@harrow.example")
    work(books)
    assert len(box.wait(7)) == 7
    told = books.client.get(f"/o/invoice/{invoice}").text
    assert "ann@harrow.example" in told
    own = books.made("contact", name="Jane", account=books.account)
    books.made("user", email="jane@harrow.example", name="Jane", roles=["customer_contact"],
               contact=own, password=PASSWORD)  # fmt: skip
    jane = books.client.signed_in("jane@harrow.example", PASSWORD)
    pdf = jane.get(f"/api/records/invoice/{invoice}/documents/invoice_document")
    assert pdf.status == 200 and "Entwurf" not in text_of(pdf.body), pdf.text[:300]
    assert "1.763,00" in text_of(pdf.body) and "Bankverbindung" in text_of(pdf.body)
    told_in_a_statement(books, invoice, number)
    exported(books, number)


def told_in_a_statement(books: Books, invoice: str, number: str) -> None:
    """What was invoiced, what was received, and what is owed."""
    issued = books.read("invoice", invoice)["issued_on"]
    books.act("invoice", invoice, "pay_part", paid=gbp("115.60"))
    books.change("invoice", invoice, paid_on=issued)
    books.act("account", books.account, "account_statement_make", since=issued, until=issued)
    (made,) = books.client.rows("/api/records/account_statement")
    assert (made["movement"]["amount"], made["balance"]["amount"]) == ("2000.00", "2000.00")
    assert made["not_due"]["amount"] == "2000.00"
    path = f"/api/records/account_statement/{made['id']}/documents/account_statement"
    pdf = books.client.get(path)
    assert pdf.status == 200, pdf.text
    words = text_of(pdf.body)
    if folder := os.environ.get("INVOICES_FOR_EYES"):
        Path(folder, "statement.pdf").write_bytes(pdf.body)
    assert "Kontoauszug" in words and number in words and "-115,60" in words
    assert "2.000,00" in words


def exported(books: Books, number: str) -> None:
    """The journal goes out once, in the columns of two accounting packages."""
    day = books.client.rows("/api/records/journal_line")[0]["day"]
    british = f"{date.fromisoformat(day):%d/%m/%Y}"
    batch = books.made("journal_batch", entity=books.entity, until=day)
    books.act("journal_batch", batch, "journal_collect")
    books.act("journal_batch", batch, "export")
    again = books.client.post(f"/api/records/journal_batch/{batch}/actions/export")
    assert again.status == 409, again.text
    path = f"/api/records/journal_batch/{batch}/documents"
    head, *lines = csv_of(books, f"{path}/journal_xero")
    assert head == ["*Narration", "*Date", "Description", "*AccountCode", "*Amount"]
    assert sum(Decimal(line[4]) for line in lines) == 0 and len(lines) == 3
    assert {line[1] for line in lines} == {british}
    head, *lines = csv_of(books, f"{path}/journal_sage")
    assert head == ["Nominal A/C Ref", "Date", "Reference", "Details", "Debit", "Credit"]
    assert {(line[1], line[2]) for line in lines} == {(british, number)}
    assert sum(Decimal(line[4]) - Decimal(line[5]) for line in lines) == 0
    page = books.client.get(f"/o/journal_batch/{batch}").text
    assert "Journal for Xero (CSV)" in page and "Journal for Xero (PDF)" not in page


def csv_of(books: Books, path: str) -> list[list[str]]:
    reply = books.client.get(path, format="csv", table="lines")
    assert reply.status == 200, reply.text
    return list(csv.reader(io.StringIO(reply.body.decode("utf-8-sig"))))
