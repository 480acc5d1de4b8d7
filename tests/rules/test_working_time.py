"""Deadlines in working time through the API: answered from formulas, with no counter anywhere."""

from __future__ import annotations

from datetime import datetime

from tests.rules.house import House, Json, rule

OFFICE: Json = {
    "kind": "calendar",
    "name": "office",
    "zone": "Europe/London",
    "default": True,
    "hours": {"mon-fri": ["09:00-17:30"]},
    "holidays": [{"date": day} for day in ("2026-12-25", "2026-12-28", "2027-01-01")],
}
LUNCH: Json = {
    "kind": "calendar",
    "name": "with_lunch",
    "zone": "Europe/London",
    "hours": {"mon-fri": ["09:00-12:30", "13:30-17:30"]},
}
ALWAYS: Json = {"kind": "calendar", "name": "always", "hours": {"mon-sun": ["00:00-24:00"]}}
PROMISE: Json = {
    "kind": "object",
    "name": "promise",
    "label": "Promise",
    "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text"},
        {"name": "answer", "kind": "duration"},
        {"name": "finish", "kind": "duration"},
        {
            "name": "clock",
            "kind": "choice",
            "options": [{"name": "office"}, {"name": "with_lunch"}, {"name": "always"}],
        },
    ],
}
PAUSED = "sum(pauses, working_time(starts, coalesce(ends, now()), record.promise.clock))"
REQUEST: Json = {
    "kind": "object",
    "name": "request",
    "label": "Request",
    "title": "{asked_at}",
    "fields": [
        {"name": "asked_at", "kind": "datetime"},
        {"name": "promise", "kind": "lookup", "to": "promise"},
        {"name": "warn_at", "kind": "datetime"},
        {"name": "closed", "kind": "boolean"},
        {"name": "kept_finish_by", "kind": "datetime"},
        {
            "name": "answer_by",
            "kind": "calculated",
            "result": "datetime",
            "formula": "add_working_time(asked_at, promise.answer, promise.clock)",
        },
        {
            "name": "finish_by",
            "kind": "calculated",
            "result": "datetime",
            "formula": "kept_finish_by if closed else"
            f" add_working_time(asked_at, promise.finish + {PAUSED}, promise.clock)",
        },
    ],
}
PAUSE: Json = {
    "kind": "object",
    "name": "pause",
    "label": "Pause",
    "title": "{starts}",
    "fields": [
        {"name": "request", "kind": "lookup", "to": "request", "inverse": "pauses"},
        {"name": "starts", "kind": "datetime"},
        {"name": "ends", "kind": "datetime"},
    ],
}
KEEP = rule(
    "keep",
    {"object": "request", "event": ["created", "updated"]},
    {"set": {"warn_at": "add_working_time(asked_at, promise.finish * 0.75, promise.clock)"}},
    phase="before_save",
)
HOLD = rule(
    "hold",
    {"object": "request", "event": ["updated"], "fields": ["closed"]},
    {"set": {"kept_finish_by": "add_working_time(asked_at, promise.finish, promise.clock)"}},
    phase="before_save",
    when="closed",
)
WARN = rule(
    "warn",
    {"object": "request", "date": "warn_at"},
    {"create": "letter", "set": {"name": "'Warned'"}},
)


class Desk:
    """Requests and what was promised for them, by the clock in London."""

    def __init__(self, house: House) -> None:
        self.house = house
        house.define(OFFICE, LUNCH, ALWAYS, PROMISE, REQUEST, PAUSE, KEEP, HOLD, WARN)

    def ask(self, at: str, answer: float, finish: float, clock: str = "office") -> str:
        made = self.house.client.made(
            "promise", answer=int(answer * 3600), finish=int(finish * 3600), clock=clock
        )
        request = self.house.client.made("request", asked_at=at, promise=made["id"])
        return str(request["id"])

    def due(self, id: str) -> tuple[str, str]:
        record = self.house.client.get(f"/api/records/request/{id}").json()
        return record["answer_by"], record["finish_by"]

    def pause(self, id: str, starts: str, ends: str | None) -> None:
        self.house.client.made("pause", request=id, starts=starts, ends=ends)


def test_deadlines_to_the_minute(house: House) -> None:
    desk = Desk(house)
    # Over Christmas and a weekend; London is on UTC in December and an hour ahead in June.
    christmas = desk.ask("2026-12-24T15:30:00Z", 4, 16)
    assert desk.due(christmas) == ("2026-12-29T11:00:00Z", "2026-12-30T14:30:00Z")
    assert desk.due(desk.ask("2026-06-13T10:00:00Z", 4, 8))[0] == "2026-06-15T12:00:00Z"
    # Pauses: from Monday noon to Wednesday 15:00, and over a weekend.
    monday = desk.ask("2026-06-15T09:00:00Z", 4, 8)
    assert desk.due(monday)[1] == "2026-06-16T08:30:00Z"
    desk.pause(monday, "2026-06-15T11:00:00Z", "2026-06-17T14:00:00Z")
    assert desk.due(monday)[1] == "2026-06-18T11:30:00Z"
    friday = desk.ask("2026-06-12T13:30:00Z", 4, 8)
    assert desk.due(friday)[1] == "2026-06-15T13:00:00Z"
    desk.pause(friday, "2026-06-12T15:30:00Z", "2026-06-15T09:00:00Z")
    assert desk.due(friday)[1] == "2026-06-15T15:00:00Z"
    # A lunch break, and the night in which the clocks go forward.
    assert desk.due(desk.ask("2026-06-15T10:30:00Z", 2, 2, "with_lunch"))[0] == (
        "2026-06-15T13:30:00Z"
    )
    assert desk.due(desk.ask("2026-06-15T11:45:00Z", 1, 1, "with_lunch"))[0] == (
        "2026-06-15T13:30:00Z"
    )
    spring = desk.due(desk.ask("2026-03-29T00:30:00Z", 4, 4, "always"))
    assert spring[0] == "2026-03-29T04:30:00Z"  # 05:30 there
    # The database asks the same.
    query = {"where": "finish_by > '2026-12-30' and is_working(finish_by)"}
    assert [one["id"] for one in house.client.rows("/api/records/request", **query)] == [christmas]


def test_a_promise_that_is_raised_and_a_calendar_that_changes(house: House) -> None:
    desk = Desk(house)
    request = desk.ask("2026-06-15T15:00:00Z", 8, 40)
    path = f"/api/records/request/{request}"
    assert desk.due(request) == ("2026-06-16T14:30:00Z", "2026-06-22T12:30:00Z")
    done = desk.ask("2026-06-15T15:00:00Z", 8, 40)
    house.client.patch(f"/api/records/request/{done}", {"closed": True})
    raised = house.client.made("promise", answer=3600, finish=4 * 3600, clock="always")
    assert house.client.patch(path, {"promise": raised["id"]}).status == 200
    assert desk.due(request) == ("2026-06-15T16:00:00Z", "2026-06-15T19:00:00Z")
    # Both stand in the history: what was promised, and the moment to warn at.
    log = [entry["changes"] for entry in house.client.rows(f"{path}/history")]
    assert [one["warn_at"][1] for one in log if "warn_at" in one] == [
        "2026-06-15T18:00:00Z", "2026-06-19T11:00:00Z",
    ]  # fmt: skip
    # Hours that change move what is open, and leave what is done.
    still = desk.ask("2026-06-15T15:00:00Z", 8, 40)
    house.define({**OFFICE, "hours": {"mon-fri": ["09:00-19:30"]}})
    assert desk.due(still)[1] == "2026-06-19T13:00:00Z"
    assert desk.due(done)[1] == "2026-06-22T12:30:00Z"
    assert desk.due(request)[1] == "2026-06-15T19:00:00Z"


def test_a_warning_comes_once_at_its_share_of_the_time(house: House) -> None:
    desk = Desk(house)
    desk.ask("2026-06-15T09:00:00Z", 4, 8)

    def letters_at(moment: str) -> int:
        now = house.engine.clock.now()
        house.move_clock(seconds=(datetime.fromisoformat(moment) - now).total_seconds())
        house.work()
        return len(house.client.rows("/api/records/letter"))

    # Three quarters of eight hours from Monday 10:00 are over at 16:00.
    assert letters_at("2026-06-15T14:59:00Z") == 0
    assert letters_at("2026-06-15T15:00:30Z") == 1
    assert letters_at("2026-06-20T15:00:30Z") == 1
