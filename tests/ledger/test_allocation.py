"""Allocation: sources are drained into demands in order, and only differing draws are posted."""

from __future__ import annotations

from decimal import Decimal

from tests.ledger.pool import Pool, gbp, pool, product

__all__ = ["pool", "product"]


def two_cards(pool: Pool) -> tuple[str, str, str]:
    member = pool.member()
    first = pool.card(member, "20", "2026-03-01", "2026-06-01", name="A", price=gbp("1800.00"))
    second = pool.card(member, "10", "2026-04-01", "2026-07-01", name="B", price=gbp("950.00"))
    return member, first, second


def test_two_cards_are_drained_in_order_and_a_deletion_walks_again(pool: Pool) -> None:
    member, first, second = two_cards(pool)
    pool.visit(member, "2026-03-10", "12.5")
    april = pool.visit(member, "2026-04-10", "9")
    pool.visit(member, "2026-05-10", "4", times="1.5")
    pool.visit(member, "2026-06-10", "4", times="2")
    run = pool.run(member, "2026-03-31")
    assert (run["entries"], run["amounts"]) == (1, ["12.5"])
    assert (pool.left(first), pool.left(second)) == ("7.50", "10.00")
    pool.run(member, "2026-04-30")
    assert (pool.left(first), pool.left(second)) == ("0.00", "8.50")
    pool.run(member, "2026-05-31")
    assert (pool.left(first), pool.left(second)) == ("0.00", "2.50")
    run = pool.run(member, "2026-06-30")
    assert (pool.left(first), pool.left(second)) == ("0.00", "0.00")
    assert run["amounts"] == ["2.5", gbp("605.00")]
    assert pool.extras(member) == ["605.00"]
    assert pool.run(member)["entries"] == 0
    assert pool.client.delete(f"/api/records/visit/{april}").status in (200, 204)
    run = pool.run(member)
    assert (pool.left(first), pool.left(second)) == ("1.50", "2.00")
    assert sum(Decimal(one) for one in pool.extras(member)) == 0
    told = sorted((row["day"], row["hours"]) for row in pool.draws(member))
    assert told == [
        ("2026-03-10", "12.50"),
        ("2026-04-10", "-1.50"), ("2026-04-10", "-7.50"),
        ("2026-04-10", "1.50"), ("2026-04-10", "7.50"),
        ("2026-05-10", "-6.00"), ("2026-05-10", "6.00"), ("2026-05-10", "6.00"),
        ("2026-06-10", "2.50"), ("2026-06-10", "5.50"),
    ]  # fmt: skip
    assert pool.run(member)["entries"] == 0


def test_days_matches_and_wishes_decide_what_a_source_gives(pool: Pool) -> None:
    member = pool.member()
    golf = pool.made("sport", name="Golf")["id"]
    first = pool.card(member, "5", "2026-01-01", "2026-02-01", name="A", excluded=[golf])
    second = pool.card(member, "5", "2026-01-15", "2026-03-01", name="B")
    pool.visit(member, "2025-12-31", "1")  # before both
    pool.visit(member, "2026-02-01", "1")  # the first is over
    pool.visit(member, "2026-01-20", "1", sport=golf)  # the first excludes it
    wish = pool.visit(member, "2026-01-20", "1", card=second)
    pool.visit(member, "2026-01-10", "1.005", card=second)  # not yet
    pool.run(member)
    assert (pool.left(first), pool.left(second)) == ("5.00", "2.00")
    assert sorted(pool.extras(member)) == ["110.00", "111.10"]
    pool.client.patch(f"/api/records/visit/{wish}", {"card": None})
    pool.client.patch(f"/api/records/card/{first}", {"excluded": []})
    pool.run(member)
    assert (pool.left(first), pool.left(second)) == ("3.00", "4.00")
    assert pool.run(member)["entries"] == 0


def test_a_source_that_grows_ends_earlier_or_goes_is_walked_again(pool: Pool) -> None:
    member = pool.member()
    card = pool.card(member, "2", "2026-01-01", "2026-12-01", name="A", price=gbp("100.00"))
    other = pool.card(member, "5", "2026-01-01", "2026-12-01", name="B")
    visit = pool.visit(member, "2026-05-05", "3")
    pool.run(member)
    assert (pool.left(card), pool.left(other)) == ("0.00", "4.00")
    pool.client.patch(f"/api/records/card/{card}", {"bought": "4"})
    assert pool.run(member)["entries"] == 2  # one hour more of it, and back to the other
    assert (pool.left(card), pool.left(other)) == ("1.00", "5.00")
    pool.client.patch(f"/api/records/card/{card}", {"expires": "2026-05-05"})
    pool.run(member)
    assert (pool.left(card), pool.left(other)) == ("4.00", "2.00")
    pool.client.patch(f"/api/records/visit/{visit}", {"day": "2026-05-04", "hours": "6.5"})
    pool.run(member)
    assert (pool.left(card), pool.left(other)) == ("0.00", "2.50")
    assert pool.client.delete(f"/api/records/card/{other}").status in (200, 204)
    pool.run(member)
    assert pool.extras(member) == ["275.00"]
    pool.client.patch(f"/api/records/visit/{visit}", {"approved": False})
    pool.run(member)
    assert pool.left(card) == "4.00"
    assert sum(Decimal(one) for one in pool.extras(member)) == 0


def test_only_a_whole_walk_is_posted_and_says_why_not(pool: Pool) -> None:
    member = pool.member(overage=None)
    card = pool.card(member, "2", "2026-01-01", "2026-12-01")
    pool.visit(member, "2026-05-05", "1")
    late = pool.visit(member, "2026-05-06", "3")
    run = pool.run(member)
    assert (run["faults"], run["entries"]) == (1, 0)
    assert "fill in `overage`" in run["fault_list"][0]["message"]
    assert pool.left(card) == "2.00"
    pool.client.patch(f"/api/records/visit/{late}", {"hours": "1"})
    assert pool.run(member)["entries"] == 2


def test_the_price_of_the_rest_is_that_of_its_day(pool: Pool) -> None:
    member = pool.member(overage=gbp("100.00"))
    reply = pool.client.patch(
        f"/api/records/member/{member}?as_of=2026-06-01", {"overage": gbp("120.00")}
    )
    assert reply.status == 200
    pool.visit(member, "2026-05-31", "1")
    pool.visit(member, "2026-06-01", "1")
    pool.run(member)
    assert sorted(pool.extras(member)) == ["100.00", "120.00"]


def test_a_run_is_tried_and_taken_back(pool: Pool) -> None:
    member = pool.member()
    card = pool.card(member, "2", "2026-01-01", "2026-12-01")
    pool.visit(member, "2026-05-05", "3")
    body = {"until": "2026-12-31", "where": f"id == '{member}'", "dry_run": True}
    tried = pool.client.post("/api/ledgers/hours/runs", body).json()
    assert (tried["entries"], tried["amounts"]) == (2, ["2", gbp("110.00")])
    assert pool.draws(member) == []
    run = pool.run(member)
    reply = pool.client.post(f"/api/ledgers/hours/runs/{run['id']}/void")
    assert reply.status == 200, reply.text
    assert pool.left(card) == "2.00"
    assert sum(Decimal(one) for one in pool.extras(member)) == 0
    assert pool.run(member)["entries"] == 2
    assert pool.left(card) == "0.00"


def test_draws_stay_as_they_were_posted(pool: Pool) -> None:
    member = pool.member()
    pool.card(member, "2", "2026-01-01", "2026-12-01")
    pool.visit(member, "2026-05-05", "1")
    pool.run(member)
    (draw,) = pool.draws(member)
    path = f"/api/records/draw/{draw['id']}"
    assert pool.client.patch(path, {"hours": "5"}).status == 409
    assert pool.client.delete(path).status == 409


def test_what_belongs_to_closed_books_goes_to_the_first_open_day(pool: Pool) -> None:
    member = pool.member(closed_until="2026-06-01")
    pool.card(member, "9", "2026-01-01", "2026-12-01")
    pool.visit(member, "2026-05-05", "1")
    pool.visit(member, "2026-06-05", "1")
    pool.run(member)
    told = sorted((row["day"], row["booked"]) for row in pool.draws(member))
    assert told == [("2026-05-05", "2026-06-01"), ("2026-06-05", "2026-06-05")]


def test_receipts_and_credits_settle_what_people_choose(pool: Pool) -> None:
    made = pool.made
    customer = made("customer", name="C")["id"]
    bill = made("bill", number="B1", customer=customer, amount=gbp("2075.70"))["id"]
    receipt = made("receipt", number="R1", customer=customer, amount=gbp("1500.00"))["id"]
    credit = made("credit", number="C1", customer=customer, amount=gbp("375.70"))["id"]
    euros = {"amount": "50.00", "currency": "EUR"}
    other = made("receipt", number="R2", customer=customer, amount=euros)["id"]
    picks = [
        made("pick", customer=customer, bill=bill, receipt=receipt)["id"],
        made("pick", customer=customer, bill=bill, credit=credit, amount=gbp("400.00"))["id"],
    ]
    made("pick", customer=customer, bill=bill, receipt=other)
    run = pool.run(customer, ledger="settle")
    assert (run["entries"], run["amounts"]) == (2, [gbp("1875.70")])

    def open_of(name: str, id: str) -> str:
        return str(pool.client.get(f"/api/records/{name}/{id}").json()["open"]["amount"])

    assert open_of("bill", bill) == "200.00"
    assert open_of("receipt", receipt) == open_of("credit", credit) == "0.00"
    for pick in picks:
        assert pool.client.delete(f"/api/records/pick/{pick}").status in (200, 204)
    pool.run(customer, ledger="settle")
    assert (open_of("bill", bill), open_of("receipt", receipt)) == ("2075.70", "1500.00")
    rows = pool.client.rows("/api/records/settlement", where=f"customer == '{customer}'")
    assert len(rows) == 4


def test_a_draw_reads_behind_its_source_of_whichever_kind(pool: Pool) -> None:
    made = pool.made
    customer = made("customer", name="Payer")["id"]
    common = {"customer": customer, "amount": gbp("60.00")}
    bill = made("bill", number="B", **{**common, "amount": gbp("100.00")})["id"]
    for kind, day in (("receipt", "2026-05-02"), ("credit", "2026-05-03")):
        source = made(kind, number=kind[0].upper(), day=day, **common)["id"]
        made("pick", customer=customer, bill=bill, **{kind: source})
    pool.run(customer, ledger="settle")
    rows = pool.client.rows("/api/records/settlement", where=f"customer == '{customer}'")
    told = sorted((row["day"], row["payer"], row["why"]) for row in rows)
    assert told == [("2026-05-02", "Payer", "R of 60"), ("2026-05-03", None, "Credit C")]


def test_it_explains_who_took_what_and_why_not_from_others(pool: Pool) -> None:
    member, first, second = two_cards(pool)
    visit = pool.visit(member, "2026-04-10", "21")
    late = pool.visit(member, "2026-06-10", "12")
    pool.run(member)
    told = pool.client.get("/api/ledgers/hours/explain", record=member, until="2026-12-31").json()
    assert [(one["source"]["title"], one["left"]) for one in told["sources"]] == [
        ("A", "0"), ("B", "0"),
    ]  # fmt: skip
    keys = {(one["demand"]["id"], one["rest"]): one for one in told["keys"]}
    taken = [(one["drawn"], one["why"]) for one in keys[visit, False]["sources"]]
    assert taken == [("20", None), ("1", None)]
    taken = [(one["drawn"], one["why"]) for one in keys[late, False]["sources"]]
    assert taken == [("0", "The day is not within its days."), ("9", None)]
    assert (keys[late, True]["open"], keys[late, True]["target"]) == ("3", [gbp("330.00")])
    one = pool.client.get(
        "/api/ledgers/hours/explain", record=member, source=first, until="2026-12-31"
    ).json()
    assert [key["demand"]["id"] for key in one["keys"]] == [visit]
    page = pool.client.get("/ledgers/hours/explain", record=member, until="2026-12-31")
    assert page.status == 200
    assert "why not from others" in page.text and "The day is not within its days." in page.text


def test_a_demand_that_moves_to_another_record_is_drawn_there(pool: Pool) -> None:
    one, other = pool.member(), pool.member()
    cards = [pool.card(member, "5", "2026-01-01", "2026-12-01") for member in (one, other)]
    visit = pool.visit(one, "2026-05-05", "2")
    for member in (one, other):
        pool.run(member)
    assert [pool.left(card) for card in cards] == ["3.00", "5.00"]
    assert pool.client.patch(f"/api/records/visit/{visit}", {"member": other}).status == 200
    assert pool.client.patch(f"/api/records/card/{cards[0]}", {"member": other}).status == 200
    reply = pool.client.post("/api/ledgers/hours/runs", {"until": "2026-12-31"})
    assert reply.json()["faults"] == 0
    assert sorted(pool.left(card) for card in cards) == ["3.00", "5.00"]
    assert sum(Decimal(row["hours"]) for row in pool.draws(one)) == 0
    assert sum(Decimal(row["hours"]) for row in pool.draws(other)) == 2
    again = pool.client.post("/api/ledgers/hours/runs", {"until": "2026-12-31"}).json()
    assert again["entries"] == 0
