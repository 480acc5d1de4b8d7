"""Periods of equal keys do not overlap: a constraint on PostgreSQL, a question on SQLite."""

from __future__ import annotations

import itertools

import pytest

from fluvial.database.connection import Connection, UniqueError
from fluvial.database.exclusion import (
    RANGES,
    create_ranges,
    drop_exclusion,
    exclusion,
    exclusion_name,
    overlapping,
)
from fluvial.database.inspection import inspect
from fluvial.database.object_tables import MAX_IDENTIFIER
from metamodel.storage import POSTGRESQL
from tests.metamodel.catalogs import catalog

PLACE = """
kind: object
name: place
title: "{shelf}"
dated: {from: starts, until: ends, per: [shelf]}
fields:
  - {name: shelf, kind: text}
  - {name: starts, kind: date}
  - {name: ends, kind: date}
---
kind: object
name: plain
title: "{shelf}"
fields:
  - {name: shelf, kind: text}
"""
TYPES = catalog(PLACE).objects
JAN, FEB, MAR = "2026-01-01", "2026-02-01", "2026-03-01"

# shelf, first day, day after the last one; deleted. The second one beside a record that holds
# for shelf `a` from February until March.
MEETING = [
    (("a", JAN, MAR, None), True),
    (("a", FEB, MAR, None), True),
    (("a", JAN, None, None), True),
    (("a", "2026-02-28", None, None), True),
    (("a", JAN, FEB, None), False),  # the day after the last one is another's first
    (("a", MAR, None, None), False),
    (("b", JAN, MAR, None), False),
    ((None, JAN, MAR, None), False),
    (("a", None, MAR, None), False),  # it holds on no day
    (("a", JAN, MAR, JAN), False),
]


@pytest.fixture
def places(connection: Connection) -> Connection:
    connection.script(
        "CREATE TABLE place (id INTEGER, shelf TEXT, starts DATE, ends DATE, deleted_at DATE)"
    )
    if connection.dialect == POSTGRESQL:
        create_ranges(connection)
        connection.script(exclusion(TYPES["place"]))
    return connection


@pytest.mark.parametrize(("record", "meets"), MEETING)
def test_records_that_meet_are_refused(
    places: Connection, record: tuple[str | None, ...], meets: bool
) -> None:
    rows = [("a", FEB, MAR, None), record]
    for first, second in (rows, rows[::-1]):
        places.script("DELETE FROM place")
        assert put(places, first, 1) and put(places, second, 2) is not meets


def put(connection: Connection, record: tuple[str | None, ...], id_: int) -> bool:
    """Whether a record may stand beside those that are there."""
    values = ", ".join("NULL" if cell is None else f"'{cell}'" for cell in record)
    try:
        connection.script(f"INSERT INTO place VALUES ({id_}, {values})")
    except UniqueError as error:
        assert error.key == exclusion_name("place")
        return False
    if connection.dialect == POSTGRESQL:
        return True
    return not connection.query(overlapping(TYPES["place"]))


def test_it_can_be_made_and_dropped_twice(places: Connection) -> None:
    if places.dialect != POSTGRESQL:
        pytest.skip("a constraint of PostgreSQL")
    create_ranges(places)
    assert inspect(places).constraints == {exclusion_name("place")}
    for _ in range(2):
        places.script(drop_exclusion("place"))
    assert inspect(places).constraints == set()
    for name in RANGES:
        assert places.query(f"SELECT to_regtype('{name}') IS NOT NULL") == [(True,)]


def test_what_is_not_dated_has_none() -> None:
    assert exclusion(TYPES["plain"]) == exclusion(None) == ""


def test_names_are_never_longer_than_the_database_takes() -> None:
    names = [exclusion_name("x" * length) for length in range(1, 80)]
    assert max(map(len, names)) <= MAX_IDENTIFIER
    assert all(one != other for one, other in itertools.pairwise(names))
