"""A customer on a phone: the link of a mail, the quote, an option, the signature, the invoice."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.app import PASSWORD, Prepared
from tests.apps.psa.test_billing_browser import Desk
from tests.browser import limited
from tests.fluvial.processes import served
from tests.waiting import until as wait_until

PHONE: ViewportSize = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def installed(prepared: Prepared, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Set up before there is a browser, whose event loop lets no other one run."""
    prepared.copy(None, tmp_path_factory.mktemp("psa"), ("psa",))


class Shop(Desk):
    """The provider, by the API: what is done at the desk is tested elsewhere."""

    entity = account = quote = option = path = ""

    def act(self, name: str, id: str, action: str) -> None:
        self.api.post(f"/records/{name}/{id}/actions/{action}").raise_for_status()

    def found(self, name: str, where: str) -> list[dict[str, str]]:
        reply = self.api.get(f"/records/{name}", params={"where": where}).raise_for_status()
        rows: list[dict[str, str]] = reply.json()["data"]
        return rows

    def sent(self) -> None:
        """A quote with an option went to Jane, who may sign in."""
        tax = self.made("tax_code", code="STD", name="Standard", rate="20")
        self.entity = self.made("legal_entity", name="Tidewell", currency="GBP", tax_code=tax)
        self.account = self.made("account", name="Harrow", entity=self.entity, currency="GBP")
        contact = self.made("contact", name="Jane Mercer", account=self.account)
        self.made("user", email="jane@harrow.example", name="Jane Mercer", contact=contact,
                  roles=["customer_contact"], password=PASSWORD)  # fmt: skip
        self.quote = self.made("quote", name="A new printer", account=self.account,
                               contact=contact, introduction="As we talked about.")  # fmt: skip
        for name, price, more in (
            ("Laser printer", "400.00", {}),
            ("Paper for a year", "60.00", {"optional": True, "chosen": False}),
        ):
            money = {"amount": price, "currency": "GBP"}
            product = self.made("product", code=name, name=name, behaviour="one_off", price=money)
            self.option = self.made("quote_line", quote=self.quote, product=product, **more)
        self.act("quote", self.quote, "send")
        reply = self.api.post(f"/records/quote/{self.quote}/links", json={"link": "accept_quote"})
        self.path = re.sub(r"^https?://[^/]+", "", reply.raise_for_status().json()["href"])

    def invoiced(self) -> str:
        """What was ordered is delivered and invoiced; the number of the invoice."""
        wait_until(lambda: len(self.found("order_line", "made == null")) == 2)
        for line in self.found("order_line", "made == null"):
            reply = self.api.patch(
                f"/records/order_line/{line['id']}", json={"delivered_on": "2026-06-16"}
            )
            reply.raise_for_status()
        run = self.made("billing_run", entity=self.entity, as_at="2026-06-30")
        self.act("billing_run", run, "billing_run_work_out")
        wait_until(lambda: len(self.found("charge", f"account == '{self.account}'")) == 2)
        wait_until(lambda: bool(self.read("billing_run", run)["worked_out"]))
        for action in ("review", "release", "billing_run_invoices"):
            self.act("billing_run", run, action)
        wait_until(lambda: bool(self.found("invoice", f"run == '{run}'")))
        (invoice,) = self.found("invoice", f"run == '{run}'")
        self.act("invoice", invoice["id"], "issue")
        wait_until(lambda: bool(self.read("invoice", invoice["id"])["number"]))
        return str(self.read("invoice", invoice["id"])["number"])


def accepts(page: Page, shop: Shop) -> None:
    """The quote is read, an option ticked, a name given; a slip is told at its place."""
    page.goto(shop.path)
    expect(page.get_by_role("heading", name="Our quote for you")).to_be_visible()
    document = page.frame_locator("iframe")
    expect(document.get_by_text("Laser printer").first).to_be_visible()
    assert shop.read("quote", shop.quote)["status"] == "sent"  # nobody has moved yet
    page.mouse.move(100, 40)
    page.mouse.move(120, 60)
    wait_until(lambda: bool(shop.read("quote", shop.quote)["status"] == "viewed"))
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= PHONE["width"]
    page.get_by_label("Paper for a year").check()
    page.get_by_role("button", name="I accept this quote").click()
    expect(page.get_by_text("Your name is required.").first).to_be_visible()
    expect(page.get_by_label("Paper for a year")).to_be_checked()
    page.get_by_label("Your name").fill("Jane Mercer")
    page.get_by_role("button", name="I accept this quote").click()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()


def test_a_customer_accepts_a_quote_on_a_phone_and_sees_the_invoice(
    installed: None, prepared: Prepared, browser: Browser, tmp_path: Path
) -> None:
    address = prepared.copy(None, tmp_path, ("psa",))
    headers = prepared.headers(address)
    with (
        served(tmp_path, address) as product,
        httpx.Client(base_url=f"{product.url}/api", headers=headers, timeout=60) as api,
    ):
        shop = Shop(api)
        shop.sent()
        context = browser.new_context(base_url=product.url, viewport=PHONE, has_touch=True)
        page = limited(context.new_page())
        main = expect(page.locator("main"))
        accepts(page, shop)
        number = shop.invoiced()

        page.goto("/signin")
        page.get_by_label("E-mail").fill("jane@harrow.example")
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_url(lambda address: "signin" not in address)
        page.goto("/o/invoice?view=invoices_open")
        page.get_by_role("link", name=re.compile(re.escape(number))).first.click()
        main.to_contain_text(number)
        main.to_contain_text("552.00")  # two lines and the tax
        page.goto("/o/sales_order")
        main.to_contain_text("A new printer")
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        context.close()
