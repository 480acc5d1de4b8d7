"""Processes that could hang, or mean nothing, are refused when they are saved, with the remedy."""

from __future__ import annotations

from typing import Any

import pytest

from tests.processes.desk import Desk, Json, process, stages, ways

GOOD = ways("start > a", "a > b", "b > end")


def sound(routes: list[Json] | None = None, first: Json | None = None, **more: Any) -> Json:
    return process(
        "tried", [{"name": "a", **(first or {})}, *stages("b")], routes or GOOD, **more
    )  # fmt: skip


@pytest.mark.parametrize(
    ("place", "code", "body"),
    [
        ("/stages/1", "unreachable", sound(ways("start > a", "a > end"))),
        ("/stages/0", "never_ends", sound(ways("start > a", "a > b", "b > a"))),
        ("/routes", "no_start", sound(ways("a > b", "b > end"))),
        ("/stages/0", "can_hang", sound([*ways("start > a", "b > end"),
                                         {"from": "a", "to": "b", "when": "won"}])),
        ("/stages/0", "can_hang", sound([*ways("start > a", "b > end", "a > b: Yes")],
                                        {"outcomes": ["Yes", "No"]})),
        ("/routes", "can_hang", sound([*GOOD[1:], {"from": "start", "to": "a", "when": "won"}])),
        ("/routes/1/outcome", "unknown_outcome", sound(ways("start > a", "a > b: Maybe",
                                                            "b > end"), {"outcomes": ["Yes"]})),
        ("/routes/0/outcome", "no_outcome", sound(ways("start > a: Yes", *("a > b", "b > end")))),
        ("/routes/1/to", "unknown_stage", sound(ways("start > a", "a > bb", "b > end"))),
        ("/routes/1/from", "unknown_stage", sound(ways("start > a", "c > b", "b > end"))),
        ("/stages/0/join", "lonely_join", sound(first={"join": True})),
        ("/stages/0/join", "no_branches", sound([*GOOD, *ways("b > a")], {"join": True})),
        ("/stages/0/name", "reserved_name", process("tried", stages("end", "b"), GOOD)),
        ("/stages/1/name", "duplicate_name", process("tried", stages("a", "a"), GOOD)),
        ("/stages/0/performers/0/role", "unknown_role",
         sound(first={"performers": [{"role": "x"}]})),
        ("/stages/0/performers/0/field", "not_a_person",
         sound(first={"performers": [{"field": "amount"}]})),
        ("/stages/0/clock", "unknown_calendar", sound(first={"clock": "offise"})),
        ("/stages/0/remind_before", "no_duration", sound(first={"remind_before": "1h"})),
        ("/stages/0/remind_before", "too_early",
         sound(first={"duration": "1h", "remind_before": "1h"})),
        ("/stages/0/timeout/to", "circle", sound(first={"duration": "1h", "timeout": {"to": "a"}})),
        ("/stages/0/timeout/to", "unknown_stage",
         sound(first={"duration": "1h", "timeout": {"to": "q"}})),
        ("/stages/0/main_action", "several_actions", sound(first={"main_action": {"must": True}})),
        ("/stages/0/main_action/fill/0", "unknown_field",
         sound(first={"main_action": {"fill": ["solutoin"]}})),
        ("/stages/0/main_action/create", "unknown_object",
         sound(first={"main_action": {"create": "parcel"}})),
        ("/stages/0/main_action/set", "no_meaning",
         sound(first={"main_action": {"approve": True, "set": {"name": "'x'"}}})),
        ("/stages/0/process", "circle", sound(first={"process": "tried"})),
        ("/routes/2/when", "expression", sound([*ways("start > a", "b > end"),
                                                {"from": "a", "to": "b", "when": "wonn"}])),
        ("/routes/1/fails", "no_end", sound([GOOD[0], {**GOOD[1], "fails": True}, GOOD[2]])),
        ("/start/when", "expression", sound(start={"when": "outcome == 'x'"})),
    ],
)  # fmt: skip
def test_what_cannot_work_is_refused_at_its_place(
    desk: Desk, place: str, code: str, body: Json
) -> None:
    reply = desk.admin.post("/api/meta/changes?plan=true", {"documents": [body]})
    assert reply.status == 422, reply.text
    told = [(one["pointer"], one["code"]) for one in reply.json()["errors"]]
    assert (f"/process/tried{place}", code) in told, told


def test_the_first_process_brings_the_package_and_its_objects(desk: Desk) -> None:
    plan = desk.admin.post("/api/meta/changes?plan=true", {"documents": [sound()]}).json()
    assert any(one["target"] == "process_run" for one in plan["operations"])
    desk.admin.define(sound())
    assert "processes" in [one["name"] for one in desk.admin.get("/api/meta").json()["packages"]]
    field = desk.admin.get("/api/schema/records/process_run").json()["properties"]["subject"]
    assert "deal" in str(field)
    uses = desk.admin.get("/api/meta/object/deal/uses").json()
    assert "process/tried#/subject" in str(uses)
