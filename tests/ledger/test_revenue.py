"""Revenue by ledgers: released by days, by use, by progress, and what of it is still deferred."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from fluvial.http.app import build_app
from fluvial.kernel.settings import load
from fluvial.runtime.engine import Engine
from tests.app import Client, Prepared, environment
from tests.ledger.pool import CARD, DRAW, EXTRA, HOURS, MEMBER, SPORT, VISIT

Json = dict[str, Any]
MONEY = {"kind": "money", "currency": "GBP"}


def look_up(to: str, inverse: str) -> Json:
    return {"name": to, "kind": "lookup", "to": to, "inverse": inverse, "on_delete": "keep"}


def thing(name: str, *fields: Json) -> Json:
    return {"kind": "object", "name": name, "label": name.capitalize(), "title": "{name}",
            "fields": [{"name": "name", "kind": "text"}, *fields]}  # fmt: skip


def summed(name: str, formula: str) -> Json:
    return {"name": name, "kind": "calculated", "result": "money", "formula": formula}


POLICY = thing(
    "policy", {"name": "net", **MONEY}, {"name": "starts", "kind": "date"},
    {"name": "ends", "kind": "date"}, {"name": "cut_on", "kind": "date"},
    {"name": "closed", "kind": "date"},
    summed("earned", "sum(revenues, amount)"), summed("deferred", "net - sum(revenues, amount)"),
    summed("paid_back", "sum(refunds, amount)"),
)  # fmt: skip
JOB = thing(
    "job", {"name": "price", **MONEY}, {"name": "budget", **MONEY}, {"name": "spent", **MONEY},
    {"name": "billed", **MONEY}, summed("earned", "sum(revenues, amount)"),
    summed("in_progress", "sum(revenues, amount) - billed"),
)  # fmt: skip
REVENUE = thing(
    "revenue", look_up("policy", "revenues"), look_up("job", "revenues"),
    look_up("card", "revenues"), {"name": "day", "kind": "date"},
    {"name": "corrects", "kind": "date"}, {"name": "amount", **MONEY},
)  # fmt: skip
REFUND = thing("refund", look_up("policy", "refunds"), {"name": "amount", **MONEY})
BY_DAY: Json = {
    "kind": "ledger", "name": "by_day", "for": "policy", "closed_until": "closed",
    "periods": {"from": "starts", "until": "ends", "every": "month", "due": "'end'"},
    "target": [{"spread": {"amount": "net", "from": "starts", "until": "ends"},
                "when": "cut_on == null or cut_on == ends"}],
    "entries": [{"object": "revenue", "amount": "amount", "set": {
        "policy": "record", "day": "period.from", "corrects": "corrects.from"}}],
}  # fmt: skip
PAID_BACK: Json = {
    "kind": "ledger",
    "name": "paid_back",
    "for": "policy",
    "periods": {"from": "starts", "until": "cut_on", "every": "year", "align": "record"},
    "target": [{"price": "net"}],
    "entries": [{"object": "refund", "amount": "amount", "set": {"policy": "record"}}],
}
PROGRESS: Json = {
    "kind": "ledger",
    "name": "progress",
    "for": "job",
    "target": [{"price": "price * min(1, spent.amount / budget.amount)"}],
    "entries": [{"object": "revenue", "amount": "amount", "set": {"job": "record"}}],
}
LAPSED: Json = {
    "kind": "ledger", "name": "lapsed", "for": "card", "when": "at_expiry == 'lose'",
    "day": "expires", "target": [{"price": "price * left / bought"}],
    "entries": [{"object": "revenue", "amount": "amount", "set": {
        "card": "record", "day": "expires"}}],
}  # fmt: skip
DOCUMENTS = (
    MEMBER, SPORT, CARD, VISIT, DRAW, EXTRA, HOURS,
    POLICY, JOB, REVENUE, REFUND, BY_DAY, PAID_BACK, PROGRESS, LAPSED,
)  # fmt: skip


def gbp(amount: str) -> Json:
    return {"amount": amount, "currency": "GBP"}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def client(
    request: pytest.FixtureRequest, prepared: Prepared, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Client]:
    postgresql = request.param == "postgresql"
    databases = request.getfixturevalue("databases") if postgresql else None
    folder = tmp_path_factory.mktemp("revenue")
    address = prepared.copy(databases, folder, (), DOCUMENTS)
    engine = Engine(load(environment(address, folder)))
    yield Client(build_app(engine), prepared.headers(address))
    engine.close()
    if databases is not None:
        databases.drop(address)


def run(client: Client, ledger: str, record: str, until: str) -> Json:
    body = {"until": until, "where": f"id == '{record}'"}
    reply = client.post(f"/api/ledgers/{ledger}/runs", body)
    assert (reply.status, reply.json()["faults"]) == (200, 0), reply.text
    told: Json = reply.json()
    return told


def money(client: Client, name: str, id: str, field: str) -> str:
    return str(client.get(f"/api/records/{name}/{id}").json()[field]["amount"])


def months(client: Client, policy: str) -> list[str]:
    rows = client.rows("/api/records/revenue", where=f"policy == '{policy}'", sort="day,id")
    return [row["amount"]["amount"] for row in rows]


@pytest.mark.parametrize(
    ("year", "last", "kept", "left"),
    [(2026, "2026-08-31", "798.90", "401.10"), (2028, "2028-08-31", "800.00", "400.00")],
)
def test_what_is_still_deferred_is_what_is_credited(
    client: Client, year: int, last: str, kept: str, left: str
) -> None:
    after = f"{year}-09-01"
    policy = client.made(
        "policy", net=gbp("1200.00"), starts=f"{year}-01-01", ends=f"{year + 1}-01-01"
    )["id"]
    run(client, "by_day", policy, last)
    assert money(client, "policy", policy, "earned") == kept
    assert money(client, "policy", policy, "deferred") == left
    run(client, "paid_back", policy, f"{year}-01-01")
    client.patch(f"/api/records/policy/{policy}", {"cut_on": after})
    run(client, "paid_back", policy, f"{year}-12-31")
    assert money(client, "policy", policy, "paid_back") == kept
    client.patch(f"/api/records/policy/{policy}", {"cut_on": None})
    run(client, "by_day", policy, f"{year}-12-31")
    assert sum(Decimal(one) for one in months(client, policy)) == 1200
    assert money(client, "policy", policy, "deferred") == "0.00"


def test_a_correction_of_closed_months_is_released_in_the_first_open_one(client: Client) -> None:
    policy = client.made(
        "policy", net=gbp("365.00"), starts="2026-01-01", ends="2027-01-01"
    )["id"]  # fmt: skip
    run(client, "by_day", policy, "2026-03-31")
    assert months(client, policy) == ["31.00", "28.00", "31.00"]
    client.patch(f"/api/records/policy/{policy}", {"net": gbp("730.00"), "closed": "2026-04-01"})
    run(client, "by_day", policy, "2026-04-30")
    where = f"policy == '{policy}' and corrects != null"
    rows = client.rows("/api/records/revenue", where=where, sort="corrects")
    assert [(row["day"], row["corrects"], row["amount"]["amount"]) for row in rows] == [
        ("2026-04-01", "2026-01-01", "31.00"), ("2026-04-01", "2026-02-01", "28.00"),
        ("2026-04-01", "2026-03-01", "31.00"),
    ]  # fmt: skip
    assert money(client, "policy", policy, "earned") == "240.00"
    assert money(client, "policy", policy, "deferred") == "490.00"


def test_releases_sum_to_the_amount_however_small(client: Client) -> None:
    policy = client.made(
        "policy", net=gbp("0.10"), starts="2026-01-20", ends="2027-01-05"
    )["id"]  # fmt: skip
    run(client, "by_day", policy, "2027-01-31")
    assert sum(Decimal(one) for one in months(client, policy)) == Decimal("0.10")
    client.patch(f"/api/records/policy/{policy}", {"ends": "2026-07-05"})
    run(client, "by_day", policy, "2027-01-31")
    assert sum(Decimal(one) for one in months(client, policy)) == Decimal("0.10")


def test_what_is_lost_at_expiry_is_revenue_and_what_is_carried_is_not(client: Client) -> None:
    member = client.made("member", name="M")["id"]

    def card(at_expiry: str) -> str:
        return str(client.made(
            "card", member=member, bought="10", price=gbp("900.00"), starts="2026-01-01",
            expires="2026-04-01", at_expiry=at_expiry,
        )["id"])  # fmt: skip

    lost, carried = card("lose"), card("carry")
    for one in (lost, carried):
        client.made("visit", member=member, day="2026-02-01", hours="7", card=one)
    run(client, "hours", member, "2026-12-31")
    for one in (lost, carried):
        assert client.get(f"/api/records/card/{one}").json()["left"] == "3.00"
        run(client, "lapsed", one, "2026-03-31")
    assert client.rows("/api/records/revenue", where=f"card == '{lost}'") == []
    for one in (lost, carried):
        run(client, "lapsed", one, "2026-04-01")
    (row,) = client.rows("/api/records/revenue", where=f"card in ['{lost}', '{carried}']")
    assert (row["card"], row["day"], row["amount"]) == (lost, "2026-04-01", gbp("270.00"))
    late = client.made("visit", member=member, day="2026-03-31", hours="1", card=lost)["id"]
    run(client, "hours", member, "2026-12-31")
    run(client, "lapsed", lost, "2026-12-31")
    rows = client.rows("/api/records/revenue", where=f"card == '{lost}'")
    assert sorted(row["amount"]["amount"] for row in rows) == ["-90.00", "270.00"]
    assert client.delete(f"/api/records/visit/{late}").status in (200, 204)


def test_revenue_by_progress_leaves_what_is_in_progress_or_deferred(client: Client) -> None:
    job = client.made(
        "job", price=gbp("24000.00"), budget=gbp("12000.00"), spent=gbp("4800.00"),
        billed=gbp("7200.00"),
    )["id"]  # fmt: skip
    run(client, "progress", job, "2026-06-30")
    assert money(client, "job", job, "earned") == "9600.00"
    assert money(client, "job", job, "in_progress") == "2400.00"
    client.patch(f"/api/records/job/{job}", {"billed": gbp("16800.00")})
    assert run(client, "progress", job, "2026-06-30")["entries"] == 0
    assert money(client, "job", job, "in_progress") == "-7200.00"
    client.patch(f"/api/records/job/{job}", {"spent": gbp("15000.00")})
    run(client, "progress", job, "2026-07-31")
    assert money(client, "job", job, "earned") == "24000.00"
