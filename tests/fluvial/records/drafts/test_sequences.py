"""Numbers are given in order and never twice, whoever counts."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from fluvial.records.drafts.sequences import raise_counters
from fluvial.records.writing.batch_writes import create_many
from fluvial.records.writing.writer import create
from fluvial.runtime.engine import Engine
from fluvial.runtime.session import Session
from metamodel.storage import SQLITE
from tests.app import Documents, OpenEngine

CARD = {
    "kind": "object",
    "name": "card",
    "title": "{plain}",
    "fields": [
        {"name": "plain", "kind": "sequence", "pattern": "C-{000}"},
        {"name": "tight", "kind": "sequence", "pattern": "T{00}", "gap_free": True},
        {"name": "dated", "kind": "sequence", "pattern": "{YYYY}/{00}", "reset": "yearly"},
    ],
}
NUMBERS = ("plain", "tight", "dated")


@pytest.fixture
def documents() -> Documents:
    return [CARD]


@pytest.fixture
def session(engine: Engine) -> Session:
    session = Session.begin(engine)
    session.now = datetime(2026, 6, 15, tzinfo=UTC)
    return session


def made(session: Session, year: int | None = None) -> list[str]:
    if year is not None:
        session = Session.begin(session.engine)
        session.now = datetime(year, 6, 15, tzinfo=UTC)
    record = create(session, "card", {})
    return [record[name] for name in NUMBERS]


def test_records_count_up(session: Session) -> None:
    assert made(session) == ["C-001", "T01", "2026/01"]
    assert made(session) == ["C-002", "T02", "2026/02"]


def test_another_period_begins_anew_and_the_others_go_on(session: Session) -> None:
    assert made(session, 2026)[2] == "2026/01"
    assert made(session, 2027) == ["C-002", "T02", "2027/01"]
    assert made(session, 2026)[2] == "2026/02"


def test_many_records_get_their_numbers_in_their_order(session: Session) -> None:
    made(session)
    records = create_many(session, "card", [{}, {}, {}])
    assert [record["plain"] for record in records] == ["C-002", "C-003", "C-004"]
    assert [record["tight"] for record in records] == ["T02", "T03", "T04"]
    assert made(session)[:2] == ["C-005", "T05"]


def test_only_numbers_without_gaps_wait_for_what_is_undone(session: Session) -> None:
    made(session)
    with pytest.raises(LookupError), session.connection.transaction():
        assert made(session)[:2] == ["C-002", "T02"]
        raise LookupError
    plain = "C-002" if session.connection.dialect == SQLITE else "C-003"
    assert made(session)[:2] == [plain, "T02"]


def test_two_processes_count_together(open_engine: OpenEngine) -> None:
    one, other = (Session.begin(open_engine()) for _ in range(2))
    assert [made(who)[0] for who in (one, other, one)] == ["C-001", "C-002", "C-003"]


def test_counters_go_on_behind_numbers_from_elsewhere(session: Session) -> None:
    fields = session.catalog.objects["card"].fields
    for name, values in {
        "plain": ["C-007", "C-004", "X-900", ""],
        "tight": ["T12"],
        "dated": ["2026/05", "2027/09"],
    }.items():
        raise_counters(session, fields[name], values)
        raise_counters(session, fields[name], values[-1:])
        raise_counters(session, fields[name], [])
    assert made(session, 2026) == ["C-008", "T13", "2026/06"]
    assert made(session, 2027) == ["C-009", "T14", "2027/10"]
    raise_counters(session, fields["tight"], ["T03"])  # a counter never goes back
    assert made(session)[1] == "T15"
