"""Contracts, time and milestones are charged, corrected and invoiced to the cent."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from fluvial.events.jobs import run_pending
from tests.app import PASSWORD
from tests.apps.psa.books import Books, gbp


def test_cover_that_ends_is_credited_with_the_next_invoice(books: Books) -> None:
    _line, covers = books.ten()
    assert books.posted("2026-06-01") == "500.00"
    assert books.net("2026-06-01") == "500.00"
    books.change("coverage", covers[6], ends="2026-06-16", reason="retired")
    assert books.posted("2026-07-01") == "425.00"
    july = books.bill("2026-07-01")
    assert (july["net"]["amount"], july["tax"]["amount"]) == ("425.00", "85.00")
    assert ("2026-06-16", "2026-06-30", "-25.00") in books.parts()
    assert books.run("2026-07-01")["entries"] == 0  # a second run posts nothing
    swapped = books.covered(_line, "2026-06-16", "Printer 11")
    books.change("coverage", covers[6], ends="2026-06-16")
    assert books.posted("2026-07-01") == "75.00"
    books.change("coverage", swapped, ends="2026-06-16", starts="2026-06-15")
    assert books.posted("2026-07-01") == "-73.33"


def test_a_swap_costs_nothing_and_both_assets_are_told(books: Books) -> None:
    line, covers = books.ten()
    books.run("2026-06-01")
    books.change("coverage", covers[6], ends="2026-06-16", reason="replaced")
    books.covered(line, "2026-06-16", "Printer 11")
    run = books.run("2026-06-20")
    assert (run["entries"], run["amounts"]) == (1, [])
    told = [one for one in books.parts() if one[0] == "2026-06-16"]
    assert sorted(one[2] for one in told) == ["-25.00", "25.00"]
    assert books.posted("2026-07-01") == "500.00"


def test_in_arrears_the_days_of_the_month_count(books: Books) -> None:
    _line, covers = books.ten(billing="arrears")
    assert books.posted("2026-06-29") == "0.00"
    books.change("coverage", covers[6], ends="2026-06-16")
    assert books.posted("2026-06-30") == "475.00"
    assert books.posted("2026-07-31") == "450.00"
    assert not any(Decimal(c["amount"]["amount"]) < 0 for c in books.charges())


def test_what_is_kept_and_credited_make_the_whole(books: Books) -> None:
    line = books.line("per_asset", "50.00", "2026-07-01")
    cover = books.covered(line, "2026-07-01")
    assert books.posted("2026-07-01") == "50.00"
    books.change("coverage", cover, ends="2026-07-17")
    assert books.posted("2026-07-17") == "-24.19"
    year = books.line("recurring", "1200.00", "2026-01-01", period="year")
    books.lines = [year]
    assert books.posted("2026-01-01") == "1200.00"
    books.change("contract_line", year, ends="2026-09-01")
    assert books.posted("2026-09-01") == "-401.10"


def test_the_convention_of_the_line_decides(books: Books) -> None:
    found = {}
    for proration in ("actual_period", "actual_month"):
        line = books.line(
            "per_asset", "300.00", "2026-04-01", period="quarter", proration=proration
        )
        books.lines = [line]
        cover = books.covered(line, "2026-04-01")
        assert books.posted("2026-04-01") == "300.00"
        books.change("coverage", cover, ends="2026-05-10")
        found[proration] = books.posted("2026-05-10")
    assert found == {"actual_period": "-171.43", "actual_month": "-170.97"}


def test_prices_and_quantities_change_within_a_period(books: Books) -> None:
    line = books.line("recurring", "100.00", "2026-06-01", billing="arrears")
    books.change("contract_line", line, "2026-06-15", price=gbp("105.00"))
    assert books.posted("2026-06-30") == "102.67"
    assert sorted(one[2] for one in books.parts()) == ["46.67", "56.00"]
    licences = books.line("per_user", "22.00", "2026-03-01", quantity="10")
    books.lines = [licences]
    assert books.posted("2026-03-01") == "220.00"
    books.change("contract_line", licences, "2026-03-17", quantity="12")
    assert books.posted("2026-04-01") == "285.29"


def test_a_minimum_is_charged_and_said(books: Books) -> None:
    line = books.line("per_asset", "50.00", "2026-06-01", minimum="8")
    for at in range(7):
        books.covered(line, "2026-06-01", f"Printer {at}")
    assert books.posted("2026-06-01") == "400.00"
    where = f"charge.account == '{books.account}' and note == 'minimum'"
    (least,) = books.client.rows("/api/records/charge_part", where=where)
    assert least["amount"]["amount"] == "50.00"


def test_bands_by_look_up_and_by_fill_up(books: Books) -> None:
    found = {}
    for mode in ("look_up", "fill_up"):
        line = books.line(
            "per_user", "10.00", "2026-06-01", quantity="30", product={"band_mode": mode}
        )
        product = books.read("contract_line", line)["product"]
        for first, last, price in (("1", "10", "10"), ("11", "25", "8"), ("26", None, "6")):
            books.made("price_band", product=product, first=first, last=last, price=gbp(price))
        books.lines = [line]
        found[mode] = books.posted("2026-06-01")
    assert found == {"look_up": "180.00", "fill_up": "250.00"}


def test_a_corrected_reading_is_charged_with_the_next(books: Books) -> None:
    line = books.line(
        "usage", "0.00", "2026-06-01", included="100", overage={"amount": "0.20", "currency": "GBP"}
    )
    reading = books.made("meter_reading", contract_line=line, read_on="2026-06-30", used="137.5")
    assert books.posted("2026-06-30", "usage") == "7.50"
    books.change("meter_reading", reading, used="140")
    assert books.posted("2026-07-31", "usage") == "0.50"


def worked(books: Books, resource: str, hours: str, rate: str, **values: Any) -> None:
    seconds = int(Decimal(hours) * 3600)
    books.made(
        "time_entry", resource=resource, worked_on="2026-06-15", worked=seconds, rate_rule=rate,
        **values,
    )  # fmt: skip


def test_time_and_expenses_become_an_invoice_that_opens(books: Books) -> None:
    person = books.client.person(f"tom{books.at}@example.com", "technician")
    user = person.get("/api/me").json()["id"]
    resource = books.made("resource", user={"user": user}, currency="GBP")
    card = books.made("rate_card", name=f"List {books.at}", currency="GBP")

    def rate(name: str, amount: str, band: str, **more: Any) -> str:
        return books.made(
            "rate_rule", card=card, name=name, rate=gbp(amount), starts="2026-01-01",
            account=books.account, band=band, **more,
        )  # fmt: skip

    rates = {
        "engineer": rate("Engineer", "120", "office"), "junior": rate("Junior", "95", "weekend"),
        "night": rate("Night", "120", "evening", multiplier="1.5"),
    }  # fmt: skip
    ticket = books.made("ticket", subject="Office move", account=books.account)
    week = books.made("timesheet", resource=resource, week="2026-06-15")
    for hours, name in (("7.5", "engineer"), ("3.25", "junior"), ("2", "night")):
        worked(books, resource, hours, rates[name], ticket=ticket)
    mine = {"resource": resource, "ticket": ticket, "billable": True, "spent_on": "2026-06-15"}
    drive = books.made(
        "expense", description="Drive", category="mileage", distance="84",
        distance_rate={"amount": "0.45", "currency": "GBP"}, **mine,
    )  # fmt: skip
    hotel = books.made(
        "expense", description="Hotel", category="mileage", amount=gbp("112"), markup="10", **mine
    )
    books.act("timesheet", week, "submit")
    assert books.posted("2026-06-30", "time") == "0.00"  # it is not approved yet
    books.act("timesheet", week, "approve")
    for one in (drive, hotel):
        books.act("expense", one, "submit")
        books.act("expense", one, "approve")
    assert books.posted("2026-06-30", "time") == "1568.75"
    assert books.posted("2026-06-30", "expenses") == "161.00"
    invoice = books.bill("2026-06-30")
    sums = [invoice[name]["amount"] for name in ("net", "tax", "gross")]
    assert sums == ["1729.75", "345.95", "2075.70"]
    assert books.posted("2026-06-30", "time") == "0.00"  # each is charged once
    books.act("invoice", invoice["id"], "issue")
    issued = books.read("invoice", invoice["id"])
    assert issued["number"].startswith("INV-") and issued["posted"] is True
    lines = books.client.rows("/api/records/journal_line", where=f"invoice == '{invoice['id']}'")
    assert sum(Decimal(one["amount"]["amount"]) for one in lines) == 0
    assert max(Decimal(one["amount"]["amount"]) for one in lines) == Decimal("2075.70")
    where = f"ticket == '{ticket}'"
    assert {e["status"] for e in books.client.rows("/api/records/time_entry", where=where)} == {
        "billed"
    }
    refused = books.client.patch(f"/api/records/invoice/{invoice['id']}", {"note": "Cheaper"})
    assert refused.status == 409 and "credit note" in refused.text
    opened_by_the_customer(books, invoice["id"])
    printed(books, invoice["id"], issued["number"])


def printed(books: Books, invoice: str, number: str) -> None:
    """The document tells the number and the sums, in the language of the customer."""
    path = f"/api/records/invoice/{invoice}/documents/invoice_document?format="
    shown = books.client.get(path + "html")
    assert shown.status == 200 and number in shown.text, shown.text
    assert "1,729.75" in shown.text and "2,075.70" in shown.text and "Hotel" in shown.text
    books.change("account", books.account, language="de")
    german = books.client.get(path + "html&language=de").text
    assert "Rechnung" in german and "1.729,75" in german
    table = books.client.get(f"{path}csv&table=backing")
    assert table.status == 200 and "900" in table.text


def opened_by_the_customer(books: Books, invoice: str) -> None:
    """Their person opens each number of the invoice: lines, charges, parts."""
    contact = books.made("contact", name="Jane", account=books.account)
    email = f"jane{books.at}@example.com"
    books.made(
        "user", email=email, name="Jane", roles=["customer_contact"], contact=contact,
        password=PASSWORD,
    )  # fmt: skip
    jane = books.client.signed_in(email, PASSWORD)
    lines = jane.rows("/api/records/invoice_line", where=f"invoice == '{invoice}'")
    charges = jane.rows("/api/records/charge", where=f"invoice_line.invoice == '{invoice}'")
    parts = jane.rows("/api/records/charge_part", limit="100")
    found = [sum(Decimal(one["net" if "net" in one else "amount"]["amount"]) for one in rows)
             for rows in (lines, charges, parts)]  # fmt: skip
    assert found == [Decimal("1729.75")] * 3
    assert "revenue_account" not in charges[0]


def test_an_accepted_milestone_is_invoiced_once(books: Books) -> None:
    project = books.made(
        "project", name="Office move", account=books.account, billing="fixed", currency="GBP",
        price=gbp("24000"), budget_cost=gbp("12000"), progress="by_cost",
        manager={"user": books.client.get("/api/me").json()["id"]},
    )  # fmt: skip
    contact = books.made("contact", name="Jane", account=books.account)
    shares = [
        books.made("milestone", project=project, name=name, percent=percent, accept_by=contact)
        for name, percent in (("Order", "30"), ("Installed", "40"), ("Handover", "30"))
    ]
    for at, amount in ((0, "7200.00"), (1, "9600.00")):
        for action in ("reach", "accept"):
            books.act("milestone", shares[at], action)
        assert books.posted("2099-01-01", "milestones") == amount
        invoice = books.bill("2099-01-01")
        assert invoice["net"]["amount"] == amount
        books.act("invoice", invoice["id"], "issue")
        assert books.read("milestone", shares[at])["status"] == "billed"
    assert books.read("project", project)["billed"]["amount"] == "16800.00"


def test_a_run_is_taken_back_and_made_again(books: Books) -> None:
    books.ten()
    run = books.run("2026-06-01")
    again = books.client.post(f"/api/ledgers/recurring/runs/{run['id']}/void")
    assert again.status == 200, again.text
    assert sum(Decimal(c["amount"]["amount"]) for c in books.charges()) == 0
    assert books.posted("2026-06-01") == "500.00"


def test_finance_runs_the_ledgers(books: Books) -> None:
    helen = books.client.person("helen@example.com", "finance")
    ledgers = helen.rows("/api/ledgers")
    assert {"recurring", "time", "settlements"} <= {one["name"] for one in ledgers}
    for ledger in ledgers:
        path = f"/api/ledgers/{ledger['name']}/runs"
        started = helen.post(path, {"until": "2026-01-31"})
        assert started.status in (200, 201, 202), started.text
        page = helen.get(f"/ledgers/{ledger['name']}").text
        assert f'action="/ledgers/{ledger["name"]}/run"' in page


def test_a_run_is_worked_out_with_one_press_and_looked_through(books: Books) -> None:
    """Ledgers charge, customers are listed with what to look at, one of them is left out."""
    line, _ = books.ten()
    held = Books(books.client, books.engine)
    books.change("account", held.account, entity=books.entity)
    held.entity = books.entity
    held.line("recurring", "80.00", "2026-06-01")
    contract = books.read("contract_line", line)["contract"]
    books.change("contract", contract, starts="2026-01-01", ends="2026-06-01")
    run = books.made("billing_run", entity=books.entity, as_at="2026-06-01")
    books.act("billing_run", run, "billing_run_work_out")
    while run_pending(books.engine):
        pass
    worked_out = books.read("billing_run", run)
    assert worked_out["worked_out"] and worked_out["customer_count"] == "2"
    mine, other = (
        books.client.rows("/api/records/billing_run_customer", where=f"account == '{one}'")[0]
        for one in (books.account, held.account)
    )
    assert (mine["amount"]["amount"], mine["charge_count"]) == ("500.00", "1")
    assert mine["warnings"].startswith("1 contracts past their end")
    path = f"/api/records/billing_run_customer/{other['id']}/actions/billing_run_leave_out"
    assert books.client.post(path).status == 422  # it wants a reason
    books.act("billing_run_customer", other["id"], "billing_run_leave_out", reason="Disputed")
    left_out = books.read("billing_run_customer", other["id"])
    assert left_out["left_out"]["amount"] == "80.00" and left_out["charge_count"] == "1"
    for action in ("review", "release", "billing_run_invoices", "finish", "billing_run_issue"):
        books.act("billing_run", run, action)
    (invoice,) = books.client.rows("/api/records/invoice", where=f"run == '{run}'")
    assert (invoice["account"], invoice["net"]["amount"]) == (books.account, "500.00")
    assert invoice["status"] == "issued"
    (charge,) = held.charges()
    assert (charge["hold"], charge["hold_reason"]) == (True, "Disputed")


def test_bad_input_is_refused_or_listed_and_nothing_is_lost(books: Books) -> None:
    """Each says what to do; the lines without a fault are charged all the same."""
    line = books.line("recurring", "100.00", "2026-06-01")
    contract = books.read("contract_line", line)["contract"]
    product = books.read("contract_line", line)["product"]

    def refused(object_name: str, **values: Any) -> str:
        reply = books.client.post(f"/api/records/{object_name}", values)
        assert reply.status == 422, reply.text
        return str(reply.text)

    mine = {"contract": contract, "product": product, "description": "x", "starts": "2026-06-01"}
    assert "proration" in refused("contract_line", **mine, proration="by_moon")
    assert "price" in refused("contract_line", **mine, price=gbp("9" * 29))
    assert "ends before" in refused("contract_line", **mine, ends="2026-05-01")
    other = books.made("contract_line", **mine, currency="EUR",
                       price={"amount": "10", "currency": "EUR"})  # fmt: skip
    endless = books.line("recurring", "10.00", "1976-01-01")
    books.change("contract_line", endless, charged_from="2026-06-01")
    books.lines = [line, other, endless]
    own = " or ".join(f"id == '{one}'" for one in books.lines)
    run = books.client.post(
        "/api/ledgers/recurring/runs", {"until": "2026-06-01", "where": own}
    ).json()
    assert run["entries"] == 2 and run["faults"] == 1, run
    (fault,) = run["fault_list"]
    assert fault["record"]["id"] == other and "EUR" in fault["message"], fault
    books.change("legal_entity", books.entity, books_closed_until="2026-07-01")
    books.change("contract_line", line, "2026-06-01", price=gbp("130.00"))
    books.lines = [line]
    assert books.posted("2026-06-15") == "30.00"  # in the open period, for the closed one
    assert books.posted("2026-07-01") == "130.00"
    corrected = [one for one in books.charges() if one["corrects"]]
    assert [one["corrects"] for one in corrected] == ["2026-06-01"]


def test_a_yearly_rise_is_proposed_as_an_amendment(books: Books) -> None:
    """Two months ahead, with the prices that will apply; they change once it is approved."""
    contact = books.made("contact", name="Jane", account=books.account)
    line = books.line("recurring", "22.00", "2020-01-01")
    contract = books.read("contract_line", line)["contract"]
    today = books.engine.clock.now().date()
    month = (today.month + 1) % 12 + 1
    books.change("contract", contract, contact=contact, uplift="percent", uplift_percent="3.5",
                 uplift_month=month)  # fmt: skip
    body = {"object": "contract", "id": contract}
    tried = books.client.post("/api/rules/contract_uplift/dry-run", body)
    assert tried.status == 200, tried.text
    answer = tried.json()
    assert answer["outcome"] == "done", answer["lines"]
    assert "create" in {one["kind"] for one in answer["effects"]}
    index = books.made("price_index", code=f"CPI{books.at}", name="Consumer prices")
    for day, value in (("2019-12-01", "100"), ("2020-02-01", "103.7")):
        books.made("index_value", price_index=index, month=day, value=value)
    books.change("contract", contract, uplift="index", uplift_index=index, rise_most="3")
    assert books.read("contract", contract)["rise"] == "3.00"  # of 3.7, as was agreed
    by_index = books.client.post("/api/rules/contract_uplift/dry-run", body).json()
    assert by_index["outcome"] == "done", by_index["lines"]
    kept = sorted(one["object"] for one in by_index["effects"] if one["kind"] == "keep")
    assert kept == ["contract", "contract_line"]  # in the amendment: not in force yet
    books.change("contract", contract, uplift_month=month % 12 + 1)
    later = books.client.post("/api/rules/contract_uplift/dry-run", body).json()
    assert later["outcome"] == "not_met"
