"""Counts are compared with cover and the bill of the supplier, and charged once approved."""

from __future__ import annotations

from typing import Any

import pytest

from fluvial.events.jobs import run_pending
from fluvial.runtime.engine import Engine
from tests.app import Client
from tests.apps.psa.books import Books, gbp

Json = dict[str, Any]
SECRET = "counted-by-the-monitor-1"


@pytest.fixture
def counts(product: tuple[Client, Engine], monkeypatch: pytest.MonkeyPatch) -> Books:
    monkeypatch.setenv("PSA_DEVICES_SECRET", SECRET)
    return Books(*product)


def counted(books: Books, **body: Any) -> Json:
    reply = books.client.post("/hooks/devices_counted", body, authorization=f"Bearer {SECRET}")
    assert reply.status in (200, 201), reply.text
    found: Json = reply.json()
    return found


def drafts(books: Books, id: str) -> None:
    books.act("reconciliation", id, "reconciliation_drafts")
    for _ in range(3):  # an asset first, then its amendment
        run_pending(books.engine)


def compared(books: Books, source: str, line: str, day: str) -> Json:
    books.act("count_source", source, "count_source_compared", day=day)
    where = f"contract_line == '{line}' and day == date('{day}')"
    (found,) = books.client.rows("/api/records/reconciliation", where=where)
    return found


def test_twelve_are_counted_ten_are_covered_and_eleven_are_billed(counts: Books) -> None:
    books = counts
    books.change("account", books.account, code=f"H{books.at}")
    source = books.made("count_source", name=f"Monitor {books.at}")
    line, covers = books.ten(count_source=source)
    assets = [books.read("coverage", one)["asset"] for one in covers]
    for at, asset in enumerate(assets):
        books.change("asset", asset, serial=f"S{books.at}-{at}")
    days = ["2026-05-02"] * 10 + ["2026-06-11", "2026-06-16"]
    told = [
        counted(
            books, source=f"Monitor {books.at}", id=f"d-{at}", name=f"Device {at}",
            serial=f"S{books.at}-{at}", customer=f"H{books.at}", first_seen=day,
        )
        for at, day in enumerate(days)
    ]  # fmt: skip
    again = counted(
        books, source=f"Monitor {books.at}", id="d-0", name="Device 0", customer=f"H{books.at}"
    )
    assert again == {**told[0], "created": False}
    supplier = books.made("account", name=f"Vendor {books.at}", types=["supplier"], currency="GBP")
    bill = books.made("supplier_bill", supplier=supplier, reference="V-1", currency="GBP")
    books.made(
        "supplier_bill_line", bill=bill, contract_line=line, description="Licences", quantity="11",
        price=gbp("9"), service_from="2026-06-01", service_until="2026-07-01",
    )  # fmt: skip
    assert books.posted("2026-06-20") == "500.00"
    found = compared(books, source, line, "2026-06-20")
    numbers = ("counted", "covered", "supplier_billed", "unbilled", "not_seen", "over_paid")
    assert [str(found[one]).removesuffix(".00") for one in numbers] == [
        "12", "10", "11", "2", "0", "1",
    ]  # fmt: skip
    drafts(books, found["id"])
    drafted = books.client.rows(
        "/api/records/amendment", where=f"contract.account == '{books.account}'", sort="effective"
    )
    assert [(one["kind"], one["effective"], one["status"]) for one in drafted] == [
        ("add_cover", "2026-06-11", "draft"), ("add_cover", "2026-06-16", "draft"),
    ]  # fmt: skip
    # Nothing is charged for them, and nobody is told twice.
    assert books.posted("2026-06-20") == "0.00"
    assert books.read("reconciliation", found["id"])["undecided"] == "0"
    jane = books.made("contact", name="Jane Mercer", account=books.account)
    for one in drafted:
        books.change("amendment", one["id"], requested_by=jane)
        for action in ("hand_in", "approve"):
            books.act("amendment", one["id"], action)
    run_pending(books.engine)
    # 20 and 15 of the 30 days of June, at 50.00.
    assert books.posted("2026-06-20") == "58.33"
    assert compared(books, source, line, "2026-06-21")["unbilled"] == "0"
    # As of an earlier day, one of them had not been seen yet.
    earlier = compared(books, source, line, "2026-06-12")
    assert (earlier["counted"], earlier["covered"], earlier["unbilled"]) == ("11", "11", "0")


def test_what_is_not_counted_any_more_is_taken_off_cover_by_an_amendment(counts: Books) -> None:
    books = counts
    source = books.made("count_source", name=f"Portal {books.at}", kind="licences")
    line, covers = books.ten(count_source=source)
    for at, cover in enumerate(covers[:9]):
        books.made(
            "sighting", source=source, external_id=f"{at}", name=f"Seat {at}",
            account=books.account, asset=books.read("coverage", cover)["asset"],
            first_seen="2026-06-01",
        )  # fmt: skip
    found = compared(books, source, line, "2026-07-01")
    assert (found["unbilled"], found["not_seen"], found["over_paid"]) == ("0", "1", None)
    drafts(books, found["id"])
    (row,) = books.client.rows(
        "/api/records/reconciliation_line",
        where=f"reconciliation == '{found['id']}' and difference != null",
    )
    assert row["coverage"] == covers[9]
    assert books.read("coverage", covers[9])["ends"] is None
    kept = books.client.get(f"/api/change-sets/{row['amendment']}").json()
    assert "2026-07-01" in str(kept), kept
