"""Rules that call another system and go on with what it answers."""

from __future__ import annotations

import pytest

from tests.fluvial.pages.posting import posted
from tests.rules.calls import CREATED, ask, keys, loan, read, said, waiting
from tests.rules.house import House, Json, endpoint, rule
from tests.webhooks import DROP, HANG, Answered

KEEP: Json = {"update": {"set": {"level": "answer.count"}}}


def test_a_run_goes_on_with_the_answer_in_a_second_transaction(house: House) -> None:
    ask(
        house,
        {"create": "letter", "set": {"name": "'Thanks, ' & answer.who.name"}},
        then={"update": {"set": {"level": "answer.count", "fee": "answer.fee"}}},
    )
    body = {"count": 3, "who": {"name": "Ada"}, "fee": {"amount": "12.50", "currency": "EUR"}}
    house.sink.replies.append(said(body))
    record = loan(house)
    house.work()
    found = read(house, record)
    assert found["level"] == "3" and found["fee"] == {"amount": "12.50", "currency": "EUR"}
    (letter,) = house.client.rows("/api/records/letter")
    assert letter["name"] == "Thanks, Ada"
    (call,) = house.sink.deliveries
    assert call.json() == {"name": "Emma"}
    assert call.headers["idempotency-key"] == call.headers["webhook-id"]
    (run,) = house.runs("ask")
    assert run["outcome"] == "done" and run["waiting"] is None
    history = house.client.rows(f"/api/records/loan/{record}/history")
    assert any("ask" in str(entry) for entry in history)


def test_until_the_answer_comes_the_run_waits_and_says_for_what(house: House) -> None:
    ask(house, KEEP)
    house.sink.replies.append(503)
    record = loan(house)
    house.work()
    assert read(house, record)["level"] is None
    (run,) = house.runs("ask")
    assert run["outcome"] == "waiting"
    assert run["waiting"]["for"] == "answer" and run["waiting"]["to"] == "desk"
    assert run["waiting"]["attempts"] == 1 and "503" in run["waiting"]["error"]
    (other,) = waiting(house)
    assert other["waiting"] == run["waiting"] and other["record"] == record
    metrics = house.client.get("/metrics").body.decode()
    assert 'fluvial_waiting_runs{state="calling"} 1' in metrics
    house.sink.replies.append(said({"count": 7}))
    house.hasten()
    house.work()
    assert read(house, record)["level"] == "7"
    assert waiting(house) == [] and house.outcomes("ask") == ["done"]


LOST = [
    pytest.param(DROP, id="the connection is closed"),
    pytest.param(Answered(200, b'{"count": 1', length=400), id="cut off"),
    pytest.param(500, id="a fault of the other side"),
    pytest.param(429, id="too many calls"),
    pytest.param(409, id="the first call is still at work"),
]


@pytest.mark.parametrize("lost", LOST)
def test_a_lost_answer_is_asked_for_again_with_the_same_key_and_bytes(
    house: House, lost: int | str | Answered
) -> None:
    ask(house, KEEP)
    house.sink.replies.extend([lost, lost, said({"count": 4})])
    record = loan(house)
    for _ in range(3):
        house.hasten()
        house.work()
    assert len(house.sink.deliveries) == 3
    assert len(keys(house.sink.deliveries)) == 1
    assert len({one.body for one in house.sink.deliveries}) == 1
    assert read(house, record)["level"] == "4"
    assert house.outcomes("ask") == ["done"]


REFUSED = [
    pytest.param(400, "It answered 400", id="bad request"),
    pytest.param(404, "It answered 404", id="not found"),
    pytest.param(Answered(302, headers=(("Location", "http://169.254.169.254/"),)), "redirect",
                 id="a redirect is not followed"),
    pytest.param(Answered(200, b"<p>Hello</p>"), "The body is not JSON", id="no JSON"),
    pytest.param(Answered(200, b'{"count": NaN}'), "not a JSON number", id="NaN"),
    pytest.param(Answered(200, b'{"count": 1, "count": 2}'), "twice", id="a member twice"),
    pytest.param(Answered(200, b"\xff\xfe"), "UTF-8", id="no UTF-8"),
    pytest.param(Answered(200, b'{"a":' * 40 + b"1" + b"}" * 40), "nested", id="deep"),
    pytest.param(Answered(200, b"[1, 2]"), "a list", id="a list"),
    pytest.param(Answered(204), "no content", id="nothing"),
    pytest.param(Answered(200, b'{"count": "' + b"x" * 300_000 + b'"}'), "256 KB", id="too long"),
]  # fmt: skip


@pytest.mark.parametrize(("reply", "says"), REFUSED)
def test_what_cannot_be_used_fails_at_once_and_can_be_pressed_again(
    house: House, reply: int | Answered, says: str
) -> None:
    ask(house, KEEP)
    house.sink.replies.append(reply)
    record = loan(house)
    house.work()
    house.hasten()
    house.work()
    assert len(house.sink.deliveries) == 1, "it would only say the same again"
    (run,) = house.runs("ask")
    assert run["outcome"] == "failed" and run["waiting"]["given_up"]
    assert says in run["waiting"]["error"] and says in " ".join(run["trace"]["lines"])
    assert read(house, record)["level"] is None
    house.sink.replies.append(said({"count": 9}))
    again = house.client.post(f"/api/runs/{run['id']}/retry")
    assert again.status == 202 and again.json()["outcome"] == "waiting"
    house.work()
    assert read(house, record)["level"] == "9" and house.outcomes("ask") == ["done"]
    assert len(keys(house.sink.deliveries)) == 1


def test_an_answer_that_comes_too_late_is_asked_for_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fluvial.services.outbound.TOTAL_SECONDS", 0.5)
    ask(house, KEEP)
    house.sink.replies.extend([HANG, said({"count": 4})])
    record = loan(house)
    house.work()
    assert "No complete answer" in house.runs("ask")[0]["waiting"]["error"]
    house.hasten()
    house.work()
    assert read(house, record)["level"] == "4" and len(keys(house.sink.deliveries)) == 1


def test_an_address_that_leads_inwards_is_not_called(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(house, KEEP)
    monkeypatch.setattr("rules.deliveries._allowed", lambda session: ())
    loan(house)
    house.work()
    (run,) = house.runs("ask")
    assert run["outcome"] == "failed" and "not allowed" in run["waiting"]["error"]
    assert house.sink.deliveries == []


def test_the_page_of_a_run_says_what_it_waits_for_and_lets_it_try_again(house: House) -> None:
    ask(house, KEEP)
    house.sink.replies.append(400)
    record = loan(house)
    house.work()
    (run,) = house.runs("ask")
    path = f"/studio/runs/{run['id']}"
    page = house.client.get(path).text
    assert "did not succeed: It answered 400." in page
    assert f'action="{path}/retry"' in page and f'action="{path}/cancel"' in page
    assert "Ask" in house.client.get("/studio/runs?outcome=failed").text
    house.sink.replies.append(said({"count": 4}))
    assert posted(house.client, f"{path}/retry", {}).status == 303
    house.work()
    assert read(house, record)["level"] == "4"
    assert f'action="{path}/retry"' not in house.client.get(path).text
    assert posted(house.client, f"{path}/cancel", {}).status == 409


def test_the_plan_of_a_changed_rule_says_how_many_runs_go_on_as_it_was(house: House) -> None:
    ask(house, KEEP)
    house.sink.replies.extend([500, 500])
    loan(house)
    loan(house)
    house.work()
    body = {"on": CREATED, "do": [{"update": {"set": {"level": 1}}}]}
    plan = house.client.call("PUT", "/api/meta/rule/ask?plan=true", body)
    assert any("2 runs of ask wait." in note for note in plan.json()["notes"]), plan.text


def test_an_answer_that_nobody_reads_may_be_anything(house: House) -> None:
    ask(house, {"update": {"set": {"level": 1}}})
    house.sink.replies.append(Answered(200, b"OK"))
    record = loan(house)
    house.work()
    assert read(house, record)["level"] == "1" and house.outcomes("ask") == ["done"]


def test_a_value_that_does_not_fit_fails_with_its_name_and_changes_nothing(house: House) -> None:
    ask(house, then=[{"create": "letter", "set": {"name": "'Hello'"}}, KEEP])
    house.sink.replies.append(said({"count": "many"}))
    record = loan(house)
    house.work()
    (run,) = house.runs("ask")
    assert run["outcome"] == "failed" and "Level" in run["trace"]["lines"][-1]
    assert run["waiting"]["for"] == "retry"
    assert house.client.rows("/api/records/letter") == []
    change = {"update": {"set": {"level": 5}}}
    house.define(rule("ask", CREATED, {"call": {"to": "desk"}}, change))
    assert house.client.post(f"/api/runs/{run['id']}/retry").status == 202
    house.work()
    assert house.outcomes("ask") == ["failed"], "it keeps the rule that it began with"
    assert read(house, record)["level"] is None
    assert len(house.sink.deliveries) == 1, "it was answered"


def test_two_calls_and_names_of_their_answers(house: House) -> None:
    ask(
        house,
        {"call": {"to": "desk", "as": "second", "body": {"id": "answer.id"}}},
        {"update": {"set": {"name": "answer.id & second.id"}}},
    )
    house.sink.replies.extend([said({"id": "A"}), said({"id": "B"})])
    record = loan(house)
    house.work()
    assert read(house, record)["name"] == "AB"
    assert [one.json() for one in house.sink.deliveries] == [{"name": "Emma"}, {"id": "A"}]
    assert len(keys(house.sink.deliveries)) == 2


def test_what_earlier_steps_made_has_its_name_after_the_answer(house: House) -> None:
    house.define(
        endpoint("desk", house.sink),
        rule(
            "ask",
            CREATED,
            {"create": "letter", "as": "letter", "set": {"name": "'For ' & name"}},
            {"call": {"to": "desk", "body": {"name": "letter.name"},
                      "then": {"update": {"each": "letter", "set": {"copies": "answer.copies"}}}}},
            {"update": {"set": {"level": "letter.copies"}}},
        ),
    )  # fmt: skip
    house.sink.replies.append(said({"copies": 6}))
    record = loan(house)
    house.work()
    (letter,) = house.client.rows("/api/records/letter")
    assert house.sink.deliveries[0].json() == {"name": "For Emma"}
    assert letter["copies"] == "6" and read(house, record)["level"] == "6"


def test_a_schedule_without_a_record_calls_too(house: House) -> None:
    ask(
        house,
        {"wait": {"for": "1h"}},
        {"stop": {"when": "answer.closed == 'true'"}},
        {"create": "letter", "set": {"name": "answer.id"}},
        on={"schedule": "30 10 * * *"},
        body={"day": "today()"},
    )
    house.sink.replies.append(said({"id": "A-1", "closed": False}))
    house.move_clock(hours=1)
    house.work()
    assert house.sink.deliveries[0].json() == {"day": "2026-06-10"}
    assert house.client.rows("/api/records/letter") == []
    house.move_clock(hours=1)
    house.work()
    (letter,) = house.client.rows("/api/records/letter")
    assert letter["name"] == "A-1"


def test_people_are_told_what_was_answered_and_not_what_they_may_not_read(house: House) -> None:
    house.define(
        {"kind": "role", "name": "reader", "label": "Reader",
         "grants": [{"object": "loan", "can": ["read"], "fields": {"fee": "none"}}]}
    )  # fmt: skip
    person = house.person("ann@example.org", "reader")
    tell: Json = {
        "notify": {
            "to": ["member.keeper"], "by": ["email"], "subject": "'Your number is ' & answer.id",
            "text": "'It costs ' & fee",
        }
    }  # fmt: skip
    ask(house, tell)
    house.sink.replies.append(said({"id": "A-1"}))
    member = house.client.made("member", name="Ada", keeper={"user": person})
    loan(house, member=member["id"], fee={"amount": "9.00", "currency": "EUR"})
    house.work()
    (mail,) = house.smtp.wait(1)
    assert mail.message["Subject"] == "Your number is A-1"
    assert b"9.00" not in mail.raw


def test_a_cancelled_run_calls_and_does_nothing_more(house: House) -> None:
    ask(house, KEEP)
    house.sink.replies.append(500)
    record = loan(house)
    house.work()
    (run,) = waiting(house)
    ended = house.client.post(f"/api/runs/{run['id']}/cancel")
    assert ended.status == 200 and ended.json()["outcome"] == "cancelled"
    assert "cancelled by" in ended.json()["trace"]["lines"][-1]
    house.hasten()
    house.work()
    assert len(house.sink.deliveries) == 1 and read(house, record)["level"] is None
    assert house.outcomes("ask") == ["cancelled"]
    assert house.client.post(f"/api/runs/{run['id']}/cancel").status == 409
    assert house.client.post(f"/api/runs/{run['id']}/retry").status == 409
    assert house.client.post(f"/api/runs/{'0' * 8}-0000-4000-8000-{'0' * 12}/retry").status == 404


@pytest.mark.parametrize("how", ["changed", "deleted", "switched off"])
def test_a_run_keeps_the_rule_that_it_began_with(house: House, how: str) -> None:
    ask(house, KEEP)
    house.sink.replies.append(500)
    record = loan(house)
    house.work()
    if how == "deleted":
        assert house.client.call("DELETE", "/api/meta/rule/ask").status == 200
    else:
        other = {"update": {"set": {"level": 1}}}
        house.define(rule("ask", CREATED, other, active=how == "changed"))
    house.sink.replies.append(said({"count": 8}))
    house.hasten()
    house.work()
    assert read(house, record)["level"] == "8"


def test_a_field_that_is_gone_fails_the_run_with_its_name(house: House) -> None:
    ask(house, KEEP)
    house.sink.replies.append(500)
    loan(house)
    house.work()
    assert house.client.call("DELETE", "/api/meta/rule/ask").status == 200
    fields = [{"name": "name", "kind": "text"}]
    body = {"kind": "object", "name": "loan", "label": "Loan", "title": "{name}", "fields": fields}
    assert house.client.put("/api/meta/object/loan", body).status == 200
    house.sink.replies.append(said({"count": 8}))
    house.hasten()
    house.work()
    (run,) = waiting(house)
    found = house.client.get(f"/api/runs/{run['id']}").json()
    assert found["outcome"] == "failed"
    assert "no longer possible" in found["trace"]["lines"][-1]
    assert "level" in found["trace"]["lines"][-1]


def test_a_record_in_the_bin_ends_its_run(house: House) -> None:
    ask(house, KEEP)
    house.sink.replies.append(500)
    record = loan(house)
    house.work()
    assert house.client.call("DELETE", f"/api/records/loan/{record}").status == 204
    house.sink.replies.append(said({"count": 8}))
    house.hasten()
    house.work()
    (run,) = house.runs("ask")
    assert run["outcome"] == "stopped" and "deleted" in run["trace"]["lines"][-1]


def test_a_rule_on_deletions_calls_for_what_is_deleted(house: House) -> None:
    ask(
        house,
        {"create": "letter", "set": {"name": "name & answer.id"}},
        on={"object": "loan", "event": "deleted"},
    )
    record = loan(house)
    house.sink.replies.append(said({"id": "!"}))
    assert house.client.call("DELETE", f"/api/records/loan/{record}").status == 204
    house.work()
    (letter,) = house.client.rows("/api/records/letter")
    assert letter["name"] == "Emma!"


def test_later_steps_see_the_record_of_now_and_what_was_before(house: House) -> None:
    ask(
        house,
        {"create": "letter", "set": {"name": "name & ', before ' & was(name)"}},
        on={"object": "loan", "event": "updated", "fields": ["name"]},
    )
    record = loan(house)
    house.sink.replies.append(500)
    house.client.patch(f"/api/records/loan/{record}", {"name": "Persuasion"})
    house.work()
    house.client.patch(f"/api/records/loan/{record}", {"level": 3})
    house.sink.replies.append(said({}))
    house.hasten()
    house.work()
    (letter,) = house.client.rows("/api/records/letter")
    assert letter["name"] == "Persuasion, before Emma"


def test_a_button_that_calls_is_pressed_at_once_and_goes_on_later(house: House) -> None:
    ask(house, KEEP, on={"object": "loan", "button": "Ask the desk"})
    record = loan(house)
    house.sink.replies.append(said({"count": 2}))
    pressed = house.client.post(f"/api/records/loan/{record}/actions/ask", {})
    assert pressed.status == 200 and pressed.json()["level"] is None
    house.work()
    assert read(house, record)["level"] == "2"


def test_the_rights_of_a_role_hold_for_the_steps_after_the_answer(house: House) -> None:
    house.define(
        {"kind": "role", "name": "clerk", "label": "Clerk",
         "grants": [{"object": "loan", "can": ["read"]}]},
        endpoint("desk", house.sink),
        rule("ask", CREATED, {"call": {"to": "desk"}},
             {"create": "letter", "set": {"name": "answer.id"}}, run_as="clerk"),
    )  # fmt: skip
    house.sink.replies.append(said({"id": 2}))
    loan(house)
    house.work()
    (run,) = house.runs("ask")
    assert run["outcome"] == "failed" and "letter" in run["trace"]["lines"][-1]
    assert house.client.rows("/api/records/letter") == []


def test_an_endpoint_without_its_authorization_waits_and_says_so(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = endpoint("desk", house.sink, authorization={"env": "DESK_TOKEN"})
    house.define(desk, rule("ask", CREATED, {"call": {"to": "desk"}}, KEEP))
    record = loan(house)
    house.work()
    assert "DESK_TOKEN" in house.runs("ask")[0]["waiting"]["error"]
    monkeypatch.setenv("DESK_TOKEN", "Bearer abc")
    house.sink.replies.append(said({"count": 2}))
    house.hasten()
    house.work()
    assert read(house, record)["level"] == "2"
    assert house.sink.deliveries[0].headers["authorization"] == "Bearer abc"


def test_a_dry_run_says_what_would_be_called_and_calls_nothing(house: House) -> None:
    ask(house, KEEP)
    house.sink.replies.append(said({"count": 2}))
    record = loan(house)
    house.work()
    tried = house.client.post("/api/rules/ask/dry-run", {"id": record}).json()
    assert tried["outcome"] == "waiting"
    assert tried["effects"] == [{"kind": "call", "target": "desk", "body": {"name": "Emma"}}]
    assert tried["lines"][-1] == "It would go on later: change records."
    house.work()
    assert len(house.sink.deliveries) == 1


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_other_methods_reach_an_address_below_the_endpoint(house: House, method: str) -> None:
    content = {} if method == "GET" else {"body": {"name": "name"}}
    call = {"to": "desk", "method": method, "path": ["'loans'", "name"], "query": {"q": "name"}}
    house.define(
        endpoint("desk", house.sink),
        rule("ask", CREATED, {"call": call | content}, {"update": {"set": {"name": "answer.id"}}}),
    )
    house.sink.replies.append(said({"id": "A"}))
    record = loan(house, name="../a b?c=1&d")
    house.work()
    (sent,) = house.sink.deliveries
    name = "..%2Fa%20b%3Fc%3D1%26d"  # no value leads out of its place
    assert sent.path.endswith(f"/loans/{name}?q=..%2Fa+b%3Fc%3D1%26d")
    assert sent.method == method
    assert sent.body == (b"" if method == "GET" else b'{"name":"../a b?c=1&d"}')
    assert read(house, record)["name"] == "A"


def test_a_part_of_the_path_without_a_value_is_not_called(house: House) -> None:
    ask(house, method="DELETE", path=["'loans'", "level"])
    loan(house)
    house.work()
    assert house.outcomes("ask") == ["failed"] and house.sink.deliveries == []


def test_what_a_method_cannot_do_is_refused_when_it_is_saved(house: House) -> None:
    house.define(endpoint("desk", house.sink))
    wrong: dict[str, Json] = {
        "no_content": {"method": "GET", "body": {"name": "name"}},
        "no_object": {"query": ["name"]},
    }
    for code, more in wrong.items():
        body = rule("ask", CREATED, {"call": {"to": "desk", **more}})
        reply = house.client.put("/api/meta/rule/ask", body)
        assert reply.status == 422 and code in reply.text
