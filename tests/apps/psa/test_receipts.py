"""Receipts and credit notes settle invoices, and what was settled can be taken back."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from fluvial.events.jobs import run_pending
from tests.apps.psa.books import Books, gbp

Json = dict[str, Any]


def issued(books: Books, net: str, kind: str = "invoice", rate: str = "20", **values: Any) -> str:
    """An invoice or a credit note with one line."""
    tax = books.made("tax_code", code=f"{kind}{len(books.lines)}{books.at}", name="Tax", rate=rate)
    books.lines.append(tax)
    invoice = books.made(
        "invoice", kind=kind, account=books.account, entity=books.entity, currency="GBP", **values
    )
    books.made("invoice_line", invoice=invoice, description="Work", net=gbp(net), tax_code=tax)
    run_pending(books.engine)
    books.act("invoice", invoice, "issue")
    return invoice


def stands(books: Books, invoice: str) -> tuple[str, str]:
    for _ in range(3):  # what is chosen is settled, and then the state follows
        run_pending(books.engine)
    found = books.read("invoice", invoice)
    return found["open"]["amount"], found["status"]


def journal(books: Books, **of: str) -> dict[str, str]:
    (name, id), *_ = of.items()
    lines = books.client.rows("/api/records/journal_line", where=f"{name} == '{id}'")
    assert sum(Decimal(one["amount"]["amount"]) for one in lines) == 0
    return {one["role"]: one["amount"]["amount"] for one in lines}


def test_a_payment_and_a_credit_note_settle_an_invoice_until_they_are_taken_back(
    books: Books,
) -> None:
    invoice = issued(books, "1729.75")
    assert stands(books, invoice) == ("2075.70", "issued")
    receipt = books.made("receipt", account=books.account, amount=gbp("1500.00"))
    credit = issued(books, "-375.70", "credit_note", "0")
    assert stands(books, invoice) == ("2075.70", "issued")  # nobody has chosen yet
    chosen = [
        books.made("settlement_choice", invoice=invoice, **{name: id})
        for name, id in (("receipt", receipt), ("credit_note", credit))
    ]
    assert stands(books, invoice) == ("200.00", "part_paid")
    assert books.read("receipt", receipt)["left"]["amount"] == "0.00"
    assert books.read("invoice", credit)["open"]["amount"] == "0.00"
    for one in chosen:
        assert books.client.delete(f"/api/records/settlement_choice/{one}").status in (200, 204)
    assert stands(books, invoice) == ("2075.70", "issued")
    assert books.read("receipt", receipt)["left"]["amount"] == "1500.00"
    books.act("receipt", receipt, "book")
    run_pending(books.engine)
    assert journal(books, receipt=receipt) == {"bank": "1500.00", "debtors": "-1500.00"}


def test_a_choice_may_be_for_a_part_and_one_receipt_for_several(books: Books) -> None:
    first, second = (issued(books, net, rate="0") for net in ("100.00", "80.00"))
    receipt = books.made("receipt", account=books.account, amount=gbp("150.00"))
    books.made("settlement_choice", invoice=first, receipt=receipt, amount=gbp("90.00"))
    books.made("settlement_choice", invoice=second, receipt=receipt)
    assert stands(books, first) == ("10.00", "part_paid")
    assert stands(books, second) == ("20.00", "part_paid")
    rest = books.made("receipt", account=books.account, amount=gbp("30.00"), automatic=True)
    assert [stands(books, one) for one in (first, second)] == [("0.00", "paid")] * 2
    assert books.read("receipt", rest)["left"]["amount"] == "0.00"
    assert books.read("invoice", first)["paid_on"] is not None
    none = books.client.post(
        "/api/records/settlement_choice", {"invoice": first, "account": books.account}
    )
    assert none.status == 422 and "Choose a receipt or a credit note" in none.text


def test_a_receipt_of_the_bank_suggests_its_invoice(books: Books) -> None:
    invoice = issued(books, "310.00", rate="0")
    number = books.read("invoice", invoice)["number"]
    other = issued(books, "77.00", rate="0")
    by_number = books.made(
        "receipt", entity=books.entity, amount=gbp("300.00"), payer="HARROW LLP",
        reference=f"Your {number} thanks", bank_reference=f"S{books.at}-1",
    )  # fmt: skip
    found = books.read("receipt", by_number)
    assert (found["suggested"], found["account"]) == (invoice, books.account)
    by_amount = books.made("receipt", account=books.account, amount=gbp("77.00"))
    assert books.read("receipt", by_amount)["suggested"] == other
    books.act("receipt", by_number, "receipt_take")
    assert stands(books, invoice) == ("10.00", "part_paid")
    books.act("receipt", by_amount, "receipt_pays", invoices=[invoice, other])
    assert stands(books, invoice) == ("0.00", "paid")
    assert stands(books, other) == ("10.00", "part_paid")
    books.act("receipt", by_amount, "receipt_freed")
    assert stands(books, other) == ("77.00", "issued")
    twice = books.client.post(
        "/api/records/receipt", {"amount": gbp("1.00"), "bank_reference": f"S{books.at}-1"}
    )
    assert twice.status in (409, 422), twice.text


def test_a_write_off_waits_for_approval(books: Books) -> None:
    invoice = issued(books, "50.00", rate="0")
    off = books.made("write_off", invoice=invoice, reason="They are gone")
    assert books.read("write_off", off)["amount"]["amount"] == "50.00"
    assert stands(books, invoice) == ("50.00", "issued")
    books.act("write_off", off, "approve")
    assert stands(books, invoice) == ("0.00", "paid")
    lines = books.client.rows("/api/records/journal_line", where=f"invoice == '{invoice}'")
    assert {one["role"] for one in lines} == {"debtors", "revenue", "bad_debt"}
    assert sum(Decimal(one["amount"]["amount"]) for one in lines) == 0


def test_credit_notes_go_to_what_they_correct_and_debtors_are_listed_by_age(books: Books) -> None:
    invoice = issued(books, "200.00", rate="0", due_on="2026-01-10", issued_on="2026-01-01")
    issued(books, "-40.00", "credit_note", "0", corrects=invoice)
    reply = books.client.post("/api/ledgers/settlements/runs", {"until": "2026-02-01"})
    assert reply.status == 200 and reply.json()["fault_list"] == [], reply.text
    assert stands(books, invoice) == ("160.00", "part_paid")
    assert books.read("invoice", invoice)["age"] == "Over 90 days"
    aged = books.client.get("/api/reports/aged_debtors")
    assert aged.status == 200 and "160.00" in aged.text, aged.text
    reminder = books.made("reminder", invoice=invoice, level="second")
    assert books.read("reminder", reminder)["open"]["amount"] == "160.00"
