"""Runs of a ledger: what is due is posted once, and corrections are differences."""

from decimal import Decimal

from tests.ledger.club import Club, club, gbp, product

__all__ = ["club", "product"]


def ten(house: Club, **values: object) -> tuple[str, list[str]]:
    plan = house.plan(**values)
    return plan, [house.hire(plan, name=f"L{at}") for at in range(1, 11)]


def test_a_removal_in_an_advance_month_is_credited_with_the_next(club: Club) -> None:
    plan, hires = ten(club, starts="2026-06-01")
    run = club.run("2026-06-01")
    assert (run["keys"], run["entries"], run["amounts"]) == (1, 1, [gbp("500.00")])
    club.ended(hires[6], "2026-06-16")
    run = club.run("2026-07-01")
    assert run["amounts"] == [gbp("425.00")]
    assert club.charges(plan) == [
        ("2026-06-01", "-25.00"), ("2026-06-01", "500.00"), ("2026-07-01", "450.00")
    ]  # fmt: skip
    assert ("2026-06-16", "2026-06-30", "-25.00") in club.slips(plan)
    again = club.run("2026-07-01")
    assert (again["keys"], again["entries"], again["amounts"]) == (2, 0, [])


def test_in_arrears_a_removal_is_part_of_the_same_month(club: Club) -> None:
    plan, hires = ten(club, starts="2026-06-01", billed="end")
    assert club.run("2026-06-29")["entries"] == 0
    club.ended(hires[6], "2026-06-16")
    assert club.run("2026-06-30")["amounts"] == [gbp("475.00")]
    assert club.run("2026-07-31")["amounts"] == [gbp("450.00")]
    assert len(club.charges(plan)) == 2


def test_a_removal_in_the_past_is_credited_for_each_month_and_undone_again(club: Club) -> None:
    plan, hires = ten(club, starts="2026-06-01")
    club.run("2026-08-01")
    club.ended(hires[6], "2026-06-16")
    run = club.run("2026-09-01")
    assert run["amounts"] == [gbp("325.00")]
    credits_ = [one for one in club.slips(plan) if one[2].startswith("-")]
    assert credits_ == [
        ("2026-06-16", "2026-06-30", "-25.00"),
        ("2026-07-01", "2026-07-31", "-50.00"),
        ("2026-08-01", "2026-08-31", "-50.00"),
    ]
    club.ended(hires[6], None)
    assert club.run("2026-10-01")["amounts"] == [gbp("675.00")]
    assert club.sum_of(plan) == "2500.00"


def test_a_removal_that_is_undone_before_a_run_leaves_nothing(club: Club) -> None:
    plan, hires = ten(club, starts="2026-06-01")
    club.run("2026-08-01")
    club.ended(hires[6], "2026-06-16")
    club.ended(hires[6], None)
    run = club.run("2026-09-01")
    assert (run["amounts"], run["entries"]) == ([gbp("500.00")], 1)


def test_a_swap_costs_nothing_and_is_told(club: Club) -> None:
    plan, hires = ten(club, starts="2026-06-01")
    club.run("2026-06-01")
    club.ended(hires[6], "2026-06-16")
    club.hire(plan, "2026-06-16", name="L11")
    run = club.run("2026-06-20")
    assert (run["entries"], run["amounts"]) == (1, [])
    assert club.charges(plan) == [("2026-06-01", "0.00"), ("2026-06-01", "500.00")]
    assert [one for one in club.slips(plan) if one[0] == "2026-06-16"] == [
        ("2026-06-16", "2026-06-30", "-25.00"), ("2026-06-16", "2026-06-30", "25.00")
    ]  # fmt: skip
    assert club.run("2026-06-20")["entries"] == 0


def test_conventions_are_values_of_the_record(club: Club) -> None:
    def credit(convention: str, **values: object) -> str:
        plan = club.plan(convention=convention, **values)
        hire = club.hire(plan)
        club.run("2026-04-01", where=f"id == '{plan}'")
        before = Decimal(club.sum_of(plan))
        club.ended(hire, "2026-05-10")
        club.run("2026-04-01", where=f"id == '{plan}'")
        return str(Decimal(club.sum_of(plan)) - before)

    quarter = {"starts": "2026-04-01", "length": "quarter", "price": gbp("300.00")}
    assert credit("actual_period", **quarter) == "-171.43"
    assert credit("actual_month", **quarter) == "-170.97"
    assert credit("thirty_360", **quarter) == "-170.00"
    assert credit("none", **quarter) == "0.00"


def test_a_year_in_advance_is_credited_by_its_days(club: Club) -> None:
    for year, kept in (("2026", "798.90"), ("2028", "800.00")):
        plan = club.plan(starts=f"{year}-01-01", length="year", price=gbp("1200.00"))
        hire = club.hire(plan, f"{year}-01-01")
        club.run(f"{year}-01-01", where=f"id == '{plan}'")
        assert club.sum_of(plan) == "1200.00"
        club.ended(hire, f"{year}-09-01")
        club.run(f"{year}-01-01", where=f"id == '{plan}'")
        assert club.sum_of(plan) == kept


def test_what_is_kept_and_what_is_credited_of_a_long_month_make_the_whole(club: Club) -> None:
    plan = club.plan(starts="2026-07-01")
    hire = club.hire(plan)
    club.run("2026-07-01")
    club.ended(hire, "2026-07-17")
    club.run("2026-07-20")
    assert club.charges(plan) == [("2026-07-01", "-24.19"), ("2026-07-01", "50.00")]
    assert club.sum_of(plan) == "25.81"


def test_a_price_that_rises_in_the_middle_makes_two_segments(club: Club) -> None:
    plan = club.plan(starts="2026-06-01", price=gbp("100.00"), quantity="1", billed="end")
    club.dated(plan, "2026-06-15", price=gbp("105.00"))
    assert club.run("2026-06-30")["amounts"] == [gbp("102.67")]
    assert club.slips(plan) == [
        ("2026-06-01", "2026-06-14", "46.67"), ("2026-06-15", "2026-06-30", "56.00")
    ]  # fmt: skip


def test_more_from_a_day_on_is_billed_with_the_next_and_rounded_once(club: Club) -> None:
    plan = club.plan(starts="2026-03-01", price=gbp("22.00"), quantity="10")
    club.run("2026-03-01")
    club.dated(plan, "2026-03-17", quantity="12")
    assert club.run("2026-04-01")["amounts"] == [gbp("285.29")]
    assert club.charges(plan)[0] == ("2026-03-01", "21.29")


def test_a_least_quantity_is_charged_and_says_so(club: Club) -> None:
    plan = club.plan(starts="2026-06-01", least=8)
    for at in range(7):
        club.hire(plan, name=f"L{at}")
    assert club.run("2026-06-01")["amounts"] == [gbp("400.00")]
    slips = club.client.rows("/api/records/slip", where=f"plan == '{plan}'")
    notes = [row["note"] for row in slips if row["note"]]
    assert notes == ["minimum"]


def test_a_corrected_reading_is_trued_up_and_cites_the_correction(club: Club) -> None:
    plan = club.plan(
        starts="2026-06-01", billed="end", included="100", overage=gbp("0.20"), price=None
    )
    reading = club.made("reading", plan=plan, read_on="2026-06-30", used="137.50")["id"]
    assert club.run("2026-06-30")["amounts"] == [gbp("7.50")]
    club.client.patch(f"/api/records/reading/{reading}", {"used": "140"})
    assert club.run("2026-07-31")["amounts"] == [gbp("0.50")]
    (key,) = club.explain(plan, period="2026-06-01")["keys"]
    cause = key["postings"][1]["cause"]
    assert (cause["object"], cause["id"], cause["fields"]) == ("reading", reading, ["used"])
    assert (key["target"], key["posted"], key["delta"]) == ([gbp("8.00")], [gbp("8.00")], [])


def test_future_changes_are_charged_from_their_day_on(club: Club) -> None:
    plan, hires = ten(club, starts="2026-07-01")
    club.ended(hires[6], "2026-09-01")
    club.run("2026-09-01")
    assert [amount for _, amount in club.charges(plan)] == ["500.00", "500.00", "450.00"]


def test_a_run_that_is_taken_back_can_be_run_again(club: Club) -> None:
    plan, hires = ten(club, starts="2026-06-01")
    club.run("2026-06-01")
    club.ended(hires[6], "2026-06-16")
    run = club.run("2026-07-01")
    path = f"/api/ledgers/fees/runs/{run['id']}"
    voided = club.client.post(f"{path}/void")
    assert voided.status == 200, voided.text
    assert voided.json()["amounts"] == [gbp("-425.00")]
    assert voided.json()["voids"] == run["id"]
    assert club.sum_of(plan) == "500.00"
    assert club.client.post(f"{path}/void").status == 409
    assert club.run("2026-07-01")["amounts"] == [gbp("425.00")]
    assert club.sum_of(plan) == "925.00"
    assert club.client.get(path).json()["voided_by"] == voided.json()["id"]


def test_closed_books_take_nothing_more(club: Club) -> None:
    place = club.made("club", name="North")["id"]
    plan, hires = ten(club, starts="2026-06-01", club=place)
    club.run("2026-07-01")
    club.client.patch(f"/api/records/club/{place}", {"closed_until": "2026-08-01"})
    club.ended(hires[6], "2026-06-16")
    club.run("2026-08-01")
    rows = club.client.rows(
        "/api/records/charge", where=f"plan == '{plan}' and corrects != null", sort="corrects"
    )
    assert [(r["since"], r["corrects"], r["amount"]["amount"]) for r in rows] == [
        ("2026-08-01", "2026-06-01", "-25.00"), ("2026-08-01", "2026-07-01", "-50.00")
    ]  # fmt: skip
    assert club.run("2026-08-01")["entries"] == 0


def test_a_fault_of_one_record_does_not_hold_up_the_others(club: Club) -> None:
    good = club.plan(starts="2026-06-01", quantity="1")
    bad = club.plan(starts="2026-06-01", name="No price", quantity="1", price=None)
    odd = club.plan(starts="1800-01-01", name="Old", length="month", quantity="1")
    run = club.run("2026-06-01")
    assert (run["entries"], run["faults"]) == (1, 2)
    assert {one["record"]["id"] for one in run["fault_list"]} == {bad, odd}
    messages = sorted(one["message"] for one in run["fault_list"])
    assert messages[0].startswith("More than 2,000 periods are due since 1800-01-01.")
    assert messages[1].startswith("There is no price from 2026-06-01 on")
    assert club.charges(good) == [("2026-06-01", "50.00")]
    club.dated(bad, "2026-06-01", price=gbp("10.00"))
    assert club.run("2026-06-01")["faults"] == 1


def test_a_deleted_record_and_its_parts_are_taken_back(club: Club) -> None:
    plan, hires = ten(club, starts="2026-06-01")
    club.run("2026-06-01")
    for hire in hires[:2]:
        assert club.client.delete(f"/api/records/hire/{hire}").status == 204
    assert club.run("2026-06-01")["amounts"] == [gbp("-100.00")]
    paused = club.plan(starts="2026-06-01", quantity="1")
    club.run("2026-06-01")
    club.client.patch(f"/api/records/plan/{paused}", {"status": "paused", "price": gbp("70")})
    assert club.run("2026-07-01", where=f"id == '{paused}'")["entries"] == 0
    assert club.charges(paused) == [("2026-06-01", "50.00")]


def test_a_trial_posts_nothing_and_tells_all(club: Club) -> None:
    plan, _ = ten(club, starts="2026-06-01")
    run = club.run("2026-06-01", dry_run=True)
    assert (run["entries"], run["parts"], run["amounts"]) == (1, 10, [gbp("500.00")])
    assert club.charges(plan) == []
    assert club.run("2026-06-01")["amounts"] == [gbp("500.00")]
    runs = club.client.rows("/api/ledgers/fees/runs")
    assert [one["dry_run"] for one in runs[:2]] == [False, True]


def test_what_is_posted_is_locked_from_birth(club: Club) -> None:
    plan, _ = ten(club, starts="2026-06-01")
    club.run("2026-06-01")
    (charge,) = club.client.rows("/api/records/charge", where=f"plan == '{plan}'")
    path = f"/api/records/charge/{charge['id']}"
    refused = club.client.patch(path, {"amount": gbp("1.00")})
    assert (refused.status, refused.json()["errors"][0]["pointer"]) == (409, "/amount")
    assert "posted by the ledger Fees" in refused.json()["detail"]
    assert club.client.delete(path).status == 409
    assert club.client.patch(path, {"note": "Seen"}).status == 200
    slip = club.client.rows("/api/records/slip", where=f"plan == '{plan}'")[0]
    assert club.client.patch(f"/api/records/slip/{slip['id']}", {"days": 1}).status == 409
    batch = club.client.call(
        "PATCH", "/api/records/charge", [{"id": charge["id"], "since": "2026-01-01"}]
    )
    assert batch.status in (409, 422)
