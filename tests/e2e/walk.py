"""Somebody who follows a page in the browser, step by step, and notes what goes wrong."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Literal

from playwright.sync_api import ConsoleMessage, Error, Locator, Page, Response, expect

from tests.e2e.guide import Row, Step

ROLES: tuple[Literal["link", "button"], ...] = ("link", "button")


class Walk:
    """Presses and types only what the step in hand names."""

    def __init__(self, page: Page, here: str, elsewhere: Mapping[str, str]) -> None:
        self.page = page
        self._elsewhere = elsewhere  # addresses that the page names, and what they are here
        self.here = here
        self.step = Step("", "", (), ())
        self.wrong: list[str] = []
        page.set_default_timeout(20_000)
        page.on("console", self._said)
        page.on("pageerror", self._broke)
        page.on("response", self._answered)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            where = message.location.get("url", "")
            self.wrong.append(f"{self.step.title}: console: {message.text} {where}")

    def _broke(self, error: Error) -> None:
        self.wrong.append(f"{self.step.title}: script: {error}")

    def _answered(self, response: Response) -> None:
        if response.status >= 500:
            self.wrong.append(f"{self.step.title}: {response.status} of {response.url}")

    def visit(self, path: str) -> None:
        self.page.goto(self.here + path)

    def local(self, text: str) -> str:
        """A text of the page with the addresses of this run."""
        for address, other in {**self._elsewhere, "http://127.0.0.1:8000": self.here}.items():
            text = re.sub(rf"{re.escape(address)}(?!\d)", other, text)
        return text

    def says(self, words: str) -> str:
        """Words that the step names as typed or seen."""
        assert f"`{words}`" in self.step.text, f"The step {self.step.title!r} has no `{words}`."
        return words

    def press(self, words: str, root: str = "body") -> None:
        assert f"**{words}**" in self.step.text, f"{self.step.title!r} does not press {words!r}."
        # A tab shows a number behind its label, a button its key.
        name = re.compile(rf"^\s*{re.escape(words)}( [\d,]+| Enter)?\s*$")
        place = self.page.locator(root)
        link, button = (place.get_by_role(role, name=name) for role in ROLES)
        link.or_(button).first.click()

    def rail(self, words: str) -> None:
        self.press(words, ".rail")

    def sees(self, words: str, root: str = "#main") -> None:
        expect(self.page.locator(root)).to_contain_text(self.says(words))

    def add_fields(self, rows: Sequence[Row]) -> None:
        """The Studio's line for a new field, once for each row of a table."""
        form = self.page.locator("[data-add-field]")
        for row in rows:
            form.get_by_label("Label of the new field").fill(row["Label"])
            if row["Kind"] != "Text":
                form.locator("[data-do=kinds]").click()
                form.locator("[data-kind]").and_(
                    form.get_by_role("option", name=row["Kind"], exact=True)
                ).click()
            if row["Option"]:
                put(form.get_by_label(row["Option"], exact=True), row["Value"])
            expect(self.page.locator("[data-plan-summary]")).to_contain_text(f"Add {row['Label']}")
            form.get_by_role("button", name="Add Enter").click()
            expect(self.page.locator("#field-rows")).to_contain_text(row["Label"])

    def fill_form(self, rows: Sequence[Row]) -> None:
        form = self.page.locator("form[data-form]")
        for row in rows:
            label = re.compile(rf"^{re.escape(row['Field'])}( \(required\))?$")
            put(form.get_by_label(label), row["Value"])

    def filter(self, field: str, how: str, value: str) -> None:
        self.press("Filter")
        self.condition(field, how, value)
        self.press("Show")

    def condition(self, field: str, how: str, value: str) -> None:
        box = self.page.locator(".termpop")
        box.get_by_label("Field").select_option(label=self.says(field))
        how_box = box.get_by_role("combobox", name="Condition")
        how_box.select_option(label=self.says(how))
        put(box.get_by_label("Value"), self.says(value))

    def unfold(self, words: str) -> None:
        """A part of a page that is folded."""
        assert f"**{words}**" in self.step.text, f"{self.step.title!r} does not press {words!r}."
        self.page.locator("summary", has_text=words).click()

    def design(self, label: str, tab: str, words: str) -> Locator:
        """Through the Studio to a document of the object; its designer."""
        self.rail("Studio")
        for one in (label, tab, words):
            self.press(one, "#main")
        designer = self.page.locator("[data-face-of=designer]")
        expect(designer).to_be_visible()
        return designer

    def pick(self, button: Locator, option: str) -> None:
        """Of what a button offers."""
        button.click()
        listed = self.page.locator(".foundlist").get_by_role("option", name=self.says(option))
        listed.first.click()

    def save(self) -> str:
        """What the designer holds; the name of the document in force."""
        self.press("Save", ".topbar")
        expect(self.page.locator("[data-plan-chip]")).to_have_text(re.compile("^Nothing to "))
        expect(self.page).not_to_have_url(re.compile(r"/new(\?|$)"))
        return self.page.url.rpartition("/")[2]

    def card(self, title: str) -> Locator:
        return self.page.locator(f'.tile[data-title="{title}"]')

    def column(self, label: str) -> Locator:
        return self.page.locator(f'[data-column][data-label="{label}"]')

    def drag(self, title: str, label: str) -> None:
        """Take the card by its upper edge, and let it go at the top of the column."""
        card = self.card(self.says(title)).bounding_box()
        cell = self.column(self.says(label)).locator("[data-cell]").bounding_box()
        assert card is not None and cell is not None
        mouse = self.page.mouse
        mouse.move(card["x"] + card["width"] - 30, card["y"] + 12)
        mouse.down()
        mouse.move(card["x"] + card["width"] - 10, card["y"] + 20, steps=4)
        mouse.move(cell["x"] + cell["width"] / 2, cell["y"] + 24, steps=8)
        mouse.up()
        expect(self.page.locator("#spoken")).to_contain_text(f"Moved to {label}")
        expect(self.column(label)).to_contain_text(title)


def put(control: Locator, value: str) -> None:
    """A value into a control, whatever it is."""
    if control.evaluate("e => e.tagName") == "SELECT":
        control.select_option(label=value)
    else:
        control.fill(value)
