"""From a quote to what it makes: nothing is keyed again, and everything is made once."""

from __future__ import annotations

from typing import Any

import pytest

from fluvial.events.jobs import run_pending
from fluvial.http.app import build_app
from fluvial.runtime.engine import Engine
from tests.app import EMAIL, PASSWORD, Client, OpenEngine
from tests.apps.psa.books import gbp
from tests.conversations.offers import press

Json = dict[str, Any]
NOW = "2026-06-16T09:00:00Z"


class Shop:
    """A provider with a customer, and the workers."""

    def __init__(self, client: Client, engine: Engine) -> None:
        self.client, self.engine = client, engine
        self.entity = self.account = self.contact = ""

    def made(self, object_name: str, **values: Any) -> str:
        return str(self.client.made(object_name, **values)["id"])

    def read(self, object_name: str, record: str) -> Json:
        found: Json = self.client.get(f"/api/records/{object_name}/{record}").json()
        return found

    def act(self, object_name: str, record: str, action: str, **answers: Any) -> Json:
        path = f"/api/records/{object_name}/{record}/actions/{action}"
        reply = self.client.post(path, answers)
        assert reply.status == 200, reply.text
        self.work()
        found: Json = reply.json()
        return found

    def change(self, object_name: str, record: str, **values: Any) -> Json:
        reply = self.client.patch(f"/api/records/{object_name}/{record}", values)
        assert reply.status == 200, reply.text
        self.work()
        return self.read(object_name, record)

    def work(self) -> None:
        while self.engine.database.call(lambda: run_pending(self.engine)):
            pass

    def rows(self, object_name: str, where: str, **more: str) -> list[Json]:
        return self.client.rows(f"/api/records/{object_name}", where=where, **more)


@pytest.fixture
def shop(open_engine: OpenEngine) -> Shop:
    engine = open_engine(now=NOW, zone="Europe/London", base_url="https://tidewell.example")
    shop = Shop(Client(build_app(engine)).signed_in(EMAIL, PASSWORD), engine)
    tax = shop.made("tax_code", code="T1", name="Standard", rate="20")
    shop.entity = shop.made(
        "legal_entity", name="Tidewell", currency="GBP", tax_code=tax, quote_terms="30 days net."
    )
    shop.account = shop.made("account", name="Harrow", entity=shop.entity, currency="GBP")
    shop.contact = shop.made(
        "contact", name="Jane Mercer", account=shop.account, email="jane@harrow.example"
    )
    return shop


def ticket_of(shop: Shop) -> str:
    """A ticket on an asset that nothing covers, with the part that it needs."""
    call_out = shop.made(
        "product", code="CALL", name="Call-out", behaviour="time", unit="hour",
        price=gbp("120.00"), cost=gbp("45.00"),
    )  # fmt: skip
    part = shop.made(
        "product", code="FUSER", name="Fuser", behaviour="one_off", bought=True,
        price=gbp("85.00"), cost=gbp("60.00"),
    )  # fmt: skip
    kind = shop.made(
        "asset_type", name="Printer", needs_serial=False, call_out=call_out, call_out_hours="2"
    )
    asset = shop.made("asset", name="Printer 7", account=shop.account, type=kind)
    level = shop.made("service_level", name="Usual", code="usual", calendar="round_the_clock")
    shop.made(
        "service_target", name="All", service_level=level, calendar="round_the_clock",
        respond=3600, reply=7200, resolve=36000,
    )  # fmt: skip
    ticket = shop.made(
        "ticket", subject="Printer 7 is jammed", account=shop.account, contact=shop.contact,
        asset=asset, parts_needed=[part],
    )  # fmt: skip
    shop.work()
    return ticket


def link_of(shop: Shop, quote: str, name: str) -> str:
    reply = shop.client.post(f"/api/records/quote/{quote}/links", {"link": name, "to": "Jane"})
    assert reply.status == 201, reply.text
    return str(reply.json()["href"]).replace("https://tidewell.example", "")


def test_a_quote_from_a_ticket_is_accepted_by_link_and_becomes_an_order(shop: Shop) -> None:
    ticket = ticket_of(shop)
    shop.act("ticket", ticket, "ticket_quote")
    (quote,) = shop.rows("quote", f"ticket == '{ticket}'")
    assert (quote["net"]["amount"], quote["cost"]["amount"]) == ("325.00", "150.00")
    assert quote["margin_percent"] == "53.85" and quote["terms"] == "30 days net."
    lines = shop.rows("quote_line", f"quote == '{quote['id']}'")
    totals = sorted(one["total"]["amount"] for one in lines)
    assert totals == ["240.00", "85.00"]
    again = shop.client.post(f"/api/records/ticket/{ticket}/actions/ticket_quote", {})
    assert again.status == 409  # one is open

    cleaning = shop.made(
        "product", code="CLEAN", name="Cleaning", behaviour="one_off", price=gbp("30.00")
    )
    extra = shop.made(
        "quote_line", quote=quote["id"], product=cleaning, optional=True, chosen=False
    )
    shop.act("quote", quote["id"], "send")
    waiting = shop.read("ticket", ticket)
    assert (waiting["status"], waiting["resolve_state"]) == ("awaiting_approval", "paused")
    assert (waiting["free"], waiting["free_reason"]) == (True, "not_agreed")
    mails = [one for one in shop.client.rows("/api/deliveries") if one["kind"] == "email"]
    assert [one["state"] for one in mails if one["rule"] == "quote_sent"] == ["pending"]

    anybody = Client(shop.client.app)
    path = link_of(shop, quote["id"], "accept_quote")
    assert "30 days net." in anybody.get(path).text or anybody.get(path).status == 200
    assert press(anybody, path).status == 422
    said = {"signer": "Jane Mercer", "order_reference": "PO-77", f"tick-{extra}": "1"}
    done = press(anybody, path, None, **said)
    assert done.status == 200 and "Thank you" in done.text
    assert press(anybody, path, signer="Eve").status == 200  # it is done already
    shop.work()
    (order,) = shop.rows("sales_order", f"quote == '{quote['id']}'")
    assert (order["signer"], order["order_reference"], order["status"]) == (
        "Jane Mercer", "PO-77", "confirmed",
    )  # fmt: skip
    assert order["signed_at"] and order["net"]["amount"] == "355.00"
    made = {one["description"]: one for one in shop.rows("order_line", "position > 0")}
    (line,) = shop.rows("contract_line", "number != null")
    assert (line["id"], line["price"]["amount"]) == (
        made["Call-out"]["contract_line"], "120.00",
    )  # fmt: skip
    assert shop.read("contract", line["contract"])["status"] == "active"
    (bought,) = shop.rows("purchase", "number != null")
    assert (bought["id"], bought["total"]["amount"]) == (
        made["Fuser"]["purchase"], "60.00",
    )  # fmt: skip
    assert made["Fuser"]["state"] == "to be bought" and made["Call-out"]["state"] == "done"
    back = shop.read("ticket", ticket)
    assert (back["status"], back["resolve_state"], back["free"]) == (
        "in_progress",
        "running",
        False,
    )
    links = shop.client.rows(f"/api/records/quote/{quote['id']}/links")
    (used,) = [one for one in links if one["uses"]]
    assert used["uses"][0]["address"] == "127.0.0.1"


def test_a_rejected_quote_closes_its_ticket_and_an_old_one_expires(shop: Shop) -> None:
    ticket = ticket_of(shop)
    shop.act("ticket", ticket, "ticket_quote")
    (quote,) = shop.rows("quote", f"ticket == '{ticket}'")
    shop.act("quote", quote["id"], "send")
    path = link_of(shop, quote["id"], "reject_quote")
    assert press(Client(shop.client.app), path, reject_reason="Too dear").status == 200
    shop.work()
    closed = shop.read("ticket", ticket)
    assert closed["status"] == "closed" and "Too dear" in closed["resolution"]
    assert shop.rows("sales_order", "number != null") == []
    reply = shop.client.patch(f"/api/records/quote/{quote['id']}", {"name": "Other"})
    assert reply.status == 409 and "stays as it is" in reply.text


def bundle(shop: Shop) -> dict[str, str]:
    """A managed workplace: a server fee, one of two support levels, and backup from five on."""
    made = {
        name: shop.made(
            "product", code=name.upper(), name=name, behaviour=behaviour, period="month",
            price=gbp(price), cost=gbp(cost), term_months=term,
        )
        for name, behaviour, price, cost, term in (
            ("Workplace", "recurring", "30.00", "12.00", "12"),
            ("Server", "recurring", "90.00", "40.00", "12"),
            ("Gold", "recurring", "10.00", "4.00", "12"),
            ("Silver", "recurring", "6.00", "3.00", "12"),
            ("Backup", "recurring", "2.50", "1.00", "12"),
            ("Setup", "one_off", "400.00", "150.00", None),
        )
    }  # fmt: skip
    own = {"product": made["Workplace"]}
    shop.made("product_option", **own, component=made["Server"], position="1",
              quantity="ceil(parent.quantity / 10)")  # fmt: skip
    for at, name in enumerate(("Gold", "Silver"), 2):
        shop.made("product_option", **own, component=made[name], position=str(at), rule="one",
                  option_group="Support", usual=name == "Silver")  # fmt: skip
    shop.made("product_option", **own, component=made["Backup"], position="4", rule="any",
              option_group="Extras", condition="parent.quantity >= 5")  # fmt: skip
    shop.made("product_option", **own, component=made["Setup"], position="5",
              quantity="1", pricing="included")  # fmt: skip
    return made


def lines_of(shop: Shop, quote: str) -> dict[str, Json]:
    return {one["description"]: one for one in shop.rows("quote_line", f"quote == '{quote}'")}


def told(lines: dict[str, Json]) -> dict[str, tuple[str, str]]:
    return {
        name: (one["quantity"], one["total"]["amount"])
        for name, one in lines.items()
        if one["counts"]
    }


def test_choosing_components_moves_lines_prices_margin_and_warnings(shop: Shop) -> None:
    made = bundle(shop)
    quote = shop.made("quote", name="Workplaces", account=shop.account, contact=shop.contact)
    line = shop.made("quote_line", quote=quote, product=made["Workplace"], quantity="4")
    shop.work()
    lines = lines_of(shop, quote)
    assert told(lines) == {
        "Workplace": ("4.00", "120.00"), "Server": ("1.00", "90.00"),
        "Silver": ("4.00", "24.00"), "Setup": ("1.00", "0.00"),
    }  # fmt: skip
    now = shop.read("quote", quote)
    assert (now["net"]["amount"], now["cost"]["amount"]) == ("234.00", "250.00")
    assert now["warnings"] is None and not lines["Backup"]["possible"]

    # Backup is not possible for four, gold takes the place of silver, twelve need two servers.
    shop.change("quote_line", lines["Backup"]["id"], chosen=True)
    assert shop.read("quote", quote)["warnings"] == "Backup: is not possible here"
    assert shop.client.post(f"/api/records/quote/{quote}/actions/send", {}).status in (409, 422)
    shop.change("quote_line", lines["Gold"]["id"], chosen=True)
    shop.change("quote_line", line, quantity="12")
    assert told(lines_of(shop, quote)) == {
        "Workplace": ("12.00", "360.00"), "Server": ("2.00", "180.00"),
        "Gold": ("12.00", "120.00"), "Backup": ("12.00", "30.00"), "Setup": ("1.00", "0.00"),
    }  # fmt: skip
    now = shop.read("quote", quote)
    assert (now["net"]["amount"], now["recurring"]["amount"]) == ("690.00", "690.00")
    assert now["warnings"] is None
    shop.change("quote_line", lines["Gold"]["id"], chosen=False)
    assert "choose exactly one of Support" in shop.read("quote", quote)["warnings"]
    shop.change("quote_line", lines["Silver"]["id"], chosen=True)

    # A price list and its parent; a price by hand stays.
    usual = shop.made("price_list", name="Usual", currency="GBP")
    shop.made("list_price", price_list=usual, product=made["Workplace"], starts="2026-01-01",
              ends="2026-07-01", price=gbp("28.00"))  # fmt: skip
    shop.made("list_price", price_list=usual, product=made["Workplace"], starts="2026-07-01",
              price=gbp("29.00"))  # fmt: skip
    partner = shop.made("price_list", name="Partner", currency="GBP", parent=usual,
                        adjustment="-10")  # fmt: skip
    shop.change("quote", quote, price_list=partner)
    prices = {name: one["price"]["amount"] for name, one in lines_of(shop, quote).items()}
    assert (prices["Workplace"], prices["Server"], prices["Silver"]) == ("25.20", "81.00", "5.40")
    shop.change("quote_line", lines["Server"]["id"], price=gbp("70.00"))
    shop.change("quote", quote, priced_on="2026-07-01")
    prices = {name: one["price"]["amount"] for name, one in lines_of(shop, quote).items()}
    assert (prices["Workplace"], prices["Server"]) == ("26.10", "70.00")

    # A discount above the limit is approved first.
    shop.change("quote", quote, discount="15")
    refused = shop.client.post(f"/api/records/quote/{quote}/actions/send", {})
    assert "approval" in refused.text and refused.status in (409, 422)
    for action in ("ask_approval", "approve", "send_approved"):
        shop.act("quote", quote, action)
    sent = shop.read("quote", quote)
    assert sent["status"] == "sent" and sent["approved_by"] is not None

    # The new version keeps lines and prices, and takes the place of the one before.
    shop.act("quote", quote, "quote_version")
    (newer,) = shop.rows("quote", f"previous == '{quote}'")
    assert (newer["version"], newer["net"]) == ("2", sent["net"])
    assert shop.read("quote", quote)["status"] == "superseded"
    assert len(lines_of(shop, newer["id"])) == 5


def test_an_order_makes_contract_cover_project_and_purchase_once(shop: Shop) -> None:
    template = shop.made("project_template", name="Roll-out")
    phase = shop.made("template_phase", template=template, name="Prepare")
    for name in ("Order the line", "Plan the day"):
        shop.made("template_task", phase=phase, name=name, estimate=7200)
    products = {
        behaviour: shop.made(
            "product", code=behaviour, name=behaviour, behaviour=behaviour, price=gbp(price),
            cost=gbp("1.00"), **more,
        )
        for behaviour, price, more in (
            ("per_asset", "50.00", {"level": "gold"}),
            ("fixed_price", "9600.00", {"project_template": template, "budget_hours": "80"}),
            ("one_off", "85.00", {"bought": True}),
        )
    }  # fmt: skip
    assets = [shop.made("asset", name=f"Printer {at}", account=shop.account) for at in range(3)]
    quote = shop.made("quote", name="All", account=shop.account, contact=shop.contact)
    for behaviour, more in (
        ("per_asset", {"quantity": "3", "assets": assets, "starts": "2026-07-01"}),
        ("fixed_price", {}),
        ("one_off", {"quantity": "2"}),
    ):
        shop.made("quote_line", quote=quote, product=products[behaviour], **more)
    shop.work()
    shop.act("quote", quote, "send")
    shop.change("quote", quote, signer="Jane Mercer")
    shop.act("quote", quote, "accept")
    again = shop.client.post(f"/api/records/quote/{quote}/actions/accept", {})
    assert again.status in (409, 422)
    shop.work()
    (order,) = shop.rows("sales_order", f"quote == '{quote}'")
    assert order["net"]["amount"] == "9920.00"
    covers = shop.rows("coverage", f"contract_line.contract.account == '{shop.account}'")
    assert sorted(one["asset"] for one in covers) == sorted(assets)
    assert {(one["starts"], one["level"]) for one in covers} == {("2026-07-01", "gold")}
    (project,) = shop.rows("project", f"account == '{shop.account}'")
    assert (project["price"]["amount"], project["budget_hours"]) == ("9600.00", "80.00")
    tasks = shop.rows("task", f"project == '{project['id']}'")
    assert sorted(one["name"] for one in tasks) == ["Order the line", "Plan the day"]
    (bought,) = shop.rows("purchase", f"sales_order == '{order['id']}'")
    assert bought["quantity"] == "2.00"

    # What is sold once is charged when it is delivered, and once.
    made = {one["description"]: one for one in shop.rows("order_line", "position > 0")}
    shop.act("purchase", bought["id"], "receive")
    shop.change("order_line", made["one_off"]["id"], delivered_on="2026-06-16")
    for _ in range(2):
        reply = shop.client.post("/api/ledgers/sales/runs", {"until": "2026-07-01"})
        assert reply.status == 200 and reply.json()["fault_list"] == [], reply.text
    (charge,) = shop.rows("charge", "kind == 'sale'")
    assert (charge["amount"]["amount"], charge["order_line"]) == ("170.00", made["one_off"]["id"])
    states = {one["description"]: one["state"] for one in shop.rows("order_line", "position > 0")}
    assert states == {"per_asset": "done", "fixed_price": "planned", "one_off": "done"}


def test_a_lead_becomes_what_is_not_known_yet(shop: Shop) -> None:
    """A known address and company are told; what is chosen is taken, the rest is made once."""
    lead = shop.made("lead", person="J. Mercer", company="harrow ", email="JANE@harrow.example")
    told = shop.read("lead", lead)
    assert (told["known_contact"], told["known_account"]) == (shop.contact, shop.account)
    path = f"/api/records/lead/{lead}/actions/lead_convert"
    refused = shop.client.post(path, {})
    assert refused.status == 409 and "We may know them" in refused.text
    shop.change("lead", lead, account=shop.account, contact=shop.contact)
    shop.act("lead", lead, "lead_convert")
    done = shop.read("lead", lead)
    assert done["status"] == "converted"
    made = shop.read("opportunity", done["opportunity"])
    assert (made["account"], made["contact"]) == (shop.account, shop.contact)
    assert len(shop.rows("account", "name == 'Harrow'")) == 1
    assert shop.client.post(path, {}).status == 409  # it is converted

    campaign = shop.made("campaign", name="Fair")
    new = shop.made(
        "lead", person="Ada Reed", company="Reed & Sons", email="ada@reed.example",
        phone="020 1", campaign=campaign,
    )  # fmt: skip
    assert shop.read("lead", new)["known_contact"] is None
    shop.act("lead", new, "lead_convert")
    done = shop.read("lead", new)
    contact = shop.read("contact", done["contact"])
    assert (contact["name"], contact["email"], contact["account"]) == (
        "Ada Reed", "ada@reed.example", done["account"],
    )  # fmt: skip
    assert shop.read("account", done["account"])["status"] == "prospect"
    assert shop.read("campaign", campaign)["converted"] == "1"


def test_two_entries_of_a_customer_become_one(shop: Shop) -> None:
    """Links move, chosen fields are taken, also those that no two may have; the rest stays."""
    other = shop.made("account", name="Harrow Legal", code="H-2", phone="020 7", town="Leeds")
    shop.change("account", shop.account, town="York")
    contact = shop.made("contact", name="Ada Reed", account=other)
    ticket = shop.made("ticket", subject="No toner", account=other)
    path = f"/api/records/account/{other}/merge"
    for take, words in (
        (["nothing"], "no field `nothing`"),
        (["open_tickets"], "cannot be taken over"),
        ("phone", "list of names"),
    ):
        refused = shop.client.post(path, {"into": shop.account, "take": take})
        assert refused.status == 422 and words in refused.text, refused.text
    reply = shop.client.post(path, {"into": shop.account, "take": ["code", "phone"]})
    assert reply.status == 200, reply.text
    stays = shop.read("account", shop.account)
    assert (stays["code"], stays["phone"], stays["town"], stays["name"]) == (
        "H-2", "020 7", "York", "Harrow",
    )  # fmt: skip
    assert shop.read("contact", contact)["account"] == shop.account
    assert shop.read("ticket", ticket)["account"] == shop.account
    assert shop.client.get(f"/api/records/account/{other}").status == 404
    notes = shop.client.rows(f"/api/records/account/{shop.account}/comments")
    assert "Another account was merged into this account. 2 linked records" in notes[0]["text"]
    again = shop.client.post(path, {"into": shop.account})
    assert again.status == 404
