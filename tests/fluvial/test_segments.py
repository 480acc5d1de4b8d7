"""Segments through the API: places on shelves that come and go, at prices that change."""

from __future__ import annotations

from typing import Any

import pytest

from fluvial.engine import Engine
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
    # One formula cannot follow them, and says who can.
    formula = "segment_sum(places, 1, record.price, '2026-06-01', '2026-07-01', 'none')"
    field = {"name": "due", "kind": "calculated", "result": "money", "currency": "EUR"}
    refused = client.post(
        "/api/meta/changes",
        {
            "documents": [
                TARIFF | {"fields": [*TARIFF["fields"][:2], {**field, "formula": formula}]}
            ]
        },
    )
    assert refused.status == 422 and "/api/segments" in refused.text


REFUSED: list[tuple[dict[str, str], str]] = [
    ({"from": ""}, "`from` is a date"),
    ({"until": "2026-06-01"}, "has to be after"),
    ({"until": "2046-06-01"}, "at most 10 years"),
    ({"convention": "actual"}, "actual_period, actual_month"),
    ({"price": "tariff.prise"}, "no field `prise`"),
    ({"price": "shelf"}, "no number"),
    ({"price": "1e999999"}, "no field `1e999999`"),
    ({"quantity": "copise"}, "copies"),
    ({"split": "day"}, "week, month"),
    ({"as_of": "2026-06-01"}, "does not go with segments"),
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
    assert reply.status == 400 and "only objects that are dated" in reply.text
    assert client.get("/api/segments/shelf", **JUNE).status == 404
    last = {"from": "9999-01-01", "until": "9999-12-31", "split": "month"}
    assert len(asked(client, price="1", **last)["data"][0]["segments"]) == 12
