"""The page of a link in a browser without scripts, on a phone; and the tab that makes links."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, expect

from tests.app import Prepared
from tests.browser import signed_in
from tests.conversations.offers import OFFERS
from tests.fluvial.processes import served


@pytest.fixture(scope="module")
def traders(prepared: Prepared, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Set up before there is a browser, whose event loop lets no other one run."""
    prepared.copy(None, tmp_path_factory.mktemp("traders"), documents=OFFERS)


def test_a_link_is_made_at_the_desk_and_used_on_a_phone(
    traders: None, prepared: Prepared, browser: Browser, tmp_path: Path
) -> None:
    address = prepared.copy(None, tmp_path, documents=OFFERS)
    headers = prepared.headers(address)
    with (
        served(tmp_path, address) as product,
        signed_in(browser, product.url, headers) as page,
        httpx.Client(base_url=f"{product.url}/api/records/", headers=headers) as api,
    ):
        price = {"amount": "1250.50", "currency": "EUR"}
        record = api.post("offer", json={"price": price}).raise_for_status().json()["id"]
        page.goto(f"/o/offer/{record}?related=links")
        page.get_by_label("For whom").fill("Ada")
        page.get_by_role("button", name="Make the link").click()
        made = page.get_by_label("The link", exact=True).input_value()
        path = re.sub(r"^https?://[^/]+", "", made)
        page.get_by_role("link", name="Back to the record").click()
        expect(page.get_by_role("row", name="Ada")).to_contain_text("Open")

        phone = browser.new_context(
            base_url=product.url, java_script_enabled=False, viewport={"width": 390, "height": 844}
        )
        outside = phone.new_page()
        outside.goto(path)
        expect(outside.get_by_role("heading", name="Accept our offer")).to_be_visible()
        outside.get_by_role("button", name="I accept").click()
        expect(outside.get_by_text("Your name is required.").first).to_be_visible()
        outside.get_by_label("Your name").fill("Ada Byron")
        outside.get_by_label("Delivery").fill("2031-05-06")
        outside.get_by_role("button", name="I accept").click()
        expect(outside.get_by_text("We begin at once.")).to_be_visible()
        outside.goto(path)
        expect(outside.get_by_text("This is done already")).to_be_visible()
        phone.close()
        page.reload()
        expect(page.get_by_role("row", name="Ada")).to_contain_text("Used")
