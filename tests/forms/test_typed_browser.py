"""A German page in a real browser: what is typed in place, into filters and for many records."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser

from tests.app import EMAIL, PASSWORD
from tests.browser import limited
from tests.fluvial.processes import Product, products

__all__ = ["products"]

THING = {
    "kind": "object",
    "name": "thing",
    "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text", "required": True},
        {"name": "amount", "kind": "number"},
        {"name": "price", "kind": "money", "currency": "EUR"},
        {"name": "spent", "kind": "duration"},
    ],
}


def test_what_is_typed_is_read_in_the_marks_of_the_page(
    browser: Browser, tmp_path: Path, products: list[Product]
) -> None:
    product = Product(tmp_path, f"sqlite:///{tmp_path / 'things.db'}", {"locale": "de"})
    products.append(product)
    product.serve()
    api = product.client()
    api.post("/api/meta/changes", json={"documents": [THING]}).raise_for_status()
    thing = api.post("/api/records/thing", json={"name": "X", "amount": "1234.50"}).json()
    path = f"/api/records/thing/{thing['id']}"
    page = limited(browser.new_context(base_url=product.url, locale="de-DE").new_page())
    page.goto("/signin")
    page.fill("[name=email]", EMAIL)
    page.fill("[name=password]", PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_url("**/")

    page.goto(f"/o/thing/{thing['id']}", wait_until="networkidle")
    for field, typed, held in (
        ("amount", "12,5", "12.50"), ("amount", "1.234,5", "1234.50"),
        ("price", "7,25 €", {"amount": "7.25", "currency": "EUR"}), ("spent", "1,5", 5400),
        ("spent", "8", 28800), ("spent", "1:30:05", 5405),
    ):  # fmt: skip
        page.click(f"[data-edit][data-field={field}]")
        page.fill(f"form [data-field={field}] input:not([type=hidden])", typed)
        with page.expect_response(lambda reply: reply.request.method == "PATCH"):
            page.keyboard.press("Enter")
        assert api.get(path).json()[field] == held
        page.wait_for_selector(f"[data-edit][data-field={field}]")
    page.click("[data-edit][data-field=amount]")
    page.fill("form [data-field=amount] input", "1,234")
    page.keyboard.press("Enter")
    page.wait_for_selector("form .fault, form [role=alert]")
    assert api.get(path).json()["amount"] == "1234.50"

    for field, typed, found in (
        ("amount", "1.234,4", 1), ("amount", "1.234,6", 0), ("spent", "1,5", 1), ("spent", "8", 0),
    ):  # fmt: skip
        page.goto("/o/thing?view=all", wait_until="networkidle")
        page.click(".term.add")
        page.select_option(".termpop select >> nth=0", field)
        page.select_option(".termpop select >> nth=1", "above")
        page.fill(".termpop input", typed)
        with page.expect_navigation():
            page.click(".termpop button[type=submit]")
        assert page.locator("#rows > tr[data-id]").count() == found
        page.click(".term >> nth=0")
        assert page.input_value(".termpop input") == {
            "1.234,4": "1234,40", "1.234,6": "1234,60", "1,5": "1:30", "8": "8:00",
        }[typed]  # fmt: skip
