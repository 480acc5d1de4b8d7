"""The form of a ledger in the studio: what names the period or the part is no fault."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.app import Prepared
from tests.ledger.club import FEES, OBJECTS
from tests.studio_desk import StudioDesk, studio_desk

DOCUMENTS = (*OBJECTS, FEES)
BOX = ".xbox[data-at='{}'] textarea"


@pytest.fixture(scope="module")
def installed(prepared: Prepared, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Set up before there is a browser, whose event loop lets no other one run."""
    prepared.copy(None, tmp_path_factory.mktemp("club"), (), DOCUMENTS)


@pytest.fixture(scope="module")
def desk(
    installed: None,
    prepared: Prepared,
    browser: Browser,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[StudioDesk]:
    folder = tmp_path_factory.mktemp("desk")
    with studio_desk(prepared, browser, folder, documents=DOCUMENTS) as found:
        yield found


def test_expressions_about_the_period_and_the_part_are_no_faults(desk: StudioDesk) -> None:
    page = desk.open("/studio/ledger/fees")
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    for place in ("/entries/0/set/since", "/parts/set/charge", "/parts/set/locker"):
        expect(page.locator(BOX.format(place))).to_have_attribute("aria-invalid", "false")
    wrong = page.locator(BOX.format("/entries/0/set/plan"))
    expect(wrong).to_have_attribute("aria-invalid", "false")
    wrong.fill("recrod")
    expect(wrong).to_have_attribute("aria-invalid", "true")
