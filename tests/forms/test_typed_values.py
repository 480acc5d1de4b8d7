"""Inputs of pages, web forms and filters read values as the pages of the person write them."""

from __future__ import annotations

from html import unescape
from typing import Any

import pytest

from fluvial.http.app import build_app
from tests.app import Client, Documents, OpenEngine, Prepared
from tests.fluvial.pages.inputs import inputs_of
from tests.fluvial.pages.posting import posted

PART = {"kind": "object", "name": "part", "title": "{name}",
        "fields": [{"name": "name", "kind": "text"}]}  # fmt: skip
THING = {
    "kind": "object",
    "name": "thing",
    "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text", "required": True},
        {"name": "amount", "kind": "number"},
        {"name": "fine", "kind": "number", "scale": 3},
        {"name": "price", "kind": "money", "currency": "EUR"},
        {"name": "fee", "kind": "money"},
        {"name": "spent", "kind": "duration"},
        {"name": "born", "kind": "date"},
        {
            "name": "parts", "kind": "multi_lookup", "to": "part",
            "link_fields": [{"name": "share", "kind": "number", "scale": 3}],
        },
        {"name": "twice", "kind": "calculated", "result": "number", "formula": "amount * 2"},
    ],
}  # fmt: skip
ASKED = {
    "kind": "webform", "name": "thing", "object": "thing", "slug": "thing",
    "spam": {"min_seconds": 0},
    "steps": [
        {"name": "all", "label": "All", "fields": [
            {"field": name} for name in ("name", "amount", "price", "fee", "spent")
        ]},
    ],
}  # fmt: skip


@pytest.fixture
def documents() -> Documents:
    return [PART, THING]


@pytest.fixture
def german(open_engine: OpenEngine, engine_url: str, prepared: Prepared) -> Client:
    """A site whose pages speak German."""
    return Client(build_app(open_engine(locale="de")), prepared.headers(engine_url))


def added(client: Client, **values: str) -> dict[str, Any]:
    reply = posted(client, "/o/thing/new", {"name": "X", **values})
    assert reply.status == 303, reply.text
    record = reply.headers["location"].rpartition("/")[2]
    found: dict[str, Any] = client.get(f"/api/records/thing/{record}").json()
    return found


@pytest.mark.parametrize(
    ("typed", "amount"),
    [("12,5", "12.50"), ("1.234,50", "1234.50"), ("1.234", "1234.00"), ("-7,25", "-7.25"),
     ("1 234,5", "1234.50"), ("0,500", "0.50")],
)  # fmt: skip
def test_a_german_page_reads_numbers_as_it_writes_them(
    german: Client, typed: str, amount: str
) -> None:
    thing = added(german, amount=typed, price=typed, fee=typed, **{"fee.currency": "GBP"})
    assert thing["amount"] == amount
    assert thing["price"] == {"amount": amount, "currency": "EUR"}
    assert thing["fee"] == {"amount": amount, "currency": "GBP"}


@pytest.mark.parametrize(
    ("typed", "chosen", "amount"),
    [("12,50 €", "EUR", "12.50"), ("€ 1.234,50", "EUR", "1234.50"), ("7 EUR", "EUR", "7.00"),
     ("-3 €", "EUR", "-3.00"), ("£7", "GBP", "7.00"), ("12,50 $", "USD", "12.50")],
)  # fmt: skip
def test_the_sign_of_the_currency_may_stand_beside_an_amount(
    german: Client, typed: str, chosen: str, amount: str
) -> None:
    values = {"fee": typed, "fee.currency": chosen} | ({"price": typed} if chosen == "EUR" else {})
    thing = added(german, **values)
    assert thing["fee"] == {"amount": amount, "currency": chosen}
    assert chosen != "EUR" or thing["price"] == thing["fee"]


@pytest.mark.parametrize("typed", ["12 $", "12 USD", "£12", "12 € EUR USD", "12 XYZ"])
def test_the_sign_of_another_currency_is_refused(german: Client, typed: str) -> None:
    for values in ({"price": typed}, {"fee": typed, "fee.currency": "EUR"}):
        assert posted(german, "/o/thing/new", {"name": "X", **values}).status == 422


@pytest.mark.parametrize("typed", ["1,234", "1,000", "12,5,0", "1.23.4", "1,2e3"])
def test_what_a_german_page_would_not_write_is_refused_and_shown_again(
    german: Client, typed: str
) -> None:
    for field in ("amount", "price"):
        reply = posted(german, "/o/thing/new", {"name": "X", field: typed})
        assert reply.status == 422
        assert inputs_of(reply.text, "/o/thing/new")[field] == [typed]
    assert german.rows("/api/records/thing") == []


def test_the_remedy_is_in_the_marks_of_the_page(german: Client) -> None:
    reply = posted(german, "/o/thing/new", {"name": "X", "amount": "1,234"})
    assert "such as 12,50" in reply.text
    reply = posted(german, "/o/thing/new", {"name": "X", "price": "zwölf"})
    assert "such as 12,50" in reply.text


def test_an_english_page_refuses_what_may_be_a_thousand(client: Client) -> None:
    assert posted(client, "/o/thing/new", {"name": "X", "amount": "1.000"}).status == 422
    assert posted(client, "/o/thing/new", {"name": "X", "amount": "12,5"}).status == 422
    assert added(client, amount="1,000")["amount"] == "1000.00"


@pytest.mark.parametrize("locale", ["en", "de", "fr", "sv", "de_CH", "en_IN", "ar", "pt_BR"])
def test_a_page_saved_untouched_changes_nothing_in_any_language(
    open_engine: OpenEngine, engine_url: str, prepared: Prepared, locale: str
) -> None:
    client = Client(build_app(open_engine(locale=locale)), prepared.headers(engine_url))
    part = client.made("part", name="P")
    thing = client.made(
        "thing", name="X", amount="-1234.50", fine="1.250", price="1234567.80", spent=5405,
        fee={"amount": "1.00", "currency": "GBP"}, born="2026-03-05",
        parts=[{"id": part["id"], "share": "1.500"}],
    )  # fmt: skip
    path = f"/o/thing/{thing['id']}/edit"
    sent = inputs_of(client.get(path).text, path)
    assert sent["fine"] == ["1,250" if locale in ("de", "fr", "sv", "pt_BR") else "1.250"]
    assert posted(client, path, sent).status == 303
    assert client.get(f"/api/records/thing/{thing['id']}").json() == thing
    entries = client.rows(f"/api/records/thing/{thing['id']}/history")
    assert len(entries) == 1


def test_a_person_types_in_their_own_language(client: Client) -> None:
    client.define(
        {"kind": "role", "name": "clerk", "label": {"en": "Clerk", "de": "Kraft"},
         "grants": [{"object": "thing", "can": ["read", "create", "update"]}]}
    )  # fmt: skip
    ann = client.person("ann@example.org", "clerk")
    assert posted(ann, "/profile/language", {"language": "de"}).status == 303
    assert added(ann, amount="12,5")["amount"] == "12.50"
    assert 'data-decimal=","' in ann.get("/o/thing/new").text
    assert "data-decimal" not in client.get("/o/thing/new").text


@pytest.mark.parametrize(
    ("typed", "seconds"),
    [("8", 28800), ("1.5", 5400), ("0,75", 2700), ("1:30", 5400), ("90m", 5400)],
)
def test_a_length_that_is_typed_is_never_seconds(client: Client, typed: str, seconds: int) -> None:
    assert added(client, spent=typed)["spent"] == seconds


def test_filters_show_and_take_the_marks_of_the_page(german: Client) -> None:
    added(german, amount="12,5", spent="1:30")
    page = german.get("/o/thing", where="amount >= 12.5 and spent > 3600").text
    assert '"value":"12,50"' in page.replace(" ", "") or '"value":"12,5"' in page.replace(" ", "")
    assert '"value":"1:00"' in page.replace(" ", "")
    assert '"holds":"digits"' in page.replace(" ", "")
    page = german.get("/o/thing", where="twice > 20").text.replace(" ", "")
    assert '"field":"twice"' in page and "20" in page


def test_a_web_form_reads_numbers_as_the_site_writes_them(german: Client) -> None:
    german.define(ASKED)
    visitor = Client(german.app)
    page = visitor.get("/forms/thing").text
    token = inputs_of(page, "/forms/thing")["token"][0]
    values = {
        "token": token, "name": "X", "amount": "12,5", "price": "1.234,50", "fee": "7",
        "fee.currency": "GBP", "spent": "1,5",
    }  # fmt: skip
    refused = posted(visitor, "/forms/thing", {**values, "amount": "1,234"})
    assert refused.status == 422 and "such as 12,50" in unescape(refused.text)
    assert inputs_of(refused.text, "/forms/thing")["amount"] == ["1,234"]
    taken = posted(visitor, "/forms/thing", values)
    assert taken.status in (200, 303), taken.text
    (thing,) = german.rows("/api/records/thing")
    assert (thing["amount"], thing["price"]["amount"], thing["spent"]) == ("12.50", "1234.50", 5400)
    assert thing["fee"] == {"amount": "7.00", "currency": "GBP"}
