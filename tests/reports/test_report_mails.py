"""Rules mail reports: to each person with their rights, to others with those of the rule."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from tests.app import Documents
from tests.mailbox import Mail
from tests.reports.pdf_text import text_of
from tests.rules.house import OBJECTS, House, Json, house, rule

__all__ = ["house"]
FEES: Json = {
    "kind": "report",
    "name": "fees",
    "label": "Fees by member",
    "object": "loan",
    "group": ["member"],
    "measures": ["count()", "sum(fee)"],
}
BUTTON: Json = {"object": "member", "button": "Send fees"}


@pytest.fixture
def documents() -> Documents:
    return OBJECTS


@pytest.fixture(params=["sqlite"])
def engine_url(engine_url: str) -> str:
    return engine_url


def send(to: Any, **attached: str) -> Json:
    return {"notify": {"to": to, "by": ["email"], "subject": "'Fees'", "text": "'See there.'",
                       "attach": [{"report": "fees", **attached}]}}  # fmt: skip


def files(mail: Mail) -> dict[str, Any]:
    return {str(one.get_filename()): one.get_content() for one in mail.message.iter_attachments()}


def press(house: House) -> None:
    ann = house.client.made("member", name="Ann")["id"]
    for name, fee, member in (("Emma", "2.00", ann), ("Dune", "3.50", ann), ("Kim", "9.00", None)):
        house.client.made("loan", name=name, fee=fee, member=member)
    reply = house.client.post(f"/api/records/member/{ann}/actions/send")
    assert reply.status == 200, reply.text
    house.work()


def test_each_recipient_gets_the_report_as_it_is_for_them(house: House) -> None:
    grants: list[Json] = [
        {"object": "loan", "can": ["read", "export"], "where": "fee < 5"},
        {"object": "member", "can": ["read"]},
    ]
    house.define(
        FEES,
        {"kind": "role", "name": "clerk", "grants": grants},
        rule("send", BUTTON, send([{"role": "clerk"}, "'all@example.org'"], format="csv")),
    )
    house.person("clerk@example.com", "clerk")
    press(house)
    found = {}
    for mail in house.smtp.wait(2):
        text = str(files(mail)["fees.csv"]).removeprefix("\ufeff")  # it travels as a text
        found[mail.recipients[0]] = [*csv.reader(io.StringIO(text))]
    assert found["clerk@example.com"][1:] == [["Ann", "2", "5.50"], ["Total", "2", "5.50"]]
    assert found["all@example.org"][1:] == [
        ["Ann", "2", "5.50"], ["No member", "1", "9.00"], ["Total", "3", "14.50"],
    ]  # fmt: skip


def test_a_report_goes_out_as_a_pdf_or_says_why_not(house: House) -> None:
    house.define(
        FEES,
        {"kind": "role", "name": "guest", "grants": [{"object": "member", "can": ["read"]}]},
        rule("send", BUTTON, send([{"role": "guest"}, "'all@example.org'"])),
    )
    house.person("guest@example.com", "guest")
    press(house)
    (mail,) = house.smtp.wait(1)
    assert mail.recipients == ["all@example.org"]
    text = text_of(files(mail)["fees.pdf"])
    assert "Fees by member" in text and "€14.50" in text
    (refused,) = [one for one in house.deliveries(kind="email") if one["state"] == "failed"]
    assert "An attachment cannot be made. There is no report `fees`." in str(refused)


def test_faults_of_attached_reports_name_their_place(house: House) -> None:
    for attached in ({"report": "nothing"}, {"report": "fees", "format": "docx"}):
        action = {"notify": {"to": ["'a@example.org'"], "by": ["email"], "subject": "'x'",
                             "attach": [attached]}}  # fmt: skip
        reply = house.client.post(
            "/api/meta/changes", {"documents": [FEES, rule("send", BUTTON, action)]}
        )
        assert reply.status == 422, reply.text
        (error,) = reply.json()["errors"]
        assert error["pointer"].startswith("/rule/send/do/0/notify/attach/0"), error
