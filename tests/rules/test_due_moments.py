"""Date rules and schedules: moments that are planned, moved, fired once and caught up with."""

from __future__ import annotations

from fluvial.runtime.engine import Engine
from rules import due_moments
from tests.rules.house import House, Json, rule

WRITE: Json = {"create": "letter", "set": {"name": "'Due: ' & name"}}
BEFORE = {"object": "loan", "date": "due", "offset": "-2d", "at": "08:00"}


def moments(house: House) -> list[tuple[str, str]]:
    rows = house.client.rows  # the table is not on the API; the text is alike on both databases
    assert rows is not None
    found = house.sql("SELECT due_at, state FROM fluvial_timer ORDER BY due_at, state")
    return [(str(due)[:16].replace(" ", "T"), state) for due, state in found]


def letters(house: House) -> list[str]:
    return sorted(letter["name"] for letter in house.client.rows("/api/records/letter"))


def test_a_moment_fires_once_when_it_comes(house: House) -> None:
    house.define(rule("remind", BEFORE, WRITE, when="status == 'open'"))
    house.client.made("loan", name="Emma", due="2026-06-20")
    # Eight in London is seven in UTC in June.
    assert moments(house) == [("2026-06-18T07:00", "planned")]
    house.work()
    assert letters(house) == []
    house.move_clock(days=7, hours=21, minutes=59)
    house.work()
    assert letters(house) == []
    house.move_clock(minutes=2)
    house.work()
    house.work()
    assert letters(house) == ["Due: Emma"]
    assert moments(house) == [("2026-06-18T07:00", "fired")]
    (run,) = house.runs("remind")
    assert run["outcome"] == "done"


def test_the_condition_is_asked_when_it_fires(house: House) -> None:
    house.define(rule("remind", BEFORE, WRITE, when="status == 'open'"))
    loan = house.client.made("loan", name="Emma", due="2026-06-20")
    house.client.patch(f"/api/records/loan/{loan['id']}", {"status": "returned"})
    house.move_clock(days=20)
    house.work()
    assert letters(house) == []
    assert house.outcomes("remind") == ["not_met"]


def test_a_date_that_moves_is_planned_anew(house: House) -> None:
    house.define(rule("remind", BEFORE, WRITE))
    loan = house.client.made("loan", name="Emma", due="2026-06-20")
    path = f"/api/records/loan/{loan['id']}"
    house.client.patch(path, {"due": "2026-06-25"})
    house.client.patch(path, {"name": "Emma Woodhouse"})
    assert moments(house) == [("2026-06-18T07:00", "cancelled"), ("2026-06-23T07:00", "planned")]
    house.client.patch(path, {"due": "2026-06-20"})
    assert moments(house) == [("2026-06-18T07:00", "planned"), ("2026-06-23T07:00", "cancelled")]
    house.move_clock(days=30)
    house.work()
    assert letters(house) == ["Due: Emma Woodhouse"]
    # The moment that fired is over, also where the date comes back to it.
    house.client.patch(path, {"due": "2026-12-01"})
    house.client.patch(path, {"due": "2026-06-20"})
    house.work()
    assert letters(house) == ["Due: Emma Woodhouse"]


def test_the_bin_cancels_and_restoring_plans_again(house: House) -> None:
    house.define(rule("remind", BEFORE, WRITE))
    loan = house.client.made("loan", name="Emma", due="2026-06-20")
    path = f"/api/records/loan/{loan['id']}"
    house.client.delete(path)
    assert moments(house) == [("2026-06-18T07:00", "cancelled")]
    house.client.post(f"{path}/restore")
    assert moments(house) == [("2026-06-18T07:00", "planned")]
    house.client.patch(path, {"due": None})
    assert moments(house) == [("2026-06-18T07:00", "cancelled")]


def test_a_moment_that_has_passed_counts_for_a_day(house: House) -> None:
    house.define(rule("remind", BEFORE, WRITE))
    house.client.made("loan", name="Yesterday", due="2026-06-12")  # 10 June at 8
    house.client.made("loan", name="Long ago", due="2026-06-11")  # 9 June at 8
    assert [state for _, state in moments(house)] == ["skipped", "planned"]
    house.work()
    assert letters(house) == ["Due: Yesterday"]


def test_a_new_rule_plans_for_the_records_that_are_there(house: House) -> None:
    for day in range(10, 28):
        house.client.made("loan", name=str(day), due=f"2026-06-{day}")
    house.client.made("loan", name="never")
    house.define(rule("remind", BEFORE, WRITE))
    found = moments(house)
    assert len(found) == 15  # those of the 13th to the 27th; the others lie in the past
    assert found[0] == ("2026-06-11T07:00", "planned")
    house.define(rule("remind", {**BEFORE, "offset": "-3d"}, WRITE))
    assert [due for due, state in moments(house) if state == "planned"][0] == "2026-06-11T07:00"
    assert sum(state == "planned" for _, state in moments(house)) == 14
    assert house.client.delete("/api/meta/rule/remind").status in (200, 204)
    assert {state for _, state in moments(house)} == {"cancelled"}


def test_two_schedulers_fire_a_moment_once(house: House) -> None:
    house.define(rule("remind", BEFORE, WRITE))
    house.client.made("loan", name="Emma", due="2026-06-20")
    house.move_clock(days=30)

    def both(engine: Engine) -> tuple[bool, bool]:
        return due_moments.run(engine), due_moments.run(engine)

    assert house.engine.database.call(lambda: both(house.engine)) == (True, False)
    house.work()
    assert letters(house) == ["Due: Emma"]


def test_hours_after_a_moment(house: House) -> None:
    on = {"object": "loan", "date": "picked_at", "offset": "+2h"}
    house.define(rule("after", on, WRITE))
    house.client.made("loan", name="Emma", picked_at="2026-06-10T09:30:00Z")
    assert moments(house) == [("2026-06-10T11:30", "planned")]


def test_a_schedule_runs_for_each_record_that_matches(house: House) -> None:
    on = {"schedule": "0 7 * * 1-5", "object": "loan", "where": "status == 'open'"}
    house.define(rule("morning", on, {"update": {"set": {"level": "coalesce(level, 0) + 1"}}}))
    for name, status in (("a", "open"), ("b", "returned"), ("c", "open")):
        house.client.made("loan", name=name, status=status)
    assert moments(house) == [("2026-06-11T06:00", "planned")]
    house.move_clock(days=1)
    house.work()
    loans = house.client.rows("/api/records/loan", sort="name")
    assert [loan["level"] for loan in loans] == ["1", None, "1"]
    # Three days were missed: they count as one.
    house.move_clock(days=5)
    house.work()
    loans = house.client.rows("/api/records/loan", sort="name")
    assert [loan["level"] for loan in loans] == ["2", None, "2"]


def test_a_schedule_without_records_creates_one(house: House) -> None:
    house.define(
        rule(
            "weekly",
            {"schedule": "30 8 * * mon"},
            {"create": "letter", "set": {"name": "'Week of ' & text(today())"}},
        )
    )
    house.move_clock(days=5)
    house.work()
    assert letters(house) == ["Week of 2026-06-15"]
