"""A change set tells beforehand what it would change of what is charged."""

from __future__ import annotations

from typing import Any

from tests.ledger.club import Club, club, gbp, product

__all__ = ["club", "product"]

DEAL: dict[str, Any] = {
    "kind": "object", "name": "deal", "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text"}, {"name": "day", "kind": "date"},
        {"name": "done", "kind": "boolean"}, {"name": "back", "kind": "boolean"},
    ],
    "change_set": {"of": ["plan", "hire"], "effective": "day", "applies": "done",
                   "reverses": "back", "preview": [{"ledger": "fees", "periods": 3}]},
}  # fmt: skip


def test_the_next_periods_and_the_credit_are_told_and_come_true(club: Club) -> None:
    client = club.client
    client.define(DEAL)
    plan = club.plan(starts="2026-06-01")
    hires = [club.hire(plan, name=f"Locker {at}") for at in range(10)]
    club.run("2027-05-01")
    deal = client.made("deal", name="D-1", day="2027-05-16")["id"]
    path = f"/api/records/hire/{hires[6]}?change_set={deal}"
    assert client.patch(path, {"ends": "2027-05-17"}).status == 202
    reply = client.get(f"/api/change-sets/{deal}/preview")
    assert reply.status == 200, reply.text
    (figure,) = reply.json()["items"]
    lines = [(one["period"]["from"], one["difference"]) for one in figure["lines"]]
    assert lines == [
        ("2027-05-01", gbp("-24.19")), ("2027-06-01", gbp("-50.00")), ("2027-07-01", gbp("-50.00")),
    ]  # fmt: skip
    assert figure["label"] == "Fees"
    assert figure["difference"] == gbp("-124.19")
    assert (figure["lines"][1]["before"], figure["lines"][1]["after"]) == (
        gbp("500.00"),
        gbp("450.00"),
    )
    page = client.get(f"/change-sets/{deal}/preview").text
    assert "Plan, 1 May 2027 to 31 May 2027" in page and "-24.19 GBP" in page
    # Nothing of it has stayed; what was told is what is posted once it is applied.
    assert club.run("2027-05-01")["amounts"] == []
    assert client.patch(f"/api/records/deal/{deal}", {"done": True}).status == 200
    assert club.run("2027-05-01")["amounts"] == [gbp("-24.19")]
    (key,) = club.explain(plan, period="2027-05-01")["keys"]
    by = key["postings"][1]["cause"]["change_set"]
    assert by == {"object": "deal", "id": deal, "title": "D-1"}
    assert club.run("2027-06-01")["amounts"] == [gbp("450.00")]
    # Taken back, the ledger corrects itself.
    assert client.patch(f"/api/records/deal/{deal}", {"back": True}).status == 200
    assert club.run("2027-06-01")["amounts"] == [gbp("74.19")]


def test_a_dated_price_is_told_from_its_day_on(club: Club) -> None:
    client = club.client
    client.define(DEAL)
    plan = club.plan(starts="2027-01-01", quantity="2")
    deal = client.made("deal", name="D-2", day="2027-03-01")["id"]
    path = f"/api/records/plan/{plan}?change_set={deal}"
    assert client.patch(path, {"price": gbp("60.00")}).status == 202
    (figure,) = client.get(f"/api/change-sets/{deal}/preview").json()["items"]
    assert [(one["period"]["from"], one["difference"]) for one in figure["lines"]] == [
        ("2027-03-01", gbp("20.00")), ("2027-04-01", gbp("20.00")), ("2027-05-01", gbp("20.00")),
    ]  # fmt: skip


def test_a_preview_of_no_such_ledger_is_refused(club: Club) -> None:
    wrong = {**DEAL, "change_set": {**DEAL["change_set"], "preview": [{"ledger": "fee"}]}}
    reply = club.client.post("/api/meta/changes", {"documents": [wrong]})
    assert (reply.status, "There is no ledger `fee`" in reply.text) == (422, True)
