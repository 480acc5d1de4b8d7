"""The designer of templates that are printed: tables and pictures by mouse, and how it looks."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.app import Prepared
from tests.reports.pdf_text import text_of
from tests.reports.press import PRESS, TEMPLATE, Json
from tests.studio_desk import StudioDesk, studio_desk

FRAME = ".dframe[data-shown] iframe:not(.coming)"
MONEY: Json = {"amount": "12.50", "currency": "EUR"}


@pytest.fixture(scope="module")
def installed(prepared: Prepared, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Set up before there is a browser, whose event loop lets no other one run."""
    prepared.copy(None, tmp_path_factory.mktemp("press"), (), PRESS)


@pytest.fixture(scope="module")
def desk(
    installed: None,
    prepared: Prepared,
    browser: Browser,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[StudioDesk]:
    folder = tmp_path_factory.mktemp("desk")
    with studio_desk(prepared, browser, folder, documents=PRESS) as found:
        bill = made(found, "bill", number="B-1", net=MONEY, day="2026-06-03")
        line = made(found, "bill_line", bill=bill["id"], what="Printing", net=MONEY)
        made(found, "portion", line=line["id"], item="Paper", amount=MONEY, quantity="2")
        yield found


def made(desk: StudioDesk, name: str, **values: object) -> Json:
    reply = desk.api.post(f"/api/records/{name}", json=values)
    assert reply.status_code == 201, reply.text
    record: Json = reply.json()
    return record


def test_a_document_is_designed_by_mouse(desk: StudioDesk) -> None:
    page = desk.open("/studio/template/bill")
    expect(page.frame_locator(FRAME).locator("body")).to_contain_text("Bill B-1")
    expect(page.get_by_role("textbox", name="Subject")).to_have_count(0)
    page.get_by_role("button", name="Paragraph", exact=True).click()
    page.get_by_role("button", name="Table", exact=True).click()
    page.get_by_role("button", name="Backing sheet", exact=True).click()
    page.get_by_role("button", name="Heading", exact=True).click()
    page.get_by_role("button", name="Field", exact=True).click()
    page.locator("[role=treeitem]", has_text=re.compile("^Pdf")).click()
    page.get_by_role("button", name="Pdf", exact=True).click()
    page.get_by_role("dialog").get_by_label("Shown as").select_option("image")
    page.keyboard.press("Escape")
    expect(page.frame_locator(FRAME).locator("table.rows")).to_have_count(2)
    page.keyboard.press("Control+s")
    expect(page.locator("[data-save]")).to_have_attribute("aria-disabled", "true")
    body = desk.body("template", "bill")["body"]
    assert body.startswith(TEMPLATE["body"]) and body.count("{{ tables.backing }}") == 2
    assert "{{ bill.pdf | image }}" in body
    with page.expect_popup() as opened:
        page.get_by_role("button", name="Show as PDF").click()
    opened.value.close()


def test_a_fault_is_told_beside_the_preview(desk: StudioDesk) -> None:
    asked = {"template": {**TEMPLATE, "tables": []}}
    reply = desk.api.post("/api/documents/preview", json=asked)
    assert "there is no table `backing`" in reply.json()["faults"][0]["message"]
    whole = desk.api.post("/api/documents/preview", json={"template": TEMPLATE}).json()
    assert whole["name"] == "B-1.pdf" and whole["draft"] and whole["faults"] == []
    csrf = desk.api.headers["x-csrf-token"]
    form = {"csrf": csrf, "asked": json.dumps({"template": TEMPLATE, "format": "pdf"})}
    pdf = desk.api.post("/preview/document", data=form)
    assert "Bill B-1" in text_of(pdf.content)
