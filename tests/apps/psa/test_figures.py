"""The figures of the app's reports, by examples that were worked out by hand, on both databases."""

from __future__ import annotations

from fluvial.events.jobs import run_pending
from tests.apps.psa.books import Books, gbp

HOUR = 3600


def test_utilisation_leaves_out_approved_leave_and_realisation_is_of_the_standard(
    books: Books,
) -> None:
    user = books.made("user", email=f"ada{books.at}@example.com", name="Ada", roles=["technician"])
    role = books.made(
        "bill_role", code=f"engineer{books.at}", name=f"Engineer {books.at}", standard_rate="100"
    )
    card = books.made("rate_card", name=f"List {books.at}", entity=books.entity, currency="GBP")
    rate = books.made("rate_rule", card=card, name="All", rate=gbp("90"), starts="2026-01-01")
    person = books.made(
        "resource", user={"user": user}, entity=books.entity, bill_role=role, capacity="37.5"
    )
    # The Friday of a week from Monday to Friday; what is only asked for takes nothing away.
    for first, until, status in (("2026-06-19", "2026-06-22", "approved"),
                                 ("2026-06-18", "2026-06-19", "requested")):  # fmt: skip
        books.made("absence", resource=person, starts=first, ends=until, status=status)
    week = books.made("timesheet", resource=person, week="2026-06-15")
    assert books.client.get(f"/api/records/timesheet/{week}").json()["away"] == "7.50"
    for day, hours in (("2026-06-15", 7.5), ("2026-06-16", 7.5), ("2026-06-17", 9)):
        books.made(
            "time_entry", resource=person, worked_on=day, worked=int(hours * HOUR), rate_rule=rate,
            account=books.account, result="billable", timesheet=week,
        )  # fmt: skip
    books.act("timesheet", week, "submit")
    books.act("timesheet", week, "approve")
    while run_pending(books.engine):  # the entries follow their week
        pass
    books.run("2026-07-01", "time")
    where = f"person == '{person}'"
    used = books.client.get("/api/reports/utilisation", where=where, group="person").json()
    assert used["total"]["measures"] == {
        "hours": "37.50", "away": "7.50", "charged": "24", "capacity": "30", "used": "0.8",
    }  # fmt: skip
    real = books.client.get("/api/reports/realisation", where=where).json()
    assert real["total"]["measures"] == {
        "hours": "24", "standard": "2400.00", "charged": "2160.00", "part": "0.9",
    }  # fmt: skip
    page = books.client.get("/reports/utilisation", where=where).text
    assert "80 %" in page and "June 2026" in page
    assert "90 %" in books.client.get("/reports/realisation", where=where).text


def test_contribution_is_revenue_less_direct_cost_and_own_work(books: Books) -> None:
    me = books.client.get("/api/me").json()["id"]
    project = books.made("project", name="Move", account=books.account)
    person = books.made(
        "resource", user={"user": me}, entity=books.entity, currency="GBP", loaded_rate=gbp("55")
    )
    day = books.read("project", project)["created_at"][:10]
    contract = books.made("contract", name="Move", account=books.account, starts=day)
    for amount in ("1000.00", "425.00"):
        books.made(
            "charge", kind="sale", account=books.account, entity=books.entity, project=project,
            contract=contract, description="Work", currency="GBP", amount=gbp(amount),
            service_from=day,
        )  # fmt: skip
    ticket = books.made("ticket", subject="Move", account=books.account, contract=contract)
    books.made(
        "expense", description="Parts", resource=person, spent_on=day, category="mileage",
        currency="GBP", amount=gbp("360.00"), tax=gbp("60.00"), project=project, ticket=ticket,
        account=books.account, status="approved",
    )  # fmt: skip
    for worked in (7 * HOUR, 9000):
        entry = books.made(
            "time_entry", resource=person, worked_on=day, worked=worked, project=project,
            ticket=ticket, account=books.account, result="billable",
        )  # fmt: skip
        books.change("time_entry", entry, project=project)
        books.change("time_entry", entry, status="approved")
    for name, where in (("account", f"customer == '{books.account}'"),
                        ("project", f"project == '{project}'"),
                        ("contract", f"contract == '{contract}'")):  # fmt: skip
        read = books.client.get(f"/api/reports/contribution_by_{name}", where=where).json()
        total = read["total"]["measures"]
        assert (total["revenue"], total["direct"], total["own_work"], total["contribution"]) == (
            "1425.00", "300.00", "522.50", "602.5",
        ), (name, total)  # fmt: skip
        assert total["part"].startswith("0.4228")
        page = books.client.get(f"/reports/contribution_by_{name}", where=where).text
        assert "602.50" in page and "42.28 %" in page
