"""The conversation on a record's page, in a real browser: written, taken back, kept as a draft."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.access import DESK, PHONE, access_faults
from tests.app import Prepared
from tests.conversations.desk import DOCUMENTS, mail
from tests.studio_desk import StudioDesk, studio_desk

READY = {"kind": "template", "name": "thanks", "label": "Thanks", "for": "enquiry",
         "subject": "Thanks", "body": "<p>Thank you for {{ enquiry.number }}.</p>"}  # fmt: skip
PAGE = (
    "<p>It is <b>torn</b>.</p><table><tr><td>Emma</td><td>1815</td></tr></table>"
    '<img src="https://spy.example/x.png" alt="logo"><div class="gmail_quote">On Monday you wrote'
    "<blockquote>Bring it back</blockquote></div>"
)


@pytest.fixture(scope="module")
def shelf(prepared: Prepared, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Set up before there is a browser, whose event loop lets no other one run."""
    prepared.copy(None, tmp_path_factory.mktemp("shelf"), documents=(*DOCUMENTS, READY))


@pytest.fixture
def desk(shelf: None, prepared: Prepared, browser: Browser, tmp_path: Path) -> Iterator[StudioDesk]:
    with studio_desk(prepared, browser, tmp_path, documents=(*DOCUMENTS, READY)) as made:
        yield made


def received(desk: StudioDesk, raw: bytes) -> str:
    sent = {"file": ("a.eml", raw, "message/rfc822")}
    reply = desk.api.post("/api/mailboxes/desk/mails", files=sent).raise_for_status()
    return str(reply.json()["record"])


def test_a_mail_is_read_answered_and_taken_back(desk: StudioDesk) -> None:
    record = received(desk, mail(PAGE, message_id="<1@e.org>", content_type="text/html",
                                 cc="bob@e.org"))  # fmt: skip
    stranger = mail("I sit beside Ann", sender="Eve <eve@e.org>", in_reply_to="<1@e.org>",
                    message_id="<2@e.org>")  # fmt: skip
    received(desk, stranger)
    page = desk.open(f"/o/enquiry/{record}")
    timeline = page.locator("#timeline .timeline")
    expect(timeline.locator(".talk-page td").first).to_have_text("Emma")
    expect(timeline).to_contain_text("does not take part yet")
    expect(timeline.get_by_text("Bring it back")).to_be_hidden()
    timeline.locator("summary", has_text="Quoted text").click()
    expect(timeline.get_by_text("Bring it back")).to_be_visible()
    assert page.locator("img[src*=spy]").count() == 0
    form = page.locator("form.talk")
    expect(form.locator("[data-send]")).to_have_text("Save note")
    form.get_by_label("Answer by mail").check()
    expect(form.locator("[data-send]")).to_have_text("Send mail")
    expect(form.locator("[name=to]")).to_have_value("ann@example.org")
    expect(form.locator("[name=cc]")).to_have_value("bob@e.org")
    form.locator("[data-prepared]").select_option("thanks")
    area = form.locator("textarea")
    expect(area).to_have_value("Thank you for E-2026-00001.", timeout=30_000)
    # What is written survives a reload.
    with page.expect_response(lambda r: r.url.endswith("/reply") and r.request.method == "PUT"):
        area.press_sequentially(" Bring it.")
    page.reload()
    page.wait_for_selector("html[data-ready]", state="attached")
    expect(area).to_have_value("Thank you for E-2026-00001. Bring it.")
    expect(form.locator("[data-send]")).to_have_text("Send mail")
    assert access_faults(page) == []
    for width, height in (PHONE, DESK):
        page.set_viewport_size({"width": width, "height": height})
        look(desk, f"talk-{width}")
    area.press("Control+Enter")
    expect(timeline).to_contain_text("Thank you for E-2026-00001. Bring it.")
    expect(timeline).to_contain_text("to ann@example.org, cc bob@e.org")
    expect(area).to_have_value("")
    page.locator(".toast button", has_text="Undo").click()
    expect(area).to_have_value("Thank you for E-2026-00001. Bring it.")
    expect(timeline).not_to_contain_text("to ann@example.org, cc bob@e.org")
    form.get_by_label("Internal note").check()
    area.fill("Only for us")
    area.press("Control+Enter")
    expect(timeline).to_contain_text("Only for us")
    said = desk.api.get(f"/api/records/enquiry/{record}/messages").json()["data"]
    assert [one["public"] for one in said] == [False, False, True]
    # It turns out to be about another enquiry.
    received(desk, mail("Other", message_id="<3@e.org>", sender="bob@e.org"))
    page.locator("summary", has_text="Merge into another").click()
    page.get_by_label("Number of the enquiry that stays").fill("E-2026-00002")
    page.get_by_role("button", name="Merge").click()
    expect(page.locator("h1")).to_contain_text("A question")
    expect(timeline).to_contain_text("was merged into this enquiry")
    expect(timeline).to_contain_text("Only for us")


def look(desk: StudioDesk, name: str) -> None:
    """A picture for people, where somebody wants to look."""
    folder = os.environ.get("LOOK")
    for theme in ("light", "dark") if folder else ():
        desk.page.emulate_media(color_scheme=theme)
        desk.page.screenshot(path=f"{folder}/{name}-{theme}.png", full_page=True)
    desk.page.emulate_media(color_scheme="light")


def test_a_mailbox_is_made_in_the_studio(desk: StudioDesk) -> None:
    page = desk.open("/studio/mailbox/new?object=enquiry")
    expect(page.locator("main")).to_contain_text("Fields and their values")
    expect(page.locator("main")).not_to_contain_text("is not a field")
    assert access_faults(page) == []
    for width, height in (PHONE, DESK):
        page.set_viewport_size({"width": width, "height": height})
        look(desk, f"mailbox-{width}")


def test_administrators_see_what_came_and_take_it_again(desk: StudioDesk) -> None:
    path, strict = (
        "/api/meta/mailbox/desk",
        {"map": {"subject": "mail.subject", "status": "mail.text"}},
    )
    desk.api.patch(path, json=strict).raise_for_status()
    desk.api.post(
        "/api/mailboxes/desk/mails",
        files={"file": ("a.eml", mail("tomorrow", message_id="<1@e.org>"), "message/rfc822")},
    ).raise_for_status()
    desk.api.patch(path, json={"map": {"subject": "mail.subject", "status": None}})
    page = desk.open("/mails")
    expect(page.locator("main")).to_contain_text("Failed: /status")
    assert access_faults(page) == []
    for width, height in (PHONE, DESK):
        page.set_viewport_size({"width": width, "height": height})
        look(desk, f"mails-{width}")
    page.get_by_role("button", name="Take again").click()
    expect(page.locator("main")).to_contain_text("Created a record")
