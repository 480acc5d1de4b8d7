"""Thresholds of timers: each sets a rule off once in a run, is moved, and caught up with."""

from __future__ import annotations

import pytest

from tests.rules.house import House, Json, rule
from tests.rules.test_timers import OFFICE, REPAIR, Bench

WARN = rule(
    "warn",
    {"object": "repair", "timer": "finish", "at": 75},
    {"create": "letter", "set": {"name": "'Warned: ' & name"}},
)
LOST = rule(
    "lost",
    {"object": "repair", "timer": "finish", "at": 100},
    {"create": "letter", "set": {"name": "'Lost: ' & name"}},
)


@pytest.fixture
def bench(house: House) -> Bench:
    made = Bench(house)
    house.define(WARN, LOST)
    return made


def letters_at(bench: Bench, moment: str) -> list[str]:
    bench.at(moment)
    bench.house.work()
    return sorted(letter["name"] for letter in bench.house.client.rows("/api/records/letter"))


def moments(house: House) -> list[tuple[str, str, str]]:
    rows = house.sql("SELECT rule, due_at, state FROM fluvial_timer ORDER BY due_at, rule, state")
    return [(name, str(due)[:16].replace(" ", "T"), state) for name, due, state in rows]


def test_a_threshold_fires_once_at_its_share_of_the_time(bench: Bench) -> None:
    bench.at("2026-06-15T09:00:00Z")
    bench.ask("2026-06-15T09:00:00Z", 4, 8)
    # Three quarters of eight hours from Monday 10:00 are over at 16:00.
    assert letters_at(bench, "2026-06-15T14:59:00Z") == []
    assert letters_at(bench, "2026-06-15T15:00:30Z") == ["Warned: Clock"]
    assert letters_at(bench, "2026-06-16T08:30:30Z") == ["Lost: Clock", "Warned: Clock"]
    assert letters_at(bench, "2026-06-20T15:00:30Z") == ["Lost: Clock", "Warned: Clock"]


def test_a_pause_moves_it_and_what_has_fired_in_a_run_is_over(bench: Bench) -> None:
    house = bench.house
    bench.at("2026-06-15T09:00:00Z")
    repair = bench.ask("2026-06-15T09:00:00Z", 4, 8)
    bench.take(repair, name="Watch")
    assert [one for one in moments(house) if one[2] == "planned"] == [
        ("warn", "2026-06-15T15:00", "planned"),
        ("lost", "2026-06-16T08:30", "planned"),
    ]
    bench.at("2026-06-15T11:00:00Z")
    bench.take(repair, status="waiting")
    assert [one for one in moments(house) if one[2] == "planned"] == []
    assert letters_at(bench, "2026-06-16T09:00:00Z") == []
    bench.take(repair, status="open")
    # Two hours are used; four more until three quarters.
    assert letters_at(bench, "2026-06-16T12:59:00Z") == []
    assert letters_at(bench, "2026-06-16T13:00:30Z") == ["Warned: Watch"]
    # What is due moves once more, and what has fired stays over.
    bench.take(repair, promise=bench.promise(4, 80))
    bench.take(repair, promise=bench.promise(4, 8))
    assert letters_at(bench, "2026-06-16T13:30:00Z") == ["Warned: Watch"]
    # In time: the other one is not waited for any more, until the next run.
    bench.take(repair, status="ready")
    assert letters_at(bench, "2026-06-18T13:30:00Z") == ["Warned: Watch"]
    bench.take(repair, status="open", asked_at="2026-06-18T13:30:00Z", name="Bell")
    assert letters_at(bench, "2026-06-30T12:00:00Z") == [
        "Lost: Bell",
        "Warned: Bell",
        "Warned: Watch",
    ]


def test_a_moment_that_has_passed_at_the_save_is_the_saves(bench: Bench) -> None:
    bench.at("2026-06-15T14:00:00Z")
    repair = bench.ask("2026-06-15T09:00:00Z", 8, 40)
    assert letters_at(bench, "2026-06-15T14:30:00Z") == []
    bench.take(repair, promise=bench.promise(1, 6))
    bench.house.work()
    assert letters_at(bench, "2026-06-15T14:30:10Z") == ["Warned: Clock"]
    # What had passed for long before a record was saved, as in an import, is over.
    bench.ask("2026-01-15T09:00:00Z", 1, 2)
    assert letters_at(bench, "2026-06-15T14:30:20Z") == ["Warned: Clock"]


def test_what_was_missed_while_nothing_ran_is_caught_up_with(bench: Bench) -> None:
    bench.at("2026-06-15T09:00:00Z")
    bench.ask("2026-06-15T09:00:00Z", 4, 8)
    assert letters_at(bench, "2026-08-15T09:00:00Z") == ["Lost: Clock", "Warned: Clock"]


def test_moments_follow_hours_records_in_the_bin_and_rules_that_are_new(house: House) -> None:
    bench = Bench(house)
    bench.at("2026-06-15T09:00:00Z")
    first, second = (bench.ask("2026-06-15T09:00:00Z", 4, 8) for _ in range(2))
    bench.at("2026-06-15T15:30:00Z")
    house.define(WARN, LOST)
    house.work()
    # Three quarters had passed before there was a rule.
    assert [one for one in moments(house) if one[2] == "planned"] == [
        ("lost", "2026-06-16T08:30", "planned")
    ] * 2
    house.client.delete(f"/api/records/repair/{second['id']}")
    assert len([one for one in moments(house) if one[2] == "planned"]) == 1
    house.client.post(f"/api/records/repair/{second['id']}/restore")
    assert len([one for one in moments(house) if one[2] == "planned"]) == 2
    house.define({**OFFICE, "hours": {"mon-fri": ["09:00-18:30"]}})
    house.work()
    assert {one[1] for one in moments(house) if one[2] == "planned"} == {"2026-06-15T17:00"}
    house.client.delete("/api/meta/rule/lost")
    assert [one for one in moments(house) if one[2] == "planned"] == []
    assert bench.read(first)["finish_due"] == "2026-06-15T17:00:00Z"


@pytest.mark.parametrize(
    ("on", "pointer", "code"),
    [
        ({"timer": "finnish", "at": 75}, "/on/timer", "unknown_timer"),
        ({"timer": "finish", "at": 80}, "/on/at", "unknown_threshold"),
        ({"timer": "answer", "at": 50}, "/on/at", "unknown_threshold"),
        ({"timer": "finish", "at": "08:00"}, "/on/at", "unknown_threshold"),
        ({"timer": "finish"}, "/on", "missing"),
        ({"timer": "finish", "at": 75, "date": "asked_at"}, "/on", "trigger"),
        ({"timer": "finish", "at": 75, "offset": "1d"}, "/on/offset", "trigger"),
        ({"date": "finish_due"}, "/on/date", "made_field"),
        ({"date": "asked_at", "at": 8}, "/on/at", "not_a_time"),
    ],
)
def test_what_no_rule_can_wait_for_is_told(bench: Bench, on: Json, pointer: str, code: str) -> None:
    wrong = rule("wrong", {"object": "repair", **on}, WARN["do"][0])
    reply = bench.house.client.post("/api/meta/changes", {"documents": [wrong]})
    assert reply.status == 422
    assert [(e["pointer"], e["code"]) for e in reply.json()["errors"]] == [
        (f"/rule/wrong{pointer}", code)
    ]


def test_a_timer_that_a_rule_waits_for_is_not_taken_out_by_accident(bench: Bench) -> None:
    client = bench.house.client
    less = {**REPAIR, "timers": [REPAIR["timers"][0]]}
    less["fields"] = [one for one in REPAIR["fields"] if one["name"] != "late"]
    refused = client.post("/api/meta/changes", {"documents": [less]})
    assert refused.status == 409
    assert "rule/lost#/on/timer" in refused.json()["uses"]
