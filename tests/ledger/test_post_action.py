"""A rule runs a ledger for its record, in the transaction of what it does."""

from __future__ import annotations

from typing import Any

from tests.ledger.club import FEES, Club, club, gbp, product

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


def test_a_button_runs_several_ledgers_for_all_their_records_as_jobs(club: Club) -> None:
    """Each is a run of its own, by whoever pressed, with the rights of the rule."""
    other = {**FEES, "name": "more_fees"}
    button = {
        "kind": "rule", "name": "work_out", "label": "Work out",
        "on": {"object": "locker", "button": "Work out"},
        "do": [{"post": {"ledgers": ["fees", "more_fees"], "until": "today()",
                         "where": "name == 'Together'"}},
               {"update": {"set": {"name": "name & ' is done'"}}}],
    }  # fmt: skip
    club.client.define(other | {"label": "More fees"}, button)
    plan = club.plan(name="Together", starts="2026-06-01", ends="2026-07-01", quantity="1")
    left_out = club.plan(name="Alone", starts="2026-06-01", ends="2026-07-01", quantity="1")
    club.client.define({"kind": "role", "name": "clerk", "label": "Clerk", "grants": [
        {"object": "locker", "can": ["read", "update"]}]})  # fmt: skip
    clerk = club.client.person("clerk@example.com", "clerk")
    locker = club.made("locker", name="Desk")["id"]
    path = f"/api/records/locker/{locker}/actions/work_out"
    assert clerk.post(path).status == 200
    assert club.client.get(f"/api/records/locker/{locker}").json()["name"] == "Desk"
    club.work()
    assert [amount for _, amount in club.charges(plan)] == ["50.00", "50.00"]
    assert club.charges(left_out) == []
    for name in ("fees", "more_fees"):
        (run,) = [
            one for one in club.client.rows(f"/api/ledgers/{name}/runs")
            if (one["cause"] or {}).get("rule") == "work_out"
        ]  # fmt: skip
        assert (run["state"], run["entries"], run["where"]) == ("done", 1, "name == 'Together'")
        assert run["by"] == {"user": clerk.get("/api/me").json()["id"]}
    page = club.client.get(f"/o/locker/{locker}?related=runs").text
    assert "Ledger runs" in page and "More fees" in page and "£50.00" in page
    assert club.client.get(f"/api/records/locker/{locker}").json()["name"] == "Desk is done"
    clerk.post(path)
    club.work()
    assert len(club.charges(plan)) == 2  # there was nothing left to post


def test_all_records_or_those_of_the_rule_but_not_both(club: Club) -> None:
    def refused(**post: Any) -> str:
        body = {"kind": "rule", "name": "bad", "on": {"object": "plan", "button": "Go"},
                "do": [{"post": post}]}  # fmt: skip
        reply = club.client.post("/api/meta/changes?plan=true", {"documents": [body]})
        assert reply.status == 422, reply.text
        return str(reply.text)

    assert "Keep one of the two" in refused(ledger="fees", ledgers=["fees"])
    assert "Keep one of the two" in refused(until="today()")
    assert "Remove `each`" in refused(ledgers=["fees"], each="plan")
    assert "Remove `where`" in refused(ledger="fees", where="name == 'x'")
    assert "There is no ledger `fee`" in refused(ledgers=["fees", "fee"])
    assert "nothing" in refused(ledgers=["fees"], where="nothing == 1")
