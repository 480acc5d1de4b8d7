"""Figures of processes: how far runs came, who did what in time; groups add up to all."""

from __future__ import annotations

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
    desk.admin.define(BODY)
    desk.at("2026-06-15T09:00:00+01:00")
    users = {}
    for name in ("max", "mia"):
        desk.admin.person(f"{name}@example.com", "seller")
        rows = desk.admin.rows("/api/records/user", where=f"email == '{name}@example.com'")
        users[name] = rows[0]["id"]
    reached = [(3, "meet"), (2, "offer"), (1, "talk")]  # how many of four go on from a stage
    for number in range(8):
        seller = users["max" if number % 2 else "mia"]
        run = desk.start("sales", desk.deal(seller={"user": seller}))["id"]
        for most, stage in reached:
            goes_on = number < 2 * most
            desk.done(run, stage, outcome="On" if goes_on else "Off")
            if not goes_on:
                break
    (found,) = desk.admin.rows("/api/processes/sales/funnel")
    told = [(one["stage"], one["runs"], one["of_start"], one["of_step"]) for one in found["steps"]]
    assert told == [
        ("meet", 8, "100.0", "100.0"), ("offer", 6, "75.0", "75.0"), ("talk", 4, "50.0", "66.7"),
        ("sign", 2, "25.0", "50.0"),
    ]  # fmt: skip
    for group in ("responsible", "performer", "ended_by", "process"):
        parts = desk.admin.rows("/api/processes/sales/funnel", group=group)
        sums = [sum(part["steps"][at]["runs"] for part in parts) for at in range(4)]
        assert sums == [8, 6, 4, 2], group
    for group in ("stage", "run.version"):
        assert desk.admin.get("/api/processes/sales/funnel", group=group).status == 422
    page = desk.admin.get("/processes/analysis?process=sales").text
    assert "How far runs came" in page and "66.7 %" in page


def test_people_are_measured_by_what_they_did_in_time(desk: Desk) -> None:
    desk.admin.define(process("simple", stages("work"), ways("start > work")))
    desk.at("2026-06-16T09:00:00+01:00")
    worker = desk.admin.person("wim@example.com", "seller")
    me = worker.made("deal", name="Mine")["created_by"]
    runs = [desk.start("simple", desk.deal(), by=worker) for _ in range(6)]
    tasks: list[Json] = [task_of(run, "work") for run in runs]
    for task in tasks[:3]:
        assert desk.step(task["id"], by=worker).status == 200
    desk.at("2026-06-18T09:00:00+01:00")
    worker = desk.admin.signed_in("wim@example.com", "correct horse battery")
    assert desk.step(tasks[3]["id"], by=worker).status == 200
    assert desk.step(tasks[4]["id"], "fail", worker, note="No").status == 200
    rows = desk.admin.rows("/api/processes/figures", by="person", process="simple")
    (row,) = [one for one in rows if one["ended_by"] == me]
    told = {name: row[name] for name in ("done", "failed", "late", "on_time")}
    assert told == {"done": 4, "failed": 1, "late": 1, "on_time": "75.0"}
    (stage,) = desk.admin.rows("/api/processes/figures", process="simple")
    assert (stage["open"], stage["done"], stage["stage"]) == (1, 4, "work")
    assert desk.admin.get("/api/processes/figures", by="moon").status == 400
