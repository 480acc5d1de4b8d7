"""An app without a line of code: the page docs/app-in-an-hour.md, done in a browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.app import Prepared
from tests.e2e import guide
from tests.e2e.walk import Walk
from tests.mailbox import Mailbox
from tests.studio_desk import StudioDesk, studio_desk

STEPS = guide.read(guide.PAGE.with_name("app-in-an-hour.md"))


@pytest.fixture(scope="module")
def smtp() -> Iterator[Mailbox]:
    box = Mailbox()
    yield box
    box.close()


@pytest.fixture(scope="module")
def set_up(prepared: Prepared, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Set up before there is a browser, whose event loop lets no other one run."""
    prepared.copy(None, tmp_path_factory.mktemp("empty"), ())


@pytest.fixture
def desk(
    set_up: None, prepared: Prepared, browser: Browser, smtp: Mailbox, tmp_path: Path
) -> Iterator[StudioDesk]:
    with studio_desk(prepared, browser, tmp_path, settings={"SMTP_URL": smtp.url}) as found:
        yield found


class Maker:
    """Does what the page says."""

    def __init__(self, desk: StudioDesk, smtp: Mailbox) -> None:
        self.desk, self.smtp, self.page = desk, smtp, desk.page
        self.walk = Walk(desk.page, str(desk.api.base_url).rstrip("/"), {})

    def follow(self) -> None:
        deeds = (
            self.objects, self.records, self.layout, self.board, self.form, self.mail, self.role,
            self.pin,
        )  # fmt: skip
        self.desk.open("/")
        for step, deed in zip(STEPS, deeds, strict=True):
            self.walk.step = step
            deed()

    def objects(self) -> None:
        walk = self.walk
        for one, several in (("Position", "Positions"), ("Applicant", "Applicants")):
            walk.rail("Studio")
            walk.press("New object")
            self.page.get_by_label("Name of one record").fill(walk.says(one))
            self.page.get_by_label("Name of several records").fill(walk.says(several))
            walk.press("Add the object")
            expect(self.page.locator("#field-rows")).to_contain_text("Name")
        walk.add_fields(walk.step.tables[0])

    def records(self) -> None:
        walk = self.walk
        for many, one, name in (
            ("Positions", "position", "Librarian"),
            ("Applicants", "applicant", "Mary Somerville"),
        ):
            walk.rail(many)
            walk.press(f"New {one}")
            self.page.locator("form[data-form] [name=name]").fill(walk.says(name))
            walk.press(f"Add the {one}")
            expect(self.page.get_by_role("heading", name=name)).to_be_visible()

    def layout(self) -> None:
        layout = self.design("Layouts", "New layout")
        layout.get_by_label("Add to facts").select_option(label=self.walk.says("E-mail"))
        made = self.desk.body("form", self.walk.save())
        assert made["facts"][-1] == "e_mail"

    def design(self, tab: str, words: str) -> Locator:
        return self.walk.design("Applicant", tab, words)

    def board(self) -> None:
        walk = self.walk
        board = self.design("Boards", "New board")
        board.get_by_label(walk.says("Columns by")).select_option(label=walk.says("Stage"))
        board.get_by_role("textbox", name=walk.says("Label")).fill(walk.says("Selection"))
        walk.save()
        walk.rail("Selection")
        expect(walk.column("Interview")).to_be_visible()

    def form(self) -> None:
        walk = self.walk
        form = self.design("Web forms", "New web form")
        form.get_by_label(walk.says("Title"), exact=True).fill(walk.says("Apply for a job"))
        form.get_by_label(walk.says("Name in the address")).fill(walk.says("apply"))
        form.get_by_role("button", name=f"Do not ask for {walk.says('Stage')}").click()
        walk.unfold("Values that the form sets")
        form.get_by_label("Add to Fixed values").select_option(label="Stage")
        expect(form.get_by_label("Stage", exact=True)).to_have_value("received")
        walk.unfold("What keeps machines out")
        form.get_by_label(walk.says("Shortest time in seconds")).fill(walk.says("0"))
        walk.save()
        line = self.page.get_by_label(walk.says("Embed line"), exact=True)
        expect(line).to_have_value(re.compile(r'^<script src="http.+/forms/apply\.js"></script>$'))

    def mail(self) -> None:
        walk = self.walk
        letter = self.design("Templates", "New template")
        letter.get_by_label(walk.says("Name of the template")).fill(walk.says("Thank you"))
        letter.locator(".tline").last.click()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.type(f"{walk.says('Thank you,')} ")
        walk.press("Field", "#main")
        members = self.page.get_by_role("treeitem")
        members.filter(has_text=re.compile(f"^{walk.says('Name')}")).click()
        walk.save()
        rule = self.design("Rules", "New rule")
        says = rule.locator(".says-line")
        expect(says).to_contain_text(walk.says("When an applicant is created"))
        walk.press("Tell people", "#main")
        rule.get_by_role("button", name=f"Remove {walk.says('Owner')}", exact=True).click()
        walk.pick(rule.get_by_role("button", name="(Add a recipient)"), "E-mail")
        walk.press("In the app", "#main")
        expect(says).to_have_text("When an applicant is created, then mail E-mail.")
        walk.save()
        walk.visit(walk.says("/forms/apply"))
        self.page.get_by_label("Name").fill(walk.says("Ada King"))
        self.page.get_by_label("E-mail").fill(walk.says("ada@example.org"))
        self.page.get_by_role("button", name="Send").click()
        (mail,) = self.smtp.wait(1)
        assert mail.recipients == ["ada@example.org"]
        html = mail.message.get_body(("html",))
        assert html is not None and "Thank you, Ada King" in html.get_content()
        walk.visit("/boards/selection")
        expect(walk.column(walk.says("Received"))).to_contain_text("Ada King")

    def role(self) -> None:
        walk = self.walk
        walk.rail("Studio")
        assert f"**New** beside `{walk.says('Roles')}`" in walk.step.text
        self.page.locator("#main a[href='/studio/role/new']").click()
        grid = self.page.locator("[data-face-of=designer]")
        grid.get_by_label(walk.says("Name of the role")).fill(walk.says("Recruiter"))
        for right in ("See", "Create", "Change"):
            grid.get_by_label(f"{walk.says(right)} {walk.says('Applicants')}").check()
        which = grid.get_by_label("Which Applicants")
        which.select_option(label=walk.says("Own: created by me"))
        grid.get_by_label(f"See {walk.says('Positions')}").check()
        made = self.desk.body("role", walk.save())
        assert made["label"] == "Recruiter"

    def pin(self) -> None:
        walk = self.walk
        pin = self.design("Pins", "New pin")
        pin.get_by_role("textbox", name=walk.says("Label")).fill(walk.says("People who apply"))
        walk.save()
        walk.rail("Home")
        expect(self.page.locator("#main")).to_contain_text("People who apply")


def test_the_app_is_made_as_the_page_says(desk: StudioDesk, smtp: Mailbox) -> None:
    maker = Maker(desk, smtp)
    maker.follow()
    assert maker.walk.wrong == []
