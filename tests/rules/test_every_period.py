"""Rules that run for every period of a record: each once, also those that were missed."""

from __future__ import annotations

from typing import Any

import pytest

from rules import period_moments
from tests.app import Documents
from tests.rules.house import House, rule
from tests.rules.test_making_records import BILL, CHARGE, ENTRY, SHOP

Json = dict[str, Any]
ON: Json = {
    "object": "shop", "every": "month", "from": "opened", "until": "closed",
    "at": "06:00", "lead": "5d",
}  # fmt: skip
BILL_IT: Json = {
    "create": "bill",
    "set": {"shop": "record", "first": "period.from", "due": "period.until", "note": "name"},
}


@pytest.fixture
def documents() -> Documents:
    return (SHOP, CHARGE, BILL, ENTRY)


def bills(house: House) -> list[str]:
    rows = house.client.rows("/api/records/bill", sort="first,note")
    return [f"{one['first']}/{one['due']}" for one in rows]


def test_each_period_runs_once_before_it_begins(house: House) -> None:
    house.define(rule("monthly", ON, BILL_IT))
    house.client.made("shop", name="Corner", opened="2026-06-20")
    house.work()
    assert bills(house) == []
    house.move_clock(days=5)  # the 15th of June, when the first one is due
    house.work()
    house.work()
    assert bills(house) == ["2026-06-20/2026-07-20"]
    house.move_clock(days=29)
    house.work()
    assert bills(house) == ["2026-06-20/2026-07-20"]
    house.move_clock(days=1)
    house.work()
    assert bills(house) == ["2026-06-20/2026-07-20", "2026-07-20/2026-08-20"]


def test_every_missed_period_is_caught_up_with(house: House) -> None:
    house.define(rule("monthly", ON, BILL_IT))
    shop = house.client.made("shop", name="Corner", opened="2026-06-20", closed="2026-11-01")
    house.move_clock(days=400)
    house.work()
    assert bills(house) == [
        "2026-06-20/2026-07-20",
        "2026-07-20/2026-08-20",
        "2026-08-20/2026-09-20",
        "2026-09-20/2026-10-20",
        "2026-10-20/2026-11-01",
    ]
    house.client.patch(f"/api/records/shop/{shop['id']}", {"closed": "2026-12-01"})
    house.work()
    assert len(bills(house)) == 6
    house.client.patch(f"/api/records/shop/{shop['id']}", {"opened": "2026-06-21"})
    house.work()
    assert len(bills(house)) == 6


def test_a_record_that_is_entered_late_gets_its_past_periods(house: House) -> None:
    house.define(rule("monthly", ON, BILL_IT))
    house.client.made("shop", name="Corner", opened="2026-03-01")
    house.work()
    assert bills(house) == [f"2026-0{month}-01/2026-0{month + 1}-01" for month in (3, 4, 5, 6)]


def test_a_new_rule_begins_with_the_periods_that_come(house: House) -> None:
    shop = house.client.made("shop", name="Corner", opened="2025-01-01")
    house.define(rule("monthly", ON, BILL_IT))
    house.work()
    assert bills(house) == []
    house.client.patch(f"/api/records/shop/{shop['id']}", {"opened": "2025-02-01"})
    house.work()
    assert bills(house) == []
    house.move_clock(days=17)
    house.work()
    assert bills(house) == ["2026-07-01/2026-08-01"]


def test_a_new_rule_begins_on_a_day_that_it_names(house: House) -> None:
    house.client.made("shop", name="Corner", opened="2025-01-01")
    house.client.made("shop", name="None")
    house.define(rule("monthly", {**ON, "since": "2026-05-01"}, BILL_IT))
    house.work()
    assert bills(house) == ["2026-05-01/2026-06-01", "2026-06-01/2026-07-01"]


def test_a_rule_that_would_begin_with_too_many_periods_is_refused(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.client.made("shop", name="Corner", opened="1990-01-01")
    monkeypatch.setattr(period_moments, "MAX_AT_ONCE", 1_000)
    daily = rule("daily", {**ON, "every": "day", "since": "1990-01-01"}, BILL_IT)
    answer = house.client.call("PUT", "/api/meta/rule/daily", daily)
    assert answer.status == 422, answer.text
    (fault,) = answer.json()["errors"]
    assert fault["pointer"].endswith("/on/since")
    assert "more than 1,000 periods" in fault["message"]
    assert "rule" not in house.client.get("/api/meta/rule/daily").text or True
    assert house.client.get("/api/meta/rule/daily").status == 404


def test_a_record_makes_up_for_so_many_periods_only_and_says_so(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(period_moments, "MAX_CAUGHT_UP", 3)
    house.define(rule("monthly", ON, BILL_IT))
    house.client.made("shop", name="Corner", opened="2025-12-01")
    house.work()
    assert bills(house) == [
        "2026-04-01/2026-05-01",
        "2026-05-01/2026-06-01",
        "2026-06-01/2026-07-01",
    ]
    told = [run for run in house.runs("monthly") if run["outcome"] == "skipped"]
    assert len(told) == 1
    assert "4 periods are left out: at most 3" in told[0]["trace"]["lines"][0]


def test_periods_of_no_record_are_those_of_the_calendar(house: House) -> None:
    note = {"create": "bill", "set": {"first": "period.from", "due": "period.until"}}
    house.define(rule("weekly", {"every": "week", "due": "end", "at": "05:00"}, note))
    house.work()
    assert bills(house) == []
    house.move_clock(days=12)
    house.work()
    assert bills(house) == ["2026-06-08/2026-06-15", "2026-06-15/2026-06-22"]


def test_what_is_done_once_is_not_done_again(house: House) -> None:
    press = {"object": "shop", "button": "Bill it"}
    house.define(rule("billing", press, BILL_IT | {"set": {"note": "name"}}, once="text(terms)"))
    shop = house.client.made("shop", name="Corner")
    path = f"/api/records/shop/{shop['id']}"
    for _ in range(2):
        assert house.client.post(f"{path}/actions/billing", {}).status == 200
    assert len(bills(house)) == 1
    assert house.outcomes("billing") == ["done", "done_before"]
    assert "It was done before: 14" in house.runs("billing")[0]["trace"]["lines"][-1]
    assert "Done before" in house.client.get("/studio/runs?outcome=done_before").text
    house.client.patch(path, {"terms": 30})
    assert house.client.post(f"{path}/actions/billing", {}).status == 200
    assert len(bills(house)) == 2


def test_what_failed_was_not_done_once(house: House) -> None:
    press = {"object": "shop", "button": "Bill it"}
    make = {"create": "fee", "set": {"name": "name", "shop": "record if terms > 20 else null"}}
    house.define(rule("billing", press, make, once="'once'"))
    shop = house.client.made("shop", name="Corner")
    path = f"/api/records/shop/{shop['id']}"
    assert house.client.post(f"{path}/actions/billing", {}).status == 409
    house.client.patch(path, {"terms": 30})
    assert house.client.post(f"{path}/actions/billing", {}).status == 200
    assert house.outcomes("billing") == ["failed", "done"]


def test_a_trial_shows_the_present_period(house: House) -> None:
    house.define(rule("monthly", ON, BILL_IT, when="period.from >= '2026-01-01'"))
    shop = house.client.made("shop", name="Corner", opened="2025-01-01")["id"]
    asked = {"object": "shop", "id": shop}
    tried = house.client.post("/api/rules/monthly/dry-run", asked).json()
    assert [one["kind"] for one in tried["effects"]] == ["create"], tried
    assert "period.from >= '2026-01-01'" in tried["lines"][0]


@pytest.mark.parametrize(
    ("on", "pointer", "words"),
    [
        ({"every": "fortnight"}, "/on/every", ""),
        ({"from": "name"}, "/on/from", "is not a date"),
        ({"until": "nothing"}, "/on/until", "has no field `nothing`"),
        ({"object": None}, "/on/from", "handles none"),
        ({"from": None, "align": "from"}, "/on/align", "there is one"),
        ({"since": "2026-02-30"}, "/on/since", "There is no day"),
        ({"at": 30}, "/on/at", ""),
        ({"fields": ["name"]}, "/on/fields", "cannot be used with `every`"),
    ],
)
def test_faults_of_periods_are_told(house: House, on: Json, pointer: str, words: str) -> None:
    given = {name: value for name, value in {**ON, **on}.items() if value is not None}
    note = {"create": "bill", "set": {"note": "'x'"}}
    answer = house.client.call("PUT", "/api/meta/rule/r", rule("r", given, note))
    assert answer.status == 422, answer.text
    told = [one for one in answer.json()["errors"] if one["pointer"].endswith(pointer)]
    assert told, answer.text
    assert words in told[0]["message"]
