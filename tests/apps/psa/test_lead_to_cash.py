"""From a lead to money on the bank: what somebody typed is on every record, and is typed once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from fluvial.http.app import build_app
from fluvial.kernel.ids import is_id
from tests.app import EMAIL, PASSWORD, Client, OpenEngine, Reply
from tests.apps.psa.books import gbp
from tests.apps.psa.test_quotes import NOW, Shop, link_of
from tests.conversations.offers import press

Json = dict[str, Any]


def typed_in(body: Any) -> Iterator[str]:
    """What somebody wrote: neither a record that they picked nor a box that they ticked."""
    if isinstance(body, Mapping):
        for value in body.values():
            yield from typed_in(value)
    elif isinstance(body, list):
        for value in body:
            yield from typed_in(value)
    elif body is not None and not isinstance(body, bool) and not is_id(str(body)):
        yield str(body).strip().lower()


@dataclass
class Watched(Client):
    """A client that keeps what its person types."""

    typed: list[str] = field(default_factory=list)

    def call(self, method: str, path: str, json: Any = None, **more: Any) -> Reply:
        self.typed += typed_in(json)
        return super().call(method, path, json, **more)


@pytest.fixture
def shop(open_engine: OpenEngine) -> Shop:
    """A provider with a catalogue. Nothing in it is of the customer to be."""
    engine = open_engine(now=NOW, zone="Europe/London", base_url="https://tidewell.example")
    shop = Shop(Client(build_app(engine)).signed_in(EMAIL, PASSWORD), engine)
    tax = shop.made("tax_code", code="T1", name="Standard", rate="20")
    shop.entity = shop.made("legal_entity", name="Tidewell", currency="GBP", tax_code=tax)
    return shop


def catalogue(shop: Shop) -> dict[str, str]:
    kind = shop.made("asset_type", name="Printer")
    support = shop.made(
        "product", code="GOLD", name="Gold support", behaviour="per_asset", level="gold",
        price=gbp("50.00"), cost=gbp("21.00"), period="month",
    )  # fmt: skip
    shop.made("cover_mapping", type=kind, product=support)
    licence = shop.made(
        "product", code="MAIL", name="Mailbox", behaviour="per_user", band_mode="fill_up",
        price=gbp("10.00"), cost=gbp("4.00"),
    )  # fmt: skip
    for first, last, price in (("1", "10", "10"), ("11", "25", "8"), ("26", None, "6")):
        shop.made("price_band", product=licence, first=first, last=last, price=gbp(price))
    printer = shop.made(
        "product", code="PRN", name="Laser printer", behaviour="one_off", bought=True,
        asset_type=kind, price=gbp("400.00"), cost=gbp("310.00"),
    )  # fmt: skip
    return {"support": support, "licence": licence, "printer": printer}


def won(shop: Shop, products: Mapping[str, str]) -> Json:
    """A lead that a quote was sent to, which is accepted by the link."""
    lead = shop.made(
        "lead", person="Ada Reed", company="Reed & Sons", email="ada@reed.example",
        phone="020 7946 0991", need="Somebody who looks after us", source="event",
    )  # fmt: skip
    shop.act("lead", lead, "lead_convert")
    done = shop.read("lead", lead)
    shop.change("account", done["account"], entity=shop.entity)
    shop.act("opportunity", done["opportunity"], "opportunity_quote")
    (quote,) = shop.rows("quote", f"opportunity == '{done['opportunity']}'")
    for name, values in (("licence", {"quantity": "30"}), ("support", {}), ("printer", {})):
        shop.made("quote_line", quote=quote["id"], product=products[name], **values)
    optional = shop.made("quote_line", quote=quote["id"], product=products["printer"],
                         description="A spare printer", optional=True, chosen=False)  # fmt: skip
    shop.work()
    shop.act("quote", quote["id"], "send")
    sent = shop.read("quote", quote["id"])
    assert (sent["net"]["amount"], sent["name"]) == ("700.00", "Reed & Sons")
    path = link_of(shop, quote["id"], "accept_quote")
    answers = {"signer": "A. M. Reed", "order_reference": "PO-4711", f"tick-{optional}": "1"}
    outside = Client(shop.client.app)
    assert press(outside, path, None, **answers).status == 200
    assert isinstance(shop.client, Watched)
    shop.client.typed += [v.lower() for k, v in answers.items() if not k.startswith("tick")]
    shop.work()
    (order,) = shop.rows("sales_order", f"quote == '{quote['id']}'")
    return order


def delivered(shop: Shop, order: Json) -> None:
    """Two printers come, and go under the support that was ordered with them."""
    for bought in shop.rows("purchase", f"sales_order == '{order['id']}'"):
        shop.act("purchase", bought["id"], "receive")
    expected = shop.rows("expected_asset", f"account == '{order['account']}'")
    assert {one["arrived_on"] for one in expected} == {"2026-06-16"}
    for one, serial in zip(expected, ("SN-1001", "SN-1002"), strict=True):
        shop.act("expected_asset", one["id"], "expected_take_in", serial=serial, deployed=True)
        again = shop.client.post(
            f"/api/records/expected_asset/{one['id']}/actions/expected_take_in", {}
        )
        assert again.status == 409 and "taken in already" in again.text
    covers = shop.rows("coverage", f"asset.account == '{order['account']}'")
    assert [(one["level"], one["starts"]) for one in covers] == [("gold", "2026-06-16")] * 2


def test_from_a_lead_to_cash_nothing_is_typed_twice(shop: Shop) -> None:
    products = catalogue(shop)
    bank, shop.client = shop.client, Watched(shop.client.app, shop.client.headers)
    order = won(shop, products)
    assert (order["name"], order["order_reference"]) == ("Reed & Sons", "PO-4711")
    assert order["net"]["amount"] == "1100.00"
    lines = {one["description"]: one for one in shop.rows("contract_line", "number != null")}
    assert lines["Mailbox"]["monthly"]["amount"] == "250.00"
    delivered(shop, order)
    made = shop.rows("order_line", f"sales_order == '{order['id']}'")
    assert {one["state"] for one in made} == {"done"}
    shop.act("sales_order", order["id"], "complete")

    run = shop.made("billing_run", entity=shop.entity, as_at="2026-06-30")
    steps = ("billing_run_work_out", "review", "release", "billing_run_invoices", "finish",
             "billing_run_issue")  # fmt: skip
    for step in steps:
        shop.act("billing_run", run, step)
    # Half of June of 250.00 and of two printers at 50.00, and two printers at 400.00.
    invoices = shop.rows("invoice", f"account == '{order['account']}'", sort="net")
    assert [one["gross"]["amount"] for one in invoices] == ["210.00", "960.00"]
    assert {one["order_reference"] for one in invoices} == {"PO-4711"}
    for invoice in invoices:
        # A line of the bank, which is imported.
        paid = bank.made("receipt", account=order["account"], reference=invoice["number"],
                         amount=gbp(invoice["gross"]["amount"]))["id"]  # fmt: skip
        shop.work()
        shop.act("receipt", paid, "receipt_take")
        shop.work()
        assert shop.read("invoice", invoice["id"])["status"] == "paid"

    assert isinstance(shop.client, Watched)
    twice = {value: times for value, times in Counter(shop.client.typed).items() if times > 1}
    assert twice == {} and len(shop.client.typed) >= 14
