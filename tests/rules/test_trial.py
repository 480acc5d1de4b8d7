"""Dry runs and replays: what a rule would do, with nothing kept of it."""

from __future__ import annotations

import pytest

from tests.app import told
from tests.rules.house import House, Json, endpoint, rule

UPDATED = {"object": "loan", "event": "updated", "fields": ["status"]}


def tables(house: House) -> list[int]:
    names = ("letter", "loan", "fluvial_history", "fluvial_outbox", "fluvial_effect", "fluvial_run")
    return [int(house.sql(f"SELECT count(*) FROM {name}")[0][0]) for name in names]


def dry(house: House, name: str, **body: object) -> Json:
    reply = house.client.post(f"/api/rules/{name}/dry-run", body)
    assert reply.status == 200, reply.text
    answer: Json = reply.json()
    return answer


def test_a_dry_run_says_what_would_happen_and_keeps_nothing(house: House) -> None:
    house.define(
        endpoint("desk", house.sink),
        {
            "kind": "template",
            "name": "words",
            "for": "loan",
            "subject": "{{ loan.name }} late",
            "body": "<p>{{ loan.status }}</p>",
        },
        rule(
            "late",
            UPDATED,
            {"create": "letter", "set": {"name": "'About ' & name"}},
            {"notify": {"to": ["member.email"], "by": ["email"], "template": "words"}},
            {"webhook": {"to": "desk", "body": {"name": "name"}}},
            when="was(status) == 'open' and status == 'late'",
        ),
    )
    member = house.client.made("member", name="Ada", email="ada@example.org")
    loan = house.client.made("loan", name="Emma", member=member["id"])
    house.work()
    before = tables(house)
    answer = dry(house, "late", object="loan", id=loan["id"], change={"status": "late"})
    assert answer["outcome"] == "done"
    kinds = [effect["kind"] for effect in answer["effects"]]
    assert kinds == ["create", "email", "webhook"]
    assert answer["effects"][0]["title"] == "About Emma"
    assert answer["effects"][1]["subject"] == "Emma late"
    assert "<p>Late</p>" in answer["effects"][1]["html"]
    assert answer["effects"][2]["body"]["data"] == {"name": "Emma"}
    house.work()
    assert tables(house) == before
    assert house.smtp.mails == [] and house.sink.deliveries == []


def test_a_dry_run_says_why_not(house: House) -> None:
    house.define(rule("late", UPDATED, {"delete": {}}, when="level > 3"))
    loan = house.client.made("loan", name="Emma", level="2")
    answer = dry(house, "late", object="loan", id=loan["id"], change={"status": "late"})
    assert answer["outcome"] == "not_met"
    assert "level is 2" in answer["lines"][0]
    answer = dry(house, "late", object="loan", id=loan["id"], change={"name": "Other"})
    assert answer["outcome"] == "not_set_off"
    assert house.client.get(f"/api/records/loan/{loan['id']}").json()["name"] == "Emma"


def test_a_dry_run_of_a_rule_before_the_save(house: House) -> None:
    house.define(
        rule(
            "set_it", UPDATED, {"set": {"level": "9"}}, phase="before_save", when="status == 'late'"
        )
    )
    loan = house.client.made("loan", name="Emma")
    answer = dry(house, "set_it", id=loan["id"], change={"status": "late"})
    assert answer["effects"] == [{"kind": "set", "target": "level", "value": "9"}]
    assert (
        dry(house, "set_it", id=loan["id"], change={"status": "returned"})["outcome"] == "not_met"
    )


def test_a_dry_run_of_a_date_rule(house: House) -> None:
    house.define(rule("remind", {"object": "loan", "date": "due"}, {"delete": {}}))
    loan = house.client.made("loan", name="Emma")
    answer = dry(house, "remind", id=loan["id"])
    assert [effect["kind"] for effect in answer["effects"]] == ["delete"]
    assert house.client.get(f"/api/records/loan/{loan['id']}").status == 200


@pytest.mark.parametrize(
    ("body", "pointer"),
    [({}, "/id"), ({"id": "x"}, "/id"), ({"object": "member", "id": "x"}, "/object"),
     ({"id": "01a200cf-a15f-712c-acf7-1cabaff44986", "change": []}, "/change")],
)  # fmt: skip
def test_what_a_dry_run_refuses(house: House, body: Json, pointer: str) -> None:
    house.define(rule("remind", {"object": "loan", "date": "due"}, {"delete": {}}))
    reply = house.client.post("/api/rules/remind/dry-run", body)
    assert reply.status == 422
    assert reply.json()["errors"][0]["pointer"] == pointer


def test_a_replay_counts_what_would_have_run(house: House) -> None:
    loan = house.client.made("loan", name="Emma")
    for level in ("5", "20", "25", "40"):
        house.client.patch(f"/api/records/loan/{loan['id']}", {"level": level})
    house.work()
    house.define(
        rule(
            "jump",
            {"object": "loan", "event": "updated"},
            {"delete": {}},
            when="increased(level, 10)",
        )
    )
    answer = house.client.post("/api/rules/jump/replay", {"days": 30}).json()
    assert (answer["changes"], answer["considered"], answer["would_run"]) == (5, 4, 2)
    assert [run["rev"] for run in answer["runs"]] == [3, 5]
    assert house.client.get(f"/api/records/loan/{loan['id']}").status == 200
    for days in (0, "3", 400, True, None):
        assert house.client.post("/api/rules/jump/replay", {"days": days}).status == 422


def test_traces_of_runs_are_for_those_who_may_read_what_the_rule_read(house: House) -> None:
    house.define(
        {"kind": "role", "name": "author", "meta": ["read", "write"], "grants": [
            {"object": "loan", "can": ["read"], "fields": {"level": "none"}}]},
        rule("high", {"object": "loan", "event": "created"},
             {"create": "letter", "set": {"name": "name"}}, when="level > 976"),
    )  # fmt: skip
    house.client.made("loan", name="Emma", level="977")
    house.work()
    author = house.client.person("author@example.org", "author")
    (run,) = author.rows("/api/rules/high/runs")
    assert run["outcome"] == "done" and run["trace"]["effects"] == []
    assert "977" not in told(run["trace"]) and "loan.level" in run["trace"]["lines"][0]
    assert "977" in str(house.runs("high")[0]["trace"])
