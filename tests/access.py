"""What the accessibility checker finds on a page, in both themes, on a desk and on a phone."""

from __future__ import annotations

from typing import Any, Literal

from playwright.sync_api import Page

from tests.browser import AXE, UNREADY

Theme = Literal["light", "dark"]
DESK, PHONE = (1440, 900), (390, 844)
ONLY_COLOURS = {"type": "rule", "values": ["color-contrast"]}
# Every screen is looked at in one theme, and every element in both: the theme changes colours
# only, and finding out about those takes most of the time, so the dark desk comes last, and of it
# only the colours of what the dark phone did not show.
SCREENS: tuple[tuple[tuple[int, int], Theme, dict[str, Any] | None], ...] = (
    (DESK, "light", None), (PHONE, "dark", None), (DESK, "dark", ONLY_COLOURS),
)  # fmt: skip
# Of what stands there many times, such as the calls of the API, the first is looked at.
EXCLUDED = ".call ~ .call"
CHECK = """async ([excluded, only]) => {
  const over = document.documentElement.scrollWidth - innerWidth;
  const why = (n) => n.any.map((a) => a.message).join(' ');
  const told = (v, n) => `${v.id}: ${n.html.slice(0, 160)} ${why(n)}`;
  const hidden = new CSSStyleSheet();
  hidden.replaceSync(`${excluded} { display: none !important }`);
  document.adoptedStyleSheets.push(hidden);
  try {
    const shown = [...document.querySelectorAll('*')].filter((e) => e.checkVisibility());
    const fresh = new Set(shown.filter((e) => !only || !window.axeSeen?.has(e)));
    const tops = [...fresh].filter((e) => !fresh.has(e.parentElement));
    window.axeSeen = new Set(shown);
    const { violations } = tops.length ? await axe.run(only ? { include: tops } : document, {
      resultTypes: ['violations'], ...(only ? { runOnly: only } : {}) }) : { violations: [] };
    const faults = violations.flatMap((v) => v.nodes.slice(0, 3).map((n) => told(v, n)));
    return [...faults, ...(over > 0 ? [`${over} px wider than the window`] : [])];
  } finally {
    document.adoptedStyleSheets.splice(document.adoptedStyleSheets.indexOf(hidden), 1);
  }
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
    return found


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
