"""What the document of an allocation may not say is refused where it stands, with the remedy."""

from __future__ import annotations

from typing import Any

import pytest

from tests.ledger.pool import CARD, HOURS, SETTLE, Pool, pool, product

__all__ = ["pool", "product"]

Json = dict[str, Any]
ALLOCATE = HOURS["allocate"]
ENTRY = HOURS["entries"][0]
EXTRA = ALLOCATE["rest"]["entries"][0]


def demands(**more: Any) -> Json:
    return {"allocate": {**ALLOCATE, "demands": {**ALLOCATE["demands"], **more}}}


def sources(**more: Any) -> Json:
    return {"allocate": {**ALLOCATE, "sources": {**ALLOCATE["sources"], **more}}}


def allocate(**more: Any) -> Json:
    return {"allocate": {**ALLOCATE, **more}}


def settle(**more: Any) -> Json:
    return {**SETTLE, "allocate": {**SETTLE["allocate"], **more}}


def without_day() -> Json:
    own = {name: one for name, one in ALLOCATE["demands"].items() if name != "at"}
    return {"allocate": {**ALLOCATE, "demands": own}}


FAULTS: list[tuple[str, Json, str, str]] = [
    ("neither target nor allocation", {"allocate": None}, "", "`target` or `allocate`"),
    ("both of them", {"target": [{"price": "overage"}]}, "", "`target` or `allocate`"),
    ("periods", {"periods": {"from": "closed_until", "every": "month"}}, "/periods", "Remove"),
    ("parts", {"parts": {"object": "extra", "amount": "amount", "set": {}}}, "/parts", "Remove"),
    ("an unknown collection", demands(of="visit"), "/allocate/demands/of", "visits"),
    ("a quantity that is a text", sources(quantity="name"), "/allocate/sources/quantity", "number"),
    ("money for hours", sources(quantity="price"), "/allocate/sources/quantity", "both a number"),
    ("an order of what has none", sources(order=["excluded"]), "/allocate/sources/order/0",
     "no order"),
    ("days without a day", without_day(), "/allocate/demands", "Add `at`"),
    ("a match that is no condition", allocate(match="demand.hours"), "/allocate/match", "yes/no"),
    ("a match that gathers", allocate(match="count(source.draws) == 0"), "/allocate/match",
     "calculated field"),
    ("a match for the reader", allocate(match="me.name == 'x'"), "/allocate/match", "`me`"),
    ("a source that counts what is left", sources(quantity="left"), "/allocate",
     "in the beginning"),
    ("a source while something is left", sources(where="left > 0"), "/allocate",
     "in the beginning"),
    ("a draw in the amount of another kind", {"entries": [{**ENTRY, "amount": "worth"}]},
     "/entries/0/amount", "number"),
    ("a rest in the amount of another kind",
     allocate(rest={"price": "overage", "entries": [{**EXTRA, "amount": "hours"}]}),
     "/allocate/rest/entries/0/amount", "money"),
    ("a draw that is balanced", {"entries": [{**ENTRY, "times": -1}]}, "/entries/0/times",
     "Remove `times`"),
    ("a rest that names a source",
     allocate(rest={"price": "overage", "entries": [{**EXTRA, "set": {"day": "source.starts"}}]}),
     "/allocate/rest/entries/0/set/day", "source"),
    ("draws that are sources", {"entries": [{"object": "card", "amount": "bought",
     "set": {"member": "record"}}]}, "/entries/0/object", "of its own"),
    ("orders that differ", settle(sources=[
        {"of": "credits", "quantity": "amount", "order": ["day"]},
        {"of": "receipts", "quantity": "amount", "order": ["number"]}]),
     "/allocate/sources/1/order", "same types"),
    ("a look-up for each kind of source", settle(choices={
        "of": "picks", "demand": "bill", "source": "receipt"}), "/allocate/choices/source",
     "one look-up for each"),
    ("a choice that names something else", settle(choices={
        "of": "picks", "demand": "customer", "source": ["credit", "receipt"]}),
     "/allocate/choices/demand", "look-up to `bill`"),
]  # fmt: skip


@pytest.mark.parametrize("case", FAULTS, ids=[one[0] for one in FAULTS])
def test_it_is_refused_with_the_remedy(pool: Pool, case: tuple[str, Json, str, str]) -> None:
    _, members, pointer, words = case
    body = {name: one for name, one in {**HOURS, **members}.items() if one is not None}
    reply = pool.client.post("/api/meta/changes?plan=true", {"documents": [body]})
    assert reply.status == 422, reply.text
    places = {one["pointer"]: one["message"] for one in reply.json()["errors"]}
    place = f"/ledger/{body['name']}{pointer}"
    assert place in places, places
    assert words in places[place]


def test_a_field_that_decides_draws_is_used(pool: Pool) -> None:
    fields = [one for one in CARD["fields"] if one["name"] != "excluded"]
    reply = pool.client.post(
        "/api/meta/changes?plan=true", {"documents": [{**CARD, "fields": fields}]}
    )
    assert "hours" in reply.text and "/allocate/match" in reply.text
