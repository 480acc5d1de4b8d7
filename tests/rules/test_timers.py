"""Timers through the API: they pause, are raised, end, and go on, worked out to the minute."""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.rules.house import House, Json

HOUR = 3600
OFFICE: Json = {
    "kind": "calendar",
    "name": "office",
    "zone": "Europe/London",
    "hours": {"mon-fri": ["09:00-17:30"]},
    "holidays": [{"date": day} for day in ("2026-12-25", "2026-12-28", "2027-01-01")],
}
LUNCH: Json = {
    "kind": "calendar",
    "name": "with_lunch",
    "zone": "Europe/London",
    "hours": {"mon-fri": ["09:00-12:30", "13:30-17:30"]},
}
PROMISE: Json = {
    "kind": "object",
    "name": "promise",
    "label": "Promise",
    "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text"},
        {"name": "answer", "kind": "duration"},
        {"name": "finish", "kind": "duration"},
        {"name": "hours", "kind": "choice", "options_from": "calendar"},
    ],
}
REPAIR: Json = {
    "kind": "object",
    "name": "repair",
    "label": "Repair",
    "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text"},
        {"name": "asked_at", "kind": "datetime"},
        {"name": "answered", "kind": "boolean"},
        {"name": "promise", "kind": "lookup", "to": "promise", "inverse": "repairs"},
        {
            "name": "status",
            "kind": "choice",
            "default": "open",
            "options": [
                {"name": "open"},
                {"name": "waiting"},
                {"name": "ready", "closed": True},
                {"name": "fetched", "closed": True},
            ],
        },
        {
            "name": "late",
            "kind": "calculated",
            "result": "boolean",
            "formula": "finish_state == 'missed'",
        },
    ],
    "states": {
        "field": "status",
        "transitions": [
            {"name": "wait", "from": ["open"], "to": "waiting"},
            {"name": "go_on", "from": ["waiting", "ready"], "to": "open"},
            {"name": "finish", "from": ["open", "waiting"], "to": "ready"},
            {"name": "fetch", "from": ["ready"], "to": "fetched"},
        ],
    },
    "timers": [
        {
            "name": "answer",
            "starts": "asked_at",
            "stops": {"when": "answered"},
            "target": "promise.answer",
            "calendar": "promise.hours",
        },
        {
            "name": "finish",
            "label": "Finish",
            "starts": "asked_at",
            "stops": {"states": ["ready", "fetched"]},
            "pauses": {"states": ["waiting"]},
            "target": "promise.finish",
            "calendar": "promise.hours",
            "thresholds": [75, 100],
        },
    ],
}


class Bench:
    """Repairs and what was promised for them, by the clock in London."""

    def __init__(self, house: House) -> None:
        self.house = house
        house.define(OFFICE, LUNCH, PROMISE, REPAIR)
        self.promises: dict[tuple[float, float, str | None], str] = {}

    def promise(self, answer: float, finish: float, hours: str | None = "office") -> str:
        key = (answer, finish, hours)
        if key not in self.promises:
            made = self.house.client.made(
                "promise", answer=int(answer * HOUR), finish=int(finish * HOUR), hours=hours
            )
            self.promises[key] = made["id"]
        return self.promises[key]

    def ask(self, at: str, answer: float, finish: float, hours: str | None = "office") -> Json:
        return self.house.client.made(
            "repair", name="Clock", asked_at=at, promise=self.promise(answer, finish, hours)
        )

    def at(self, moment: str) -> None:
        now = self.house.engine.clock.now()
        self.house.move_clock(seconds=(datetime.fromisoformat(moment) - now).total_seconds())

    def take(self, repair: Json, **values: object) -> Json:
        reply = self.house.client.patch(f"/api/records/repair/{repair['id']}", values)
        assert reply.status == 200, reply.text
        return reply.json()  # type: ignore[no-any-return]

    def read(self, repair: Json) -> Json:
        return self.house.client.get(f"/api/records/repair/{repair['id']}").json()  # type: ignore[no-any-return]


@pytest.fixture
def bench(house: House) -> Bench:
    return Bench(house)


def minute(text: str | None) -> str:
    return "" if text is None else f"{text[:16]}Z"


def test_due_moments_count_working_time(bench: Bench) -> None:
    christmas = bench.ask("2026-12-24T15:30:00Z", 4, 16)
    assert christmas["answer_due"] == "2026-12-29T11:00:00Z"
    assert christmas["finish_due"] == "2026-12-30T14:30:00Z"
    assert (christmas["finish_state"], christmas["finish_met"]) == ("running", None)
    assert bench.read(christmas) == christmas
    saturday = bench.ask("2026-06-13T10:00:00Z", 4, 8)
    assert saturday["answer_due"] == "2026-06-15T12:00:00Z"
    lunch = bench.ask("2026-06-15T10:30:00Z", 2, 2, "with_lunch")
    assert lunch["answer_due"] == "2026-06-15T13:30:00Z"


def test_a_pause_moves_what_is_due_by_the_time_that_would_have_been_worked(bench: Bench) -> None:
    bench.at("2026-06-15T09:00:00Z")
    repair = bench.ask("2026-06-15T09:00:00Z", 4, 8)
    assert repair["finish_due"] == "2026-06-16T08:30:00Z"
    bench.at("2026-06-15T11:00:00Z")
    paused = bench.take(repair, status="waiting")
    assert (paused["finish_state"], paused["finish_due"]) == ("paused", None)
    assert bench.read(repair)["finish_state"] == "paused"
    bench.at("2026-06-17T14:00:00Z")
    resumed = bench.take(repair, status="open")
    assert (resumed["finish_state"], minute(resumed["finish_due"])) == (
        "running",
        "2026-06-18T11:30Z",
    )
    # Over a weekend, two hours.
    bench.at("2026-06-19T13:30:00Z")
    friday = bench.ask("2026-06-19T13:30:00Z", 4, 8)
    bench.at("2026-06-19T15:30:00Z")
    bench.take(friday, status="waiting")
    bench.at("2026-06-22T09:00:00Z")
    assert minute(bench.take(friday, status="open")["finish_due"]) == "2026-06-22T15:00Z"


def test_a_target_that_is_raised_plans_anew_and_both_stand_in_the_log(bench: Bench) -> None:
    bench.at("2026-06-15T15:00:00Z")
    repair = bench.ask("2026-06-15T15:00:00Z", 8, 40)
    assert repair["answer_due"] == "2026-06-16T14:30:00Z"
    assert repair["finish_due"] == "2026-06-22T12:30:00Z"
    raised = bench.take(repair, promise=bench.promise(1, 4, None))
    assert raised["answer_due"] == "2026-06-15T16:00:00Z"
    assert raised["finish_due"] == "2026-06-15T19:00:00Z"
    why = bench.house.client.get(f"/api/records/repair/{repair['id']}/why?field=finish_due").json()
    (plan,) = why["timer"]["plans"]
    assert (plan["before"]["due"], plan["after"]["due"]) == (
        "2026-06-22T12:30:00Z",
        "2026-06-15T19:00:00Z",
    )
    assert plan["cause"] == {"target": [40 * HOUR, 4 * HOUR], "calendar": ["office", ""]}
    assert plan["by"] is not None
    # The record behind: whoever changes the promise changes what was promised.
    path = f"/api/records/promise/{bench.promise(1, 4, None)}"
    assert bench.house.client.patch(path, {"finish": 2 * HOUR}).status == 200
    assert bench.read(repair)["finish_due"] == "2026-06-15T17:00:00Z"


def test_hours_that_change_move_what_is_open_and_leave_what_has_ended(bench: Bench) -> None:
    bench.at("2026-06-15T15:00:00Z")
    still, done = (bench.ask("2026-06-15T15:00:00Z", 8, 40) for _ in range(2))
    ended = bench.take(done, status="ready")
    assert (ended["finish_state"], ended["finish_due"]) == ("met", "2026-06-22T12:30:00Z")
    bench.house.define({**OFFICE, "hours": {"mon-fri": ["09:00-19:30"]}})
    bench.house.work()
    assert bench.read(still)["finish_due"] == "2026-06-19T13:00:00Z"
    assert bench.read(done)["finish_due"] == ended["finish_due"]
    bench.take(done, promise=bench.promise(1, 1))
    bench.take(done, status="fetched")
    kept = bench.read(done)
    assert (kept["finish_due"], kept["finish_met"]) == (ended["finish_due"], ended["finish_met"])


def test_what_is_missed_turns_by_itself_and_formulas_follow(bench: Bench) -> None:
    bench.at("2026-06-15T09:00:00Z")
    repair = bench.ask("2026-06-15T09:00:00Z", 1, 2)
    bench.at("2026-06-15T10:59:00Z")
    bench.house.work()
    assert (bench.read(repair)["answer_state"], bench.read(repair)["finish_state"]) == (
        "missed",
        "running",
    )
    bench.at("2026-06-15T11:00:01Z")
    bench.house.work()
    late = bench.read(repair)
    assert (late["finish_state"], late["late"], late["rev"]) == ("missed", True, repair["rev"])
    where = "finish_state == 'missed' and finish_due < '2026-06-15T12:00:00Z'"
    assert [one["id"] for one in bench.house.client.rows("/api/records/repair", where=where)] == [
        repair["id"]
    ]
    # Stopped too late, it stays missed, and says when.
    stopped = bench.take(repair, status="ready")
    assert (stopped["finish_state"], minute(stopped["finish_met"])) == (
        "missed",
        "2026-06-15T11:00Z",
    )


def test_it_goes_on_where_the_record_is_opened_again_and_begins_anew_with_its_start(
    bench: Bench,
) -> None:
    bench.at("2026-06-15T09:00:00Z")
    repair = bench.ask("2026-06-15T09:00:00Z", 1, 8)
    bench.at("2026-06-15T11:00:00Z")
    assert bench.take(repair, status="ready")["finish_state"] == "met"
    bench.at("2026-06-15T15:00:00Z")
    again = bench.take(repair, status="open")
    assert (again["finish_state"], again["finish_met"]) == ("running", None)
    assert minute(again["finish_due"]) == "2026-06-16T12:30Z"
    # A condition that stops it, until it begins anew.
    bench.take(repair, answered=True)
    bench.take(repair, answered=True, name="Watch")
    answered = bench.read(repair)
    assert (answered["answer_state"], minute(answered["answer_met"])) == (
        "missed",
        "2026-06-15T15:00Z",
    )
    begun = bench.take(repair, asked_at="2026-06-15T15:00:00Z", answered=False)
    assert (begun["answer_state"], begun["answer_due"]) == ("running", "2026-06-15T16:00:00Z")
    assert bench.take(repair, asked_at=None)["answer_state"] == "none"


def test_what_a_timer_makes_is_read_only_and_known_to_everything(bench: Bench) -> None:
    client = bench.house.client
    repair = bench.ask("2026-06-15T09:00:00Z", 1, 2)
    refused = client.patch(f"/api/records/repair/{repair['id']}", {"finish_due": None})
    assert (refused.status, refused.json()["errors"][0]["code"]) == (422, "read_only")
    hidden = client.patch(f"/api/records/repair/{repair['id']}", {"finish__run": "x"})
    assert hidden.json()["errors"][0]["code"] == "unknown_field"
    assert not [name for name in repair if "__" in name]
    schema = client.get("/api/schema/records/repair").json()
    assert schema["properties"]["finish_state"]["readOnly"]
    rows = client.rows("/api/records/repair", sort="finish_due", fields="name,finish_due")
    assert rows[0]["finish_due"] == repair["finish_due"]
    csv = client.get("/api/records/repair/export?format=csv").text
    assert "finish_due" in csv.splitlines()[0] and "__" not in csv


def test_a_target_below_nothing_is_refused_with_the_record_that_has_it(bench: Bench) -> None:
    client = bench.house.client
    left = {**REPAIR["timers"][1], "target": "promise.finish - promise.answer"}
    bench.house.define({**REPAIR, "timers": [REPAIR["timers"][0], left]})
    repair = bench.ask("2026-06-15T09:00:00Z", 1, 4)
    reply = client.patch(f"/api/records/repair/{repair['id']}", {"promise": bench.promise(4, 3)})
    assert (reply.status, reply.json()["errors"][0]["code"]) == (422, "negative_target")
    # Also where it comes from a record behind; what is refused is not stored.
    promise = f"/api/records/promise/{bench.promise(1, 4)}"
    behind = client.patch(promise, {"finish": 0})
    assert behind.status == 422 and "of Repair Clock" in behind.json()["detail"]
    assert client.get(promise).json()["finish"] == 4 * HOUR
    assert bench.read(repair) == repair


def test_no_target_or_start_is_no_timer(bench: Bench) -> None:
    client = bench.house.client
    empty = client.made("repair", name="Clock", asked_at="2026-06-15T09:00:00Z")
    assert (empty["finish_state"], empty["finish_due"]) == ("none", None)
    given = bench.take(empty, promise=bench.promise(4, 8))
    assert given["finish_state"] == "running"
    assert bench.take(empty, promise=None)["finish_state"] == "none"


def test_records_that_are_there_get_their_timers_when_these_are_added(house: House) -> None:
    plain = {name: value for name, value in REPAIR.items() if name != "timers"}
    plain["fields"] = [one for one in REPAIR["fields"] if one["name"] != "late"]
    house.define(OFFICE, LUNCH, PROMISE, plain)
    promise = house.client.made("promise", answer=HOUR, finish=8 * HOUR, hours="office")
    asked = {"name": "Clock", "asked_at": "2026-06-15T09:00:00Z", "promise": promise["id"]}
    repair = house.client.made("repair", **asked)
    plan = house.client.post("/api/meta/changes?plan=true", {"documents": [REPAIR]}).json()
    assert "repair.finish_due" in [one["target"] for one in plan["operations"]]
    house.define(REPAIR)
    house.work()
    path = f"/api/records/repair/{repair['id']}"
    assert house.client.get(path).json()["finish_due"] == "2026-06-16T08:30:00Z"
    slower = {**REPAIR, "timers": [{**REPAIR["timers"][1], "target": "promise.finish * 2"}]}
    house.define({**slower, "timers": [REPAIR["timers"][0], *slower["timers"]]})
    house.work()
    assert house.client.get(path).json()["finish_due"] == "2026-06-16T16:30:00Z"
    # Taken out, they go with their columns, and nothing is left behind.
    house.define({**plain, "timers": []})
    assert "finish_due" not in house.client.get(path).json()
    house.define(REPAIR)
    house.work()
    assert house.client.get(path).json()["finish_due"] == "2026-06-16T08:30:00Z"


def test_what_is_left_is_a_value_of_the_language(bench: Bench) -> None:
    client = bench.house.client
    left = {"name": "left", "kind": "calculated", "result": "duration", "formula": "left(finish)"}
    bench.house.define({**REPAIR, "fields": [*REPAIR["fields"], left]})
    bench.at("2026-06-15T09:00:00Z")
    repair, night = (
        bench.ask("2026-06-15T09:00:00Z", 4, 8),
        bench.ask("2026-06-15T09:00:00Z", 4, 8, None),
    )

    def hours(one: Json) -> float | None:
        found = bench.read(one)["left"]
        return None if found is None else round(found / HOUR, 1)

    bench.at("2026-06-15T11:00:00Z")
    assert (hours(repair), hours(night)) == (6, 6)
    where = "left(finish) <= hours(6) and left(finish) > hours(5)"
    assert len(client.rows("/api/records/repair", where=where)) == 2
    bench.take(repair, status="waiting")
    bench.at("2026-06-15T19:00:00Z")
    bench.house.work()
    assert (hours(repair), hours(night)) == (6, -2)
    assert [
        one["id"] for one in client.rows("/api/records/repair", where="left(finish) < hours(0)")
    ] == [night["id"]]
    bench.take(repair, status="open")
    assert hours(repair) == 6
    assert hours(bench.take(night, status="ready")) is None
    for wrong in ("left(finnish)", "left(promise.finish)", "left(name)", "left()"):
        faulty = client.get("/api/records/repair", where=f"{wrong} > hours(1)")
        assert faulty.status == 400, faulty.text
    # In the rows of a collection it is the timer of each.
    count = {"name": "urgent", "kind": "calculated", "result": "number", "scale": 0}
    urgent = {**count, "formula": "count(repairs, left(finish) < hours(7))"}
    bench.house.define({**PROMISE, "fields": [*PROMISE["fields"], urgent]})
    promise = client.get(f"/api/records/promise/{bench.promise(4, 8)}").json()
    assert promise["urgent"] == "1"


def test_what_timers_showed_at_another_time_is_not_made_up(bench: Bench) -> None:
    client = bench.house.client
    bench.at("2026-06-15T09:00:00Z")
    repair = bench.ask("2026-06-15T09:00:00Z", 1, 8)
    bench.at("2026-06-16T09:00:00Z")
    bench.house.work()
    path = f"/api/records/repair/{repair['id']}"
    then = client.get(path, believed_on="2026-06-15")
    assert then.status == 200 and "finish_state" not in then.json()
    assert "late" not in then.json()  # a formula over it
    asked = client.get("/api/records/repair", believed_on="2026-06-15", where="late")
    assert asked.status == 400 and "not known" in asked.json()["detail"]


def test_a_calendar_that_is_not_there_is_told(bench: Bench) -> None:
    client = bench.house.client
    free = {**PROMISE, "fields": [*PROMISE["fields"][:3], {"name": "hours", "kind": "text"}]}
    bench.house.define(free)
    bench.house.work()
    repair = bench.ask("2026-06-15T09:00:00Z", 4, 8)
    promise = f"/api/records/promise/{bench.promise(4, 8)}"
    wrong = client.patch(promise, {"hours": "offise"})
    assert (wrong.status, wrong.json()["errors"][0]["code"]) == (422, "unknown_calendar")
    assert "Did you mean `office`?" in wrong.json()["detail"]
    assert client.get(promise).json()["hours"] == "office"
    # The document goes, and records still name it: their timers stop, and say why.
    gone = client.delete("/api/meta/calendar/office")
    assert gone.status == 200, gone.text
    bench.house.work()
    assert bench.read(repair)["finish_state"] == "none"
    why = client.get(f"/api/records/repair/{repair['id']}/why?field=finish_due").json()
    assert "There is no calendar `office`." in why["timer"]["fault"]
    assert client.get(f"/o/repair/{repair['id']}").status == 200
    # It comes back, and so do the clocks.
    bench.house.define(OFFICE)
    bench.house.work()
    assert bench.read(repair)["finish_due"] == "2026-06-16T08:30:00Z"


def test_nobody_learns_from_a_clock_what_they_may_not_read(bench: Bench) -> None:
    bench.at("2026-06-15T09:00:00Z")
    repair = bench.ask("2026-06-15T09:00:00Z", 1, 8)
    bench.take(repair, promise=bench.promise(1, 4))
    grant = {"object": "repair", "can": ["read", "update"], "fields": {"promise": "none"}}
    bench.house.define({"kind": "role", "name": "fixer", "grants": [grant]})
    fixer = bench.house.client.person("fixer@example.com", "fixer")
    path = f"/api/records/repair/{repair['id']}"
    told = fixer.get(f"{path}/why?field=finish_due").json()["timer"]
    assert (told["target"]["value"], told["target"]["withheld"]) == (None, True)
    assert [plan["cause"] for plan in told["plans"]] == [{}]
    page = fixer.get(f"/o/repair/{repair['id']}")
    assert page.status == 200 and "8 h" not in page.text
    asked = fixer.get("/api/records/repair", where="left(finish) < hours(9)")
    assert asked.status == 400 and "promise" not in asked.text
    # What they change moves the clock all the same.
    assert fixer.patch(path, {"status": "waiting"}).json()["finish_state"] == "paused"
