"""Segments through the API: places on shelves that come and go, at prices that change."""

from __future__ import annotations

from typing import Any

import pytest

from fluvial.runtime.engine import Engine
from tests.app import Client, OpenEngine

TARIFF = {
    "kind": "object",
    "name": "tariff",
    "label": "Tariff",
    "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text"},
        {"name": "price", "kind": "money", "currency": "EUR", "dated": True},
        {
            "name": "june",
            "kind": "calculated",
            "result": "number",
            "formula": "segment_sum(places, copies, 50, '2026-06-01', '2026-07-01',"
            " 'actual_period')",
        },
    ],
}
PLACE: dict[str, Any] = {
    "kind": "object",
    "name": "place",
    "label": "Place",
    "title": "{shelf}",
    "dated": {"from": "starts", "until": "ends", "per": ["tariff", "shelf"]},
    "fields": [
        {"name": "tariff", "kind": "lookup", "to": "tariff", "required": True, "inverse": "places"},
        {"name": "shelf", "kind": "text", "required": True},
        {"name": "copies", "kind": "number", "scale": 1, "default": "1", "dated": True},
        {"name": "starts", "kind": "date", "required": True},
        {"name": "ends", "kind": "date"},
    ],
}
KEEPER = {
    "kind": "role",
    "name": "keeper",
    "label": "Keeper",
    "grants": [
        {"object": "tariff", "can": ["read"]},
        {"object": "place", "can": ["read"], "where": "shelf != 's6'"},
    ],
}
JUNE = {"from": "2026-06-01", "until": "2026-07-01"}


@pytest.fixture
def engine(open_engine: OpenEngine) -> Engine:
    return open_engine(now="2026-06-05T09:00:00Z")


@pytest.fixture
def tariff(client: Client) -> str:
    """Ten places at 50.00, one of which ends within June."""
    fields = [f if f["name"] != "copies" else {**f, "dated": False} for f in PLACE["fields"]]
    client.define(TARIFF, {**PLACE, "fields": fields}, KEEPER)
    made = client.made("tariff", name="Usual", price={"amount": "50.00", "currency": "EUR"})
    places = [{"tariff": made["id"], "shelf": f"s{n}", "starts": "2026-01-01"} for n in range(10)]
    assert client.post("/api/records/place", places).status == 201
    seventh = client.rows("/api/records/place", shelf="s6")[0]["id"]
    assert client.patch(f"/api/records/place/{seventh}", {"ends": "2026-06-16"}).status == 200
    return str(made["id"])


def asked(client: Client, **query: str) -> dict[str, Any]:
    reply = client.get("/api/segments/place", **{**JUNE, **query})
    assert reply.status == 200, reply.text
    body: dict[str, Any] = reply.json()
    return body


def amounts(body: dict[str, Any]) -> list[list[str]]:
    return [[one["amount"]["amount"] for one in line["segments"]] for line in body["data"]]


def test_a_month_in_which_one_ends(client: Client, tariff: str) -> None:
    body = asked(client, price="tariff.price")
    assert body["last_day"] == "2026-06-30"
    (line,) = body["data"]
    assert line["segments"][0] == {
        "from": "2026-06-01",
        "until": "2026-06-16",
        "last_day": "2026-06-15",
        "days": 15,
        "period_days": 30,
        "quantity": "10",
        "price": {"amount": "50.00", "currency": "EUR"},
        "amount": {"amount": "250.00", "currency": "EUR"},
    }
    assert amounts(body) == [["250.00", "225.00"]]
    assert body["totals"] == [{"amount": "475.00", "currency": "EUR"}]
    july = asked(client, price="tariff.price", **{"from": "2026-07-01", "until": "2026-08-01"})
    assert amounts(july) == [["450.00"]]
    # Hours instead of amounts, other lines, only some of them, other conventions.
    assert asked(client, price="1.5")["totals"] == ["14.25"]
    by_shelf = asked(client, price="tariff.price", group="shelf")
    assert len(by_shelf["data"]) == 10
    assert by_shelf["data"][6]["group"] == {"shelf": "s6"}
    assert amounts(by_shelf)[6] == ["25.00"]
    assert asked(client, price="tariff.price", where="shelf == 's6'")["data"][0]["amount"] == {
        "amount": "25.00",
        "currency": "EUR",
    }
    whole = asked(client, price="tariff.price", convention="none")
    assert amounts(whole) == [["500.00"]]
    weeks = asked(client, price="10", quantity="copies", split="week", rounding="cumulative")
    assert [one["days"] for one in weeks["data"][0]["segments"]] == [7, 7, 1, 6, 7, 2]
    assert weeks["totals"] == ["95.00"]
    # Who may not see a place does not pay for it, and a formula says the same as the whole.
    keeper = client.person("keeper@example.com", "keeper")
    assert asked(keeper, price="tariff.price")["totals"][0]["amount"] == "450.00"
    assert client.get(f"/api/records/tariff/{tariff}").json()["june"] == "475.00"
    found = client.rows("/api/records/tariff", where="june == 475")
    assert [one["id"] for one in found] == [tariff]


def test_prices_and_quantities_that_change_on_a_day(client: Client) -> None:
    client.define(TARIFF | {"fields": TARIFF["fields"][:2]}, PLACE)
    hundred = {"amount": "100.00", "currency": "EUR"}
    tariff = client.made("tariff", name="Rising", price=hundred)["id"]
    place = client.made("place", tariff=tariff, shelf="a", starts="2026-01-01")["id"]
    raised = {"price": {"amount": "105.00", "currency": "EUR"}}
    reply = client.patch(f"/api/records/tariff/{tariff}?as_of=2026-06-15", raised)
    assert reply.status == 200, reply.text
    body = asked(client, price="tariff.price")
    assert amounts(body) == [["46.67", "56.00"]]
    assert body["totals"] == [{"amount": "102.67", "currency": "EUR"}]
    # The quantity changes too, and nothing of it needs its day to have come.
    client.patch(f"/api/records/place/{place}?as_of=2026-06-25", {"copies": "3"})
    body = asked(client, price="tariff.price", quantity="copies")
    found = [(one["quantity"], one["days"]) for one in body["data"][0]["segments"]]
    assert found == [("1.0", 14), ("1.0", 10), ("3.0", 6)]
    assert amounts(body) == [["46.67", "35.00", "63.00"]]
    # A formula follows them too, whatever day it is, and rounds once.
    made = {"kind": "calculated", "result": "money", "currency": "EUR"}
    whole = "'2026-06-01', '2026-07-01', 'actual_period')"
    sums = {
        "due": f"segment_sum(places, copies, record.price, {whole}",
        "behind": f"segment_sum(places, copies, tariff.price, {whole}",
        "plain": "segment_sum(places, copies, record.price, '2026-06-01', '2026-07-01', 'none')",
        "thirty": "segment_sum(places, copies, record.price, '2026-06-01', '2026-07-01', '30/360')",
    }
    fields = [{"name": name, **made, "formula": text} for name, text in sums.items()]
    number = {"kind": "calculated", "result": "number"}
    fields.append(
        {"name": "twice", **number, "formula": f"segment_sum(places, doubled, 1, {whole}"}
    )
    doubled = {"name": "doubled", **number, "formula": "copies * 2"}
    client.define(
        TARIFF | {"fields": [*TARIFF["fields"][:2], *fields]},
        PLACE | {"fields": [*PLACE["fields"], doubled]},
    )
    path = f"/api/records/tariff/{tariff}"
    read = client.get(path).json()
    # 100 x 14/30 + 105 x 10/30 + 3 x 105 x 6/30
    due = {"due": "144.67", "behind": "144.67", "plain": "100.00", "thirty": "144.67"}
    assert {name: read[name]["amount"] for name in due} == due
    assert read["twice"] == "2.80"  # 2 x 24/30 + 6 x 6/30
    assert client.get(path, as_of="2027-01-01").json()["due"]["amount"] == "144.67"
    assert [r["id"] for r in client.rows("/api/records/tariff", where="due == 144.67")] == [tariff]
    raised["price"]["amount"] = "110.00"
    assert client.patch(f"{path}?as_of=2026-06-20", raised).status == 200
    # 100 x 14/30 + 105 x 5/30 + 110 x 5/30 + 3 x 110 x 6/30
    assert client.get(path).json()["due"]["amount"] == "148.50"
    assert client.get(f"{path}/why", field="due").json()["value"]["amount"] == "148.50"


CIRCLE: tuple[dict[str, Any], ...] = (
    {"kind": "object", "name": "reader", "title": "{name}", "fields": [
        {"name": "name", "kind": "text"},
        {"name": "fee", "kind": "number", "scale": 2, "dated": True},
        {"name": "branch", "kind": "lookup", "to": "branch", "inverse": "readers", "dated": True},
        {"name": "shared", "kind": "calculated", "result": "number",
         "formula": "segment_sum(circles, 1, 30, '2026-06-01', '2026-07-01', 'actual_period')"}]},
    {"kind": "object", "name": "branch", "title": "{name}", "fields": [
        {"name": "name", "kind": "text"},
        {"name": "starts", "kind": "date"},
        {"name": "june", "kind": "calculated", "result": "number",
         "formula": "segment_sum(readers, 1, fee, record.starts, record.starts + months(1),"
         " 'actual_period')"}]},
    {"kind": "object", "name": "circle", "title": "{name}", "fields": [
        {"name": "name", "kind": "text"},
        {"name": "members", "kind": "multi_lookup", "to": "reader", "inverse": "circles",
         "dated": True},
        {"name": "june", "kind": "calculated", "result": "number",
         "formula": "segment_sum(members, 1, fee, '2026-06-01', '2026-07-01', 'actual_period')"},
        {"name": "heads", "kind": "calculated", "result": "number",
         "formula": "segment_sum(members, 1, 30, '2026-06-01', '2026-07-01', 'actual_period')"}]},
)  # fmt: skip


def test_links_that_hold_for_a_time(client: Client) -> None:
    client.define(*CIRCLE)
    north, south = (
        client.made("branch", name=name, starts="2026-06-01")["id"] for name in ("North", "South")
    )
    ann, bob = (
        client.made("reader", name=name, fee="30", branch=north)["id"] for name in ("Ann", "Bob")
    )
    readers = "/api/records/reader"
    # Bob pays 60 from the 16th on; Ann goes south on the 21st.
    assert client.patch(f"{readers}/{bob}?as_of=2026-06-16", {"fee": "60"}).status == 200
    assert client.patch(f"{readers}/{ann}?as_of=2026-06-21", {"branch": south}).status == 200
    branches = {b["name"]: b["june"] for b in client.rows("/api/records/branch")}
    assert branches == {"North": "65.00", "South": "10.00"}  # 20 + 15 + 30, and 10
    days = {"from": "2026-06-11", "until": "2026-06-26"}
    links = [ann, {"id": bob, **days}]
    circle = client.made("circle", name="C", members=links)
    none = client.made("circle", name="None")
    assert none["june"] == "0.00"
    # Ann for the month, Bob for 5 days at 30 and 10 at 60.
    read = client.get(f"/api/records/circle/{circle['id']}").json()
    assert (read["june"], read["heads"]) == ("55.00", "45.00")
    shared = {r["name"]: r["shared"] for r in client.rows(readers)}
    assert shared == {"Ann": "30.00", "Bob": "15.00"}
    found = client.rows("/api/records/circle", where="heads == 45", as_of="2026-06-27")
    assert [(r["name"], len(r["members"])) for r in found] == [("C", 1)]
    # Records that hold on all days, asked for by what changes.
    reply = client.get("/api/segments/reader", price="fee", branch=north, **JUNE)
    assert reply.status == 200, reply.text
    (line,) = reply.json()["data"]
    segments = [(s["days"], s["quantity"], s["price"], s["amount"]) for s in line["segments"]]
    assert segments == [
        (15, "2", "30.00", "30.00"), (5, "1", "30.00", "5.00"), (15, "1", "60.00", "30.00"),
    ]  # fmt: skip
    asked_ = client.get("/api/segments/reader", group="branch.name", **JUNE).json()
    assert [(one["group"]["branch.name"], one["amount"]) for one in asked_["data"]] == [
        ("North", "1.66"), ("South", "0.33"),
    ]  # fmt: skip


REFUSED: list[tuple[dict[str, str], str]] = [
    ({"from": ""}, "`from` must be a date"),
    ({"until": "2026-06-01"}, "must be after"),
    ({"until": "2046-06-01"}, "at most 10 years"),
    ({"convention": "actual"}, "actual_period, actual_month"),
    ({"price": "tariff.prise"}, "no field `prise`"),
    ({"price": "shelf"}, "not a number"),
    ({"price": "1e999999"}, "no field `1e999999`"),
    ({"quantity": "copise"}, "copies"),
    ({"split": "day"}, "week, month"),
    ({"as_of": "2026-06-01"}, "cannot be used with segments"),
    ({"group": "a,b,c"}, "at most 2"),
    ({"scale": "9"}, "0 to 6"),
    ({"nothing": "1"}, "no field or parameter"),
]


@pytest.mark.parametrize("engine_url", ["sqlite"], indirect=True)
def test_what_is_not_understood(client: Client, tariff: str) -> None:
    for query, said in REFUSED:
        reply = client.get("/api/segments/place", **{**JUNE, **query})
        assert reply.status == 400 and said in reply.text, reply.text
    reply = client.get("/api/segments/tariff", **JUNE)
    assert reply.status == 400 and "have no dates" in reply.text
    assert asked(client, price="tariff.price")["totals"][0]["amount"] == "475.00"
    reply = client.get("/api/segments/tariff", price="price", **JUNE)
    assert reply.json()["totals"] == [{"amount": "50.00", "currency": "EUR"}]
    assert client.get("/api/segments/shelf", **JUNE).status == 404
    last = {"from": "9999-01-01", "until": "9999-12-31", "split": "month"}
    assert len(asked(client, price="1", **last)["data"][0]["segments"]) == 12
