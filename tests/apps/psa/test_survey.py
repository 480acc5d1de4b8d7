"""A closed ticket asks its customer by mail, in their language; the link of the mail answers."""

from __future__ import annotations

import re

import pytest

from fluvial.events.jobs import run_pending
from fluvial.http.app import build_app
from fluvial.runtime.engine import Engine
from tests.app import EMAIL, PASSWORD, Client, OpenEngine
from tests.conversations.offers import press
from tests.mailbox import Mailbox

WORDS = {
    "en": ("How did we do with", "How did we do?", "Very satisfied", "Send my answer"),
    "de": ("Wie zufrieden sind Sie mit", "Wie zufrieden sind Sie?", "Sehr zufrieden",
           "Antwort senden"),
}  # fmt: skip


@pytest.fixture
def engine(open_engine: OpenEngine, smtp: Mailbox) -> Engine:
    return open_engine(smtp_url=smtp.url)


def closed(client: Client, language: str) -> str:
    """A closed ticket of a customer who reads this language."""
    account = client.made("account", name=f"Customer {language}", language=language)["id"]
    ticket = client.made(
        "ticket", subject="Jams on tray 2", account=account, contact_email=f"{language}@example.com"
    )["id"]
    steps = {"resolve": {"resolution": "Cleaned the rollers"}, "close": {}}
    for action, values in steps.items():
        reply = client.post(f"/api/records/ticket/{ticket}/actions/{action}", values)
        assert reply.status == 200, reply.text
    return str(ticket)


def test_the_link_of_the_mail_is_answered_once_in_the_language_of_the_customer(
    engine: Engine, smtp: Mailbox
) -> None:
    client = Client(build_app(engine)).signed_in(EMAIL, PASSWORD)
    tickets = {language: closed(client, language) for language in WORDS}
    while engine.database.call(lambda: run_pending(engine)):
        pass
    mails = {mail.recipients[0][:2]: mail.message for mail in smtp.wait(2)}
    anybody = Client(client.app)
    for language, (subject, title, option, submit) in WORDS.items():
        mail = mails[language]
        assert mail["subject"].startswith(subject), mail["subject"]
        body = mail.get_body(("plain",))
        assert body is not None
        (address,) = re.findall(r"http\S+?(/l/[\w-]+\.[\w-]+)", body.get_content())
        page = anybody.get(address)
        assert page.status == 200 and f'<html lang="{language}"' in page.text
        assert all(words in page.text for words in (title, option, submit, "Cleaned the rollers"))
        assert press(anybody, address, comment="Quick").status == 422  # nothing is chosen
        said = press(anybody, address, score="very", comment="Quick")
        assert said.status == 200 and ("Vielen Dank" in said.text) is (language == "de")
        again = press(anybody, address, score="hardly")
        assert again.status == 200 and "It was done on" in again.text
        ticket = client.get(f"/api/records/ticket/{tickets[language]}").json()
        assert ticket["satisfaction"] == "5"
        (answer,) = client.rows("/api/records/survey", where=f"ticket == '{tickets[language]}'")
        assert (answer["score"], answer["comment"]) == ("very", "Quick")
