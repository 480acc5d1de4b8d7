"""The doctor finds what was changed behind a ledger's back, and has it compared anew."""

from __future__ import annotations

from argparse import Namespace

from ledger.ledger_doctor import findings
from tests.ledger.club import Club, club, gbp, product

__all__ = ["club", "product"]


def told(club: Club, repair: bool = False) -> list[str]:
    engine = club.client.app.engine
    options = Namespace(ledger=True, repair=repair)
    return engine.database.call(lambda: [*findings(engine, options)])


def sql(club: Club, text: str) -> None:
    engine = club.client.app.engine
    engine.database.call(lambda: engine.database.connection().script(text))


def test_a_lost_mark_and_a_changed_key_are_found(club: Club) -> None:
    plan = club.plan(starts="2026-06-01", quantity="1")
    club.run("2026-06-01", where=None)
    assert told(club) == []
    club.dated(plan, "2026-06-01", price=gbp("60.00"))
    assert told(club) == []  # it is marked: the next run posts it
    sql(club, "UPDATE fluvial_ledger_mark SET marked = false")
    (line,) = told(club)
    assert plan in line and "not marked" in line
    assert "The next run compares everything." in told(club, repair=True)[0]
    assert club.run("2026-06-01", where=None)["amounts"] == [gbp("10.00")]
    assert told(club) == []
    sql(club, f"DELETE FROM fluvial_ledger_posting WHERE source = '{plan}'")
    assert "do not sum to their postings" in told(club)[0]
