"""Pages of locked records: they say so and why, and offer only what can be done."""

from __future__ import annotations

import pytest

from tests.app import Client, Documents
from tests.fluvial.records.writing.invoices import DOCUMENTS, SAID, Invoice


@pytest.fixture
def documents() -> Documents:
    return DOCUMENTS


@pytest.fixture(params=["sqlite"])
def engine_url(engine_url: str) -> str:
    return engine_url


def page(client: Client, path: str) -> str:
    reply = client.get(path)
    assert reply.status == 200, reply.text
    return reply.text


def test_the_page_of_a_record_tells_its_lock_and_offers_what_is_left(client: Client) -> None:
    invoice = Invoice(client)
    href = f"/o/invoice/{invoice.id}"
    free = page(client, href)
    assert "is locked" not in free and f"{href}/delete" in free and f"{href}/edit/note" in free
    invoice.issued()
    text = page(client, href)
    assert "This invoice is locked." in text and SAID in text
    assert "Still open: Status, Dispute note." in text
    assert f"{href}/edit/dispute_note" in text and f"{href}/edit/note" not in text
    assert f"{href}/delete" not in text and "New line" not in text
    assert f"{href}/actions/reopen" in text and f"{href}/actions/pay" in text
    in_place = {"hx-request": "true"}
    assert client.call("GET", f"{href}/edit/note", headers=in_place).status == 409
    assert client.call("GET", f"{href}/edit/dispute_note", headers=in_place).status == 200


def test_the_page_of_a_part_tells_of_its_owner(client: Client) -> None:
    invoice = Invoice(client).issued()
    text = page(client, f"/o/line/{invoice.line['id']}")
    assert "This line is part of a locked invoice." in text and SAID in text
    assert f"/o/line/{invoice.line['id']}/edit" not in text
    assert "New detail" not in text


def test_a_form_asks_only_for_what_is_open_and_tells_why(client: Client) -> None:
    invoice = Invoice(client).issued()
    href = f"/o/invoice/{invoice.id}/edit"
    text = page(client, href)
    assert f"This invoice is locked. {SAID}" in text
    layout = client.get("/api/forms/layout/invoice", id=invoice.id).json()
    open_ = {f["name"] for s in layout["sections"] for f in s["fields"] if not f["read_only"]}
    assert open_ == {"status", "dispute_note"}
    sent = {"note": "sly", "dispute_note": "told"}
    reply = client.call(
        "POST", href, body="&".join(f"{k}={v}" for k, v in sent.items()).encode(),
        headers={"content-type": "application/x-www-form-urlencoded"},
    )  # fmt: skip
    assert reply.status == 422 and SAID in reply.text
    assert client.get(invoice.path).json()["dispute_note"] is None


def test_a_list_marks_locked_records_and_opens_the_cells_that_are_open(client: Client) -> None:
    Invoice(client, "A-1")
    Invoice(client, "A-2").issued()
    text = page(client, "/o/invoice")
    rows = text.split("<tr data-id=")[1:]
    free = next(row for row in rows if "A-1" in row)
    held = next(row for row in rows if "A-2" in row)
    assert 'data-col="note"' in free and "is locked" not in free
    assert 'data-col="note"' not in held and f"This invoice is locked. {SAID}" in held
    assert 'data-col="status"' in held


def test_days_of_a_locked_field_are_shown_and_not_asked_for(client: Client) -> None:
    invoice = Invoice(client)
    href = f"/o/invoice/{invoice.id}/days/tariff"
    assert "<form" in page(client, href).partition("<main")[2]
    invoice.issued()
    assert f'action="{href}"' not in page(client, href)
