"""Kinds of targets: bands, what is charged once, amounts released by days; and bad values."""

from __future__ import annotations

from decimal import Decimal

from tests.ledger.club import Club, club, gbp, product

__all__ = ["club", "product"]


def test_bands_count_all_units_or_each_by_itself(club: Club) -> None:
    posted = []
    for mode, quantity in (("look_up", "30"), ("fill_up", "30"), ("look_up", "11")):
        tariff = club.made("tariff", name="T", mode=mode)["id"]
        for first, last, price in ((1, 10, "10"), (11, 25, "8"), (26, None, "6")):
            club.made("step", tariff=tariff, first=first, last=last, price=gbp(f"{price}.00"))
        plan = club.plan(starts="2026-06-01", tariff=tariff, quantity=quantity)
        run = club.run("2026-06-01", "volume", where=f"id == '{plan}'")
        posted += [one["amount"] for one in run["amounts"]]
    assert posted == ["180.00", "250.00", "88.00"]
    step = club.client.rows("/api/records/step", where=f"tariff == '{tariff}'", sort="first")[1]
    club.client.patch(f"/api/records/step/{step['id']}", {"price": gbp("9.00")})
    run = club.run("2026-06-01", "volume", where=f"id == '{plan}'")
    assert run["amounts"] == [gbp("11.00")]


def test_what_is_charged_once_goes_back_when_it_is_no_longer_met(club: Club) -> None:
    plan = club.plan()
    visit = club.made("visit", plan=plan, day="2026-06-10", hours="1.50", rate=gbp("150.00"))["id"]
    path = f"/api/records/visit/{visit}"

    def run(until: str = "2026-06-30") -> list[object]:
        return club.run(until, "work", where=f"id == '{visit}'")["amounts"]  # type: ignore[no-any-return]

    assert run() == []
    club.client.patch(path, {"approved": True})
    assert run("2026-06-09") == []
    assert run() == [gbp("225.00")]
    club.client.patch(path, {"hours": "2"})
    assert run() == [gbp("75.00")]
    club.client.patch(path, {"approved": False})
    assert run() == [gbp("-300.00")]
    assert run() == []


def test_an_amount_is_released_by_days_so_that_months_sum_to_it(club: Club) -> None:
    plan = club.plan(starts="2026-01-01", ends="2027-01-01", price=gbp("1200.00"))
    run = club.run("2026-08-31", "release", where=f"id == '{plan}'")
    assert run["amounts"] == [gbp("798.90")]
    assert [amount for _, amount in club.charges(plan)][:3] == ["101.92", "92.05", "101.92"]
    assert Decimal("1200.00") - Decimal(club.sum_of(plan)) == Decimal("401.10")
    club.run("2026-12-31", "release", where=f"id == '{plan}'")
    assert club.sum_of(plan) == "1200.00"


def test_amounts_that_are_too_large_are_faults_of_their_keys(club: Club) -> None:
    large = club.plan(starts="2026-06-01", price=gbp("9999999999999.00"), quantity="99999999999")
    small = club.plan(starts="2026-06-01", quantity="1")
    run = club.run("2026-06-01")
    assert (run["entries"], run["faults"]) == (1, 1)
    (fault,) = run["fault_list"]
    assert fault["record"]["id"] == large and "amount" in fault["message"]
    assert club.sum_of(small) == "50.00"


def test_a_line_without_an_end_is_charged_for_fifty_years(club: Club) -> None:
    plan = club.plan(starts="1980-01-01", length="year", quantity="1", price=gbp("1.00"))
    assert club.run("2029-06-01")["amounts"] == [gbp("50.00")]
    assert len(club.charges(plan)) == 50


def test_people_run_and_read_what_their_roles_let_them(club: Club) -> None:
    client = club.client
    client.define(
        {"kind": "role", "name": "clerk", "grants": [
            {"object": "plan", "can": ["read"]}, {"object": "club", "can": ["read"]},
            {"object": "charge", "can": ["read", "create"]}, {"object": "locker", "can": ["read"]},
            {"object": "slip", "can": ["read", "create"]}, {"object": "hire", "can": ["read"]},
            {"object": "reading", "can": ["read"]}]},
        {"kind": "role", "name": "guest", "grants": [
            {"object": "plan", "can": ["read"], "fields": {"price": "none"}},
            {"object": "charge", "can": ["read"], "where": "created_by == me"}]},
    )  # fmt: skip
    plan = club.plan(starts="2026-06-01", quantity="1")
    clerk, guest = client.person("clerk@x.org", "clerk"), client.person("guest@x.org", "guest")
    wish = {"until": "2026-06-01", "where": f"id == '{plan}'"}
    assert guest.post("/api/ledgers/fees/runs", wish).status == 403
    assert guest.get("/api/ledgers/fees/explain", record=plan).status == 403
    assert guest.get("/api/ledgers/work/runs").status == 404
    assert guest.get("/api/ledgers/fees/runs").status == 403
    assert guest.get("/ledgers/fees").status == 403
    assert clerk.post("/api/ledgers/fees/runs", wish).json()["amounts"] == [gbp("50.00")]
    assert clerk.get("/api/ledgers/fees/explain", record=plan, period="2026-06-01").status == 200
    day = {"until": "2026-06-01"}
    for body, pointer in (
        ({}, "/until"), ({"until": "soon"}, "/until"), ({**day, "where": 1}, "/where"),
        ({**day, "dry_run": "yes"}, "/dry_run"),
    ):  # fmt: skip
        reply = client.post("/api/ledgers/fees/runs", body)
        assert reply.status in (400, 422) and reply.json()["errors"][0]["pointer"] == pointer
