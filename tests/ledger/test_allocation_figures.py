"""A change set tells beforehand what it would change of what is drawn and left over."""

from __future__ import annotations

from typing import Any

from tests.ledger.pool import Pool, gbp, pool, product

__all__ = ["pool", "product"]

DEAL: dict[str, Any] = {
    "kind": "object", "name": "deal", "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text"}, {"name": "day", "kind": "date"},
        {"name": "done", "kind": "boolean"}, {"name": "back", "kind": "boolean"},
    ],
    "change_set": {"of": ["visit", "card"], "effective": "day", "applies": "done",
                   "reverses": "back", "preview": [{"ledger": "hours"}]},
}  # fmt: skip


def test_what_would_be_drawn_is_told_and_comes_true(pool: Pool) -> None:
    client = pool.client
    client.define(DEAL)
    member = pool.member()
    card = pool.card(member, "5", "2026-01-01", "2027-01-01", name="A")
    visits = [pool.visit(member, "2026-06-01", "2") for _ in range(2)]
    pool.run(member)
    deal = client.made("deal", name="D-1", day="2026-06-01")["id"]
    path = f"/api/records/visit/{visits[0]}?change_set={deal}"
    assert client.patch(path, {"hours": "4"}).status == 202
    reply = client.get(f"/api/change-sets/{deal}/preview")
    assert reply.status == 200, reply.text
    (figure,) = reply.json()["items"]
    assert figure["difference"] == ["1.00", gbp("110.00")]  # all of the card, and an hour more
    assert all(one["period"] is None for one in figure["lines"])
    assert client.get(f"/change-sets/{deal}/preview").status == 200
    assert pool.left(card) == "1.00"
    assert client.patch(f"/api/records/deal/{deal}", {"done": True}).status == 200
    assert pool.run(member)["amounts"] == ["1", gbp("110.00")]
    told = client.get("/api/ledgers/hours/explain", record=member, until="2026-12-31").json()
    (key,) = [one for one in told["keys"] if one["demand"]["id"] == visits[0] and not one["rest"]]
    assert key["postings"][1]["cause"]["change_set"]["id"] == deal
    assert client.patch(f"/api/records/deal/{deal}", {"back": True}).status == 200
    pool.run(member)
    assert pool.left(card) == "1.00"
