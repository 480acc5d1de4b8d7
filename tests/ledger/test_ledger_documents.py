"""What a ledger's document may not say is refused where it stands, with the remedy."""

from __future__ import annotations

from typing import Any

import pytest

from tests.ledger.club import CHARGE, FEES, Club, club, product

__all__ = ["club", "product"]

Json = dict[str, Any]
SEGMENTS = FEES["target"][0]
ENTRY = FEES["entries"][0]
PERIODS = FEES["periods"]
MONTHLY = {"price": "price"}


def entry(**members: Any) -> list[Json]:
    return [{**ENTRY, **members}]


FAULTS: list[tuple[str, Json, str, str]] = [
    ("an unknown object", {"for": "plann"}, "/for", "plan"),
    ("a convention that is none", {"target": [{**MONTHLY, "convention": "'daily'"}]},
     "/target/0/convention", "actual_period"),
    ("a choice with options that are none", {"target": [{**MONTHLY, "convention": "billed"}]},
     "/target/0/convention", "`end`"),
    ("a number as convention", {"target": [{**MONTHLY, "convention": "least"}]},
     "/target/0/convention", "30/360"),
    ("a length that is none", {"periods": {**PERIODS, "every": "status"}},
     "/periods/every", "`over`"),
    ("a number as length", {"periods": {**PERIODS, "every": "least"}}, "/periods/every", "month"),
    ("a time to be due that is none", {"periods": {**PERIODS, "due": "'later'"}},
     "/periods/due", "'start' or 'end'"),
    ("a lead that is no duration", {"periods": {**PERIODS, "lead": "5"}},
     "/periods/lead", "days(5)"),
    ("periods of a text", {"periods": {**PERIODS, "from": "name"}}, "/periods/from", "date field"),
    ("a day beside periods", {"day": "starts"}, "/day", "Remove `day`"),
    ("neither price nor amount", {"target": [{"segments": "hires"}]}, "/target/0", "`price`"),
    ("both of them", {"target": [{**MONTHLY, "amount": "price"}]}, "/target/0", "one of the two"),
    ("two kinds of rows", {"target": [{**SEGMENTS, "each": "readings"}]}, "/target/0", "for each"),
    ("an unknown collection", {"target": [{**SEGMENTS, "segments": "hire"}]},
     "/target/0/segments", "hires"),
    ("segments of undated records", {"target": [{"segments": "readings", "price": "1"}]},
     "/target/0/segments", "`each`"),
    ("rows without a day", {"target": [{"each": "readings", "amount": "used"}]},
     "/target/0", "Add `at`"),
    ("a price that is a text", {"target": [{"price": "name"}]}, "/target/0/price", "money"),
    ("a price for the reader", {"target": [{"price": "price if me.name == 'x' else price"}]},
     "/target/0/price", "Leave out `me`"),
    ("money in a number", {"entries": entry(amount="plan")}, "/entries/0/amount", "money"),
    ("an entry without what it needs", {"entries": entry(set={"since": "period.from"})},
     "/entries/0", "Add `plan` to `set`"),
    ("an entry of unknown fields", {"entries": entry(set={"plan": "record", "day": "period.from"})},
     "/entries/0/set/day", "lists its fields"),
    ("entries that do not balance", {"balanced": True}, "/entries", "times: -1"),
    ("a ledger that feeds itself", {"target": [{"each": "charges", "at": "since",
     "amount": "amount"}]}, "/entries/0/object", "of its own"),
    ("parts that look behind their names", {"parts": {**FEES["parts"], "set": {
     "note": "part.locker.name"}}}, "/parts/set/note", "End the path"),
]  # fmt: skip


@pytest.mark.parametrize("case", FAULTS, ids=[one[0] for one in FAULTS])
def test_it_is_refused_with_the_remedy(club: Club, case: tuple[str, Json, str, str]) -> None:
    _, members, pointer, words = case
    body = {**FEES, **members}
    reply = club.client.post("/api/meta/changes?plan=true", {"documents": [body]})
    assert reply.status == 422, reply.text
    places = {one["pointer"]: one["message"] for one in reply.json()["errors"]}
    assert f"/ledger/fees{pointer}" in places, places
    assert words in places[f"/ledger/fees{pointer}"]


def test_a_balanced_ledger_posts_both_sides(club: Club) -> None:
    both = [ENTRY, {**ENTRY, "times": -1, "set": {**ENTRY["set"], "note": "'other side'"}}]
    target = [{"price": "price"}]
    ledger = {**FEES, "name": "books", "entries": both, "balanced": True, "target": target}
    ledger.pop("parts")
    club.client.define(ledger)
    plan = club.plan(starts="2026-06-01")
    run = club.run("2026-06-01", "books")
    assert run["entries"] == 2
    assert [amount for _, amount in club.charges(plan)] == ["-50.00", "50.00"]
    club.client.define({**ledger, "entries": [ENTRY], "balanced": False})


def test_a_field_of_an_entry_that_is_renamed_or_removed_is_used(club: Club) -> None:
    gone = {**CHARGE, "fields": [one for one in CHARGE["fields"] if one["name"] != "since"],
            "title": "{plan}"}  # fmt: skip
    reply = club.client.post("/api/meta/changes?plan=true", {"documents": [gone]})
    assert "since" in reply.text and "fees" in reply.text
