"""Mails and notifications tell times on the clock of those who get them."""

from __future__ import annotations

import pytest

from tests.app import PASSWORD
from tests.rules.house import House, rule

TEMPLATE = {
    "kind": "template",
    "name": "picked",
    "for": "loan",
    "subject": "Picked up {{ loan.picked_at }}",
    "body": "<p>{{ loan.picked_at | datetime }}</p>",
}
AT = "2026-06-20T02:30:00Z"


@pytest.mark.parametrize(
    ("zone", "words"),
    [
        (None, "20 Jun 2026, 03:30"),
        ("Europe/London", "20 Jun 2026, 03:30"),
        ("UTC", "20 Jun 2026, 02:30 (UTC)"),
        ("America/New_York", "19 Jun 2026, 22:30 (America/New_York)"),
        ("Asia/Kolkata", "20 Jun 2026, 08:00 (Asia/Kolkata)"),
    ],
)
def test_a_mail_tells_times_on_the_clock_of_its_reader(
    house: House, zone: str | None, words: str
) -> None:
    house.client.made("user", email="lee@example.org", name="Lee", zone=zone, password=PASSWORD,
                      roles=["administrator"])  # fmt: skip
    house.define(
        TEMPLATE,
        rule("tell", {"object": "loan", "event": "created"},
             {"notify": {"to": ["member.email"], "by": ["email"], "template": "picked"}},
             {"notify": {"to": ["member.keeper"], "by": ["in_app"], "template": "picked"}}),
    )  # fmt: skip
    lee = house.client.rows("/api/records/user", email="lee@example.org")[0]["id"]
    member = house.client.made("member", name="Lee", email="Lee@example.org", keeper={"user": lee})
    house.client.made("loan", name="Emma", member=member["id"], picked_at=AT)
    house.work()
    (mail,) = house.smtp.wait(1)
    assert mail.message["Subject"] == f"Picked up {words}"
    html = mail.message.get_body(("html",))
    assert html is not None and f"<p>{words}</p>" in html.get_content()
    told = house.client.signed_in("lee@example.org", PASSWORD).rows("/api/notifications")
    assert words in str(told[0])


def test_an_address_of_nobody_gets_the_times_of_the_business(house: House) -> None:
    house.define(
        TEMPLATE,
        rule("tell", {"object": "loan", "event": "created"},
             {"notify": {"to": ["'zoe@example.org'"], "by": ["email"], "template": "picked"}}),
    )  # fmt: skip
    house.client.made("loan", name="Emma", picked_at=AT)
    house.work()
    (mail,) = house.smtp.wait(1)
    assert mail.message["Subject"] == "Picked up 20 Jun 2026, 03:30"
