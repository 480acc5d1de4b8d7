"""Mails that fail stand in the run of their rule, and a field names one address at most."""

from __future__ import annotations

import pytest

from tests.rules.house import House, Json, rule

TELL: Json = {"notify": {"to": ["member.email"], "subject": "'Hello'", "text": "name"}}


def mail_rule(house: House) -> None:
    house.define(rule("tell", {"object": "loan", "event": "created"}, TELL))


def lend(house: House) -> None:
    member = house.client.made("member", name="Ann", email="ann@example.org")
    house.client.made("loan", name="Emma", member=member["id"])


def test_a_run_shows_a_mail_that_failed_as_failed(house: House) -> None:
    mail_rule(house)
    house.smtp.replies.append("550 5.1.1 no such person")
    lend(house)
    house.work()
    (delivery,) = house.deliveries(state="failed")
    path = f"/api/rules/{delivery['rule']}/runs"
    (run,) = house.client.rows(path)
    assert run["outcome"] == "failed"
    assert run["trace"]["effects"][0]["state"] == "failed"
    assert "550" in run["trace"]["lines"][-1]
    assert house.client.rows(path, outcome="failed") == [run]
    assert house.client.rows(path, outcome="done") == []
    house.client.post(f"/api/deliveries/{delivery['id']}/redeliver")
    house.work()
    (again,) = house.client.rows(path, outcome="done")
    assert again["trace"]["effects"][0]["state"] == "done"


def test_a_run_says_that_its_mail_is_tried_again_or_was_given_up(house: House) -> None:
    mail_rule(house)
    house.smtp.replies.append("451 4.3.0 later")
    lend(house)
    house.work()
    (delivery,) = house.deliveries(state="pending")
    path = f"/api/rules/{delivery['rule']}/runs"
    (run,) = house.client.rows(path, outcome="done")
    assert "is tried again: " in run["trace"]["lines"][-1]
    house.change("UPDATE fluvial_effect SET attempts = 50")
    house.smtp.replies.append("451 4.3.0 later")
    house.hasten()
    house.work()
    (run,) = house.client.rows(path, outcome="failed")
    assert run["trace"]["effects"][0]["state"] == "dead"
    assert "was given up: " in run["trace"]["lines"][-1]


@pytest.mark.parametrize(
    "typed",
    [
        "ann@example.org, bob@example.org",
        "ann@example.org;bob@example.org",
        "ann@example.org bob@example.org",
        "ann@example.org & bob@example.org",
        "Ann <ann@example.org>, bob@example.org",
        "ann@example.org,",
    ],
)
def test_what_somebody_typed_is_one_address_or_none(house: House, typed: str) -> None:
    to: Json = {"notify": {"to": ["name"], "subject": "'Hello'", "text": "'Hello'"}}
    house.define(rule("tell", {"object": "member", "event": "created"}, to))
    house.client.made("member", name=typed)
    house.client.made("member", name=" ann@example.org ")
    house.work()
    (mail_,) = house.smtp.wait(1)
    assert mail_.recipients == ["ann@example.org"]
    lines = [run["trace"]["lines"] for run in house.runs("tell")]
    assert any("is not an e-mail address" in line for line in lines[-1])


def test_a_rule_itself_may_name_several_addresses(house: House) -> None:
    several = "'ann@example.org, bob@example.org'"
    to: Json = {"notify": {"to": [several], "subject": "'Hello'", "text": "'Hello'"}}
    house.define(rule("tell", {"object": "member", "event": "created"}, to))
    house.client.made("member", name="Ann")
    house.work()
    found = {address for one in house.smtp.wait(2) for address in one.recipients}
    assert found == {"ann@example.org", "bob@example.org"}
