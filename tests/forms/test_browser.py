"""Web forms in a real browser."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from tests.app import EMAIL, PASSWORD
from tests.browser import limited
from tests.fluvial.processes import Product, products
from tests.forms.following import COPY, DESK, FORM, REPORT, SHELF
from tests.forms.shapes import ADDRESS, BRANCH, LOAN, WISH

__all__ = ["products"]


def test_the_proof_of_work_is_done_while_people_type(
    browser: Browser, tmp_path: Path, products: list[Product]
) -> None:
    product = Product(tmp_path, f"sqlite:///{tmp_path / 'library.db'}", {})
    products.append(product)
    product.serve()
    wish = {**WISH, "spam": {"min_seconds": 0, "proof_of_work": True}}
    reply = product.client().post("/api/meta/changes", json={"documents": [BRANCH, LOAN, wish]})
    reply.raise_for_status()
    context = browser.new_context(base_url=product.url)
    page = context.new_page()
    page.goto(ADDRESS)
    answers = {"email": "jo@example.com", "book": "Emma"}
    while page.locator("button[value=next]").count():
        page.wait_for_selector("input[name=proof]", state="attached")
        for name, text in answers.items():
            field = page.locator(f"[name={name}]:not([type=hidden])")
            if field.count():
                field.fill(text)
        with page.expect_navigation():
            page.click("button[value=next]")
    context.close()
    wishes = product.client().get("/api/records/wish").json()["data"]
    assert len(wishes) == 1


def test_forms_follow_what_is_typed(
    browser: Browser, tmp_path: Path, products: list[Product]
) -> None:
    product = Product(tmp_path, f"sqlite:///{tmp_path / 'library.db'}", {})
    products.append(product)
    product.serve()
    api = product.client()
    api.post(
        "/api/meta/changes", json={"documents": [DESK, SHELF, COPY, FORM, REPORT]}
    ).raise_for_status()
    for name, locked in (("Open", False), ("Locked", True)):
        api.post("/api/records/shelf", json={"name": name, "locked": locked}).raise_for_status()
    context = browser.new_context(base_url=product.url)
    page = limited(context.new_page())
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto("/signin")
    page.fill("#email", EMAIL)
    page.fill("#password", PASSWORD)
    page.press("#password", "Enter")
    page.wait_for_url("**/")
    _follow_a_record(page)
    _follow_a_web_form(page)
    assert faults == []
    context.close()
    records = {one["name"]: one for one in api.get("/api/records/copy").json()["data"]}
    assert records["Emma"]["borrower"] == "Ann" and records["Emma"]["key_holder"] == "Bob"
    emma = records["Emma"]
    assert (emma["room"], emma["code"], emma["due"]) == (emma["shelf"], "C-EMMA", "2026-03-03")
    assert emma["deposit"]["amount"] == "7.00"
    assert [place["number"] for place in emma["places"]] == ["7"]
    assert (records["Emma"]["price"]["amount"], records["Emma"]["state"]) == ("12.50", "lent")
    assert (records["Found"]["reason"], records["Found"]["borrower"]) == ("reader", "Cy")


def _follow_a_record(page: Page) -> None:
    page.goto("/o/copy/new")
    borrower, fine = page.locator("[data-field=borrower]"), page.locator("[data-field=fine]")
    expect(borrower).to_be_hidden()
    page.select_option("#f-state", "lent")
    expect(borrower).to_be_visible()
    assert page.get_attribute("#f-borrower", "aria-required") == "true"
    assert "(required)" in borrower.inner_text()
    # Exact: 12.50 * 8 is 100, and 100.0 is not more.
    page.fill("#f-price", "12.50")
    page.fill("#f-nights", "8")
    expect(fine).to_be_hidden()
    page.fill("#f-nights", "8.1")
    expect(fine).to_be_visible()
    page.fill("#f-price", "1")
    expect(fine).to_be_hidden()
    page.fill("#f-nights", "20.6")  # by a formula
    expect(fine).to_be_visible()
    page.select_option("#f-state", "lost")
    expect(page.locator("[data-section=loan]")).to_be_hidden()
    shown = page.locator("#f-reason option:not([hidden])")
    assert shown.all_inner_texts() == ["None", "Stolen", "Burnt"]
    page.select_option("#f-reason", "burnt")
    page.select_option("#f-state", "lent")
    assert page.input_value("#f-reason") == ""
    page.fill("#f-price", "12.50")
    page.fill("#f-borrower", "Ann")
    page.fill("#f-name", "Em")
    expect(page.locator("#f-code")).to_have_value("C-EM")
    page.fill("#f-name", "Emma")
    expect(page.locator("#f-code")).to_have_value("C-EMMA")
    page.fill("#f-lent_on", "2026-02-10")
    expect(page.locator("#f-due")).to_have_value("2026-03-03")
    expect(page.locator("#f-ready")).to_have_value("2026-02-10T13:00")
    expect(page.locator("#f-deposit")).to_have_value("25.00")
    page.fill("#f-deposit", "7")  # what somebody wrote stays
    page.fill("#f-price", "12.50")
    page.fill("#f-price", "13")
    page.fill("#f-price", "12.50")
    expect(page.locator("#f-deposit")).to_have_value("7")
    # Only the server knows which shelves are locked.
    page.click("[data-field=shelf] .ts-control")
    page.click(".ts-dropdown .option:has-text('Locked')")
    expect(page.locator("[data-field=key_holder]")).to_be_visible()
    page.fill("#f-key_holder", "Bob")
    page.click("[data-field=places] .ts-control")
    for name in ("Open", "Locked"):
        page.click(f"[data-field=places] .option:has-text('{name}')")
    rows = page.locator("[data-field=places] tr[data-link]")
    expect(rows).to_have_count(2)
    rows.filter(has_text="Open").locator("input").fill("7")
    page.keyboard.press("Escape")
    page.click("[data-field=places] .item:has-text('Locked') .remove")
    expect(rows).to_have_count(1)
    expect(page.locator("[data-field=room] .item")).to_have_text("Locked")
    page.click("button.primary[type=submit]")
    page.wait_for_url("**/o/copy/0*")
    page.goto(f"{page.url}/edit")
    expect(page.locator("#f-price")).to_be_editable()
    page.select_option("#f-state", "lost")
    expect(page.locator("#f-price")).not_to_be_editable()


def _follow_a_web_form(page: Page) -> None:
    page.goto("/forms/report-a-loss")
    expect(page.locator("[data-field=borrower]")).to_be_hidden()
    page.fill("#f-name", "Found")
    page.check("input[name=state][value=lent]")
    page.check("input[name=reason][value=reader]")
    page.fill("#f-borrower", "Cy")
    page.fill("#f-lent_on", "2025-12-31")
    expect(page.locator("[data-field=nights]")).to_be_visible()
    page.fill("#f-lent_on", "2026-01-01")
    expect(page.locator("[data-field=nights]")).to_be_hidden()
    page.click("button[value=next]")
    expect(page.locator("h1")).to_have_text("Thank you")
