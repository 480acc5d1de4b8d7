"""The pages of an import in a real browser: whole and accessible at every step."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.access import Theme, violations
from tests.app import Prepared
from tests.browser import signed_in
from tests.fluvial.processes import served
from tests.fluvial.transfer.test_files_of_others import PLANT

TABLE = "Nursery;;\n;;\nCode;Name;Notes\nA;Růže;x\nA;Řeřicha;y\nB;Len;z;more\n"


@pytest.fixture(scope="module")
def plants(prepared: Prepared, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Set up before there is a browser, whose event loop lets no other one run."""
    prepared.copy(None, tmp_path_factory.mktemp("plants"), documents=[PLANT])


@pytest.fixture
def desk(plants: None, prepared: Prepared, browser: Browser, tmp_path: Path) -> Iterator[Page]:
    address = prepared.copy(None, tmp_path, documents=[PLANT])
    headers = prepared.headers(address)
    with (
        served(tmp_path, address) as product,
        signed_in(browser, product.url, headers) as page,
    ):
        yield page


def check(desk: Page) -> None:
    desk.evaluate("document.fonts.ready.then(() => 0)")
    assert violations(desk) == []


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (390, "dark")])
def test_every_step_of_an_import_is_whole_and_accessible(
    desk: Page, tmp_path: Path, width: int, scheme: Theme
) -> None:
    desk.set_viewport_size({"width": width, "height": 844})
    desk.emulate_media(color_scheme=scheme)
    file = tmp_path / "plants.csv"
    file.write_bytes(TABLE.encode("cp1250"))
    desk.goto("/import/plant")
    desk.set_input_files("#file", file)
    desk.click("button:has-text('Continue')")
    desk.wait_for_selector("legend:has-text('Which text is right?')")
    check(desk)
    desk.check("input[value=cp1250]")
    desk.click("button:has-text('Continue')")
    desk.wait_for_selector("h2:has-text('How the file is read')")
    assert desk.input_value("#headings") == "3"
    check(desk)
    desk.click("button:has-text('Preview')")
    desk.wait_for_selector("h2:has-text('To check')")
    check(desk)
    desk.check("input[name=skip_faults]")
    desk.click("button:has-text('Import')")
    desk.wait_for_selector("h2:has-text('1 added, 1 changed')")
    check(desk)
    desk.reload()
    desk.wait_for_selector("p:has-text('already imported')")
