"""Mail: the message, and the conversation with the server."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes, policy
from typing import Any

import pytest

from fluvial.services.mail import (
    NotSent,
    Server,
    as_html,
    as_text,
    ascii_address,
    compose,
    is_address,
    send,
)
from tests.mailbox import DROP, Mailbox


def message(**more: str) -> bytes:
    given: dict[str, Any] = {
        "sender": "desk@example.org",
        "to": "ann@example.org",
        "subject": "Überfällig",
    } | more
    return compose(
        **given,
        html="<p>Grüße</p>",
        at=datetime(2026, 6, 10, 9, tzinfo=UTC),
        message_id="<1@example.org>",
    )


def test_the_address_of_the_server() -> None:
    server = Server.read("smtp://ann:p%40ss@mail.example.org:2525?from=desk@example.org")
    assert server == Server("mail.example.org", 2525, False, "ann", "p@ss", "desk@example.org")
    assert Server.read("smtps://mail.example.org").port == 465
    assert Server.read("smtp://mail.example.org").port == 25


def test_the_same_message_has_the_same_headers() -> None:
    parsed = message_from_bytes(message(name="Ann, of York"), policy=policy.default)
    assert parsed["Subject"] == "Überfällig"
    assert parsed["To"] == '"Ann, of York" <ann@example.org>'
    assert parsed["Date"] == "Wed, 10 Jun 2026 09:00:00 +0000"
    assert parsed["Auto-Submitted"] == "auto-generated"
    assert [part.get_content_type() for part in parsed.iter_parts()] == ["text/plain", "text/html"]


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("n@exämple.de", "n@xn--exmple-cua.de"),
        ("n@straße.de", "n@xn--strae-oqa.de"),
        ("n@例え.jp", "n@xn--r8jz45g.jp"),
        ("ann@example.org", "ann@example.org"),
    ],
)
def test_domains_in_any_script_are_sent_in_their_ascii_form(written: str, sent: str) -> None:
    parsed = message_from_bytes(message(to=written), policy=policy.default)
    assert parsed["To"] == sent == ascii_address(written)


@pytest.mark.parametrize(
    "address", ["jörg@example.org", "n@exa mple.de", "n@-a-.de", "a..b@example.org", "a.@b.org"]
)
def test_an_address_that_cannot_be_sent_to_is_refused_for_good(address: str) -> None:
    with pytest.raises(NotSent, match="address") as caught:
        message(to=address)
    assert caught.value.final


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Zoë Müller", "Zoë Müller"),
        ('Ann "The Boss" O\'Neil', 'Ann "The Boss" O\'Neil'),
        ("Line\r\nBcc: eve@example.org", "Line Bcc: eve@example.org"),
        ("日本 太郎", "日本 太郎"),
        ("Ann, of York <eve@example.org>", "Ann, of York <eve@example.org>"),
        ("Name\u2028Bcc: eve", "Name Bcc: eve"),
        ("half\ud83d", "half"),
        ("\u202egpj.ann", "gpj.ann"),
        ("back\\slash\x00", "back\\slash"),
        ("é" * 20, "é" * 20),
        (" \n ", ""),
    ],
)
def test_whatever_people_are_called_stays_their_name(name: str, shown: str) -> None:
    sent = message(name=name, subject=name or "x")
    parsed = message_from_bytes(sent, policy=policy.default)
    (to,) = parsed["To"].addresses
    assert (to.display_name, to.addr_spec) == (shown, "ann@example.org")
    assert parsed["Subject"] == shown and parsed["Bcc"] is None
    assert sent.isascii() and max(map(len, sent.split(b"\r\n"))) < 998


@pytest.mark.parametrize(
    ("sender", "sent"),
    [
        ("Büro <desk@example.org>", "Büro <desk@example.org>"),
        ("Desk <desk@exämple.org>", "Desk <desk@xn--exmple-cua.org>"),
        ("desk@例え.jp", "desk@xn--r8jz45g.jp"),
    ],
)
def test_senders_have_names_and_domains_in_any_script(sender: str, sent: str) -> None:
    assert message_from_bytes(message(sender=sender), policy=policy.default)["From"] == sent


def test_a_sender_that_is_not_valid_is_for_somebody_to_fix() -> None:
    with pytest.raises(NotSent, match="FLUVIAL_SMTP_URL") as caught:
        message(sender="nobody")
    assert not caught.value.final


def test_a_subject_cannot_add_headers() -> None:
    parsed = message_from_bytes(
        message(subject="Hello\r\nBcc: eve@example.org"), policy=policy.default
    )
    assert parsed["Subject"] == "Hello Bcc: eve@example.org"
    assert parsed["Bcc"] is None


def test_it_is_taken(smtp: Mailbox) -> None:
    send(Server.read(smtp.url), "ann@example.org", message())
    (mail,) = smtp.wait(1)
    assert mail.recipients == ["ann@example.org"]


@pytest.mark.parametrize(
    ("reply", "final"),
    [("451 4.3.0 later", False), ("550 5.1.1 no such person", True), (DROP, False)],
)
def test_it_is_not_taken(smtp: Mailbox, reply: str, final: bool) -> None:
    smtp.replies.append(reply)
    with pytest.raises(NotSent) as caught:
        send(Server.read(smtp.url), "ann@example.org", message())
    assert caught.value.final is final


def test_nobody_listens() -> None:
    with pytest.raises(NotSent) as caught:
        send(Server.read("smtp://127.0.0.1:1"), "ann@example.org", message())
    assert not caught.value.final


def test_text_of_html() -> None:
    html = (
        "<style>p{}</style><h1>Hello</h1><p>One  line<br>two</p><ul><li>a</li><li>b</li></ul>"
        '<p><a href="https://example.org/x">See &amp; read</a></p>'
    )
    assert as_text(html) == "Hello\n\nOne line\ntwo\n\na\nb\n\nSee & read (https://example.org/x)\n"


def test_a_table_stays_rows_in_text() -> None:
    rows = (
        ("<tr><th>Priority</th>\n <td>High</td></tr>", "Priority: High"),
        ("<tr><td>Due:</td><td><b>1</b> May</td></tr>", "Due: 1 May"),
        ("<tr><td>A</td><td>B</td><td>C</td></tr>", "A · B · C"),
        ("<tr><td></td><td>Alone</td></tr>", "Alone"),
        ("<tr><td><table><tr><td>In</td><td>ner</td></tr></table></td></tr>", "In: ner"),
    )
    for html, text in rows:
        assert as_text(f"<table>{html}</table>") == f"{text}\n"


def test_html_of_text() -> None:
    assert as_html("a <b>\nc\n\nd") == "<p>a &lt;b&gt;<br>c</p><p>d</p>"


@pytest.mark.parametrize("text", ["a@b.org", "ann.o'neil+x@example.org"])
def test_addresses(text: str) -> None:
    assert is_address(text)


@pytest.mark.parametrize("text", ["", "a", "a@", "@b", "a b@c.org", "a@b, c@d", "<a@b>", "a@b\nc"])
def test_what_is_no_address(text: str) -> None:
    assert not is_address(text)
