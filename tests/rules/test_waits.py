"""Rules that wait, for a time or until something is so, and that stop where it is of no use."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from fluvial.records.writing import writer
from rules import continuing, waiting_runs
from rules.execution import Execution
from rules.halts import Rest
from rules.wait_action import Wait, resting
from tests.rules.calls import CREATED, loan, read, waiting
from tests.rules.house import House, Json, rule

LATE: Json = {"update": {"set": {"status": "'late'"}}}
# Nine to five; the house stands on Wednesday, 10 June 2026, ten o'clock in London.
OFFICE: Json = {
    "kind": "calendar", "name": "office", "zone": "Europe/London",
    "hours": {"mon-fri": ["09:00-17:00"]},
}  # fmt: skip


def wait(house: House, spec: Json, *after: Json, **more: object) -> str:
    house.define(OFFICE, rule("ask", CREATED, {"wait": spec}, *(after or (LATE,))))
    return loan(house, **more)


def later(house: House, **by: float) -> None:
    house.move_clock(**by)
    house.work()


@pytest.mark.parametrize(
    ("spec", "before", "rest"),
    [
        ({"for": "2h"}, 1.9, 0.2),
        ({"for": "hours(2)"}, 1.9, 0.2),
        ({"for": "days(2)"}, 47.9, 0.2),
        ({"for": "2d", "at": "08:00"}, 45.9, 0.2),
        ({"for": "8h", "calendar": "office"}, 23.9, 0.2),
        ({"until": "due", "at": "08:00"}, 45.9, 0.2),
        ({"until": "now() + hours(3)"}, 2.9, 0.2),
        ({"until": "level == 99", "at_most": "5h"}, 4.9, 0.2),
    ],
    ids=str,
)
def test_it_goes_on_after_its_time_and_not_before(
    house: House, spec: Json, before: float, rest: float
) -> None:
    if "now()" in str(spec):
        spec = {"until": "picked_at"}
    record = wait(house, spec, due="2026-06-12", picked_at="2026-06-10T12:00:00Z")
    house.work()
    assert house.outcomes("ask") == ["waiting"]
    later(house, hours=before)
    assert read(house, record)["status"] == "open"
    later(house, hours=rest)
    assert read(house, record)["status"] == "late"
    assert house.outcomes("ask") == ["done"] and waiting(house) == []


def test_a_condition_ends_the_wait_as_soon_as_the_record_says_so(house: House) -> None:
    record = wait(house, {"until": "level >= 3"})
    house.work()
    (run,) = waiting(house)
    assert run["waiting"]["for"] == "condition" and run["waiting"]["until"] == "level >= 3"
    house.client.patch(f"/api/records/loan/{record}", {"level": 2})
    house.work()
    assert read(house, record)["status"] == "open"
    house.client.patch(f"/api/records/loan/{record}", {"level": 3})
    house.work()
    assert read(house, record)["status"] == "late"


def test_a_change_while_a_worker_looks_is_not_overlooked(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = wait(house, {"until": "level >= 3"})
    house.work()
    later(house, hours=30)
    changes = [3]

    def looked(execution: Execution, spec: Wait, since: datetime) -> Rest:
        found = resting(execution, spec, since)
        if changes:  # as another worker does, once it has been asked and before it is kept
            quiet = replace(execution.acting, quiet=True)  # it is the other worker that hears of it
            writer.update(quiet, "loan", record, {"level": changes.pop()})
            now = execution.acting.now + timedelta(seconds=1)
            assert waiting_runs.touched(execution.acting.connection, record, now)
        return found

    monkeypatch.setattr(continuing, "resting", looked)
    later(house, hours=2)
    later(house, seconds=2)
    assert read(house, record)["status"] == "late"


def test_a_condition_about_other_records_is_asked_now_and_then(house: House) -> None:
    member = house.client.made("member", name="Ada", points=0)
    record = wait(house, {"until": "member.points > 5"}, member=member["id"])
    house.work()
    house.client.patch(f"/api/records/member/{member['id']}", {"points": 6})
    house.work()
    assert read(house, record)["status"] == "open"
    later(house, minutes=2)
    assert read(house, record)["status"] == "late"


def test_a_date_that_moves_moves_the_end_of_the_wait(house: House) -> None:
    record = wait(house, {"until": "due"}, due="2026-06-12")
    house.work()
    house.client.patch(f"/api/records/loan/{record}", {"due": "2026-06-20"})
    later(house, days=4)
    assert read(house, record)["status"] == "open"
    house.client.patch(f"/api/records/loan/{record}", {"due": "2026-06-11"})
    house.work()
    assert read(house, record)["status"] == "late"


def test_a_date_that_is_empty_is_waited_for(house: House) -> None:
    record = wait(house, {"until": "due"})
    house.work()
    later(house, days=3)
    assert house.outcomes("ask") == ["waiting"]
    house.client.patch(f"/api/records/loan/{record}", {"due": "2026-06-01"})
    house.work()
    assert read(house, record)["status"] == "late"


def test_after_a_year_a_wait_ends_and_says_so(house: House) -> None:
    wait(house, {"until": "level == 99"})
    house.work()
    later(house, days=300)
    assert house.outcomes("ask") == ["waiting"]
    later(house, days=67)
    (run,) = house.runs("ask")
    assert run["outcome"] == "stopped" and "a year" in run["trace"]["lines"][-1]


def test_what_is_so_already_is_not_waited_for(house: House) -> None:
    record = wait(house, {"until": "level >= 3"}, level=4)
    house.work()
    assert read(house, record)["status"] == "late" and house.outcomes("ask") == ["done"]


def test_it_stops_as_things_are_after_the_wait(house: House) -> None:
    stop: Json = {"stop": {"when": "status == 'returned'", "message": "It came back"}}
    record = wait(house, {"for": "1h"}, stop, {"update": {"set": {"level": 1}}})
    other = loan(house)
    house.work()
    house.client.patch(f"/api/records/loan/{record}", {"status": "returned"})
    later(house, hours=2)
    assert read(house, record)["level"] is None and read(house, other)["level"] == "1"
    by_record = {run["record"]: run for run in house.runs("ask")}
    assert by_record[record]["outcome"] == "stopped" and by_record[other]["outcome"] == "done"
    assert "It came back" in by_record[record]["trace"]["lines"][-1]


def test_waits_follow_one_another_whenever_a_worker_comes(house: House) -> None:
    house.define(
        rule("ask", CREATED, {"wait": {"for": "1h"}}, {"update": {"set": {"level": 1}}},
             {"wait": {"for": "1h"}}, {"update": {"set": {"level": 2}}})
    )  # fmt: skip
    record = loan(house)
    later(house, hours=1.5)
    assert read(house, record)["level"] == "1"
    later(house, hours=0.6)
    assert read(house, record)["level"] == "2", "the second hour counts from the end of the first"


def test_a_run_that_waits_is_cancelled_by_hand(house: House) -> None:
    record = wait(house, {"for": "1h"})
    house.work()
    (run,) = waiting(house)
    assert run["waiting"]["at"] == "2026-06-10T10:00:00Z"[:14] + run["waiting"]["at"][14:]
    assert house.client.post(f"/api/runs/{run['id']}/cancel").status == 200
    later(house, hours=2)
    assert read(house, record)["status"] == "open" and house.outcomes("ask") == ["cancelled"]


FAULTS = [
    ({"wait": {}}, "/do/0/wait"),
    ({"wait": {"for": "2h", "until": "due"}}, "/do/0/wait"),
    ({"wait": {"for": "-2h"}}, "/do/0/wait/for"),
    ({"wait": {"for": "0d"}}, "/do/0/wait/for"),
    ({"wait": {"for": "name"}}, "/do/0/wait/for"),
    ({"wait": {"for": "2h", "at_most": "3d"}}, "/do/0/wait/at_most"),
    ({"wait": {"until": "due", "calendar": "office"}}, "/do/0/wait/calendar"),
    ({"wait": {"until": "name"}}, "/do/0/wait/until"),
    ({"wait": {"until": "level > 2", "at": "08:00"}}, "/do/0/wait/until"),
    ({"wait": {"for": "2d", "calendar": "office"}}, "/do/0/wait/calendar"),
    ({"wait": {"for": "2h", "calendar": "nowhere"}}, "/do/0/wait/calendar"),
    ({"stop": {"when": "name"}}, "/do/0/stop/when"),
    ({"call": {"to": "nowhere"}}, "/do/0/call/to"),
    ({"call": {"to": "desk", "body": {"a": "answer.x"}}}, "/do/0/call/body/a"),
    ({"call": {"to": "desk", "as": "level"}}, "/do/0/call/as"),
    ({"call": {"to": "desk", "then": {"update": {"set": {"level": "number(answer)"}}}}},
     "/do/0/call/then/update/set/level"),
]  # fmt: skip


@pytest.mark.parametrize(("action", "pointer"), FAULTS, ids=str)
def test_what_cannot_be_is_said_with_its_place_and_a_remedy(
    house: House, action: Json, pointer: str
) -> None:
    desk = {"kind": "endpoint", "name": "desk", "url": f"{house.sink.url}/desk"}
    documents = [OFFICE, desk, rule("ask", CREATED, action)]
    reply = house.client.post("/api/meta/changes", {"documents": documents})
    assert reply.status == 422
    assert [e["pointer"] for e in reply.json()["errors"]] == [f"/rule/ask{pointer}"]


@pytest.mark.parametrize("action", [{"wait": {"for": "1h"}}, {"stop": {"when": "true"}}])
def test_a_rule_before_the_save_does_not_wait(house: House, action: Json) -> None:
    documents = [rule("ask", CREATED, action, phase="before_save")]
    reply = house.client.post("/api/meta/changes", {"documents": documents})
    assert reply.status == 422 and "before a save" in reply.json()["errors"][0]["message"]
