"""Revenue by days, by progress and by use of blocks, to the cent, with what stays deferred."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from fluvial.events.jobs import run_pending
from tests.apps.psa.books import Books, gbp

Json = dict[str, Any]


def posted(books: Books, ledger: str, until: str, where: str) -> Json:
    body = {"until": until, "where": where}
    reply = books.client.post(f"/api/ledgers/{ledger}/runs", body)
    assert reply.status == 200 and reply.json()["fault_list"] == [], reply.text
    found: Json = reply.json()
    return found


def journal(books: Books, where: str, role: str) -> list[str]:
    rows = books.client.rows(
        "/api/records/journal_line", where=f"{where} and role == '{role}'", sort="day,id"
    )
    return [row["amount"]["amount"] for row in rows]


def statement(books: Books, line: str) -> str:
    """What the customer is told about blocks and draws; its sums are checked as it is printed."""
    path = f"/api/records/contract_line/{line}/documents/block_statement"
    reply = books.client.get(path, format="html")
    assert reply.status == 200, reply.text
    return reply.text


def issued(books: Books, day: str) -> str:
    invoice = str(books.billed(day)["id"])
    books.act("invoice", invoice, "issue")
    return invoice


def test_a_year_paid_ahead_counts_day_by_day_and_a_credit_takes_the_rest_back(books: Books) -> None:
    line = books.line(
        "recurring", "1200.00", "2026-01-01", period="year",
        product={"revenue_rule": "straight_line"},
    )  # fmt: skip
    first = issued(books, "2026-01-01")
    own = f"invoice.account == '{books.account}'"
    assert journal(books, own, "deferred") == ["-1200.00"]
    posted(books, "revenue", "2026-08-31", own)
    earned = journal(books, own, "revenue")
    assert [earned[at] for at in (0, 1, 2, 7)] == ["-101.92", "-92.05", "-101.92", "-101.91"]
    deferred = sum(map(Decimal, journal(books, own, "deferred")))
    assert deferred == Decimal("-401.10")
    books.change("contract_line", line, ends="2026-09-01")
    credit = issued(books, "2026-09-01")
    assert books.read("invoice", credit)["net"]["amount"] == "-401.10"
    assert journal(books, f"invoice == '{credit}'", "deferred") == ["401.10"]
    assert sum(map(Decimal, journal(books, own, "deferred"))) == 0
    posted(books, "revenue", "2026-12-31", own)
    assert posted(books, "revenue", "2026-12-31", own)["entries"] == 0
    assert sum(map(Decimal, journal(books, own, "revenue"))) == Decimal("-798.90")
    assert sum(map(Decimal, journal(books, f"invoice == '{first}'", "revenue"))) == -1200
    assert sum(map(Decimal, journal(books, own, "deferred"))) == 0


def test_a_fixed_price_is_earned_by_progress(books: Books) -> None:
    project = books.made(
        "project", name="Office move", account=books.account, billing="fixed", currency="GBP",
        price=gbp("24000"), budget_cost=gbp("12000"), progress="by_cost",
        manager={"user": books.client.get("/api/me").json()["id"]},
    )  # fmt: skip
    books.act("project", project, "begin")
    contact = books.made("contact", name="Jane", account=books.account)
    shares = [
        books.made("milestone", project=project, name=name, percent=percent, accept_by=contact)
        for name, percent in (("Order", "30"), ("Installed", "40"), ("Handover", "30"))
    ]
    own, ours = f"project == '{project}'", f"id == '{project}'"

    def accepted(at: int) -> None:
        for action in ("reach", "accept"):
            books.act("milestone", shares[at], action)
        books.posted("2099-01-01", "milestones")
        books.act("invoice", books.bill("2099-01-01")["id"], "issue")

    def balance() -> Decimal:
        """What is deferred for the customer; above zero it is work in progress."""
        of = f"(project == '{project}' or invoice.account == '{books.account}')"
        return sum(map(Decimal, journal(books, of, "deferred")), Decimal(0))

    accepted(0)
    books.made(
        "expense", description="Cables", category="mileage", project=project, currency="GBP",
        resource=books.made("resource", user={"user": books.client.get("/api/me").json()["id"]}),
        amount=gbp("4800"), status="approved",
    )  # fmt: skip
    posted(books, "progress", "2099-01-01", ours)
    assert journal(books, own, "revenue") == ["-9600.00"]
    assert balance() == Decimal("2400.00")
    accepted(1)
    posted(books, "progress", "2099-01-01", ours)
    assert journal(books, own, "revenue") == ["-9600.00"]
    assert balance() == Decimal("-7200.00")


def test_blocks_are_drawn_down_in_order_and_lapse(books: Books) -> None:
    line = books.line("block", "0.00", "2026-01-01", overage=gbp("110.00"))
    bought = {
        name: books.made(
            "block", contract_line=line, bought=hours, price=gbp(price), starts=starts,
            expires=expires,
        )
        for name, hours, price, starts, expires in (
            ("a", "20", "1800.00", "2026-03-01", "2026-06-01"),
            ("b", "10", "950.00", "2026-04-01", "2026-07-01"),
        )
    }  # fmt: skip
    user = books.client.person(f"tom{books.at}@example.com", "technician").get("/api/me").json()
    resource = books.made("resource", user={"user": user["id"]})

    def worked(day: str, hours: str, times: str = "1") -> str:
        seconds = int(Decimal(hours) * 3600)
        return books.made(
            "time_entry", resource=resource, worked_on=day, worked=seconds, billable=seconds,
            multiplier=times, result="block", status="approved", contract_line=line,
            account=books.account,
        )  # fmt: skip

    def left() -> tuple[str, str]:
        posted(books, "drawdown", "2026-12-31", f"id == '{line}'")
        for _ in range(2):
            run_pending(books.engine)
        a, b = (books.read("block", bought[one])["left"] for one in "ab")
        return a, b

    def overage() -> Decimal:
        amounts = (one["amount"]["amount"] for one in books.charges() if one["kind"] == "time")
        return sum(map(Decimal, amounts), Decimal(0))

    worked("2026-03-10", "12.5")
    assert left() == ("7.50", "10.00")
    april = worked("2026-04-10", "9")
    assert left() == ("0.00", "8.50")
    assert books.read("block", bought["a"])["warned"] is True
    worked("2026-05-12", "4", "1.5")
    assert left() == ("0.00", "2.50")
    worked("2026-06-09", "4", "2")
    assert left() == ("0.00", "0.00")
    assert overage() == Decimal("605.00")
    draws = books.client.rows("/api/records/block_draw", where=f"block == '{bought['b']}'")
    assert sum(Decimal(one["worth"]["amount"]) for one in draws) == Decimal("950.00")
    told = statement(books, line)
    assert "Statement of draws" in told and "12.5" in told and "8.5" in told, told
    books.change("time_entry", april, status="draft")  # it was sent back
    assert books.client.delete(f"/api/records/time_entry/{april}").status in (200, 204)
    assert left() == ("1.50", "2.00")
    assert overage() == Decimal("0.00")
    worked("2026-07-09", "2")  # outside of every block
    assert left() == ("1.50", "2.00")
    assert overage() == Decimal("220.00")
    # What was used and what was lost is revenue; the sale was deferred.
    own = f"id == '{bought['a']}'"
    assert posted(books, "block_sale", "2026-12-31", own)["entries"] == 1
    posted(books, "block_used", "2026-12-31", own)
    posted(books, "block_lapsed", "2026-12-31", own)
    earned = journal(books, f"block == '{bought['a']}'", "revenue")
    assert sorted(earned) == sorted(["-1665.00", "-135.00"])
    books.client.delete(f"/api/records/resource/{resource}")


def test_hours_that_stay_usable_are_not_lost(books: Books) -> None:
    line = books.line("block", "0.00", "2026-01-01", overage=gbp("110.00"))
    found = {}
    for expiry in ("lose", "carry"):
        block = books.made(
            "block", contract_line=line, bought="3", price=gbp("270.00"), starts="2026-03-01",
            expires="2026-06-01", at_expiry=expiry,
        )  # fmt: skip
        found[expiry] = posted(books, "block_lapsed", "2026-06-01", f"id == '{block}'")["amounts"]
        if expiry == "lose":
            assert journal(books, f"block == '{block}'", "revenue") == ["-270.00"]
    assert found["carry"] == []
