"""Fields that hold expressions: what may be written into them, and what they give in rules."""

from __future__ import annotations

import re
from typing import Any

import pytest

from metamodel.document_files import parse_documents
from tests.app import PASSWORD, Client, Documents
from tests.house.test_tree import ROOT
from tests.rules.house import House, rule

Json = dict[str, Any]


def expression(name: str, **options: Any) -> Json:
    return {"name": name, "kind": "text", "format": "expression", "over": "booking", **options}


TARIFF: Json = {
    "kind": "object",
    "name": "tariff",
    "label": "Tariff",
    "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text", "required": True},
        expression("fee", label="Fee"),
        expression("applies", result="boolean"),
        expression("says", result="text", max_length=60),
        {"name": "house_cost", "kind": "number", "scale": 2},
    ],
}
GUEST: Json = {
    "kind": "object",
    "name": "guest",
    "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text"},
        {"name": "discount", "kind": "number", "scale": 0},
    ],
}
BOOKING: Json = {
    "kind": "object",
    "name": "booking",
    "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text"},
        {"name": "tariff", "kind": "lookup", "to": "tariff", "inverse": "bookings"},
        {"name": "guest", "kind": "lookup", "to": "guest", "inverse": "bookings"},
        {"name": "nights", "kind": "number", "scale": 0},
        {"name": "secret", "kind": "number", "scale": 0},
        {"name": "fee", "kind": "number", "scale": 2},
        {"name": "applies", "kind": "boolean"},
        {"name": "said", "kind": "text"},
    ],
}
PRICE = rule(
    "price_of_booking",
    {"object": "booking", "event": ["created", "updated"]},
    {
        "set": {
            "fee": "evaluate(tariff.fee)",
            "applies": "evaluate(tariff.applies) and evaluate(tariff.fee) * 2 >= 0",
            "said": "evaluate(tariff.says)",
        }
    },
    phase="before_save",
)
CLERK: Json = {
    "kind": "role",
    "name": "clerk",
    "label": "Clerk",
    "grants": [
        {"object": "tariff", "can": ["read", "create", "update"]},
        {"object": "guest", "can": ["read"], "where": "name == 'Ann'"},
        {"object": "booking", "can": ["read", "create", "update"], "fields": {"secret": "none"}},
    ],
}


@pytest.fixture
def documents() -> Documents:
    return (GUEST, TARIFF, BOOKING, PRICE, CLERK)


def refused(client: Client, **values: str) -> Json:
    reply = client.post("/api/records/tariff", {"name": "T", **values})
    assert reply.status == 422, reply.text
    (error,) = reply.json()["errors"]
    found: Json = error
    return found


def test_a_record_holds_expressions_and_rules_evaluate_them(house: House) -> None:
    client = house.client
    bad = refused(client, fee="nights * wrong")
    assert bad["pointer"] == "/fee" and bad["code"] == "expression"
    assert "`wrong`" in bad["message"] and "column 10" in bad["message"]
    assert "number" in refused(client, applies="nights + 1")["message"]
    assert "collection" in refused(client, fee="guest.bookings")["message"]
    assert "rules on" in refused(client, fee="evaluate(tariff.fee)")["message"]
    assert refused(client, fee="was(nights)")["code"] == "expression"
    assert refused(client, says="'x' & '" + "y" * 60 + "'")["code"] == "too_long"

    tariff = client.made(
        "tariff",
        name="Summer",
        fee="nights * 12.5 * (1 - coalesce(guest.discount, 0) / 100)",
        applies="nights > 2 and count(guest.bookings, nights != null) < 1",
        says="text(nights) & ' nights'",
    )
    guest = client.made("guest", name="Ann", discount="10")
    one = client.made("booking", tariff=tariff["id"], guest=guest["id"], nights="3")
    assert (one["fee"], one["applies"], one["said"]) == ("33.75", True, "3 nights")
    path = f"/api/records/booking/{one['id']}"
    assert client.patch(path, {"nights": "4"}).json()["fee"] == "45.00"
    two = client.made("booking", tariff=tariff["id"], guest=guest["id"], nights="5")
    assert two["applies"] is False  # the guest has another one
    assert client.made("booking", nights="5")["fee"] is None  # there is nothing to evaluate

    # What is not a number is refused where a number is needed, with its place.
    words = client.made("tariff", name="Words", fee="'much'")
    reply = client.post("/api/records/booking", {"tariff": words["id"], "nights": "1"})
    assert reply.status == 422 and "`'much'` in Fee (tariff)" in reply.json()["detail"]


def test_nobody_writes_or_learns_what_their_roles_hide(house: House) -> None:
    client = house.client
    house.person("clerk@example.com", "clerk")
    reply = client.post(
        "/api/records/tariff", {"name": "All", "fee": "secret", "says": "guest.name"}
    )
    assert reply.status == 201  # who may read it
    hidden = reply.json()
    guests = [client.made("guest", name=name) for name in ("Ann", "Bob")]
    counted = client.made("tariff", name="Count", fee="count(guest.bookings)")
    clerk = signed_in(house, "clerk@example.com")
    assert "`secret`" in refused(clerk, fee="secret + 1")["message"]
    # Of Bob, whom the clerk may not see, an expression tells the clerk nothing.
    for guest, said, count in ((guests[0], "Ann", "2.00"), (guests[1], None, None)):
        named = client.made("booking", tariff=hidden["id"], guest=guest["id"], nights="1")
        tallied = client.made("booking", tariff=counted["id"], guest=guest["id"], nights="1")
        assert (named["said"], tallied["fee"]) == (guest["name"], "1.00")
        path = "/api/records/booking/"
        assert clerk.patch(f"{path}{named['id']}", {"nights": "2"}).json()["said"] == said
        counted_now = clerk.patch(f"{path}{tallied['id']}", {"nights": "2"}).json()["fee"]
        assert counted_now == (count or "0.00")


def signed_in(house: House, email: str) -> Client:
    (user,) = house.client.rows("/api/records/user", where=f"email == '{email}'")
    reply = house.client.patch(f"/api/records/user/{user['id']}", {"password": PASSWORD})
    assert reply.status == 200, reply.text
    return house.client.signed_in(email, PASSWORD)


def test_places_without_a_record_refuse_evaluate_and_say_where_it_works(house: House) -> None:
    places = [
        {**BOOKING, "fields": [*BOOKING["fields"], {
            "name": "now", "kind": "calculated", "result": "number",
            "formula": "evaluate(tariff.fee, 'number')"}]},
        {"kind": "view", "name": "v", "object": "booking", "where": "evaluate(tariff.applies)"},
        rule("r", {"object": "booking", "button": "Press"},
             {"update": {"set": {"fee": "evaluate(tariff.fee)"}}}),
        rule("r", {"object": "tariff", "event": "created"},
             {"update": {"set": {"name": "evaluate(says)"}}}),
        rule("r", {"object": "booking", "event": "created"},
             {"update": {"set": {"fee": "evaluate(name)"}}}),
        rule("r", {"object": "booking", "event": "created"},
             {"update": {"set": {"fee": "evaluate(tariff.fee) + evaluate(tariff.fee)"}}}),
        rule("r", {"object": "booking", "event": "created"},
             {"update": {"set": {"fee": "evaluate(tariff.says, 'number')"}}}),
        {**GUEST, "fields": [{"name": "name", "kind": "text", "over": "guest"}]},
        {**GUEST, "fields": [{"name": "name", "kind": "text", "format": "expression"}]},
    ]  # fmt: skip
    said = []
    for document in places:
        reply = house.client.post("/api/meta/changes", {"documents": [document]})
        assert reply.status == 422, (document, reply.text)
        said.append(reply.json()["errors"][0]["message"])
    assert "only in rules on created and changed records" in said[0]
    assert "only in rules" in said[1] and "only in rules" in said[2]
    assert "over booking, not over tariff" in said[3]
    assert "not an expression of a record" in said[4]
    assert "evaluate(field, 'number')" in said[5]
    assert "give a text" in said[6]
    assert "expressions only" in said[7] and "`over` is missing" in said[8]


def test_fields_that_expressions_of_records_name_stay(house: House) -> None:
    client = house.client
    client.made("tariff", name="A", fee="nights * 3")
    client.made("tariff", name="B", fee="nights * 3")
    client.made("tariff", name="C", fee="secret")
    fields = [one for one in BOOKING["fields"] if one["name"] != "nights"]
    change = {"documents": [{**BOOKING, "fields": fields}]}
    reply = client.post("/api/meta/changes", change)
    assert reply.status == 409, reply.text
    assert reply.json()["uses"] == ["2 records of tariff with fee: nights * 3"]
    plan = client.post("/api/meta/changes?plan=true&force=true", change)
    assert plan.status == 200, plan.text
    (left,) = [one for one in plan.json()["operations"] if one["op"] == "strand_expressions"]
    assert (left["target"], left["rows"]) == ("tariff.fee", 2)
    # A number that becomes a text would not multiply any more.
    text = {"name": "nights", "kind": "text"}
    words = [text if one["name"] == "nights" else one for one in BOOKING["fields"]]
    reply = client.post("/api/meta/changes", {"documents": [{**BOOKING, "fields": words}]})
    assert reply.status == 409 and "nights * 3" in reply.text
    # With force it goes, and the expression that is not valid any more says so when it is needed.
    assert client.post("/api/meta/changes?force=true", change).status == 200
    (stale,) = client.rows("/api/records/tariff", where="name == 'A'")
    reply = client.post("/api/records/booking", {"tariff": stale["id"]})
    assert reply.status == 422 and "`nights * 3` in Fee (tariff)" in reply.json()["detail"]
    assert client.patch(f"/api/records/tariff/{stale['id']}", {"name": "A2"}).status == 200


def test_the_example_of_the_page_works(house: House) -> None:
    page = (ROOT / "docs" / "expressions.md").read_text()
    part = page.partition("## Expressions in records")[2].partition("\n## ")[0]
    (block,) = re.findall(r"```yaml\n(.*?)```", part, re.DOTALL)
    house.define(*parse_documents(block.replace("name: tariff\nlabel", "name: fare\nlabel")
                                  .replace("to: tariff", "to: fare")))  # fmt: skip
    fare = house.client.made("fare", name="Day", fee="3.50 + km * 1.80")
    ride = house.client.made("ride", place="Harbour", tariff=fare["id"], km="10")
    assert ride["fee"] == "21.50"
    night = house.client.made("fare", name="Night", fee="km * 3", allowed="km < 50")
    far = house.client.made("ride", place="Hill", tariff=night["id"], km="60")
    assert far["fee"] is None


def test_a_rule_finds_the_one_record_with_a_value(house: House) -> None:
    """Whatever the case, none and several are empty, and nobody finds what they may not read."""
    client = house.client
    fields = [*BOOKING["fields"], {"name": "sender", "kind": "text"}]
    find = rule(
        "who_books",
        {"object": "booking", "event": ["created", "updated"], "fields": ["sender"]},
        {"set": {"guest": "find_by(guest, name, sender)"}},
        phase="before_save",
    )
    client.define({**BOOKING, "fields": fields}, find)
    ann, bob = (client.made("guest", name=name)["id"] for name in ("Ann", "Bob O'Neil"))
    for _ in range(2):
        client.made("guest", name="Twin")
    said = {"ann ": ann, "BOB O'NEIL": bob, "Twin": None, "Nobody": None, "x\\' or 1": None}
    for sender, guest in said.items():
        assert client.made("booking", sender=sender)["guest"] == guest, sender
    house.person("clerk@example.com", "clerk")
    clerk = signed_in(house, "clerk@example.com")
    assert clerk.made("booking", sender="Ann")["guest"] == ann
    assert clerk.made("booking", sender="Bob O'Neil")["guest"] is None
    for value, words in (
        ("find_by(gest, name, sender)", "no object `gest`"),
        ("find_by(guest, nam, sender)", "not a field of guest"),
        ("find_by(booking, tariff, sender)", "no record is found"),
        ("find_by(guest, discount, sender)", "number"),
    ):
        wrong = {**find, "do": [{"set": {"guest": value}}]}
        reply = client.post("/api/meta/changes", {"documents": [wrong]})
        assert reply.status == 422 and words in reply.text, reply.text
