"""An asset is taken off contract: help desk, invoices and budget know it, and it can be undone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from fluvial.events.jobs import run_pending
from fluvial.runtime.engine import Engine
from tests.app import Client
from tests.apps.psa.books import Books

Json = dict[str, Any]


@dataclass
class Desk:
    """Ten printers under one line, and Jane, who asks for changes."""

    books: Books

    def __post_init__(self) -> None:
        books = self.books
        self.line, self.covers = books.ten(budget_hours="1.5")
        self.contract = books.read("contract_line", self.line)["contract"]
        self.jane = books.made("contact", name="Jane Mercer", account=books.account)
        self.asset = books.read("coverage", self.covers[6])["asset"]

    def amendment(self, kind: str = "remove_cover", **values: Any) -> str:
        return self.books.made(
            "amendment", contract=self.contract, kind=kind, requested_by=self.jane,
            requested_on="2026-06-05", **values,
        )  # fmt: skip

    def off_cover(self, last_day: str, at: int = 6) -> str:
        """The draft by which a printer is covered until a day."""
        id = self.amendment()
        self.press(id, "amendment_remove_cover", covers=[self.covers[at]], last_day=last_day)
        return id

    def press(self, id: str, button: str, **answers: Any) -> None:
        path = f"/api/records/amendment/{id}/actions/{button}"
        reply = self.books.client.post(path, answers)
        assert reply.status == 200, reply.text

    def agreed(self, id: str) -> str:
        for action in ("hand_in", "approve"):
            self.books.act("amendment", id, action)
        run_pending(self.books.engine)
        return id

    def preview(self, id: str) -> dict[str, Json]:
        reply = self.books.client.get(f"/api/change-sets/{id}/preview")
        assert reply.status == 200, reply.text
        items = reply.json()["items"]
        return {one.get("field") or one.get("view") or one["ledger"]: one for one in items}

    def as_of(self, object_name: str, record: str, day: str) -> Json:
        path = f"/api/records/{object_name}/{record}"
        found: Json = self.books.client.get(path, as_of=day).json()
        return found

    def ticket(self, opened: str, **values: Any) -> Json:
        made = self.books.made(
            "ticket", subject="Jams", account=self.books.account, asset=self.asset,
            opened=opened, **values,
        )  # fmt: skip
        return self.books.read("ticket", made)


@pytest.fixture
def desk(product: tuple[Client, Engine]) -> Desk:
    return Desk(Books(*product))


def test_the_help_desk_sees_the_amendment_and_who_asked(desk: Desk) -> None:
    books = desk.books
    project = books.made(
        "project", name="Support", account=books.account, contract=desk.contract, billing="cover"
    )
    id = desk.off_cover("2026-06-15")
    told = desk.preview(id)
    assert told["contract.monthly_budget"]["difference"] == "-1.50", told
    gone = [row["change"] for row in told["cover_in_force"]["rows"]]
    assert gone == ["goes"]
    assert books.read("coverage", desk.covers[6])["ends"] is None  # nothing has happened yet
    desk.agreed(id)
    amendment = books.read("amendment", id)
    number = amendment["number"]
    assert amendment["status"] in ("scheduled", "effective") and amendment["approved_on"]
    before = desk.ticket("2026-06-15T15:00:00Z")
    after = desk.ticket("2026-06-16T08:00:00Z")
    assert (before["cover_result"], after["cover_result"]) == ("covered", "ended")
    assert before["cover_reason"].startswith("Covered until 2026-06-15 under C-")
    said = f"Not covered since 2026-06-16, amendment {number}, asked by Jane Mercer"
    assert after["cover_reason"] == said
    days = ("2026-06-15", "2026-06-16")
    seen = [desk.as_of("asset", desk.asset, day) for day in days]
    assert [one["covered"] for one in seen] == [True, False]
    assert seen[1]["cover_words"] == said
    assert number in seen[0]["cover_words"] and "until 2026-06-15" in seen[0]["cover_words"]
    # June is a part of the month with the asset, July is without it; nobody has edited a project.
    budget = [
        desk.as_of("project", project, day)["month_budget"] for day in ("2026-06-20", "2026-07-20")
    ]
    assert budget == ["14.25", "13.50"]
    row = books.read("coverage", desk.covers[6])
    assert (row["ended_by"], row["requested_by"], row["made_by"]) == (id, desk.jane, None)


@pytest.mark.parametrize("policy, state", [("opened", "covered"), ("worked", "none")])
def test_work_after_the_last_day_follows_the_contract(desk: Desk, policy: str, state: str) -> None:
    books = desk.books
    books.change("contract", desk.contract, cover_at=policy)
    desk.agreed(desk.off_cover("2026-06-15"))
    ticket = desk.ticket("2026-06-15T15:00:00Z")
    resource = books.made("resource", user={"user": books.client.get("/api/me").json()["id"]})
    entry = books.made(
        "time_entry", resource=resource, worked_on="2026-06-16", worked=3600, ticket=ticket["id"]
    )
    assert books.read("time_entry", entry)["cover_state"] == state
    books.client.delete(f"/api/records/time_entry/{entry}")
    books.client.delete(f"/api/records/resource/{resource}")


def test_a_removal_of_the_future_is_planned_at_once(desk: Desk) -> None:
    books = desk.books
    assert books.posted("2026-06-01") == "500.00"
    id = desk.off_cover("2026-08-31")
    recurring = desk.preview(id)["recurring"]
    assert {line["difference"]["amount"] for line in recurring["lines"]} == {"-50.00"}
    desk.agreed(id)
    posted = [books.posted(day) for day in ("2026-07-01", "2026-08-01", "2026-09-01")]
    assert posted == ["500.00", "500.00", "450.00"]
    count = [
        books.client.get(
            "/api/records/coverage", where=f"in_force and contract_line == '{desk.line}'",
            as_of=day, total="exact",
        ).json()["total"]
        for day in ("2026-08-31", "2026-09-01")
    ]  # fmt: skip
    assert count == [10, 9]


def test_a_removal_of_the_past_is_credited_and_can_be_undone(desk: Desk) -> None:
    books = desk.books
    for day in ("2026-06-01", "2026-07-01", "2026-08-01"):
        assert books.net_of(day) == "500.00"
    first = desk.agreed(desk.off_cover("2026-06-15"))
    # Taken back before the run: nothing is told of it.
    books.act("amendment", first, "reverse", reversal="They changed their mind")
    assert books.read("coverage", desk.covers[6])["ends"] is None
    second = desk.agreed(desk.off_cover("2026-06-15"))
    invoice = books.billed("2026-09-01")
    assert invoice["net"]["amount"] == "325.00"
    credited = [part for part in books.parts() if part[2].startswith("-")]
    assert credited == [
        ("2026-06-16", "2026-06-30", "-25.00"), ("2026-07-01", "2026-07-31", "-50.00"),
        ("2026-08-01", "2026-08-31", "-50.00"),
    ]  # fmt: skip
    opened_down_to_the_amendment(books, invoice["id"], second, desk.jane)
    # Taken back after the run: the next one charges all that was credited.
    books.act("amendment", second, "reverse", reversal="It was another printer")
    assert books.read("amendment", second)["status"] == "reversed"
    assert books.net_of("2026-10-01") == "675.00"


def opened_down_to_the_amendment(books: Books, invoice: str, amendment: str, contact: str) -> None:
    """The customer goes from the sum to what it is made of, and reads why: page by page."""
    books.act("invoice", invoice, "issue")
    email = f"jane{books.at}@example.com"
    jane = books.client.person(email, "customer_contact", contact=contact)
    lines = jane.rows("/api/records/invoice_line", where=f"invoice == '{invoice}'")
    line = next(one for one in lines if one["net"]["amount"] == "-25.00")
    (charge,) = jane.rows("/api/records/charge", where=f"invoice_line == '{line['id']}'")
    (part,) = jane.rows("/api/records/charge_part", where=f"charge == '{charge['id']}'")
    assert (part["days"], part["period_days"], part["counted"]) == (
        "15", "30", "By the days of the period"
    )  # fmt: skip
    cover = jane.get(f"/api/records/coverage/{part['coverage']}").json()
    assert (cover["last_day"], cover["ended_by"]) == ("2026-06-15", amendment)
    why = jane.get(f"/api/records/amendment/{amendment}").json()
    assert why["effective"] == "2026-06-16" and "decision" not in why and "note" not in cover
    terms = jane.get(f"/api/records/contract_line/{cover['contract_line']}").json()
    assert terms["price"]["amount"] == "50.00" and "monthly_budget" not in terms
    trail = [("invoice", invoice), ("invoice_line", line["id"]), ("charge", charge["id"]),
             ("charge_part", part["id"]), ("coverage", part["coverage"]),
             ("amendment", amendment)]  # fmt: skip
    for at, (kind, id) in enumerate(trail):
        page = jane.get(f"/o/{kind}/{id}")
        assert page.status == 200, page.text
        for next_kind, next_id in trail[at + 1 : at + 2]:
            assert f"/o/{next_kind}/{next_id}" in page.text, (kind, next_kind)
    others = Books(books.client, books.engine)
    foreign = others.covered(others.line("per_asset", "50.00", "2026-06-01"), "2026-06-01")
    assert jane.get(f"/api/records/coverage/{foreign}").status == 404


def test_what_was_taken_back_before_a_run_leaves_no_trace(desk: Desk) -> None:
    books = desk.books
    for day in ("2026-06-01", "2026-07-01", "2026-08-01"):
        books.posted(day)
    id = desk.agreed(desk.off_cover("2026-06-15"))
    books.act("amendment", id, "reverse", reversal="They changed their mind")
    run = books.run("2026-09-01")
    assert (run["entries"], run["amounts"]) == (1, [{"currency": "GBP", "amount": "500.00"}])
    assert not [part for part in books.parts() if part[2].startswith("-")]
    # Its ticket is told what is so now.
    assert desk.ticket("2026-06-16T08:00:00Z")["cover_result"] == "covered"


def test_each_kind_of_amendment_does_what_it_says(desk: Desk) -> None:
    books = desk.books
    asset = books.made("asset", name="Printer 11", account=books.account)
    swap = desk.amendment("swap")
    desk.press(swap, "amendment_swap", cover=desk.covers[6], asset=asset, first_day="2026-06-16")
    desk.agreed(swap)
    assert books.posted("2026-06-16") == "500.00"
    assert [desk.as_of("asset", one, "2026-06-16")["covered"] for one in (desk.asset, asset)] == [
        False, True,
    ]  # fmt: skip
    price = desk.amendment("price")
    desk.press(price, "amendment_price", lines=[desk.line], percent="10", first_day="2026-07-01")
    desk.agreed(price)
    assert books.posted("2026-07-01") == "550.00"
    level = desk.amendment("level")
    desk.press(
        level, "amendment_level", covers=desk.covers[:2], level="bronze", first_day="2026-08-01"
    )
    desk.agreed(level)
    assert books.posted("2026-08-01") == "550.00"
    now = desk.as_of("asset", books.read("coverage", desk.covers[0])["asset"], "2026-08-01")
    assert now["support_level"] == "Bronze, next day"
    pause = desk.amendment("suspend")
    desk.press(
        pause, "amendment_suspend", covers=[desk.covers[2]], first_day="2026-09-01",
        again="2026-10-01",
    )  # fmt: skip
    desk.agreed(pause)
    assert [books.posted(day) for day in ("2026-09-01", "2026-10-01")] == ["495.00", "550.00"]
    more = desk.amendment("add_cover")
    new = [books.made("asset", name=f"New {at}", account=books.account) for at in range(2)]
    desk.press(
        more, "amendment_add_cover", assets=new, line=desk.line, first_day="2026-11-01",
        level="gold",
    )  # fmt: skip
    desk.agreed(more)
    assert books.posted("2026-11-01") == "660.00"
    end = desk.amendment("terminate")
    desk.press(end, "amendment_terminate", last_day="2026-12-31")
    desk.agreed(end)
    assert [books.posted(day) for day in ("2026-12-01", "2027-01-01")] == ["660.00", "0.00"]
    contract = books.read("contract", desk.contract)
    assert (contract["ends"], contract["status"]) == ("2027-01-01", "notice")
    again = desk.amendment("renew")
    desk.press(again, "amendment_renew", last_day="2027-12-31")
    desk.agreed(again)
    assert books.read("contract", desk.contract)["status"] == "active"
    assert books.posted("2027-01-01") == "660.00"
    books.act("amendment", again, "reverse", reversal="They leave after all")
    assert books.posted("2027-01-01") == "-660.00"


def test_quantities_of_other_lines_change_from_a_day(desk: Desk) -> None:
    books = desk.books
    line = books.line("per_user", "22.00", "2026-03-01", quantity="10")
    books.lines = [line]
    assert books.posted("2026-03-01") == "220.00"
    desk.contract = books.read("contract_line", line)["contract"]
    id = desk.amendment("quantity")
    desk.press(id, "amendment_quantity", line=line, quantity="12", first_day="2026-03-17")
    desk.agreed(id)
    assert books.posted("2026-04-01") == "285.29"


def test_finance_drafts_and_an_account_manager_approves(desk: Desk) -> None:
    books = desk.books
    helen = books.client.person(f"helen{books.at}@example.com", "finance")
    lee = books.client.person(f"lee{books.at}@example.com", "account_manager")
    path = f"/api/records/contract/{desk.contract}/actions/contract_off_cover"
    answers = {
        "covers": desk.covers[:2], "last_day": "2026-06-15", "requested_by": desk.jane,
        "reason": "Two rooms are given up",
    }  # fmt: skip
    done = helen.post(path, answers)
    assert done.status == 200, done.text
    (made,) = helen.rows("/api/records/amendment", where=f"contract == '{desk.contract}'")
    kept = helen.get(f"/api/change-sets/{made['id']}").json()["edits"]
    me = helen.get("/api/me").json()["id"]
    assert [one["by"] for one in kept] == [{"user": me}] * 2
    shown = helen.get(f"/o/amendment/{made['id']}")
    assert shown.status == 200
    act = f"/api/records/amendment/{made['id']}/actions"
    assert helen.post(f"{act}/hand_in", {}).status == 200
    assert "is for Account manager" in helen.post(f"{act}/approve", {}).text
    inside = f"/api/records/coverage/{desk.covers[2]}?change_set={made['id']}"
    assert helen.patch(inside, {"ends": "2026-06-16"}).status == 409  # it was handed in
    assert lee.post(f"{act}/approve", {"decision": "As asked"}).status == 200
    run_pending(books.engine)
    assert books.read("coverage", desk.covers[0])["ends"] == "2026-06-16"
    assert books.read("amendment", made["id"])["submitted_by"] == {"user": me}
    ask = helen.get(f"/o/contract/{desk.contract}/ask?action=contract_off_cover")
    assert ask.status == 200 and "Printer 3" in ask.text and "Printer 1<" not in ask.text
