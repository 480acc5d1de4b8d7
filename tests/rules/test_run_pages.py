"""What rules did, for people: on one page, on the record's timeline, and sent again from there."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest

from tests.app import Client
from tests.fluvial.pages.posting import posted
from tests.rules.house import House, endpoint, rule

CREATED = {"object": "loan", "event": "created"}
MAIL = {"notify": {"to": ["member.email"], "by": ["email"], "subject": "name", "text": "name"}}
POST = {"webhook": {"to": "desk", "body": {"loan": "name"}}}
WRITE = {"create": "letter", "set": {"name": "'Dear ' & name", "member": "member"}}


def text_of(html: str) -> str:
    main = html.partition("<main")[2] or html
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", main)).split())


def lent(house: House, name: str = "Emma") -> str:
    member = house.client.made("member", name="Zoë", email="zoe@example.org")
    return str(house.client.made("loan", name=name, member=member["id"], fee=None)["id"])


def everything(house: House) -> str:
    house.define(
        endpoint("desk", house.sink, label="Front desk"),
        rule("tell", CREATED, WRITE, MAIL, POST, label="Tell the reader"),
        rule("never", CREATED, MAIL, label="Never", when="level > 5"),
    )
    loan = lent(house)
    house.work()
    return loan


def test_all_runs_stand_on_one_page_with_filters(house: House) -> None:
    loan = everything(house)
    whole = house.client.get("/studio/runs")
    assert whole.status == 200
    said = text_of(whole.text)
    assert "Tell the reader" in said and "Never" in said and "2 runs" in said
    assert f'href="/o/loan/{loan}">Emma</a>' in whole.text
    assert "It posts to desk" in said
    met = text_of(house.client.get("/studio/runs", outcome="done", record=loan).text)
    assert "1 run" in met and "About Emma" in met and "It posts to desk" in met
    none = house.client.get("/studio/runs", rule="never", outcome="failed").text
    assert "No runs" in text_of(none)
    assert house.client.get("/studio/runs", outcome="well").status == 400
    assert house.client.get("/studio/runs", record="x").status == 400
    assert house.client.get("/studio/runs", elsewhere="x").status == 400


def test_a_run_tells_each_step_and_what_became_of_it(house: House) -> None:
    everything(house)
    page = house.client.get("/studio/runs", rule="tell")
    (href,) = re.findall(r'href="(/studio/runs/[0-9a-f-]{36})"', page.text)
    run = house.client.get(href)
    said = text_of(run.text)
    assert "It has no condition." in said and "Step by step" in said
    assert "Created the letter Dear Emma" in said
    assert "Mails zoe@example.org Sent" in said and "Posts to Front desk Sent" in said
    assert 'href="/studio/rule/tell"' in run.text
    assert house.client.get("/studio/runs/01a00000-0000-7000-8000-000000000000").status == 404
    assert house.client.get("/studio/runs/nothing").status == 404


def test_a_mail_that_was_refused_makes_its_run_failed_and_is_sent_again(house: House) -> None:
    house.smtp.replies.append("550 5.1.1 no such mailbox")
    house.define(rule("tell", CREATED, MAIL, label="Tell the reader"))
    loan = lent(house)
    house.work()
    failed = house.client.get("/studio/runs", outcome="failed")
    assert "1 run" in text_of(failed.text) and "550" in text_of(failed.text)
    assert "No runs" in text_of(house.client.get("/studio/runs", outcome="done").text)
    page = house.client.get("/studio/deliveries", state="failed")
    said = text_of(page.text)
    assert "Send all 1 that failed again" in said and "1 delivery" in said and "550" in said
    assert "Deliveries 1 failed" in said
    (again,) = re.findall(r'action="(/studio/deliveries/[0-9a-f-]{36}/again)"', page.text)
    assert posted(house.client, again, {}).status == 303
    house.work()
    assert len(house.smtp.accepted()) == 1
    assert "Sent" in text_of(house.client.get(again.removesuffix("/again")).text)
    timeline = text_of(house.client.get(f"/o/loan/{loan}").text)
    assert "Tell the reader ran" in timeline and "Mails zoe@example.org" in timeline


def test_all_that_failed_is_sent_again_in_portions(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rules.delivery_lists.PORTION", 2)
    monkeypatch.setattr("rules.delivery_lists.COUNTED", 2)
    house.smtp.replies.extend(["550 5.1.1 no"] * 6)
    house.define(rule("tell", CREATED, MAIL), rule("other", CREATED, MAIL))
    for name in ("Emma", "Persuasion", "Sanditon"):
        lent(house, name)
    house.work()
    said = text_of(house.client.get("/studio/deliveries").text)
    assert "2+ deliveries" in said and "Send all 2+ that failed again" in said
    json, path = "application/json", "/studio/deliveries/again"
    first = posted(house.client, path, {"rule": "tell"}, accept=json)
    assert first.json() == {"again": 2, "more": True}
    second = posted(house.client, path, {"rule": "tell"}, accept=json)
    assert second.json()["again"] == 1 and not second.json()["more"]
    house.work()
    assert len(house.smtp.accepted()) == 3
    assert posted(house.client, path, {}).status == 303
    house.work()
    assert len(house.smtp.accepted()) == 6


def test_a_paused_endpoint_is_shown_and_asked_at_once(house: House) -> None:
    house.define(endpoint("desk", house.sink, label="Front desk"), rule("tell", CREATED, POST))
    house.sink.replies.extend([500] * 9)
    for number in range(5):
        lent(house, f"Book {number}")
    house.work()
    house.hasten()
    page = house.client.get("/studio/deliveries")
    said = text_of(page.text)
    assert "Front desk does not answer" in said and "5 messages wait for it" in said
    assert "Send again now" in said
    house.sink.replies.clear()
    house.change("UPDATE fluvial_endpoint_pause SET until = '2099-01-01T00:00:00.000000Z'")
    before = len(house.sink.deliveries)
    house.work()
    assert len(house.sink.deliveries) == before
    assert posted(house.client, "/studio/deliveries/endpoints/desk/now", {}).status == 303
    house.work()
    assert len(house.deliveries(state="done", kind="webhook")) == 5
    assert "does not answer" not in text_of(house.client.get("/studio/deliveries").text)
    assert posted(house.client, "/studio/deliveries/endpoints/none/now", {}).status == 404


def test_what_a_rule_did_stands_on_the_timeline_of_its_record(house: House) -> None:
    loan = everything(house)
    page = house.client.get(f"/o/loan/{loan}")
    said = text_of(page.text)
    assert "Tell the reader ran" in said and "Posts to Front desk" in said
    assert "Created the letter Dear Emma" in said
    assert "Never" not in said  # it found nothing to do
    assert re.search(r'href="/studio/runs/[0-9a-f-]{36}"', page.text)


ROLE: dict[str, Any] = {
    "kind": "role",
    "name": "clerk",
    "meta": ["read"],
    "grants": [
        {"object": "loan", "can": ["read"], "fields": {"fee": "none"}},
        {"object": "letter", "can": ["read"]},
    ],
}


def clerk(house: House) -> Client:
    return house.client.person("clerk@example.org", "clerk")


def test_nobody_sees_more_of_a_run_than_they_may_read(house: House) -> None:
    """The rule reads members, and a fee that is hidden: neither whom it told nor why is told."""
    house.define(ROLE)
    house.define(rule("secret", CREATED, MAIL, WRITE, label="Secret", when="fee == null"))
    loan = lent(house)
    house.work()
    reader = clerk(house)
    runs = reader.get("/studio/runs")
    assert "Secret" in text_of(runs.text)  # that it ran is no secret
    (href,) = re.findall(r'href="(/studio/runs/[0-9a-f-]{36})"', runs.text)
    pages = [
        runs,
        reader.get(href),
        reader.get("/studio/deliveries"),
        reader.get(f"/o/loan/{loan}"),
    ]
    for page in pages:
        assert page.status == 200
        assert "zoe@example.org" not in page.text and "fee ==" not in page.text
    assert "Secret" not in text_of(pages[-1].text)  # it met a condition on what they may not read
    (delivery,) = house.deliveries(kind="email")
    assert reader.get(f"/studio/deliveries/{delivery['id']}").status == 404
    assert posted(reader, f"/studio/deliveries/{delivery['id']}/again", {}).status == 403
    assert posted(reader, "/studio/deliveries/again", {}).status == 403
    assert "Send again" not in pages[2].text


def test_mail_that_is_not_set_up_is_said_with_the_remedy(house: House) -> None:
    object.__setattr__(house.engine.settings, "smtp_url", "")
    house.define(rule("tell", CREATED, MAIL))
    lent(house)
    house.work()
    said = text_of(house.client.get("/studio/deliveries").text)
    assert "Mail is not set up" in said and "FLUVIAL_SMTP_URL" in said


def test_events_that_were_given_up_are_tried_again(house: House) -> None:
    house.define(rule("tell", CREATED, MAIL))
    lent(house)
    house.change("UPDATE fluvial_outbox SET attempts = 8, error = 'It broke.'")
    page = house.client.get("/studio/runs/given-up")
    assert "It broke." in text_of(page.text) and "Emma" in text_of(page.text)
    assert posted(house.client, "/studio/runs/given-up/again", {}).status == 303
    house.work()
    assert "Nothing was given up" in text_of(house.client.get("/studio/runs/given-up").text)
