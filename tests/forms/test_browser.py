"""Web forms in a real browser."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser

from tests.fluvial.processes import Product, products
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
