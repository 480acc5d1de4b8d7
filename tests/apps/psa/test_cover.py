"""Cover: dated rows per asset and contract line, seen from the asset and from its tickets."""

from __future__ import annotations

from typing import Any

import pytest

from tests.app import Client


@pytest.fixture
def fleet(psa: Client) -> dict[str, Any]:
    """A customer with ten printers, all covered from 1 January by one contract line."""
    group = psa.made("group", name="London")
    account = psa.made("account", name="Harrow Legal LLP", types=["customer"], group=group["id"])
    kind = psa.made("asset_type", name="Printer", needs_serial=False)
    product = psa.made("product", code="GOLD", name="Gold support", behaviour="per_asset")
    contract = psa.made("contract", name="Support", account=account["id"], starts="2026-01-01")
    line = psa.made(
        "contract_line",
        contract=contract["id"],
        product=product["id"],
        description="Gold support",
        starts="2026-01-01",
        price={"amount": "50.00", "currency": "GBP"},
    )
    assets = [
        psa.made("asset", name=f"Printer {n}", account=account["id"], type=kind["id"])
        for n in range(1, 11)
    ]
    covers = [
        psa.made(
            "coverage", asset=a["id"], contract_line=line["id"], starts="2026-01-01", level="gold"
        )
        for a in assets
    ]
    return {"group": group, "account": account, "line": line, "assets": assets, "covers": covers}


def ticket(psa: Client, fleet: dict[str, Any], opened: str) -> dict[str, Any]:
    return psa.made(
        "ticket",
        subject="Paper jam",
        account=fleet["account"]["id"],
        asset=fleet["assets"][6]["id"],
        opened=opened,
    )


def test_one_dated_change_takes_an_asset_off_contract(psa: Client, fleet: dict[str, Any]) -> None:
    cover = fleet["covers"][6]
    changed = psa.patch(f"/api/records/coverage/{cover['id']}", {"ends": "2026-09-01"})
    assert changed.status == 200 and changed.json()["last_day"] == "2026-08-31"

    def covered(day: str) -> int:
        where = f"contract_line == '{fleet['line']['id']}'"
        return len(psa.rows("/api/records/coverage", as_of=day, where=where))

    assert (covered("2026-08-31"), covered("2026-09-01")) == (10, 9)


def test_a_ticket_shows_the_cover_of_the_day_it_was_opened(
    psa: Client, fleet: dict[str, Any]
) -> None:
    psa.patch(f"/api/records/coverage/{fleet['covers'][6]['id']}", {"ends": "2026-06-16"})
    before = ticket(psa, fleet, "2026-06-15T15:00:00Z")
    after = ticket(psa, fleet, "2026-06-16T08:00:00Z")
    assert before["covered"] is True and before["cover_until"] == "2026-06-15"
    assert "Gold support" in before["cover_line"]
    assert (after["covered"], after["cover_line"], after["cover_until"]) == (False, None, None)


def test_cover_may_not_overlap_for_an_asset_and_line(psa: Client, fleet: dict[str, Any]) -> None:
    body = {"asset": fleet["assets"][0]["id"], "contract_line": fleet["line"]["id"]}
    refused = psa.post("/api/records/coverage", {**body, "starts": "2026-05-01"})
    assert refused.status == 422 and refused.json()["errors"][0]["code"] == "overlap"


def test_what_a_ticket_says_of_cover_is_the_same_for_everybody(
    psa: Client, fleet: dict[str, Any]
) -> None:
    """A technician who may not read prices, or a role without cover, sees the same answer."""
    opened = ticket(psa, fleet, "2026-03-01T09:00:00Z")
    technician = psa.person("tom@example.com", "technician", groups=[fleet["group"]["id"]])
    seen = technician.get(f"/api/records/ticket/{opened['id']}").json()
    assert seen["covered"] is True
    assert "price" not in technician.rows("/api/records/coverage")[0]
    psa.put("/api/meta/role/onlooker", {"grants": [{"object": "ticket", "can": ["read"]}]})
    onlooker = psa.person("dan@example.com", "onlooker")
    assert onlooker.get(f"/api/records/ticket/{opened['id']}").json()["covered"] is True
    assert onlooker.get("/api/records/coverage").status == 404


def test_a_customer_contact_sees_their_own_account(psa: Client, fleet: dict[str, Any]) -> None:
    mine = psa.made("contact", name="Jane Mercer", account=fleet["account"]["id"])
    other = psa.made("account", name="Other Ltd", types=["customer"])
    psa.made("ticket", subject="Not yours", account=other["id"])
    own = ticket(psa, fleet, "2026-03-01T09:00:00Z")
    jane = psa.person("jane@example.com", "customer_contact", contact=mine["id"])
    assert [t["id"] for t in jane.rows("/api/records/ticket")] == [own["id"]]
    assert "covered" not in jane.rows("/api/records/ticket")[0]
    made = jane.post("/api/records/ticket", {"subject": "Mine", "account": fleet["account"]["id"]})
    assert made.status == 201
    assert jane.post("/api/records/ticket", {"subject": "x", "account": other["id"]}).status == 422
    assert jane.get("/api/records/contract").status == 404
