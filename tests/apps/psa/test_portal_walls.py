"""A customer's person reaches nothing of another customer by any address; invites colleagues."""

from __future__ import annotations

import re
from typing import Any

import pytest

from fluvial.events.jobs import run_pending
from fluvial.http.routes import ENDPOINT
from tests.app import PASSWORD, Client
from tests.apps.psa.books import Books, gbp
from tests.conversations.offers import press

CANARY = "Zanzibar"
pytestmark = pytest.mark.parametrize("product", ["sqlite"], indirect=True)
Ids = list[tuple[str, str]]


def work(books: Books) -> None:
    while run_pending(books.engine):
        pass


def everything(books: Books) -> Ids:
    """What a customer has: asked for, ordered, made, changed and invoiced. Each says its name."""
    account, name = books.account, {"name": CANARY}
    books.change("account", account, **name)
    contact = books.made("contact", account=account, email=f"z{books.at}@z.example", **name)
    site = books.made("site", account=account, **name)
    asset = books.made("asset", account=account, serial=f"{CANARY}{books.at}", **name)
    ticket = books.made("ticket", subject=CANARY, account=account, contact=contact)
    lead = books.made("lead", person=CANARY, company=CANARY, account=account)
    chance = books.made("opportunity", account=account, **name)
    product = books.made("product", code=f"Z{books.at}", behaviour="recurring",
                         price=gbp("10.00"), **name)  # fmt: skip
    quote = books.made("quote", account=account, contact=contact, **name)
    line = books.made("quote_line", quote=quote, product=product, starts="2026-06-01")
    work(books)
    books.act("quote", quote, "send")
    reply = books.client.post(f"/api/records/quote/{quote}/links", {"link": "accept_quote"})
    path = re.sub(r"^https?://[^/]+", "", reply.json()["href"])
    assert press(Client(books.client.app), path, None, signer=CANARY).status == 200
    work(books)
    made: Ids = [
        ("account", account), ("contact", contact), ("site", site), ("asset", asset),
        ("ticket", ticket), ("lead", lead), ("opportunity", chance), ("quote", quote),
        ("quote_line", line),
    ]  # fmt: skip
    for object_name, where in (
        ("sales_order", f"account == '{account}'"),
        ("order_line", f"sales_order.account == '{account}'"),
        ("contract", f"account == '{account}'"),
        ("contract_line", f"contract.account == '{account}'"),
    ):
        rows = books.client.rows(f"/api/records/{object_name}", where=where)
        made += [(object_name, one["id"]) for one in rows]
    contract = made[-2][1]
    amendment = books.made("amendment", contract=contract, kind="price", reason=CANARY,
                           effective="2026-07-01")  # fmt: skip
    books.lines = [made[-1][1]]
    invoice = books.billed("2026-06-01")
    books.act("invoice", invoice["id"], "issue")
    receipt = books.made("receipt", account=account, payer=CANARY, amount=gbp("1.00"))
    call = books.made("phone_call", call_id=CANARY, number="+442079460018", account=account)
    charges = [("charge", one["id"]) for one in books.charges()]
    return [*made, ("amendment", amendment), ("invoice", invoice["id"]), ("receipt", receipt),
            ("phone_call", call), *charges]  # fmt: skip


def person_of(books: Books, role: str = "customer_contact") -> Client:
    email = f"jane{books.at}@harrow.example"
    contact = books.made("contact", name="Jane", email=email, account=books.account)
    books.made("user", email=email, name="Jane", roles=[role], contact=contact, password=PASSWORD)
    return books.client.signed_in(email, PASSWORD)


def test_nothing_of_another_customer_is_reached_by_any_address(books: Books) -> None:
    theirs = everything(Books(books.client, books.engine))
    jane = person_of(books)
    own = books.made("ticket", subject="Own", account=books.account)
    assert jane.get(f"/api/records/ticket/{own}").status == 200  # the walls have a door
    reads = [one for one in books.engine.brought(ENDPOINT) if one.method == "GET"]
    asked = 0
    for object_name in sorted({name for name, _ in theirs}):
        for route in (one for one in reads if re.findall(r"{(\w+)}", one.path) == ["object"]):
            for query in ("", f"?search={CANARY}", f"?q={CANARY}"):
                reply = jane.get(route.path.replace("{object}", object_name) + query)
                said = reply.body.replace(f"{query[query.find('=') + 1 :]}".encode(), b"", 0)
                shown = said.decode(errors="replace")
                if query:  # the page says what was looked for
                    shown = re.sub(rf'[=>"“]\s*{CANARY}', "", shown)
                assert reply.status < 500 and CANARY not in shown, (route.path, query)
                asked += 1
    for object_name, id in theirs:
        for route in (one for one in reads if re.findall(r"{(\w+)}", one.path) == ["object", "id"]):
            path = route.path.replace("{object}", object_name).replace("{id}", id)
            reply = jane.get(path)
            refused = reply.status in (303, 400, 403, 404, 405)
            assert refused or reply.body == b'{"data":[]}', (path, reply.status)
            assert CANARY not in reply.text + str(reply.headers)
            asked += 1
    for path in ("/", "/work", f"/api/search?q={CANARY}", "/api/notifications", "/api/work"):
        assert CANARY not in re.sub(rf"q={CANARY}", "", jane.get(path).text), path
    assert asked > 300


def test_a_customers_admin_invites_colleagues_and_nobody_else(books: Books) -> None:
    admin = person_of(books, "customer_admin")
    other = Books(books.client, books.engine)
    stranger = f"eve{other.at}@castle.example"
    books.made("contact", name="Eve", email=stranger, account=other.account)
    known = f"bob{books.at}@harrow.example"
    made = admin.post("/api/records/contact", {"name": "Bob", "email": known,
                                               "account": books.account})  # fmt: skip
    assert made.status == 201, made.text

    def invited(email: str, *roles: str, **more: Any) -> int:
        body = {"email": email, "name": "New", "roles": list(roles), **more}
        return admin.post("/api/records/user", body).status

    assert invited(known, "customer_contact") == 201
    (bob,) = admin.rows("/api/records/user", where=f"email == '{known}'")
    assert bob["contact"] == made.json()["id"]
    assert admin.get("/colleagues").status == 200
    path = f"/api/people/{bob['id']}/invitation"
    assert admin.post(path, {"mail": False}).status in (200, 201)
    for email, roles in (
        (stranger, ["customer_contact"]),  # of another customer
        (f"nobody{books.at}@harrow.example", ["customer_contact"]),  # of none
        (f"x{known}", ["technician"]),  # with more than one has
    ):
        assert invited(email, *roles) in (403, 404, 409, 422), email
    names = {one["email"] for one in admin.rows("/api/records/user", limit="100")}
    assert stranger not in names and known in names
    assert admin.patch(f"/api/records/user/{bob['id']}", {"active": False}).status == 200
    elsewhere = {"name": "Spy", "account": other.account}
    assert admin.post("/api/records/contact", elsewhere).status in (403, 404, 422)
