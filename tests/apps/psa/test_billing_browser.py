"""A finance person bills a month, finds a wrong cover, corrects it in the past, and sends it."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.app import PASSWORD, Prepared
from tests.browser import signed_in
from tests.fluvial.processes import served
from tests.waiting import until as wait_until


@pytest.fixture(scope="module")
def installed(prepared: Prepared, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Set up before there is a browser, whose event loop lets no other one run."""
    prepared.copy(None, tmp_path_factory.mktemp("psa"), ("psa",))


class Desk:
    """The product as an administrator fills it, and the page of a finance person."""

    def __init__(self, api: httpx.Client) -> None:
        self.api = api

    def made(self, name: str, /, **values: Any) -> str:
        reply = self.api.post(f"/records/{name}", json=values)
        assert reply.status_code == 201, reply.text
        return str(reply.json()["id"])

    def read(self, name: str, id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.api.get(f"/records/{name}/{id}").json()
        return found

    def stands(self, run: str, state: str) -> bool:
        return bool(self.read("billing_run", run)["status"] == state)

    def customer(self) -> tuple[str, str]:
        """The legal entity, and the cover of the second of two printers."""
        tax = self.made("tax_code", code="STD", name="Standard", rate="20")
        entity = self.made("legal_entity", name="Tidewell", currency="GBP", tax_code=tax)
        account = self.made("account", name="Harrow", entity=entity, currency="GBP")
        product = self.made("product", code="GOLD", name="Gold", behaviour="per_asset")
        contract = self.made("contract", name="Support", account=account, starts="2026-06-01")
        self.api.post(f"/records/contract/{contract}/actions/activate").raise_for_status()
        line = self.made("contract_line", contract=contract, product=product, starts="2026-06-01",
                         description="Gold", price={"amount": "50", "currency": "GBP"})  # fmt: skip
        for name in ("Printer 1", "Printer 2"):
            asset = self.made("asset", name=name, account=account)
            cover = self.made("coverage", asset=asset, contract_line=line, starts="2026-06-01",
                              level="gold")  # fmt: skip
        return entity, cover


def press(page: Page, name: str) -> None:
    page.get_by_label("More for this page").click()
    page.get_by_role("button", name=name, exact=True).click()


def billed(desk: Desk, page: Page, entity: str, as_at: str) -> str:
    """A run from the first press to its issued invoice; the id of that."""
    run = desk.made("billing_run", entity=entity, as_at=as_at)
    page.goto(f"/o/billing_run/{run}")
    press(page, "Collect charges")
    wait_until(lambda: desk.read("billing_run", run)["worked_out"])
    page.goto(f"/o/billing_run/{run}")
    expect(page.get_by_role("link", name="Harrow").first).to_be_visible()
    for name, state in (("Reviewed", "reviewed"), ("Release", "released")):
        page.get_by_role("button", name=name, exact=True).click()
        wait_until(partial(desk.stands, run, state))
        page.goto(f"/o/billing_run/{run}")
    press(page, "Make invoices")
    wait_until(lambda: desk.read("billing_run", run)["invoice_count"] == "1")
    page.goto(f"/o/billing_run/{run}")
    press(page, "Issue the invoices")
    wait_until(lambda: desk.read("billing_run", run)["invoices_in_work"] == "0")
    found = desk.api.get("/records/invoice", params={"where": f"run == '{run}'"}).json()["data"]
    return str(found[0]["id"])


def test_a_month_is_billed_corrected_and_sent(
    installed: None, prepared: Prepared, browser: Browser, tmp_path: Path
) -> None:
    address = prepared.copy(None, tmp_path, ("psa",))
    with served(tmp_path, address) as product, ExitStack() as started:
        base, headers = f"{product.url}/api", prepared.headers(address)
        api = started.enter_context(httpx.Client(base_url=base, headers=headers))
        desk = Desk(api)
        entity, cover = desk.customer()
        desk.made("user", email="helen@example.com", name="Helen", roles=["finance"],
                  password=PASSWORD)  # fmt: skip
        reply = httpx.post(f"{product.url}/api/login",
                           json={"email": "helen@example.com", "password": PASSWORD})  # fmt: skip
        cookie = {"cookie": reply.headers["set-cookie"].partition(";")[0]}
        with signed_in(browser, product.url, cookie) as page:
            first = billed(desk, page, entity, "2026-06-01")
            page.goto(f"/o/invoice/{first}")
            expect(page.locator("main")).to_contain_text("£120.00")
            # The second printer was given back after 15 June, which nobody had entered.
            desk.api.patch(f"/records/coverage/{cover}", json={"ends": "2026-06-16"})
            second = billed(desk, page, entity, "2026-07-01")
            page.goto(f"/o/invoice/{second}")
            expect(page.locator("main")).to_contain_text("£30.00")  # 50 less 25, with tax
            charges = desk.api.get("/records/charge_part", params={"limit": "50"}).json()["data"]
            credit = [one for one in charges if one["amount"]["amount"] == "-25.00"]
            assert [one["starts"] for one in credit] == ["2026-06-16"]
            press(page, "Send again")
            page.get_by_label("Also to").fill("ap@harrow.example")
            page.get_by_role("dialog").get_by_role("button", name="Send again").click()
            wait_until(lambda: "ap@harrow.example" in desk.api.get("/deliveries").text)
