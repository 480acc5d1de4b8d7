"""Runs through the API: tasks appear, are completed by those they are for, and lead on."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.app import Client
from tests.processes.desk import Desk, Json, open_stages, process, stages, task_of, ways
from tests.waiting import until

TECHNICAL = process(
    "purchase",
    [
        {
            "name": "technical_solution",
            "label": "Preparation of the technical solution",
            "duration": "1d",
            "clock": "business",
            "remind_before": "1h",
            "performers": [{"role": "specialist"}],
            "main_action": {
                "mail": {"subject": "'Our solution for ' & name", "text": "'Dear customer'"},
                "must": True,
            },
            "timeout": {"to": "escalation"},
        },
        {"name": "payment", "label": "Payment", "performers": [{"field": "seller"}]},
        {"name": "escalation", "label": "Escalation", "duration": "2h"},
    ],
    [
        {"from": "start", "to": "technical_solution"},
        {
            "from": "technical_solution",
            "to": "payment",
            "when": "amount < 10000",
            "outcome": "Standard",
        },
        {"from": "escalation", "to": "payment"},
    ],
    label="Dealer purchase",
)  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def people(desk: Desk) -> dict[str, Client]:
    desk.admin.define(TECHNICAL)
    return {
        "specialist": desk.admin.person("ada@example.com", "specialist"),
        "seller": desk.admin.person("bob@example.com", "seller"),
    }


def test_a_task_is_due_by_the_calendar_and_not_done_without_its_main_action(
    desk: Desk, people: dict[str, Client]
) -> None:
    desk.at("2026-06-12T16:00:00+01:00")  # a Friday
    deal = desk.deal("Lathe", amount="900")
    run = desk.start("purchase", deal)
    task = task_of(run, "technical_solution")
    assert task["work_due"][:19] == "2026-06-15T15:00:00"  # Monday, 16:00 in London
    assert task["reminder_due"][:19] == "2026-06-15T14:00:00"
    assert task["performer"] == {"role": "specialist"}
    assert "waits for somebody with the role Technical specialist" in run["waits"][0]["reason"]
    ada, bob = people["specialist"], people["seller"]
    assert [one["id"] for one in ada.rows("/api/processes/tasks")] == [task["id"]]
    assert bob.rows("/api/processes/tasks") == []
    assert desk.step(task["id"], by=bob, outcome="Standard").status == 404
    assert [one["id"] for one in ada.rows("/api/records/process_task")] == [task["id"]]
    assert bob.rows("/api/records/process_task") == bob.rows("/api/records/process_run") == []
    refused = desk.step(task["id"], by=ada, outcome="Standard")
    assert refused.status == 422
    assert "Send the e-mail from this task" in refused.json()["detail"]
    mail = desk.step(task["id"], "action", ada, to="buyer@example.com")
    assert mail.status == 201, mail.text
    assert mail.json()["subject"] == "Our solution for Lathe"
    assert desk.step(task["id"], by=ada).status == 422  # which outcome?
    assert desk.step(task["id"], by=ada, outcome="Standard").status == 200
    again = desk.step(task["id"], by=ada, outcome="Standard")
    assert (again.status, again.json()["detail"]) == (
        409, "Preparation of the technical solution was completed by Ada already.",
    )  # fmt: skip
    after = desk.run(run["id"])
    assert open_stages(after) == ["payment"]
    assert "so the owner has it" in after["waits"][0]["reason"]  # nobody sells it
    assert task_of(after, "technical_solution")["ended_by"]["user"]


def test_a_reminder_is_told_to_all_who_have_the_task(desk: Desk, people: dict[str, Client]) -> None:
    ada = people["specialist"]
    desk.at("2026-07-03T16:00:00+01:00")
    run = desk.start("purchase", desk.deal("Drill"))
    desk.at("2026-07-06T14:59:00+01:00")
    desk.work()
    ada = desk.admin.signed_in("ada@example.com", "correct horse battery")
    told = [one["title"] for one in ada.rows("/api/notifications")]
    assert "Due soon: Preparation of the technical solution: Drill" not in told
    desk.at("2026-07-06T15:00:30+01:00")
    desk.work()
    told = [one["title"] for one in ada.rows("/api/notifications")]
    assert "Due soon: Preparation of the technical solution: Drill" in told
    desk.at("2026-07-06T16:00:30+01:00")
    desk.work()
    after = desk.run(run["id"])
    assert task_of(after, "technical_solution")["status"] == "timed_out"
    assert open_stages(after) == ["escalation"]


def test_a_run_keeps_the_version_that_it_began_with(desk: Desk, people: dict[str, Client]) -> None:
    run = desk.start("purchase", desk.deal(amount="1"))
    changed = TECHNICAL | {"routes": ways("start > technical_solution", "technical_solution > end")}
    changed["stages"] = [{**TECHNICAL["stages"][0]}]
    changed["stages"][0]["timeout"] = {"to": "end"}
    desk.admin.define(changed)
    newer = desk.start("purchase", desk.deal(amount="1"))
    assert newer["version"] == str(int(run["version"]) + 1)
    task = task_of(run, "technical_solution")["id"]
    assert desk.step(task, "action", to="a@example.com").status == 201
    assert open_stages(desk.done(run["id"], "technical_solution", outcome="Standard")) == [
        "payment"
    ]
    desk.admin.define(TECHNICAL)


def test_branches_join_when_nothing_can_come_any_more(desk: Desk) -> None:
    body = process(
        "branching",
        [
            {"name": "plan", "branches": "all"},
            *stages("buy", "build", "paint"),
            {"name": "check", "join": True},
        ],
        [
            *ways("start > plan", "plan > buy", "plan > build"),
            {"from": "plan", "to": "paint", "when": "won"},
            *ways("buy > check", "build > check", "paint > check", "check > end"),
        ],
    )
    desk.admin.define(body)
    run = desk.start("branching")["id"]
    assert open_stages(desk.done(run, "plan")) == ["buy", "build"]
    half = desk.done(run, "buy")
    assert (open_stages(half), task_of(half, "check")["status"]) == (["build"], "waiting")
    assert "Check waits for Build." in [one["reason"] for one in half["waits"]]
    whole = desk.done(run, "build")
    assert (open_stages(whole), task_of(whole, "check")["came_from"]) == (["check"], "Buy, Build")
    assert desk.done(run, "check")["status"] == "done"
    three = desk.start("branching", desk.deal(won=True))["id"]
    assert open_stages(desk.done(three, "plan")) == ["buy", "build", "paint"]


def test_a_loop_counts_and_an_outcome_needs_its_condition(desk: Desk) -> None:
    body = process(
        "looping",
        stages("draft", "review"),
        [
            *ways("start > draft", "draft > review"),
            {"from": "review", "to": "draft", "outcome": "Again", "times": 2},
            {"from": "review", "to": "end", "outcome": "Again", "fails": True, "label": "Given up"},
            {"from": "review", "to": "end", "outcome": "Fine"},
        ],
    )
    desk.admin.define(body)
    run = desk.start("looping")["id"]
    for attempt in ("1", "2"):
        assert task_of(desk.run(run), "draft")["attempt"] == attempt
        desk.done(run, "draft")
        desk.done(run, "review", outcome="Again")
    desk.done(run, "draft")
    wrong = desk.step(task_of(desk.run(run), "review")["id"], outcome="Agian")
    assert (wrong.status, "Did you mean `Again`?" in wrong.text) == (422, True)
    end = desk.done(run, "review", outcome="Again")
    assert (end["status"], end["reason"]) == ("failed", "Given up")


def test_a_sub_process_ends_its_stage(desk: Desk) -> None:
    inner = process("inner", stages("work"), ways("start > work", "work > end"))
    outer = process(
        "outer",
        [{"name": "part", "process": "inner", "duration": "3d"}, *stages("after")],
        ways("start > part", "part > after", "after > end"),
    )
    desk.admin.define(inner, outer)
    run = desk.start("outer")
    assert task_of(run, "part")["status"] == "part"
    part = desk.admin.rows("/api/processes/inner/runs")[0]["id"]
    assert "waits for the sub-process" in run["waits"][0]["reason"]
    desk.done(part, "work")
    assert open_stages(desk.run(run["id"])) == ["after"]
    second = desk.start("outer")
    reply = desk.admin.post(f"/api/processes/runs/{second['id']}/cancel", {"reason": "Not wanted"})
    assert (reply.status, reply.json()["status"]) == (200, "cancelled")
    assert desk.admin.rows("/api/processes/inner/runs", status="running") == []


def test_two_who_complete_a_task_complete_it_once(desk: Desk) -> None:
    body = process("once", stages("first", "second"), ways("start > first", "first > second"))
    desk.admin.define(body)
    run = desk.start("once")
    task = task_of(run, "first")["id"]
    with ThreadPoolExecutor(4) as pool:
        replies = list(pool.map(lambda _: desk.step(task).status, range(4)))
    assert sorted(replies) == [200, 409, 409, 409]
    after = desk.run(run["id"])
    assert [one["stage"] for one in after["tasks"]] == ["first", "second"]


def test_tasks_are_taken_handed_on_skipped_and_given_to_substitutes(desk: Desk) -> None:
    eve = desk.admin.person("eve@example.com", "seller")
    ids = {row["email"]: row["id"] for row in desk.admin.rows("/api/records/user")}
    bob, ada = ids["bob@example.com"], ids["ada@example.com"]
    body = process(
        "handing",
        [
            *stages("sell", performers=[{"role": "seller"}]),
            *stages("pack", performers=[{"field": "seller"}]),
        ],
        ways("start > sell", "sell > pack", "pack > end"),
    )  # fmt: skip
    desk.admin.define(body)
    run = desk.start("handing", desk.deal(seller={"user": bob}))
    task = task_of(run, "sell")["id"]
    assert desk.step(task, "take", eve).json()["status"] == "taken"
    assert desk.step(task, "take", eve).status == 409
    back = desk.step(task, "release", eve).json()
    assert (back["status"], back["performer"]) == ("open", {"role": "seller"})
    assert desk.step(task, "skip", eve, note="No").status == 403
    assert desk.step(task, "skip").status == 422
    today = desk.engine.clock.today().isoformat()
    away = {"absent_from": today, "absent_until": today}
    desk.admin.made("process_substitute", person={"user": bob}, substitute={"user": ada}, **away)
    assert desk.step(task, "skip", note="Sold before").status == 200
    pack = task_of(desk.run(run["id"]), "pack")
    assert pack["performer"] == {"user": ada}
    assert pack["assigned_because"] == "Bob is away, so Ada has it."
    moved = desk.step(pack["id"], "reassign", to={"user": ids["eve@example.com"]}, note="Please")
    assert moved.json()["performer"] == {"user": ids["eve@example.com"]}
    assert desk.step(pack["id"], by=eve).status == 200
    assert desk.run(run["id"])["status"] == "done"


def test_what_a_task_creates_carries_the_task(desk: Desk) -> None:
    body = process(
        "offering",
        [
            {
                "name": "offer",
                "performers": [{"starter": True}],
                "main_action": {
                    "create": "offer",
                    "set": {"name": "name & ' offer'", "deal": "record"},
                    "must": True,
                },
            },
            {"name": "solve", "main_action": {"fill": ["solution"], "must": True}},
            {"name": "agree", "main_action": {"approve": True, "must": True}},
        ],
        [
            *ways("start > offer", "offer > solve", "solve > agree"),
            {"from": "agree", "to": "end", "when": "approved"},
            {"from": "agree", "to": "end", "fails": True},
        ],
    )  # fmt: skip
    desk.admin.define(body)
    bob = desk.admin.signed_in("bob@example.com", "correct horse battery")
    run = desk.start("offering", desk.deal("Saw"), by=bob)
    task = task_of(run, "offer")["id"]
    assert "Create the offer from this task." in desk.step(task, by=bob).json()["detail"]
    assert desk.step(task, "action", bob).status == 422  # the price is missing
    made = desk.step(task, "action", bob, price="12").json()
    offer = desk.admin.get(f"/api/records/offer/{made['id']}").json()
    assert (offer["name"], offer["price"]) == ("Saw offer", "12.00")
    assert desk.step(task, by=bob).json()["made"][0]["id"] == made["id"]
    solve = task_of(desk.run(run["id"]), "solve")["id"]
    assert "Fill in Solution." in desk.step(solve).json()["detail"]
    assert desk.step(solve, "action", solution="Sharp").status == 201
    assert desk.step(solve).status == 200
    agree = task_of(desk.run(run["id"]), "agree")["id"]
    assert desk.step(agree, "action", approved=False, note="Too dear").status == 201
    assert desk.done(run["id"], "agree")["status"] == "failed"


def test_a_condition_starts_a_process_once_in_the_save_that_meets_it(desk: Desk) -> None:
    when = {"when": "amount > 100"}
    body = process("large", stages("look"), ways("start > look"), start=when)
    desk.admin.define(body)
    deal = desk.deal(amount="1000")
    runs = desk.admin.rows("/api/processes/large/runs", subject=deal)
    assert [(one["status"], one["stage"]) for one in runs] == [("running", "Look")]
    path = f"/api/records/deal/{deal}"
    for amount in ("2000", "50", "3000"):
        assert desk.admin.patch(path, {"amount": amount}).status == 200
    assert len(desk.admin.rows("/api/processes/large/runs", subject=deal)) == 1
    desk.done(runs[0]["id"], "look")
    assert desk.admin.patch(path, {"amount": "5000"}).status == 200
    assert len(desk.admin.rows("/api/processes/large/runs", subject=deal)) == 1
    batch = [{"name": "A", "amount": "500"}, {"name": "B", "amount": "5"}]
    assert desk.admin.post("/api/records/deal", batch).status == 201
    assert len(desk.admin.rows("/api/processes/large/runs", status="running")) == 1


def test_a_process_starts_again_for_those_whose_turn_it_is(desk: Desk) -> None:
    desk.at("2026-08-03T10:00:00+01:00")
    every = {"every": "2w", "where": "solution == 'call'", "by_hand": False}
    desk.admin.define(process("calling", stages("call"), ways("start > call"), start=every))
    hot = {desk.deal(solution="call") for _ in range(3)}
    desk.deal(solution="none")
    path = "/api/processes/calling/runs"
    desk.work()
    assert desk.admin.rows(path) == []  # only from the next morning on
    assert desk.admin.post(path, {"subject": next(iter(hot))}).status == 403
    desk.at("2026-08-04T06:01:00+01:00")

    def started(number: int) -> bool:
        desk.work()
        return len(desk.admin.rows(path)) == number

    until(lambda: started(3))
    runs = desk.admin.rows(path)
    job = next(one for one in desk.admin.rows("/api/jobs") if "turn" in one["title"])
    assert (job["state"], job["result"]) == ("done", {"started": 3, "failed": 0})
    for one in runs[:2]:
        desk.done(one["id"], "call")
    desk.at("2026-08-17T07:00:00+01:00")
    desk.work()
    assert len(desk.admin.rows(path)) == 3
    desk.at("2026-08-18T06:00:30+01:00")
    until(lambda: started(5))  # one is still at work


def test_buttons_start_complete_and_cancel(desk: Desk) -> None:
    body = process("pressed", stages("say"), ways("start > say", "say > end: All fine"))
    desk.admin.define(body)
    bob = desk.admin.signed_in("bob@example.com", "correct horse battery")
    deal = desk.deal()
    assert bob.post(f"/api/records/deal/{deal}/actions/start_pressed", {}).status == 200
    (run,) = bob.rows("/api/processes/pressed/runs", subject=deal)
    task = task_of(desk.run(run["id"]), "say")["id"]
    path = f"/api/records/process_task/{task}/actions/complete"
    assert bob.post(path, {"outcome": "All bad"}).status == 422
    assert bob.post(path, {"outcome": "All fine", "note": "Good"}).json()["status"] == "done"
    assert bob.post(path, {"outcome": "All fine"}).status == 409
    again = desk.start("pressed")["id"]
    path = f"/api/records/process_run/{again}/actions/cancel"
    assert desk.admin.post(path, {"note": ""}).status == 422
    assert desk.admin.post(path, {"note": "Enough"}).json()["status"] == "cancelled"


def test_runs_move_to_another_version_with_a_map_of_their_stages(desk: Desk) -> None:
    desk.admin.define(process("moved", stages("old", "last"), ways("start > old", "old > last")))
    run = desk.start("moved")["id"]
    newer = process("moved", stages("new", "last"), ways("start > new", "new > last"))
    desk.admin.define(newer)
    path = "/api/processes/moved/migrate"
    lost = desk.admin.post(path, {"dry_run": True}).json()
    assert (lost["migrated"], len(lost["problems"])) == (0, 1)
    assert "has no stage `old`" in lost["problems"][0]["message"]
    assert desk.admin.post(path, {"map": {"old": "nwe"}}).status == 422
    tried = desk.admin.post(path, {"map": {"old": "new"}, "dry_run": True}).json()
    assert (tried["migrated"], desk.run(run)["version"]) == (1, "1")
    assert desk.admin.post(path, {"from": 1, "to": 2, "map": {"old": "new"}}).json()["to"] == 2
    after = desk.run(run)
    assert (after["version"], open_stages(after)) == ("2", ["new"])
    assert open_stages(desk.done(run, "new")) == ["last"]
    numbers = [one["number"] for one in desk.admin.rows("/api/processes/moved/versions")]
    assert numbers == [1, 2]


def test_a_rule_starts_a_process_and_its_map_shows_where_it_stands(desk: Desk) -> None:
    desk.admin.define(
        process("ruled", stages("a", "b"), ways("start > a", "a > b")),
        {
            "kind": "rule",
            "name": "begin_ruled",
            "on": {"object": "deal", "event": "created"},
            "when": "solution == 'ruled'",
            "do": [{"start": {"process": "ruled"}}],
        },
    )
    deal = desk.deal(solution="ruled")
    desk.work()
    (run,) = desk.admin.rows("/api/processes/ruled/runs", subject=deal)
    desk.done(run["id"], "a")
    reply = desk.admin.get(f"/api/processes/runs/{run['id']}/map.svg")
    assert reply.headers["content-type"] == "image/svg+xml"
    assert 'data-stage="a" data-state="passed"' in reply.text
    assert 'data-stage="b" data-state="current"' in reply.text
    assert desk.admin.get("/api/processes/ruled/map.svg").status == 200
    wrong = desk.admin.post(
        "/api/meta/changes?plan=true",
        {"documents": [{
            "kind": "rule", "name": "wrong", "on": {"object": "offer", "event": "created"},
            "do": [{"start": {"process": "ruled"}}],
        }]},
    )  # fmt: skip
    assert "other_subject" in wrong.text


def test_nobody_writes_runs_beside_their_process(desk: Desk) -> None:
    desk.admin.define(process("kept", stages("first"), ways("start > first")))
    assert desk.admin.post("/api/records/process_run", {}).status == 422
    run: Json = desk.start("kept")
    path = f"/api/records/process_run/{run['id']}"
    assert desk.admin.patch(path, {"status": "done"}).status == 422
    assert desk.admin.delete(path).status == 409
    assert desk.admin.delete(f"/api/records/process_task/{run['tasks'][0]['id']}").status == 409
