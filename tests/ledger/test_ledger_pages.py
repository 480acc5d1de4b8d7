"""The pages of a ledger: runs, faults, and numbers that open what they are made of."""

from __future__ import annotations

from tests.ledger.club import Club, club, product

__all__ = ["club", "product"]


def test_a_run_is_started_shown_and_explained(club: Club) -> None:
    client = club.client
    plan = club.plan(starts="2026-06-01", name="Gold")
    hire = club.hire(plan, "2026-06-01", name="Locker 7")
    bad = club.plan(starts="2026-06-01", name="Unpriced", quantity="1", price=None)
    assert "No runs" in client.get("/ledgers/release").text
    form = {"content-type": "application/x-www-form-urlencoded"}
    token = client.headers.get("x-csrf-token", "")
    body = f"until=2026-06-01&csrf={token}".encode()
    sent = client.call("POST", "/ledgers/fees/run", body=body, headers=form)
    assert sent.status == 303, sent.text
    page = client.get(sent.headers["location"]).text
    assert "Run until 1 Jun" in page and "Unpriced" in page and "There is no price" in page
    assert "Take this run back" in page
    assert "£50.00" in client.get("/ledgers/fees").text
    club.ended(hire, "2026-06-16")
    club.run("2026-06-20")
    told = client.get("/ledgers/fees/explain", record=plan, until="2026-06-20").text
    for words in ("Should be", "£25.00", "Locker 7", "15 of 30 days", "posted on", "was updated"):
        assert words in told, words
    missing = client.get("/ledgers/fees/explain", record=bad).text
    assert "There is no price" in missing
    void = sent.headers["location"] + "/void"
    back = client.call("POST", void, body=f"csrf={token}".encode(), headers=form)
    assert back.status == 303 and "Taken back" in client.get(back.headers["location"]).text
    assert client.get("/ledgers/nothing").status == 404
