"""What the accessibility checker finds on a page, in both themes, on a desk and on a phone."""

from __future__ import annotations

from typing import Any, Literal

from playwright.sync_api import Page

from tests.browser import AXE, UNREADY

Theme = Literal["light", "dark"]
DESK, PHONE = (1440, 900), (390, 844)
ONLY_COLOURS = {"type": "rule", "values": ["color-contrast"]}
# The theme changes colours only, so of the dark desk only these are looked at.
SCREENS: tuple[tuple[tuple[int, int], Theme, dict[str, Any] | None], ...] = (
    (DESK, "light", None), (DESK, "dark", ONLY_COLOURS), (PHONE, "dark", None),
)  # fmt: skip
# Of what stands there many times, such as the calls of the API, the first is looked at.
EXCLUDED = [".call ~ .call"]
CHECK = """async ([excluded, only]) => {
  const why = (n) => n.any.map((a) => a.message).join(' ');
  const told = (v, n) => `${v.id}: ${n.html.slice(0, 160)} ${why(n)}`;
  const { violations } = await axe.run(
    { exclude: excluded }, { resultTypes: ['violations'], ...(only ? { runOnly: only } : {}) });
  return violations.flatMap((v) => v.nodes.slice(0, 3).map((n) => told(v, n)));
}"""
# Look-ups whose script is on its way, and colours on their way to other ones.
UNSETTLED = """() => document.querySelector("select[data-lookup]:not(.tomselected)")
  || document.getAnimations().some((one) => one.playState === "running")"""


def settled(page: Page) -> None:
    """Wait until the scripts of the page have made of it what is looked at."""
    if page.locator(UNREADY).count():
        page.wait_for_selector("html[data-ready]", state="attached")
    page.wait_for_function(f"() => !({UNSETTLED})()")


def violations(page: Page, only: dict[str, Any] | None = None) -> list[str]:
    """The faults on the page as it stands, and whether it is wider than the window."""
    settled(page)
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(AXE.read_text("utf-8") + ";0")
    found: list[str] = page.evaluate(CHECK, [EXCLUDED, only])
    over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return [*found, f"{over} px wider than the window"] if over > 0 else found


def access_faults(page: Page, what: str = "") -> list[str]:
    """The same on all screens; the page is as it was afterwards."""
    before = page.viewport_size
    found = []
    for (width, height), theme, only in SCREENS:
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=theme)
        faults = violations(page, only)
        found += [f"{what or page.url} {theme} {width}: {fault}" for fault in faults]
    page.emulate_media(color_scheme="light")
    if before:
        page.set_viewport_size(before)
        page.wait_for_function("width => innerWidth === width", arg=before["width"])
    return found
