"""The servers that the tests use are real, fresh for each test, and do as they are told."""

import smtplib
import subprocess
import sys
import time
from email.message import EmailMessage
from pathlib import Path

import httpx
import psycopg
import pytest
import redis
import sqlalchemy
from playwright.sync_api import Browser

from tests import guard
from tests.access import access_faults
from tests.browser import AXE
from tests.mailbox import DROP, Mailbox
from tests.servers import Databases, free_port
from tests.webhooks import HANG, WebhookSink


def message(subject: str) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "desk@example.org", "ann@example.org", subject
    mail.set_content("The book is ready to collect.")
    return mail


@pytest.mark.parametrize("turn", [1, 2])
def test_a_database_is_empty_and_speaks_sql(database_url: str, turn: int) -> None:
    engine = sqlalchemy.create_engine(database_url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        connection.execute(sqlalchemy.text("create table book (id integer)"))
        assert connection.execute(sqlalchemy.text("select count(*) from book")).scalar() == 0
    engine.dispose()


def test_a_database_can_be_a_copy(databases: Databases) -> None:
    first = databases.create()
    with psycopg.connect(first, autocommit=True) as connection:
        connection.execute("create table book (id integer)")
    second = databases.create(template=first)
    with psycopg.connect(second) as connection:
        assert connection.execute("select count(*) from book").fetchone() == (0,)
    databases.drop(second)
    databases.drop(first)


@pytest.mark.parametrize("turn", [1, 2])
def test_redis_is_empty(redis_url: str, turn: int) -> None:
    with redis.Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0
        client.set("book", turn)


def test_mail_is_kept_and_refused_as_scripted(smtp: Mailbox) -> None:
    smtp.replies.extend(["451 4.3.0 later", "550 5.1.1 nobody", DROP])
    for error in (smtplib.SMTPDataError, smtplib.SMTPDataError, smtplib.SMTPServerDisconnected):
        with smtplib.SMTP("127.0.0.1", smtp.port) as client, pytest.raises(error):
            client.send_message(message("Not yet"))
    with smtplib.SMTP("127.0.0.1", smtp.port) as client:
        client.send_message(message("Grüße"))
    assert len(smtp.wait(4)) == 4
    (mail,) = smtp.accepted()
    assert mail.recipients == ["ann@example.org"]
    assert mail.message["Subject"] == "Grüße"


def test_a_webhook_is_kept_and_answered_as_scripted(webhook_sink: WebhookSink) -> None:
    webhook_sink.replies.extend([503, HANG])
    with httpx.Client(timeout=0.3) as client:
        answer = client.post(f"{webhook_sink.url}/a", content=b"{}", headers={"webhook-id": "1"})
        assert answer.status_code == 503
        with pytest.raises(httpx.ReadTimeout):
            client.post(webhook_sink.url)
        assert client.post(webhook_sink.url, json={"book": 1}).status_code == 200
    first, _, last = webhook_sink.wait(3)
    assert (first.method, first.path, first.headers["webhook-id"]) == ("POST", "/a", "1")
    assert last.json() == {"book": 1}


def test_the_browser_runs_and_can_be_checked_for_access(browser: Browser) -> None:
    with browser.new_page() as page:
        page.set_content("<html lang=en><title>Books</title><main><h1>Books</h1><img src=x>")
        page.add_script_tag(path=AXE)
        faults = page.evaluate("axe.run().then(result => result.violations.map(v => v.id))")
    assert faults == ["image-alt"]


def test_servers_end_when_the_run_is_killed(tmp_path: Path) -> None:
    port = free_port()
    serve = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1"]
    folder = tmp_path / "run"
    folder.mkdir()
    quiet = subprocess.DEVNULL
    with subprocess.Popen(serve, stdout=quiet, stderr=quiet) as server:
        wait_until(port, True)
        (folder / "web.server").write_text(f"web {server.pid} 15 {port}", encoding="utf-8")
        watch = [sys.executable, guard.__file__, str(folder)]
        with subprocess.Popen(watch, stdin=subprocess.PIPE) as watcher:
            assert watcher.poll() is None
        assert server.wait(5) != 0
    assert not folder.exists()


def wait_until(port: int, listening: bool) -> None:
    deadline = time.monotonic() + 10
    while guard.listening(port) is not listening:
        assert time.monotonic() < deadline
        time.sleep(0.02)


PALE = """<!doctype html><html lang="en"><title>Pale</title><style>
  body { background: #fff; color: #000 } .call { margin: 0 }
  @media (prefers-color-scheme: dark) { body { background: #000; color: #fff }
    .wide, .narrow { color: #222 } }
  @media (max-width: 600px) { .wide { display: none } }
  @media (min-width: 601px) { .narrow { display: none } }
</style><body><main><h1>Pale</h1><p class="wide">On a desk</p><p class="narrow">On a phone</p>
<p class="call">First</p><p class="call" style="color: #fefefe">Later</p></main>"""


def test_pale_words_are_found_on_the_screen_that_shows_them(browser: Browser) -> None:
    with browser.new_page() as page:
        page.set_content(PALE)
        faults = access_faults(page, "pale")
        told = [fault.partition(": color-contrast: ") for fault in faults]
        assert [(where, "On a desk" in what) for where, _, what in told] == [
            ("pale dark 390", False),
            ("pale dark 1440", True),
        ]
        assert page.evaluate("document.adoptedStyleSheets.length") == 0
