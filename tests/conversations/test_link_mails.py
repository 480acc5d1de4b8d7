"""Mails bring links of their readers, and the address that opens something stands only there."""

import re
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

from fluvial.http.app import build_app
from fluvial.runtime.engine import Engine
from fluvial.runtime.session import Session
from fluvial.services.mail import Enclosed, compose
from rules.text_links import MEMBER, in_mail
from tests.app import EMAIL, Client, Documents, OpenEngine, Prepared
from tests.conversations.offers import OFFERS, offer, press, work
from tests.mailbox import Mailbox

LETTER = {
    "kind": "template",
    "name": "offer_letter",
    "for": "offer",
    "subject": "Offer {{ offer.number }}",
    "body": "<p>Accept: <a href='{{ links.accept_offer }}'>here</a>. {{ links.accept_offer }}. "
    "{{ links.decline_offer }}</p>",
}
SENDING = {
    "kind": "rule",
    "name": "send_offer",
    "on": {"object": "offer", "button": "Send"},
    "do": [{"notify": {
        "to": ["buyer.email", "created_by"], "by": ["email", "in_app"], "template": "offer_letter",
    }}],
}  # fmt: skip


@pytest.fixture
def documents() -> Documents:
    return (*OFFERS, LETTER, SENDING)


def test_a_mail_brings_links_of_its_reader_and_they_stand_nowhere_else(
    open_engine: OpenEngine, smtp: Mailbox, engine_url: str, prepared: Prepared
) -> None:
    engine = open_engine(smtp_url=smtp.url)
    client = Client(build_app(engine), prepared.headers(engine_url))
    record = offer(client)
    assert client.post(f"/api/records/offer/{record}/actions/send_offer", {}).status == 200
    work(engine)
    mails = {mail.recipients[0]: mail.message for mail in smtp.wait(2)}
    outside = mails["ada@example.com"]
    parts = [outside.get_body((kind,)) for kind in ("plain", "html")]
    texts = [part.get_content() for part in parts if part is not None]
    found = [re.findall(r"http\S+?(/l/[\w-]+\.[\w-]+)", text) for text in texts]
    accept, decline = found[0][-2], found[0][-1]
    assert set(found[0]) == set(found[1]) == {accept, decline}
    assert all("~" not in text and "/o/offer" not in text for text in texts)
    inside = mails[EMAIL].get_body(("plain",))
    assert inside is not None and accept not in inside.get_content()
    anybody = Client(client.app)
    assert anybody.get(decline).status == 200
    assert press(anybody, accept, delivery="2031-05-06", signer="Ada").status == 200
    rows = client.rows(f"/api/records/offer/{record}/links")
    assert {(one["to"], one["link"], one["state"]) for one in rows} == {
        ("ada@example.com", "accept_offer", "used"), ("ada@example.com", "decline_offer", "open"),
        (EMAIL, "accept_offer", "open"), (EMAIL, "decline_offer", "open"),
    }  # fmt: skip
    (note,) = client.rows("/api/notifications")
    assert f"/o/offer/{record}" in str(note) and "/l/" not in str(note)
    kept = told_by(engine)
    for path in (accept, decline):
        assert path.rpartition(".")[2] not in kept
    shown = client.post(
        "/api/templates/preview", {"template": {**LETTER, "kind": None}, "record": record}
    )
    assert (
        "/l/example" in shown.text and len(client.rows(f"/api/records/offer/{record}/links")) == 4
    )


def told_by(engine: Engine) -> str:
    """Everything that is stored where messages wait and go."""
    connection = engine.database.connection()
    names = ("fluvial_effect", "fluvial_link_pass", "fluvial_link_use", "fluvial_run")
    return "".join(str(connection.query(f'SELECT * FROM "{name}"', [])) for name in names)


def test_files_of_a_mail_stay_as_they_are(client: Client) -> None:
    settings = client.app.engine.settings
    unsigned = f"{settings.base_url}/l/~AZk4bLk2cyi4bLk2cyi4bA~"
    files = [
        Enclosed("lines.csv", "text/csv", f"a;{unsigned}\n".encode()),
        Enclosed("paper.pdf", "application/pdf", b"%PDF \x00\xff"),
    ]
    content = compose(
        sender="desk@example.org", to="ada@example.com", name="Zoë", subject="Größe", files=files,
        html=f"<p>Grüße {'x' * 80}: <a href='{unsigned}'>{unsigned}</a></p>",
        at=datetime(2031, 5, 6, tzinfo=UTC), message_id="<a@b>",
    )  # fmt: skip
    session = Session.begin(client.app.engine)
    assert in_mail(session, {}, content) == content
    sent = message_from_bytes(in_mail(session, {MEMBER: [unsigned]}, content), policy=policy.SMTP)
    assert isinstance(sent, EmailMessage) and str(sent["Subject"]) == "Größe"
    for kind in ("plain", "html"):
        body = sent.get_body((kind,))
        assert body is not None
        assert "~" not in body.get_content() and "Grüße" in body.get_content()
        assert "/l/AZk4bLk2cyi4bLk2cyi4bA." in body.get_content()
    kept = {one.get_filename(): one.get_content() for one in sent.iter_attachments()}
    assert kept == {"lines.csv": f"a;{unsigned}\n", "paper.pdf": b"%PDF \x00\xff"}


def test_a_trial_makes_no_links(client: Client) -> None:
    record = offer(client)
    reply = client.post("/api/rules/send_offer/dry-run", {"id": record})
    assert reply.status == 200 and "ada@example.com" in reply.text, reply.text
    assert client.rows(f"/api/records/offer/{record}/links") == []


def test_a_template_names_links_of_its_own_object_in_its_body(client: Client) -> None:
    other = {**LETTER, "for": "buyer", "subject": "Hello", "body": "{{ links.accept_offer }}"}
    for change, words in (
        ({"body": "{{ links.nothing }}"}, "There is no link `nothing`"),
        ({"subject": "{{ links.accept_offer }}"}, "in a subject"),
        (other, "not a link of Buyer"),
    ):
        reply = client.put("/api/meta/template/offer_letter", {**LETTER, **change})
        assert reply.status == 422 and words in reply.text, reply.text
    gone = client.delete("/api/meta/link/decline_offer")
    assert gone.status == 422 and "template/offer_letter" in gone.text
