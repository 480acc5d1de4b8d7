"""A rule runs a ledger for its record, in the transaction of what it does."""

from __future__ import annotations

from typing import Any

from tests.ledger.club import Club, club, gbp, product

__all__ = ["club", "product"]

Json = dict[str, Any]


def rule(**post: Any) -> Json:
    return {
        "kind": "rule", "name": "bill", "on": {"object": "plan", "event": "updated",
        "fields": ["status"]}, "when": "status == 'over'", "do": [{"post": post}],
    }  # fmt: skip


def test_a_rule_posts_for_its_record_and_says_so(club: Club) -> None:
    club.client.define(rule(ledger="fees", until="starts"))
    plan = club.plan(starts="2026-06-01", quantity="1")
    other = club.plan(starts="2026-06-01", quantity="1")
    club.client.patch(f"/api/records/plan/{plan}", {"status": "over"})
    club.work()
    assert club.charges(plan) == [("2026-06-01", "50.00")]
    assert club.charges(other) == []
    run = club.client.rows("/api/ledgers/fees/runs")[0]
    assert (run["cause"]["rule"], run["amounts"]) == ("bill", [gbp("50.00")])
    (said,) = club.client.rows("/api/rules/bill/runs")
    assert "Fees posted 1 entries, together 50.00 GBP." in str(said)
    assert club.run("2026-06-01")["amounts"] == [gbp("50.00")]  # the other one


def test_a_rule_for_other_records_is_refused_with_the_way(club: Club) -> None:
    body = rule(ledger="fees") | {"on": {"object": "hire", "event": "created"}}
    body.pop("when")
    plan = "/api/meta/changes?plan=true"
    reply = club.client.post(plan, {"documents": [body]})
    assert reply.status == 422 and "Name in `each` the way to records of `plan`" in reply.text
    body["do"] = [{"post": {"ledger": "fees", "each": "plan"}}]
    assert club.client.post(plan, {"documents": [body]}).status == 200
    body["do"] = [{"post": {"ledger": "fee"}}]
    assert "There is no ledger `fee`" in club.client.post(plan, {"documents": [body]}).text
