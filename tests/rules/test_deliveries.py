"""Mails, notifications and webhooks: sent once, tried again with the same id, and seen."""

from __future__ import annotations

import base64
import hashlib
import hmac
import socket
import time
from typing import Any

import pytest

from fluvial.services import helper_process, mail, templates
from rules import deliveries
from tests.mailbox import DROP
from tests.rules.house import SECRET, House, endpoint, rule
from tests.webhooks import HANG, Delivery

CREATED = {"object": "loan", "event": "created"}
TEMPLATE = {
    "kind": "template",
    "name": "lent",
    "for": "loan",
    "subject": "{{ loan.name }} is due on {{ loan.due | date }}",
    "body": "<p>Dear {{ loan.member.name or 'reader' }},</p><p><b>{{ loan.name }}</b> costs "
    "{{ loan.fee }}. It is {{ loan.status }}. <a href='{{ link }}'>See it</a></p>",
}


def verified(delivery: Delivery) -> bool:
    """The check of Standard Webhooks, written on its own."""
    headers = delivery.headers
    stamp = headers["webhook-timestamp"]
    assert abs(int(stamp) - time.time()) < 300
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    signed = b".".join([headers["webhook-id"].encode(), stamp.encode(), delivery.body])
    wanted = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    return f"v1,{wanted}" in headers["webhook-signature"].split(" ")


def mail_rule(house: House) -> None:
    house.define(
        TEMPLATE,
        rule(
            "tell",
            CREATED,
            {"notify": {"to": ["member.email"], "by": ["email"], "template": "lent"}},
        ),
    )


def lend(house: House, **values: object) -> str:
    member = house.client.made("member", name="Zoë <b>", email="zoe@example.org")
    loan = house.client.made(
        "loan",
        name="Emma & co",
        member=member["id"],
        due="2026-06-20",
        fee={"amount": "1250.00", "currency": "EUR"},
        **values,
    )
    return str(loan["id"])


def test_a_mail_arrives_in_two_forms(house: House) -> None:
    mail_rule(house)
    loan = lend(house)
    house.work()
    (mail,) = house.smtp.wait(1)
    assert mail.recipients == ["zoe@example.org"]
    assert mail.sender == "fluvial@example.org"
    assert mail.message["Subject"] == "Emma & co is due on 20 Jun 2026"
    assert mail.message["Auto-Submitted"] == "auto-generated"
    assert mail.message["Message-ID"].endswith("@library.example.org>")
    html = mail.message.get_body(("html",))
    text = mail.message.get_body(("plain",))
    assert html is not None and text is not None
    assert "Dear Zoë &lt;b&gt;," in html.get_content()
    assert "€1,250.00" in html.get_content()
    assert f"https://library.example.org/o/loan/{loan}" in html.get_content()
    assert "Dear Zoë <b>,\n\nEmma & co costs €1,250.00. It is Open." in text.get_content().replace(
        "\r\n", "\n"
    )
    (delivery,) = house.deliveries(state="done")
    assert delivery["target"] == "zoe@example.org"


LETTERS = ("Grüße aus Köln", "It costs 5 €", "plain", "日本語のメール", "x" * 2_000 + " é")


@pytest.mark.parametrize("at_once", [False, True], ids=["one by one", "as a batch"])
def test_mails_in_any_script_arrive(house: House, at_once: bool) -> None:
    house.define(
        rule(
            "tell",
            CREATED,
            {"notify": {"to": ["'ann@example.org'"], "by": ["email"], "subject": "name",
                        "text": "name"}},
        )
    )  # fmt: skip
    named = [text[:200] for text in LETTERS]
    if at_once:
        made = house.client.post("/api/records/loan", [{"name": name} for name in named])
        assert made.status == 201
    else:
        for name in named:
            house.client.made("loan", name=name)
    house.work()
    mails = house.smtp.wait(len(named))
    said = [mail.message.get_body(("plain",)).get_content() for mail in mails]  # type: ignore[union-attr]
    assert sorted(text.split("\n")[0].strip() for text in said) == sorted(named)
    assert all(mail.raw.isascii() for mail in mails)
    assert len(house.deliveries(state="done")) == len(named)


def test_an_effect_that_cannot_even_be_made_holds_up_no_other(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    mail_rule(house)
    compose = mail.compose

    def broken(**given: Any) -> bytes:
        if given["to"] == "bad@example.org":
            raise ValueError("the message cannot be made")
        return compose(**given)

    monkeypatch.setattr(mail, "compose", broken)
    for address in ("bad@example.org", "good@example.org"):
        member = house.client.made("member", name="Ann", email=address)
        house.client.made("loan", name="Emma", member=member["id"])
    house.work()
    (arrived,) = house.smtp.wait(1)
    assert arrived.recipients == ["good@example.org"]
    (waiting,) = house.deliveries(state="pending")
    assert waiting["attempts"] == 1 and "the message cannot be made" in waiting["error"]


def test_a_mail_is_tried_again_with_the_same_id_and_bytes(house: House) -> None:
    mail_rule(house)
    house.smtp.replies.extend(["451 4.3.0 later", DROP])
    lend(house)
    house.work()
    (delivery,) = house.deliveries(state="pending")
    assert delivery["attempts"] == 1
    assert "451" in delivery["error"]
    assert delivery["next_at"] is not None
    for _ in range(2):
        house.hasten()
        house.work()
    mails = house.smtp.wait(3)
    assert len({mail.message["Message-ID"] for mail in mails}) == 1
    assert len({mail.raw.rstrip() for mail in mails}) == 1
    assert len(house.deliveries(state="done")) == 1
    house.work()
    assert len(house.smtp.mails) == 3


def test_a_mail_that_is_refused_for_good_is_seen_and_can_be_sent_again(house: House) -> None:
    mail_rule(house)
    house.smtp.replies.append("550 5.1.1 no such person")
    lend(house)
    house.work()
    (delivery,) = house.deliveries(state="failed")
    assert "550" in delivery["error"]
    reply = house.client.post(f"/api/deliveries/{delivery['id']}/redeliver")
    assert reply.status == 202
    assert reply.json()["state"] == "pending"
    house.work()
    first, second = house.smtp.wait(2)
    assert first.message["Message-ID"] == second.message["Message-ID"]
    assert second.accepted


def test_a_mail_waits_until_there_is_a_server(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = house.engine.settings.smtp_url
    object.__setattr__(house.engine.settings, "smtp_url", "")
    mail_rule(house)
    lend(house)
    house.work()
    (delivery,) = house.deliveries(state="pending")
    assert delivery["error"] == "The mail waits because FLUVIAL_SMTP_URL is not set."
    assert delivery["attempts"] == 0
    object.__setattr__(house.engine.settings, "smtp_url", url)
    house.hasten()
    house.work()
    assert len(house.smtp.wait(1)) == 1


def test_notifications_reach_people_teams_and_roles(house: House) -> None:
    grants = [{"object": "loan", "can": ["read"]}]
    for name in ("warden", "guard", "reader"):
        house.define({"kind": "role", "name": name, "label": name.title(), "grants": grants})
    team = house.client.made("team", name="Desk")
    kim = house.person("kim@example.org", "reader")
    lee = house.client.made(
        "user", email="lee@example.org", name="Lee", teams=[team["id"]], roles=["reader"]
    )
    house.person("max@example.org", "warden")
    group = house.client.made("group", name="North")
    house.client.made(
        "user", email="ned@example.org", name="Ned", groups=[group["id"]], roles=["reader"]
    )
    house.person("oda@example.org", "guard")
    fourth = house.client.made("member", name="Di", keeper={"role": "guard"})
    third = house.client.made("member", name="Cy", keeper={"group": group["id"]})
    one = house.client.made("member", name="Ada", keeper={"user": kim})
    other = house.client.made("member", name="Bo", keeper={"team": team["id"]})
    to = ["member.keeper", {"role": "warden"}]
    words = {"subject": "'Lent: ' & name", "text": "'Level ' & text(level)"}
    house.define(rule("tell", CREATED, {"notify": {"to": to, **words}}))
    house.client.made("loan", name="Emma", member=one["id"], level="3")
    house.client.made("loan", name="Persuasion", member=other["id"])
    house.client.made("loan", name="Middlemarch", member=third["id"])
    house.client.made("loan", name="Villette", member=fourth["id"])
    house.client.made("loan", name="Nobody's")
    house.work()
    told = sorted((mail.recipients[0], str(mail.message["Subject"])) for mail in house.smtp.mails)
    assert told == [
        ("kim@example.org", "Lent: Emma"),
        ("lee@example.org", "Lent: Persuasion"),
        ("max@example.org", "Lent: Emma"),
        ("max@example.org", "Lent: Middlemarch"),
        ("max@example.org", "Lent: Nobody's"),
        ("max@example.org", "Lent: Persuasion"),
        ("max@example.org", "Lent: Villette"),
        ("ned@example.org", "Lent: Middlemarch"),
        ("oda@example.org", "Lent: Villette"),
    ]
    rows = house.sql('SELECT "user", title, body FROM fluvial_notification ORDER BY title')
    assert [(str(user), title) for user, title, _ in rows if str(user) in (kim, lee["id"])] == [
        (kim, "Lent: Emma"),
        (lee["id"], "Lent: Persuasion"),
    ]
    assert ("Level 3") in [body for _, _, body in rows]
    lines = house.runs("tell")[0]["trace"]["lines"]
    assert "`member.keeper` is empty, so nobody is notified." in lines


def test_people_read_their_notifications(house: House) -> None:
    kim = house.client.person("kim@example.org", "administrator")
    me = kim.get("/api/me").json()["id"]
    member = house.client.made("member", name="Ada", keeper={"user": me})
    house.define(
        rule(
            "tell",
            CREATED,
            {"notify": {"to": "member.keeper", "by": ["in_app"], "subject": "name"}},
        )
    )
    for name in "abc":
        house.client.made("loan", name=name, member=member["id"])
    house.work()
    page = kim.get("/api/notifications", unread="true", limit="2").json()
    assert [row["title"] for row in page["data"]] == ["c", "b"]
    assert page["unread"] == 3
    rest = kim.get("/api/notifications", cursor=page["next"]).json()
    assert [row["title"] for row in rest["data"]] == ["a"]
    assert rest["data"][0]["href"].startswith("/o/loan/")
    first = page["data"][0]["id"]
    assert kim.post(f"/api/notifications/{first}/read").status == 204
    assert house.client.post(f"/api/notifications/{first}/read").status == 404
    assert kim.get("/api/notifications").json()["unread"] == 2
    assert kim.post("/api/notifications/read-all").json() == {"read": 2}
    assert kim.rows("/api/notifications", unread="true") == []


def test_a_template_that_fails_is_seen(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(templates, "RENDER_SECONDS", 0.5)
    monkeypatch.setattr(helper_process, "START_SECONDS", 0.5)
    house.define(
        {**TEMPLATE, "body": "{{ [[1]*9999]*9999 }}", "subject": "x"},
        rule(
            "tell",
            CREATED,
            {"notify": {"to": ["member.email"], "by": ["email"], "template": "lent"}},
        ),
    )
    lend(house)
    house.work()
    (delivery,) = house.deliveries(state="failed")
    assert delivery["error"] == "The template uses too much time or memory."
    assert house.smtp.mails == []


def webhook_rule(house: House, **more: object) -> None:
    body = {"name": "name", "until": "due", "fee": "fee", "who": {"member": "member.name"}}
    house.define(
        endpoint("desk", house.sink, **more),
        rule("post", CREATED, {"webhook": {"to": "desk", "body": body}}),
    )


def test_a_webhook_carries_id_timestamp_and_signature(house: House) -> None:
    webhook_rule(house)
    loan = lend(house)
    house.work()
    (delivery,) = house.sink.wait(1)
    assert verified(delivery)
    assert delivery.method == "POST" and delivery.path == "/desk"
    assert delivery.json() == {
        "type": "loan.created",
        "timestamp": delivery.json()["timestamp"],  # type: ignore[index]
        "object": "loan",
        "record": loan,
        "rev": 1,
        "data": {
            "name": "Emma & co",
            "until": "2026-06-20",
            "fee": {"amount": "1250.00", "currency": "EUR"},
            "who": {"member": "Zoë <b>"},
        },
    }
    (shown,) = house.deliveries(kind="webhook")
    assert shown["state"] == "done"
    assert shown["response"] == "200"
    assert shown["id"] == delivery.headers["webhook-id"]


def test_a_webhook_is_tried_again_with_the_same_id_and_bytes(house: House) -> None:
    webhook_rule(house)
    house.sink.replies.extend([500, 302, "drop"])
    lend(house)
    for _ in range(4):
        house.work()
        house.hasten()
    found = house.sink.wait(4)
    assert [d.reply for d in found] == [500, 302, "drop", 200]
    assert len({d.headers["webhook-id"] for d in found}) == 1
    assert len({d.body for d in found}) == 1
    assert all(verified(d) for d in found)
    (shown,) = house.deliveries(kind="webhook")
    assert (shown["state"], shown["attempts"]) == ("done", 4)
    assert house.client.post(f"/api/deliveries/{shown['id']}/redeliver").status == 202
    house.work()
    again = house.sink.wait(5)[-1]
    assert again.headers["webhook-id"] == found[0].headers["webhook-id"]
    assert again.body == found[0].body


def test_an_endpoint_that_is_gone_is_switched_off_until_somebody_sends_again(house: House) -> None:
    webhook_rule(house)
    house.sink.replies.append(410)
    lend(house)
    house.work()
    house.client.made("loan", name="Second")
    house.work()
    assert len(house.sink.deliveries) == 1
    failed = house.deliveries(state="failed")
    assert len(failed) == 2
    assert "switched off" in failed[0]["error"]
    house.client.post(f"/api/deliveries/{failed[0]['id']}/redeliver")
    house.work()
    assert len(house.sink.wait(2)) == 2


def test_given_up_after_the_last_attempt(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deliveries, "MAX_ATTEMPTS", 2)
    webhook_rule(house)
    house.sink.replies.extend([500, 500])
    lend(house)
    for _ in range(3):
        house.work()
        house.hasten()
    assert len(house.sink.deliveries) == 2
    (dead,) = house.deliveries(state="dead")
    assert dead["error"] == "Given up after 2 attempts. The last: It answered 500."


def test_once_is_one_attempt(house: House) -> None:
    webhook_rule(house, events="once")
    house.sink.replies.append(500)
    lend(house)
    house.work()
    assert [d["state"] for d in house.deliveries()] == ["failed"]


def test_a_secret_that_is_missing_is_waited_for(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LIBRARY_SECRET")
    webhook_rule(house)
    lend(house)
    house.work()
    (waits,) = house.deliveries(state="pending")
    assert "LIBRARY_SECRET is not set" in waits["error"]
    assert house.sink.deliveries == []


def test_names_that_stand_for_addresses_inside_are_refused(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    webhook_rule(house)
    house.define({"kind": "endpoint", "name": "desk", "url": "https://hooks.example.com/x"})
    inside = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: inside)
    lend(house)
    house.work()
    (failed,) = house.deliveries(state="failed")
    assert "FLUVIAL_OUTBOUND_ALLOW" in failed["error"]


def test_an_endpoint_that_hangs_holds_up_no_other(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fluvial.services.outbound.TOTAL_SECONDS", 2.0)
    webhook_rule(house)
    house.sink.replies.extend([HANG, HANG])
    house.client.made("loan", name="a")
    house.client.made("loan", name="b")
    house.client.made("loan", name="c")
    deliveries_of = deliveries.deliveries_of(house.engine)
    house.engine.database.call(lambda: _some_rounds(house))
    started = time.monotonic()
    assert len(house.sink.wait(2)) == 2
    house.define(
        endpoint("other", house.sink),
        rule("post_other", {"object": "letter", "event": "created"}, {"webhook": {"to": "other"}}),
    )
    house.client.made("letter", name="quick")
    house.engine.database.call(lambda: _some_rounds(house))
    found = house.sink.wait(3)
    assert time.monotonic() - started < 1.5
    assert [d.path for d in found] == ["/desk", "/desk", "/other"]  # the third waits its turn
    house.sink.over.set()
    house.work()
    assert deliveries_of is deliveries.deliveries_of(house.engine)


def _some_rounds(house: House) -> None:
    from fluvial.events.jobs import run_pending

    for _ in range(6):
        run_pending(house.engine)


def test_the_chain_of_causes_comes_back_with_the_webhook(house: House) -> None:
    house.define(
        endpoint("self", house.sink),
        rule(
            "post", {"object": "loan", "event": ["created", "updated"]}, {"webhook": {"to": "self"}}
        ),
    )
    loan = house.client.made("loan", name="Emma")
    house.work()
    (delivery,) = house.sink.wait(1)
    cause = delivery.headers["fluvial-cause"]
    # Whoever gets the webhook calls our API: the rule has run in this chain already.
    path = f"/api/records/loan/{loan['id']}"
    assert house.client.patch(path, {"name": "Changed"}, fluvial_cause=cause).status == 200
    house.work()
    assert len(house.sink.deliveries) == 1
    assert house.outcomes("post") == ["done", "skipped"]
    # A cause that somebody made up counts for nothing.
    forged = "W1sicG9zdCIsIngiXV0.AAAA"
    assert house.client.patch(path, {"name": "Again"}, fluvial_cause=forged).status == 200
    house.work()
    assert len(house.sink.wait(2)) == 2


def test_only_administrators_see_deliveries(house: House) -> None:
    house.define(
        {"kind": "role", "name": "reader", "grants": [{"object": "loan", "can": ["read"]}]}
    )
    reader = house.client.person("ann@example.org", "reader")
    for path in ("/api/deliveries", "/api/rules/x/runs", "/api/events/quarantined"):
        assert reader.get(path).status == 403
    assert house.client.get("/api/deliveries", state="lost").status == 400
    assert house.client.get("/api/deliveries/none").status == 404
    assert house.client.get("/api/deliveries", colour="red").status == 400
