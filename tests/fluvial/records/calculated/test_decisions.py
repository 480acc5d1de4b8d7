"""Decisions: the most specific row that fits and is in force wins, and rows never tie."""

from __future__ import annotations

from typing import Any

import pytest

from tests.app import Client, Documents
from tests.fluvial.tables import sent

HALL: dict[str, Any] = {
    "kind": "object", "name": "hall", "title": "{name}",
    "fields": [{"name": "name", "kind": "text", "required": True}],
}  # fmt: skip
CLUB: dict[str, Any] = {
    "kind": "object", "name": "club", "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text", "required": True},
        {"name": "home", "kind": "lookup", "to": "hall"},
    ],
}  # fmt: skip
USES = [{"name": "concert"}, {"name": "training"}]
TARIFF: dict[str, Any] = {
    "kind": "object", "name": "tariff", "title": "{name}", "label": "Tariff",
    "dated": {"from": "starts", "until": "ends", "per": ["name"]},
    "fields": [
        {"name": "name", "kind": "text", "required": True},
        {"name": "club", "kind": "lookup", "to": "club"},
        {"name": "hall", "kind": "lookup", "to": "hall"},
        {"name": "use", "kind": "choice", "options": USES},
        {"name": "starts", "kind": "date", "required": True},
        {"name": "ends", "kind": "date"},
        {"name": "fee", "kind": "number", "scale": 2},
    ],
}  # fmt: skip
BOOKING: dict[str, Any] = {
    "kind": "object", "name": "booking", "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text", "required": True},
        {"name": "club", "kind": "lookup", "to": "club"},
        {"name": "hall", "kind": "lookup", "to": "hall"},
        {"name": "use", "kind": "choice", "options": USES},
        {"name": "day", "kind": "date"},
        {"name": "hours", "kind": "number", "scale": 2},
        {"name": "tariff", "kind": "calculated", "result": "lookup", "to": "tariff",
         "formula": "decide(price)"},
        {"name": "cost", "kind": "calculated", "result": "number", "scale": 2,
         "formula": "hours * tariff.fee"},
        {"name": "fee_now", "kind": "calculated", "result": "number", "scale": 2,
         "formula": "decide(present_price).fee"},
    ],
}  # fmt: skip
PRICE: dict[str, Any] = {
    "kind": "decision", "name": "price", "object": "tariff", "inputs": ["club", "hall", "use"],
    "day": "day",
    "for": {"booking": {"club": "club", "hall": "coalesce(hall, club.home)", "use": "use"}},
}  # fmt: skip
PRESENT = {**PRICE, "name": "present_price"}
del PRESENT["day"]
ALL = (HALL, CLUB, TARIFF, BOOKING, PRICE, PRESENT)


@pytest.fixture
def documents() -> Documents:
    return ALL


class Town:
    """Two halls, a club at home in the first, and tariffs for them."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.ids: dict[str, str] = {}
        for name in ("Old", "New"):
            self.ids[name] = client.made("hall", name=name)["id"]
        self.ids["Choir"] = client.made("club", name="Choir", home=self.ids["Old"])["id"]
        self.tariff("any", fee="10")
        self.tariff("concerts", use="concert", fee="20")
        self.tariff("new hall", hall="New", fee="30")
        self.tariff("choir", club="Choir", fee="5", ends="2026-07-01")
        self.tariff("choir concerts", club="Choir", use="concert", fee="4", starts="2026-03-01")

    def body(self, values: dict[str, Any]) -> dict[str, Any]:
        return {k: self.ids.get(v, v) if k in ("hall", "club") else v for k, v in values.items()}

    def tariff(self, name: str, **values: Any) -> None:
        body = {"name": name, "starts": "2026-01-01", **self.body(values)}
        self.ids[name] = self.client.made("tariff", **body)["id"]

    def book(self, **values: Any) -> str:
        made = self.client.made("booking", name="B", hours="2", **self.body(values))
        return str(made["id"])

    def won(self, booking: str) -> list[Any]:
        found = self.client.get(f"/api/records/booking/{booking}").json()
        names = {id: name for name, id in self.ids.items()}
        return [names.get(found["tariff"]), found["cost"]]

    def change(self, tariff: str, **values: Any) -> Any:
        return self.client.patch(f"/api/records/tariff/{self.ids[tariff]}", self.body(values))


def test_the_most_specific_row_in_force_wins(client: Client) -> None:
    town = Town(client)
    expected: list[tuple[dict[str, Any], list[Any]]] = [
        ({"day": "2026-02-01"}, ["any", "20.00"]),
        ({"day": "2026-02-01", "use": "training"}, ["any", "20.00"]),
        ({"day": "2026-02-01", "use": "concert"}, ["concerts", "40.00"]),
        ({"day": "2026-02-01", "use": "concert", "hall": "New"}, ["new hall", "60.00"]),
        ({"day": "2026-02-01", "use": "concert", "hall": "Old"}, ["concerts", "40.00"]),
        ({"day": "2026-02-01", "use": "concert", "club": "Choir"}, ["choir", "10.00"]),
        ({"day": "2026-03-01", "use": "concert", "club": "Choir"}, ["choir concerts", "8.00"]),
        ({"day": "2026-06-30", "club": "Choir", "hall": "New"}, ["choir", "10.00"]),
        ({"day": "2026-07-01", "club": "Choir", "hall": "New"}, ["new hall", "60.00"]),
        ({"day": "2025-12-31", "use": "concert"}, [None, None]),
        ({"use": "concert"}, [None, None]),  # of no day no row is in force
    ]
    for values, won in expected:
        assert town.won(town.book(**values)) == won, values
    rows = client.rows("/api/records/booking", where="tariff.name == 'new hall'")
    assert len(rows) == 2
    rows = client.rows("/api/records/booking", where="decide(price).fee == 30")
    assert len(rows) == 2


def test_records_follow_the_rows_and_their_own_inputs(client: Client) -> None:
    town = Town(client)
    booking = town.book(day="2026-02-01", club="Choir", use="concert")
    assert town.won(booking) == ["choir", "10.00"]
    assert town.change("choir", fee="6").status == 200
    assert town.won(booking) == ["choir", "12.00"]
    assert town.change("choir concerts", starts="2026-02-01").status == 200
    assert town.won(booking) == ["choir concerts", "8.00"]
    path = f"/api/records/tariff/{town.ids['choir concerts']}"
    assert client.delete(path).status == 204
    assert town.won(booking) == ["choir", "12.00"]
    assert client.post(f"{path}/restore").status == 200
    assert town.won(booking) == ["choir concerts", "8.00"]
    town.tariff("choir at home", club="Choir", hall="Old", fee="1")
    assert town.won(booking) == ["choir at home", "2.00"]
    club = f"/api/records/club/{town.ids['Choir']}"
    assert client.patch(club, {"home": town.ids["New"]}).status == 200
    assert town.won(booking) == ["choir concerts", "8.00"]
    assert client.patch(f"/api/records/booking/{booking}", {"club": None}).status == 200
    assert town.won(booking) == ["concerts", "40.00"]


def test_rows_that_would_tie_are_refused(client: Client) -> None:
    town = Town(client)

    def refused(reply: Any, named: str) -> None:
        assert reply.status == 422, reply.text
        assert named in reply.text, reply.text
        assert "more specific" in reply.text

    body = {"name": "again", "starts": "2026-05-01", "club": town.ids["Choir"]}
    refused(client.post("/api/records/tariff", body), "choir (from 2026-01-01")
    later = {**body, "starts": "2026-07-01"}
    made = client.post("/api/records/tariff", later)
    assert made.status == 201, made.text
    town.ids["later"] = made.json()["id"]
    refused(town.change("later", starts="2026-06-30"), "choir")
    refused(town.change("choir", ends=None), "again")
    refused(town.change("concerts", use=None), "every input is empty: any")
    refused(client.post("/api/records/tariff", {"name": "x", "starts": "2020-01-01"}), "any")
    # In the bin it is in nobody's way; back again it is.
    path = f"/api/records/tariff/{town.ids['choir']}"
    assert client.delete(path).status == 204
    assert town.change("later", starts="2026-02-01").status == 200
    reply = client.post(f"{path}/restore")
    assert reply.status == 409 and "again" in reply.text, reply.text


def test_a_batch_is_judged_by_what_its_rows_become_together(client: Client) -> None:
    town = Town(client)
    swap = [
        {"id": town.ids["concerts"], "use": "training"},
        {"id": town.ids["any"], "use": "concert"},
    ]
    reply = client.call("PATCH", "/api/records/tariff", swap)
    if reply.status == 405:
        reply = client.post("/api/records/tariff/batch", swap)
    assert reply.status == 200, reply.text
    two = [{"name": n, "starts": "2026-01-01", "hall": town.ids["Old"]} for n in ("a", "b")]
    reply = client.post("/api/records/tariff", two)
    assert reply.status == 422, reply.text
    assert "more specific" in reply.text


def test_an_import_is_told_which_rows_tie(client: Client) -> None:
    town = Town(client)
    head = "name,starts,ends,use,fee\n"
    reply = sent(client, "tariff", head + "x,2026-05-01,,concert,1\ny,2026-05-01,,training,2\n")
    assert reply.status == 422, reply.text
    assert [one["row"] for one in reply.json()["errors"]] == [2]
    assert "concerts (from 2026-01-01" in reply.text
    reply = sent(client, "tariff", head + "x,2026-05-01,,training,1\ny,2026-06-01,,training,2\n")
    assert reply.status == 422 and "more specific" in reply.text, reply.text
    assert town.change("concerts", ends="2026-05-01").status == 200
    reply = sent(client, "tariff", head + "x,2026-05-01,,concert,1\ny,2026-05-01,,training,2\n")
    assert reply.status == 200, reply.text


def test_a_decision_is_refused_whose_rows_tie_already(client: Client) -> None:
    town = Town(client)
    narrow = {**PRICE, "name": "narrow", "inputs": ["use"], "for": {"booking": {"use": "use"}}}
    reply = client.post("/api/meta/changes", {"documents": [narrow]})
    assert reply.status == 409, reply.text
    assert "`narrow` tie" in reply.text and "same day" in reply.text
    plain = {**BOOKING, "name": "note", "fields": [BOOKING["fields"][0]]}
    client.define(plain)
    for name in ("a", "b", "b"):
        made = client.made("note", name=name)
    asked = {"kind": "decision", "name": "noted", "object": "note", "inputs": ["name"],
             "for": {"booking": {"name": "name"}}}  # fmt: skip
    reply = client.post("/api/meta/changes", {"documents": [asked]})
    assert reply.status == 409 and "b and b" in reply.text, reply.text
    assert client.delete(f"/api/records/note/{made['id']}").status == 204
    client.define(asked)
    # Rows in turn do not tie: each begins when the one before has ended.
    for name in ("new hall", "choir", "choir concerts", "any"):
        assert client.delete(f"/api/records/tariff/{town.ids[name]}").status == 204
    assert town.change("concerts", ends="2026-05-01").status == 200
    town.tariff("later concerts", use="concert", starts="2026-05-01")
    client.define(narrow)


FAULTS: list[tuple[dict[str, Any], str, str]] = [
    ({"object": "tarif"}, "/object", "unknown_object"),
    ({"inputs": ["club", "halls"]}, "/inputs/1", "unknown_field"),
    ({"inputs": []}, "/inputs", ""),
    ({"inputs": ["club", "club"]}, "/inputs", ""),
    ({"day": "name"}, "/for/booking", "expression"),
    ({"day": "days"}, "/day", "expression"),
    ({"day": {"club": "today()"}}, "/day/club", "unknown_subject"),
    ({"for": {"bookings": {}}}, "/for/bookings", "unknown_object"),
    ({"for": {"booking": {"fee": "hours"}}}, "/for/booking/fee", "unknown_input"),
    ({"for": {"booking": {"club": "hall"}}}, "/for/booking", "expression"),
    ({"for": {"booking": {"club": "clubs"}}}, "/for/booking/club", "expression"),
    ({"for": {"booking": {"club": "tariff.club"}}}, "", "circle"),
    ({"for": {"booking": {"club": "decide(price).club"}}}, "/for/booking/club", "expression"),
    ({"object": "hall", "inputs": ["name"], "for": {"booking": {"name": "name"}}}, "/day",
     "not_dated"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "pointer", "code"), FAULTS, ids=lambda one: str(one)[:40])
def test_faults_are_told_when_it_is_saved(
    client: Client, change: dict[str, Any], pointer: str, code: str
) -> None:
    reply = client.post("/api/meta/changes", {"documents": [{**PRICE, **change}]})
    assert reply.status == 422, reply.text
    found = [(one["pointer"], one["code"]) for one in reply.json()["errors"]]
    places = [place for place, other in found if code in ("", other)]
    assert any(place.startswith(f"/decision/price{pointer}") or not pointer for place in places), (
        found
    )
    if code == "circle":
        assert "booking.tariff -> booking.tariff" in reply.text, reply.text
