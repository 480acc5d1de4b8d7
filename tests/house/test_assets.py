"""The front-end bundle is built, complete, and says under which terms."""

import json
import re
import xml.etree.ElementTree as ElementTree

from scripts.assets import ENTRIES, ROOT, VENDOR, icon_names

SYMBOL = "{http://www.w3.org/2000/svg}symbol"


def test_every_bundle_is_there() -> None:
    missing = [name for name in ENTRIES if not (VENDOR / name).exists()]
    assert not missing, "run `make assets`"


def test_the_sprite_holds_exactly_the_icons_in_use() -> None:
    sprite = ElementTree.parse(VENDOR / "icons.svg").getroot()
    assert [symbol.get("id") for symbol in sprite.iter(SYMBOL)] == icon_names()
    assert all(len(symbol) for symbol in sprite.iter(SYMBOL))


def test_the_licences_name_the_packages_and_their_terms() -> None:
    terms = (VENDOR / "LICENSES.txt").read_text(encoding="utf-8")
    packages = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))["dependencies"]
    bundled = [name for name in packages if f"== {name} {packages[name]}" in terms]
    assert "@tabler/icons" in bundled and "htmx.org" in bundled
    assert "no licence given" not in terms


def test_a_name_is_styled_by_one_sheet_of_the_studio() -> None:
    """All of them may stand on one page, where the same name would mean two things."""
    sheets: dict[str, set[str]] = {}
    for sheet in VENDOR.parent.glob("css/studio*.css"):
        text = re.sub(r"/\*.*?\*/", "", sheet.read_text("utf-8"), flags=re.DOTALL)
        for selector in re.findall(r"(?<=[{};,])\s*(\.[\w-]+)\s*(?=[{,])", text):
            sheets.setdefault(selector, set()).add(sheet.name)
    assert sheets
    assert {name: found for name, found in sheets.items() if len(found) > 1} == {}


def test_no_sheet_styles_whole_pages_anew() -> None:
    """Chromium matches what is `:not(:has(:checked))` anew wherever anything on the page changes:
    one such rule made each of hundreds of steps in a form take a tenth of a second."""
    slow = re.compile(r":not\(:has\([^()]*:(checked|focus|hover|valid|invalid|disabled|empty)")
    sheets = list(VENDOR.parent.glob("css/*.css"))
    assert sheets
    assert [one.name for one in sheets if slow.search(one.read_text("utf-8"))] == []
