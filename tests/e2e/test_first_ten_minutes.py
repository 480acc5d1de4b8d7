"""A new user's first ten minutes: the page docs/first-ten-minutes.md, done in a browser."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from scripts.watch import signed
from tests.app import EMAIL, PASSWORD
from tests.browser import limited
from tests.e2e import guide
from tests.e2e.processes import Install
from tests.e2e.rooms import MADE
from tests.e2e.walk import Walk
from tests.mailbox import Mailbox
from tests.webhooks import WebhookSink

STEPS = guide.read()
GIVEN = guide.exports(STEPS[0].block("sh"))
TITLES = [
    "Start",
    "Sign in",
    "Define an object",
    "Fill in its form",
    "Find it in the list",
    "Put it on a board",
    "Move a card",
    "A web form on another site",
    "A rule that sends a mail and a webhook",
    "One more field",
    "Undo",
]


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


class Elsewhere:
    """Another web site: a folder and its address."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "favicon.ico").touch()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        serve = partial(self.server.serve_forever, poll_interval=0.02)
        self.thread = threading.Thread(target=serve, daemon=True)
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Elsewhere]:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    site = Elsewhere(folder)
    yield site
    site.close()


class Newcomer:
    """Does what the page says, with the mailbox and the receiver of webhooks at hand."""

    def __init__(
        self, browser: Browser, walk: Walk, elsewhere: Elsewhere, smtp: Mailbox, sink: WebhookSink
    ) -> None:
        self.browser = browser
        self.walk = walk
        self.page = walk.page
        self.elsewhere = elsewhere
        self.smtp = smtp
        self.sink = sink

    def follow(self) -> None:
        deeds = (
            self.start, self.sign_in, self.define, self.fill_in, self.find, self.put_on_board,
            self.move, self.ask_from_elsewhere, self.tell, self.add_one_more, self.undo,
        )  # fmt: skip
        for step, deed in zip(STEPS, deeds, strict=True):
            self.walk.step = step
            deed()

    def start(self) -> None:
        self.walk.visit("/")

    def sign_in(self) -> None:
        self.page.get_by_label("E-mail").fill(EMAIL)
        self.page.get_by_label("Password", exact=True).fill(PASSWORD)
        self.walk.press("Sign in")
        expect(self.page.locator(".rail")).to_be_visible()

    def define(self) -> None:
        walk = self.walk
        walk.rail("Studio")
        walk.press("New object")
        self.page.get_by_label("Name of one record").fill(walk.says("Room booking"))
        self.page.get_by_label("Name of several records").fill(walk.says("Room bookings"))
        walk.press("Add the object")
        assert "**Add**" in walk.step.text
        walk.add_fields(walk.step.tables[0])

    def fill_in(self) -> None:
        self.walk.press("New room booking")
        self.walk.fill_form(self.walk.step.tables[0])
        self.walk.press("Add the room booking")
        expect(self.page.get_by_role("heading", name="Chess club")).to_be_visible()
        timeline = self.page.get_by_label("Timeline and files")
        expect(timeline).to_contain_text("Administrator created this room booking")

    def find(self) -> None:
        walk, rows = self.walk, self.page.locator("#rows")
        walk.rail("Room bookings")
        expect(rows).to_contain_text(walk.says("Chess club"))
        walk.filter("Seats", "is at least", "10")
        expect(self.page.locator("#sentence")).to_contain_text("seats is at least 10")
        expect(rows).to_contain_text("Chess club")
        assert "where=" in self.page.url
        self.page.locator("#sentence").get_by_role("button", name="10").click()
        self.page.locator(".termpop").get_by_label("Value").fill(walk.says("20"))
        walk.press("Show")
        expect(self.page.locator("#main")).not_to_contain_text("Chess club")
        walk.press("Clear", "#sentence")
        expect(rows).to_contain_text("Chess club")

    def put_on_board(self) -> None:
        walk = self.walk
        board = walk.design("Room booking", "Boards", "New board")
        board.get_by_label(walk.says("Columns by")).select_option(label=walk.says("Status"))
        board.get_by_label(walk.says("Sum of seats")).check()
        for field in ("Room", "Seats"):
            board.get_by_role("button", name=f"Add {walk.says(field)}", exact=True).click()
        board.get_by_role("textbox", name=walk.says("Label")).fill(walk.says("Bookings"))
        walk.save()
        walk.rail("Bookings")
        expect(walk.column("Asked")).to_contain_text("Chess club")
        for label in ("Confirmed", "Over"):
            expect(walk.column(label)).to_be_visible()

    def move(self) -> None:
        walk = self.walk
        walk.drag("Chess club", "Over")
        expect(walk.column("Over").locator("[data-count]")).to_have_text("1")
        keys, spoken = self.page.keyboard, self.page.locator("#spoken")
        walk.card("Chess club").focus()
        for key in (" ", "ArrowLeft", "ArrowLeft"):
            keys.press(key)
        expect(spoken).to_contain_text("Over Asked, 1 of 1.")
        keys.press(" ")
        expect(spoken).to_have_text(walk.says("Moved to Asked, 1 of 1."))
        self.page.reload()
        expect(walk.column("Asked")).to_contain_text("Chess club")

    def ask_from_elsewhere(self) -> None:
        walk = self.walk
        self.ask_for_a_room()
        self.ask_without_scripts(walk.local(walk.step.link("/forms/")))
        html = walk.local(walk.step.block("html"))
        (self.elsewhere.folder / "index.html").write_text(html, encoding="utf-8")
        self.page.goto(walk.local(walk.step.link(":9001")))
        self.page.get_by_label("What is it?").fill(walk.says("Reading circle"))
        self.page.get_by_label("Your e-mail").fill(walk.says("circle@example.org"))
        self.page.get_by_role("button", name="Send").click()
        expect(self.page.get_by_role("status")).to_have_text(walk.says("Thank you."))
        walk.visit("/")
        walk.rail("Bookings")
        for title in ("Film night", "Reading circle"):
            expect(walk.column("Asked")).to_contain_text(title)

    def ask_for_a_room(self) -> None:
        walk = self.walk
        form = walk.design("Room booking", "Web forms", "New web form")
        form.get_by_label(walk.says("Title"), exact=True).fill(walk.says("Ask for a room"))
        address = form.get_by_label(walk.says("Name in the address"))
        address.fill(walk.says("ask-for-a-room"))
        for field in ("Seats", "Status"):
            form.get_by_role("button", name=f"Do not ask for {walk.says(field)}").click()
        form.get_by_label("Text", exact=True).fill(walk.says("We write to you about {name}."))
        walk.unfold("Values that the form sets")
        form.get_by_label("Add to Fixed values").select_option(label="Status")
        form.get_by_label("Status", exact=True).select_option(label=walk.says("Asked"))
        walk.unfold("Sites that may show it")
        walk.press("Add a site")
        self.page.keyboard.type(walk.local(walk.says("http://127.0.0.1:9001")))
        walk.unfold("What keeps machines out")
        form.get_by_label(walk.says("Shortest time in seconds")).fill(walk.says("0"))
        walk.save()

    def ask_without_scripts(self, address: str) -> None:
        context = self.browser.new_context(java_script_enabled=False)
        page, says = context.new_page(), self.walk.says
        page.goto(address)
        page.get_by_label("Name").fill(says("Film night"))
        page.get_by_label(says("Garden room")).check()
        page.get_by_label("Held on").fill(says("2030-06-01"))
        page.get_by_label("E-mail").fill(says("film@example.org"))
        page.get_by_role("button", name="Send").click()
        expect(page.locator("body")).to_contain_text(says("We write to you about Film night."))
        context.close()

    def tell(self) -> None:
        self.write_the_mail()
        self.make_the_rule()
        self.walk.rail("Bookings")
        self.walk.drag("Film night", "Confirmed")
        told(self.smtp, self.sink)

    def write_the_mail(self) -> None:
        walk, keys = self.walk, self.page.keyboard
        letter = walk.design("Room booking", "Templates", "New template")
        letter.get_by_label(walk.says("Name of the template")).fill(walk.says("Room confirmed"))
        texts = (letter.get_by_role("textbox", name="Subject"), letter.locator(".tline").last)
        for text, words, field in zip(
            texts, ("Your room:", "Good news for"), ("Room", "Name"), strict=True
        ):
            text.click()
            keys.press("Control+a")
            keys.type(f"{walk.says(words)} ")
            walk.press("Field", "#main")
            members = self.page.get_by_role("treeitem")
            members.filter(has_text=re.compile(f"^{walk.says(field)}")).click()
        expect(letter.get_by_label("Preview")).to_contain_text("Your room: Garden room")
        walk.save()

    def make_the_rule(self) -> None:
        walk = self.walk
        rule = walk.design("Room booking", "Rules", "New rule")
        rule.get_by_label("Label of the rule").fill(walk.says("Tell the guest"))
        walk.press("Changed", "#main")
        walk.press("Created", "#main")
        assert "**any field**" in walk.step.text
        walk.pick(rule.get_by_role("button", name="any field"), "Status")
        walk.press("Condition", "#main")
        walk.condition("Status", "is", "Confirmed")
        walk.press("Done", ".termpop")
        walk.press("Tell people", "#main")
        rule.get_by_role("button", name=f"Remove {walk.says('Owner')}", exact=True).click()
        walk.pick(rule.get_by_role("button", name="(Add a recipient)"), "E-mail")
        walk.press("In the app", "#main")
        expect(rule.get_by_label("The words")).to_contain_text(walk.says("Room confirmed"))
        walk.press("Post to another system", "#main")
        asked = self.page.get_by_role("dialog")
        asked.get_by_label(walk.says("Name"), exact=True).fill(walk.says("Calendar"))
        address = walk.local(walk.says("http://127.0.0.1:9000/bookings"))
        asked.get_by_label(walk.says("Address"), exact=True).fill(address)
        asked.get_by_label("Environment variable").fill(walk.says("ROOMS_SECRET"))
        walk.press("Make it")
        expect(asked).to_have_count(0)
        sentence = re.search(r"The sentence reads `([^`]+)`", walk.step.text)
        assert sentence is not None
        expect(rule.locator(".says-line")).to_have_text(sentence[1])
        walk.save()

    def add_one_more(self) -> None:
        walk = self.walk
        walk.rail("Studio")
        walk.press("Room booking", "#main")
        walk.add_fields(walk.step.tables[0])
        walk.press("New room booking")
        walk.fill_form(walk.step.tables[1])
        walk.press("Add the room booking")
        expect(self.page.locator("#sections")).to_contain_text(walk.says("Circle"))
        walk.rail("Room bookings")
        expect(self.page.locator("#table thead")).to_contain_text("Seating")
        walk.filter("Seating", "is", "Circle")
        expect(self.page.locator("#rows tr")).to_have_count(1)
        expect(self.page.locator("#rows")).to_contain_text("Poetry slam")
        answer = self.page.goto(walk.local(walk.step.link("/api/")))
        assert answer is not None and answer.ok
        (record,) = answer.json()["data"]
        assert (record["name"], record["seating"]) == ("Poetry slam", "circle")
        walk.visit("/")
        board = walk.design("Room booking", "Boards", "Bookings")
        board.get_by_role("button", name=f"Add {walk.says('Seating')}", exact=True).click()
        walk.save()
        walk.rail("Bookings")
        expect(walk.card("Poetry slam")).to_contain_text("Circle")

    def undo(self) -> None:
        walk = self.walk
        self.go_back(walk.says("Rule tell_the_guest"))
        walk.visit("/o/room_booking")
        expect(self.page.locator("#rows")).to_contain_text("Poetry slam")
        expect(self.page.locator("#main")).not_to_contain_text(walk.says("Seating"))
        walk.visit("/boards/bookings")
        expect(walk.card("Poetry slam")).not_to_contain_text("Circle")
        self.go_back()
        walk.visit("/boards/bookings")
        expect(walk.card("Poetry slam")).to_contain_text(walk.says("Circle"))

    def go_back(self, line: str = "") -> None:
        self.walk.rail("History")
        number = self.page.locator("li.item b").first.inner_text()
        assert "**Roll back to this**" in self.walk.step.text
        items = self.page.locator("li.item").filter(has_text=line)
        items.get_by_role("link", name="Roll back to this").first.click()
        self.page.get_by_role("button", name="Roll back").click()
        expect(self.page.locator("li.item b").first).to_have_text(str(int(number) + 1))


def told(smtp: Mailbox, sink: WebhookSink) -> None:
    """One mail and one webhook, as the page says."""
    (mail,) = smtp.wait(1)
    assert mail.recipients == ["film@example.org"]
    assert mail.message["Subject"] == "Your room: Garden room"
    html = mail.message.get_body(("html",))
    assert html is not None and "Good news for Film night" in html.get_content()
    (delivery,) = sink.wait(1)
    assert signed(delivery.headers, delivery.body, GIVEN["ROOMS_SECRET"])
    body = delivery.json()
    assert isinstance(body, dict) and body["type"] == "room_booking.updated"
    assert {"name": "Film night", "room": "garden_room", "status": "confirmed"}.items() <= (
        body["data"].items()
    )


def settings(smtp: Mailbox, sink: WebhookSink) -> dict[str, str]:
    """What the page exports, with the mailbox and the receiver of this run."""
    assert set(GIVEN) == {"FLUVIAL_SMTP_URL", "FLUVIAL_OUTBOUND_ALLOW", "ROOMS_SECRET"}
    return {
        "env": "production",
        "smtp_url": smtp.url,
        "outbound_allow": f"127.0.0.1:{sink.port}",
    }


def test_the_page_has_the_steps_that_are_tested() -> None:
    assert [step.title for step in STEPS] == TITLES


def test_on_sqlite_in_one_process(
    install: Install,
    sqlite_url: str,
    browser: Browser,
    elsewhere: Elsewhere,
    smtp: Mailbox,
    webhook_sink: WebhookSink,
) -> None:
    here = install(sqlite_url, **settings(smtp, webhook_sink))
    here.environ["ROOMS_SECRET"] = GIVEN["ROOMS_SECRET"]
    server = here.serve()
    page = limited(
        browser.new_page(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    )
    addresses = {"http://127.0.0.1:9000": webhook_sink.url, "http://127.0.0.1:9001": elsewhere.url}
    walk = Walk(page, server.url, addresses)
    Newcomer(browser, walk, elsewhere, smtp, webhook_sink).follow()
    page.context.close()
    assert [process.stop() for process in server.started] == [0]
    assert walk.wrong == []
    assert (len(smtp.mails), len(webhook_sink.deliveries)) == (1, 1)
    assert "Traceback" not in here.log()


def test_on_postgresql_with_two_web_processes_and_celery(
    install: Install,
    postgresql_url: str,
    redis_url: str,
    smtp: Mailbox,
    webhook_sink: WebhookSink,
) -> None:
    """What differs from one process: documents, forms and effects pass from one to the other."""
    here = install(postgresql_url, redis_url=redis_url, **settings(smtp, webhook_sink))
    here.environ["ROOMS_SECRET"] = GIVEN["ROOMS_SECRET"]
    one, other = here.serve(), here.serve()
    worker = here.worker()
    first, second = one.client(), other.client()
    documents = [{**document} for document in MADE]
    documents[-2]["url"] = f"{webhook_sink.url}/bookings"
    first.post("/api/meta/changes", json={"documents": documents}).raise_for_status()
    asked = {"name": "Film night", "room": "garden_room", "e_mail": "film@example.org"}
    token = second.get("/forms/ask-for-a-room.json").json()["token"]
    sent = second.post("/forms/ask-for-a-room", json={"token": token, **asked})
    assert sent.is_success, sent.text
    (record,) = first.get("/api/records/room_booking").json()["data"]
    path = f"/api/records/room_booking/{record['id']}"
    second.patch(path, json={"status": "confirmed"}).raise_for_status()
    told(smtp, webhook_sink)
    assert "Film night" in first.get("/boards/bookings").text
    assert worker.stop() == 0
    assert (len(smtp.mails), len(webhook_sink.deliveries)) == (1, 1)
    assert "Traceback" not in here.log()
