"""Rules are tried while they are designed, and what they need is said before they are saved."""

from __future__ import annotations

from typing import Any

import pytest

from tests.app import Client
from tests.rules.house import SECRET, House, endpoint, rule
from tests.rules.test_run_pages import MAIL, POST, WRITE

Json = dict[str, Any]
CREATED = {"object": "loan", "event": ["created", "updated"], "fields": ["status"]}


def lent(house: House, **values: Any) -> str:
    member = house.client.made("member", name="Zoë", email="zoe@example.org")
    return str(house.client.made("loan", name="Emma", member=member["id"], **values)["id"])


def tried(client: Client, body: Json, record: str, change: Json | None = None) -> Json:
    reply = client.post("/studio/rules/try", {"body": body, "record": record, "change": change})
    assert reply.status == 200, reply.text
    found: Json = reply.json()
    return found


def test_a_rule_is_tried_before_it_is_saved(house: House) -> None:
    house.define(endpoint("desk", house.sink, label="Front desk"))
    loan = lent(house)
    body = rule("tell", CREATED, MAIL, POST, WRITE, when="status == 'late'")
    found = tried(house.client, body, loan, {"status": "late"})
    assert found["outcome"] == "Done" and "status is Late" in found["lines"][0]
    mail, post, made = found["effects"]
    assert mail["text"] == "Mails zoe@example.org"
    assert (mail["subject"], mail["said"]) == ("Emma", "Emma")
    assert post["text"] == "Posts to Front desk" and '"loan": "Emma"' in post["body"]
    assert made["text"] == "Creates the letter Dear Emma"
    assert tried(house.client, body, loan)["outcome"] == "Condition not met"
    other = tried(house.client, body, loan, {"name": "Persuasion"})
    assert other["outcome"] == "This change does not set it off"
    house.work()
    assert not house.deliveries() and house.client.get("/api/rules/tell/runs").status == 404
    assert house.client.get(f"/api/records/loan/{loan}").json()["status"] == "open"


def test_what_a_rule_before_the_save_sets_is_told_in_words(house: House) -> None:
    loan = lent(house)
    body = rule(
        "late", {"object": "loan", "event": "updated"}, {"set": {"status": "'late'"}},
        {"refuse": {"message": "Not today."}}, phase="before_save",
    )  # fmt: skip
    found = tried(house.client, body, loan, {"level": "3"})
    assert [one["text"] for one in found["effects"]] == [
        "Sets Status to Late",
        "Refuses the save: Not today.",
    ]


def test_faults_and_what_is_missing_are_said(house: House) -> None:
    loan = lent(house)

    def refused(given: Json) -> str:
        json = "application/json"
        reply = house.client.post("/studio/rules/try", given, accept=json)
        assert reply.status == 422, reply.text
        return reply.text

    good = rule("x", CREATED, MAIL)
    assert "`nothing` is not a field of loan" in refused(
        {"body": rule("x", CREATED, MAIL, when="nothing == 1"), "record": loan}
    )
    assert "Choose the record" in refused({"body": good})
    assert "as `body`" in refused({"record": loan})
    for word in ("$delete", "$replace", "$order"):  # of layers: such a rule is not whole
        assert "as `body`" in refused({"body": {word: True}, "record": loan})
        assert "as `body`" in refused({"body": good | {word: True}, "record": loan})
    assert "object of fields" in refused({"body": good, "record": loan, "change": [1]})
    timed = rule("x", {"schedule": "0 7 * * *"}, {"create": "letter", "set": {"name": "'x'"}})
    assert "does not handle a record" in refused({"body": timed, "record": loan})


def test_replay_lists_the_records_that_would_have_set_it_off(house: House) -> None:
    loan = lent(house)
    house.client.patch(f"/api/records/loan/{loan}", {"status": "late"})
    body = rule("tell", CREATED, MAIL, when="status == 'late'")
    reply = house.client.post("/studio/rules/replay", {"body": body, "days": 7})
    found = reply.json()
    assert reply.status == 200, reply.text
    assert (found["considered"], found["would_run"]) == (2, 1)
    (run,) = found["runs"]
    assert (run["title"], run["href"], run["event"]) == ("Emma", f"/o/loan/{loan}", "changed")
    assert house.client.post("/studio/rules/replay", {"body": body, "days": 0}).status == 422


DESIGNER: Json = {
    "kind": "role",
    "name": "designer",
    "meta": ["read", "write"],
    "grants": [{"object": "loan", "can": ["*"], "fields": {"fee": "none"}}],
}


def test_nobody_tries_what_goes_beyond_their_rights(house: House) -> None:
    house.define(DESIGNER)
    loan = lent(house)
    reader = house.person("dee@example.org", "designer")
    assert reader
    body = rule("x", CREATED, {"notify": {"to": ["created_by"], "subject": "'fee ' & fee"}})
    client = house.client.person("dora@example.org", "designer")
    for path in ("try", "replay"):
        reply = client.post(f"/studio/rules/{path}", {"body": body, "record": loan})
        assert reply.status in (400, 403), reply.text
    reply = client.post("/studio/rules/try", {"body": body, "record": loan})
    assert reply.status == 403 and "You may not try this rule" in reply.text


def test_what_a_rule_needs_is_said_when_it_is_saved(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Mail that is not set up, addresses that may belong to nobody, a secret that is missing."""
    house.define(endpoint("desk", house.sink, label="Front desk"))
    object.__setattr__(house.engine.settings, "smtp_url", "")
    monkeypatch.delenv("LIBRARY_SECRET")
    body = rule("tell", CREATED, MAIL, POST, label="Tell the reader")

    def notes(*documents: Json) -> str:
        reply = house.client.post("/api/meta/changes", {"documents": list(documents)})
        assert reply.status == 200, reply.text
        return " ".join(reply.json().get("notes", []))

    said = notes(body)
    assert "Mail is not set up" in said and "FLUVIAL_SMTP_URL" in said
    assert "“Tell the reader” mails addresses" in said and "member.email" in said
    assert "Front desk cannot be signed for" in said and "LIBRARY_SECRET" in said
    object.__setattr__(house.engine.settings, "smtp_url", house.smtp.url)
    monkeypatch.setenv("LIBRARY_SECRET", SECRET)
    person = {"notify": {"to": ["created_by"], "subject": "name"}}
    assert notes(rule("person", CREATED, person, POST)) == ""
    inside = {"notify": {"to": ["'a@example.org'"], "by": ["in_app"], "subject": "name"}}
    assert notes(rule("inside", CREATED, inside)) == ""


def test_an_endpoint_is_tested_and_says_what_came_back(house: House) -> None:
    house.define(endpoint("desk", house.sink, label="Front desk"))
    reply = house.client.post("/studio/endpoints/desk/test")
    assert reply.status == 200 and "Front desk answered 200" in reply.text
    (sent,) = house.sink.deliveries
    assert sent.json()["type"] == "test" and "webhook-signature" in sent.headers  # type: ignore[index]
    house.sink.replies.append(500)
    assert "answered 500" in house.client.post("/studio/endpoints/desk/test").text
    assert house.client.post("/studio/endpoints/none/test").status == 404


def test_a_hook_says_what_a_call_would_do_and_does_nothing(house: House) -> None:
    house.define(
        {"kind": "hook", "name": "lent", "auth": "token", "secret": {"env": "HOOK"},
         "object": "loan", "map": {"name": "body.title"}, "key": ["name"]}
    )  # fmt: skip
    reply = house.client.post("/studio/hooks/lent/test", {"title": "Emma"})
    assert reply.json()["said"] == "It would create one loan, with Name."
    house.client.made("loan", name="Emma")
    reply = house.client.post("/studio/hooks/lent/test", {"title": "Emma"})
    assert reply.json()["said"] == "It would change one loan, with Name."
    assert len(house.client.rows("/api/records/loan")) == 1
    assert house.client.post("/studio/hooks/lent/test", {"title": ""}).status == 422


def test_recipients_and_schedules_are_offered_in_words(house: House) -> None:
    told = house.client.get("/studio/rules/fields/loan").json()
    by_path = {one["path"]: one for one in told["recipients"]}
    assert told["fields"]["status"]["choices"][0] == ["'open'", "Open"]
    assert told["fields"]["due"]["gives"] == "day" and told["fields"]["due"]["dated"]
    assert told["fields"]["member"]["link"] and not told["fields"]["created_by"]["settable"]
    assert by_path["member.email"] == {
        "path": "member.email", "label": "Member › Email", "plain": True,
    }  # fmt: skip
    assert by_path["member.keeper"]["plain"] is False and "created_by" in by_path
    assert house.client.get("/studio/rules/fields/none").status == 404
    following = house.client.get("/studio/rules/schedule", text="0 7 * * 1-5").json()["next"]
    assert following[0] == "Tomorrow 07:00" and len(following) == 3
    wrong = house.client.get("/studio/rules/schedule", text="0 7 * *")
    assert wrong.status == 422 and "five parts" in wrong.text
