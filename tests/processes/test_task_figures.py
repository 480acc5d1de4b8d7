"""Figures of processes: how far runs came, who did what in time; groups add up to all."""

from __future__ import annotations

from processes import candidates
from tests.app import Client
from tests.processes.desk import Desk, Json, process, stages, task_of, ways

BODY = process(
    "sales",
    [
        *stages("meet", performers=[{"field": "seller"}]),
        *stages("offer", "talk", "sign", performers=[{"field": "seller"}]),
    ],
    ways(
        "start > meet", "meet > offer: On", "meet > end: Off", "offer > talk: On",
        "offer > end: Off", "talk > sign: On", "talk > end: Off", "sign > end",
    ),
)  # fmt: skip


def test_a_funnel_counts_runs_by_stage_and_its_groups_add_up(desk: Desk) -> None:
    """Forty runs, of which 30, 18 and 9 go on: each grouping adds up to all of them."""
    desk.admin.define(BODY)
    desk.at("2026-06-15T09:00:00+01:00")
    users = {}
    for name in ("max", "mia"):
        desk.admin.person(f"{name}@example.com", "seller")
        rows = desk.admin.rows("/api/records/user", where=f"email == '{name}@example.com'")
        users[name] = rows[0]["id"]
    on = {"meet": 30, "offer": 18, "talk": 9}  # how many of forty go on from a stage
    for number in range(40):
        seller = users["max" if number % 3 else "mia"]
        about: Json = {"solution": ("North", "South", "")[number % 4 % 3], "won": number % 5 == 0}
        run = desk.start("sales", desk.deal(seller={"user": seller}, **about))
        for stage, most in on.items():
            outcome = "On" if number < most else "Off"
            assert desk.step(task_of(run, stage)["id"], outcome=outcome).status == 200
            if outcome == "Off":
                break
            run = desk.run(run["id"])
    (found,) = desk.admin.rows("/api/processes/sales/funnel")
    told = [(one["stage"], one["runs"], one["of_start"], one["of_step"]) for one in found["steps"]]
    assert told == [
        ("meet", 40, "100.0", "100.0"), ("offer", 30, "75.0", "75.0"), ("talk", 18, "45.0", "60.0"),
        ("sign", 9, "22.5", "50.0"),
    ]  # fmt: skip
    groupings = (
        "responsible", "ended_by", "process", "outcome", "run", "subject", "subject.seller",
        "subject.won",
        "subject.seller.name,subject.solution", "process,subject.won,subject.solution,performer",
    )  # fmt: skip
    for group in groupings:
        parts = desk.admin.rows("/api/processes/sales/funnel", group=group)
        sums = [sum(part["steps"][at]["runs"] for part in parts) for at in range(4)]
        assert sums == [40, 30, 18, 9], group
    by_seller = desk.admin.rows("/api/processes/sales/funnel", group="subject.seller")
    told_by = {one["subject.seller"]["user"]: one["steps"][0]["runs"] for one in by_seller}
    assert told_by == {users["max"]: 26, users["mia"]: 14}
    for group in ("stage", "run.version", "subject.moon", "subject.won,subject.won",
                  "subject.created_at"):  # fmt: skip
        status = desk.admin.get("/api/processes/sales/funnel", group=group).status
        assert status in (400, 422), group
    page = desk.admin.get("/processes/analysis?process=sales&by1=subject.seller&by2=subject.won")
    assert page.status == 200 and "How far runs came" in page.text
    for words in ("Max", "Seller", "Won", "22.5 %", "60.0 %"):
        assert words in page.text, words
    for group in ("moon", "subject", "subject.name,run"):
        assert desk.admin.get(f"/processes/analysis?process=sales&group={group}").status == 200


def test_what_a_reader_may_not_see_of_subjects_counts_without_a_name(desk: Desk) -> None:
    hidden = {"object": "deal", "can": ["read"], "where": "name != 'Secret'",
              "fields": {"amount": "none"}}  # fmt: skip
    runs = {"object": "process_run", "can": ["read"]}
    tasks = {"object": "process_task", "can": ["read"]}
    desk.admin.define(
        {"kind": "role", "name": "watcher", "grants": [hidden, runs, tasks]},
        process("short", stages("only"), ways("start > only")),
    )
    for name in ("Secret", "Plain", "Plain"):
        desk.start("short", desk.deal(name))
    watcher = desk.admin.person("wes@example.com", "watcher")
    rows = watcher.rows("/api/processes/short/funnel", group="subject.name")
    assert {one["subject.name"]: one["steps"][0]["runs"] for one in rows} == {"Plain": 2, None: 1}
    assert watcher.get("/api/processes/short/funnel", group="subject.amount").status == 400
    page = watcher.get("/processes/analysis?process=short&by1=subject.name").text
    assert "Secret" not in page and "Plain" in page


def test_people_are_measured_by_what_they_did_in_time(desk: Desk) -> None:
    desk.admin.define(process("simple", stages("work"), ways("start > work")))
    desk.at("2026-06-16T09:00:00+01:00")
    worker = desk.admin.person("wim@example.com", "seller")
    me = worker.made("deal", name="Mine")["created_by"]
    runs = [desk.start("simple", desk.deal(), by=worker) for _ in range(23)]
    tasks: list[Json] = [task_of(run, "work") for run in runs]
    for task in tasks[:17]:
        assert desk.step(task["id"], by=worker).status == 200
    desk.at("2026-06-18T09:00:00+01:00")
    worker = desk.admin.signed_in("wim@example.com", "correct horse battery")
    for task in tasks[17:20]:
        assert desk.step(task["id"], by=worker).status == 200
    for task in tasks[20:22]:
        assert desk.step(task["id"], "fail", worker, note="No").status == 200
    rows = desk.admin.rows("/api/processes/figures", by="person", process="simple")
    (row,) = [one for one in rows if one["ended_by"] == me]
    told = {name: row[name] for name in ("done", "failed", "late", "on_time")}
    assert told == {"done": 20, "failed": 2, "late": 3, "on_time": "85.0"}
    (stage,) = desk.admin.rows("/api/processes/figures", process="simple")
    assert (stage["open"], stage["done"], stage["stage"]) == (1, 20, "work")
    asked = {"by": "person", "process": "simple"}
    (early,) = desk.admin.rows("/api/processes/figures", **asked, until="2026-06-17")
    (late,) = desk.admin.rows("/api/processes/figures", **asked, since="2026-06-17")
    assert (early["done"], early["on_time"], late["done"], late["failed"]) == (17, "100.0", 3, 2)
    for wrong in ({"by": "moon"}, {"since": "soon"}):
        assert desk.admin.get("/api/processes/figures", **wrong).status == 400
    page = desk.admin.get("/processes/people?process=simple&since=2026-06-01").text
    assert "Wim" in page and "85 %" in page
    assert "No tasks were done" in desk.admin.get("/processes/people?since=2031-01-01").text


def test_open_tasks_are_those_of_people_their_roles_and_those_they_may_do_among_others(
    desk: Desk,
) -> None:
    desk.admin.define(
        process(
            "shared",
            [{"name": "late", "duration": "3d", "performers": [{"field": "seller"}]},
             {"name": "role", "duration": "2d", "performers": [{"role": "seller"}]},
             {"name": "among", "duration": "1d", "performers": [
                 {"user": "nobody.yet@example.com"}, {"user": "lea@example.com"},
                 {"user": "leo@example.com"}, {"role": "specialist"}]},
             {"name": "split", "branches": "all", "performers": [{"starter": True}]}],
            ways("start > split", "split > late", "split > role", "split > among"),
        )
    )  # fmt: skip
    lea = desk.admin.person("lea@example.com", "seller")
    leo = desk.admin.person("leo@example.com")
    tim = desk.admin.person("tim@example.com", "specialist")
    names = {"user": lea.get("/api/me").json()["id"]}
    run = desk.start("shared", desk.deal(seller=names))
    run = desk.done(run["id"], "split")
    ids = {stage: task_of(run, stage)["id"] for stage in ("late", "role", "among")}

    def mine(person: Client, **asked: str) -> list[str]:
        found = person.rows("/api/processes/tasks", **asked)
        return [one["stage"] for one in found if one["id"] in ids.values()]

    everything = {"limit": "500"}
    assert mine(lea, **everything) == ["among", "role", "late"]  # what is due first
    assert mine(lea, limit="1") == ["among"]
    assert (mine(leo), mine(tim)) == (["among"], ["among"])
    forget = "DELETE FROM fluvial_process_candidate"  # as if the task was older than the table
    desk.engine.database.call(lambda: desk.engine.database.connection().script(forget))
    assert mine(leo) == []
    desk.engine.database.call(lambda: candidates.run(desk.engine))
    assert (mine(leo), mine(tim)) == (["among"], ["among"])
    assert desk.step(ids["among"], "take", by=leo).status == 200
    assert desk.step(ids["role"], "take", by=lea).status == 200
    assert (mine(leo), mine(lea, **everything)) == (["among"], ["role", "late"])
    assert desk.step(ids["among"], by=tim).status == 200
    assert (mine(leo), mine(tim), mine(lea, **everything)) == ([], [], ["role", "late"])
