"""The pages of reports in a browser: changed, opened and read by keyboard and screen reader."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.access import access_faults
from tests.app import Prepared
from tests.browser import signed_in
from tests.fluvial.processes import served
from tests.reports.library import BY_CIRCLE, DOCUMENTS, FUNNEL

CHARTED: dict[str, Any] = {**BY_CIRCLE, "group": ["stage"], "show": "bar"}
LINE: dict[str, Any] = {**BY_CIRCLE, "name": "by_month", "group": ["month(due)"], "show": "line"}
DESK: dict[str, Any] = {
    "kind": "dashboard",
    "name": "desk",
    "label": "Front desk",
    "items": [{"report": "by_circle"}, {"report": "by_month"}, {"report": "funnel"}],
}
SHOWN = (*DOCUMENTS, CHARTED, LINE, {**FUNNEL, "group": ["stage"]}, DESK)


@pytest.fixture(scope="module")
def library(prepared: Prepared, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Set up before there is a browser, whose event loop lets no other one run."""
    prepared.copy(None, tmp_path_factory.mktemp("library"), documents=SHOWN)


def opened(page: Page, path: str) -> None:
    page.goto(path)
    page.wait_for_selector("html[data-ready]", state="attached")


def test_a_report_is_changed_opened_and_read(
    library: None, prepared: Prepared, browser: Browser, tmp_path: Path
) -> None:
    address = prepared.copy(None, tmp_path, documents=SHOWN)
    headers = prepared.headers(address)
    with served(tmp_path, address) as product:
        loans = [{"book": "Emma", "due": f"2026-0{at}-01", "fee": "2.00"} for at in (1, 2, 3)]
        api = f"{product.url}/api/records/loan"
        httpx.post(api, json=loans, headers=headers).raise_for_status()
        with signed_in(browser, product.url, headers) as page:
            for path in ("/reports", "/reports/by_circle", "/dashboards/desk"):
                opened(page, path)
                assert access_faults(page) == []
            opened(page, "/reports/by_circle")
            page.get_by_text("Change", exact=True).focus()
            page.locator(".report-fold > summary").press("Enter")
            page.get_by_label("Rows").select_option("month(due)")
            page.get_by_label("Shown as").select_option("area")
            page.locator(".report-fold").get_by_role("button", name="Show").press("Enter")
            expect(page.locator(".report-table tbody tr")).to_have_count(3)
            expect(page.locator(".report-plot .area")).to_be_attached()
            page.locator(".report-table tbody a").first.press("Enter")
            expect(page.locator("#count")).to_have_text("1")
            designed(page)
            body = httpx.get(f"{product.url}/api/meta/report/by_circle", headers=headers).json()
            assert body["group"] == ["stage", "month(lent)"]
            assert body["measures"][0] == "count()"
            assert body["calculate"][0]["formula"] == "sum_fee / count"


def designed(page: Page) -> None:
    """Groups and measures are chosen in words, beside the report and the dashboard as they are."""
    opened(page, "/studio/report/by_circle")
    expect(page.locator(".dpreview .report-table")).to_be_visible()
    form = page.locator(".designer")
    form.get_by_role("button", name="Add a group").first.click()
    form.locator("select[data-at='/group/1']").select_option(label="Lent by month")
    first = form.locator("select[data-at='/measures/0']")
    expect(first.locator("option:checked")).to_have_text("Number of records")
    form.locator("summary", has_text="Calculated and in order").click()
    form.locator("[data-thing='/calculate/0'] summary").click()
    names = form.locator("[data-thing='/calculate/0'] button.mono")
    expect(names).to_have_text(["count", "sum_fee", "weight", "per_loan"])
    first.select_option(label="Average of Fee")
    expect(names).to_have_text(["avg_fee", "sum_fee", "weight", "per_loan"])
    first.select_option("(own)")
    form.get_by_label("Measured by the expression").first.fill("count()")
    expect(names.first).to_have_text("count")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("button", name="Save")).to_be_disabled()
    opened(page, "/studio/dashboard/desk")
    expect(page.locator(".dpreview .dashboard")).to_contain_text("Funnel")
