"""A correction names the change behind it, however far away that was made, and so do its parts."""

from __future__ import annotations

from typing import Any

from tests.ledger.club import Club, club, gbp, product

__all__ = ["club", "product"]

Json = dict[str, Any]


def corrections(club: Club, plan: str, ledger: str) -> list[Json]:
    (key,) = [key for key in club.explain(plan, ledger)["keys"] if len(key["postings"]) > 1]
    return [one["cause"] for one in key["postings"][1:]]


def test_it_names_a_price_behind_the_record(club: Club) -> None:
    made, client = club.made, club.client
    tariff = made("tariff", name="Bands", mode="look_up")["id"]
    step = made("step", tariff=tariff, first="1", price=gbp("10.00"))["id"]
    plan = club.plan(starts="2026-06-01", ends="2026-07-01", tariff=tariff, quantity="3")
    club.run("2026-06-01", "volume")
    client.patch(f"/api/records/step/{step}", {"price": gbp("12.00")})
    club.run("2026-06-01", "volume")
    client.patch(f"/api/records/tariff/{tariff}", {"name": "Other name"})  # decides nothing
    client.patch(f"/api/records/tariff/{tariff}", {"mode": "fill_up"})
    client.patch(f"/api/records/step/{step}", {"price": gbp("13.00")})
    (key,) = club.explain(plan, "volume")["keys"]
    assert (key["cause"]["object"], key["cause"]["fields"]) == ("step", ["price"])
    club.run("2026-06-01", "volume")
    club.dated(plan, "2026-06-01", quantity="1")
    club.run("2026-06-01", "volume")
    told = corrections(club, plan, "volume")
    assert [one["object"] for one in told] == ["step", "step", "plan"]
    assert [one["fields"] for one in told[:2]] == [["price"], ["price"]]
    assert told[0]["id"] == step


def test_each_part_names_what_moved_it(club: Club) -> None:
    plan = club.plan(starts="2026-06-01", ends="2026-07-01")
    own = club.hire(plan, "2026-06-01", price=gbp("20.00"))
    club.hire(plan, "2026-06-01")
    club.run("2026-06-01")
    club.dated(plan, "2026-06-01", price=gbp("60.00"))
    club.ended(own, "2026-06-16")
    (key,) = club.explain(plan)["keys"]
    moved = {one["price"]["amount"]: one["moved_by"] for one in key["difference"]}
    assert {price: one["object"] for price, one in moved.items()} == {
        "20.00": "hire", "50.00": "plan", "60.00": "plan",
    }  # fmt: skip
    assert moved["20.00"]["id"] == own
    club.run("2026-06-01")
    (key,) = club.explain(plan)["keys"]
    parts = key["postings"][1]["parts"]
    assert {one["moved_by"]["id"] for one in parts if one["price"]["amount"] == "20.00"} == {own}


def test_a_correction_without_a_history_has_no_cause(club: Club) -> None:
    plan = club.plan(starts="2026-06-01", ends="2026-07-01")
    hire = club.hire(plan)
    club.run("2026-06-01")
    club.ended(hire, "2026-06-16")

    def forget() -> None:
        engine = club.client.app.engine
        connection = engine.database.connection()
        for one in (plan, hire):
            connection.script(f"DELETE FROM fluvial_history WHERE record = '{one}'")

    club.client.app.engine.database.call(forget)
    assert club.run("2026-06-01")["entries"] == 1
    assert corrections(club, plan, "fees") == [None]


def test_a_change_that_concerns_everything_is_named_too(club: Club) -> None:
    place = club.made("club", name="House")["id"]
    plans = [club.plan(starts="2026-06-01", club=place, quantity="1") for _ in range(2)]
    club.run("2026-06-01")
    club.client.patch(f"/api/records/club/{place}", {"closed_until": "2026-07-01"})
    told = club.explain(plans[0])["keys"][0]
    assert told["cause"] is None  # nothing differs
    for plan in plans:
        club.dated(plan, "2026-06-01", price=gbp("70.00"))
    club.run("2026-06-01")
    for plan in plans:
        (cause,) = corrections(club, plan, "fees")
        assert cause["object"] in ("plan", "club")
