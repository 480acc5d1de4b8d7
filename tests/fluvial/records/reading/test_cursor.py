"""Cursors come back as they were made, and only to the list that they were made for."""

from __future__ import annotations

import base64
import sqlite3
from typing import Any

import orjson
import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from fluvial.database.statement import DIALECTS
from fluvial.kernel.problems import Problem
from fluvial.records.reading.cursor import Key, after, behind, binds, decode, encode
from metamodel.storage import SQLITE

VALUES = st.lists(
    st.none() | st.booleans() | st.text() | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=5,
)  # fmt: skip


@settings(deadline=None, max_examples=60)
@given(st.text(), VALUES)
def test_a_cursor_comes_back(shape: str, values: list[Any]) -> None:
    text = encode(shape, values)
    assert text.isascii() and not set(text) & set("+/=&?# ")
    assert decode(text, shape, len(values)) == values


def raw(value: Any) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(value)).decode().rstrip("=")


@pytest.mark.parametrize(
    "text",
    ["", "x", "é", "%%%", raw(None), raw([]), raw({}), raw("name"), raw(["other", 1]),
     raw(["name"]),
     raw(["name", 1, 2]), raw(["name", [1]]), raw(["name", {"a": 1}]), raw(["name", 1]) + "x",
     raw([["name"], 1]), base64.urlsafe_b64encode(b"\xff\xfe").decode()],
)  # fmt: skip
def test_a_foreign_cursor_is_refused(text: str) -> None:
    with pytest.raises(Problem, match="does not belong to this list. Start again") as refused:
        decode(text, "name", 1)
    assert refused.value.errors[0]["pointer"] == "cursor"
    assert refused.value.errors[0]["code"] == "unknown_cursor"


ROWS = [(a, b, i) for i, (a, b) in enumerate(
    [(None, 1), (None, None), (1, None), (1, 1), (1, 2), (2, 1), (2, None), (3, 3), (3, 3)]
)]  # fmt: skip
TABLE = sa.table("t", sa.column("a"), sa.column("b"), sa.column("i"))


def asked(keys: list[Key], condition: sa.ColumnElement[bool], values: tuple[Any, ...]) -> list[int]:
    order = [(key.desc() if down else key.asc()).nulls_last() for key, down in keys]
    compiled = sa.select(TABLE.c.i).where(condition).order_by(*order).compile(
        dialect=DIALECTS[SQLITE]
    )  # fmt: skip
    given_ = {**compiled.params, **binds(values)}
    cells = [given_[name] for name in compiled.positiontup or ()]
    with sqlite3.connect(":memory:") as database:
        database.execute("CREATE TABLE t (a, b, i)")
        database.executemany("INSERT INTO t VALUES (?, ?, ?)", ROWS)
        found = [i for (i,) in database.execute(str(compiled), cells)]
    database.close()
    return found


@pytest.mark.parametrize("a_down", [False, True])
@pytest.mark.parametrize("b_down", [False, True])
def test_behind_each_row_come_the_rows_that_follow_it(a_down: bool, b_down: bool) -> None:
    keys: list[Key] = [(TABLE.c.a, a_down), (TABLE.c.b, b_down), (TABLE.c.i, a_down)]
    order = asked(keys, sa.true(), ())
    assert len(order) == len(ROWS)
    for at, i in enumerate(order):
        values = ROWS[i]
        assert asked(keys, after(keys, values), values) == order[at + 1 :]
        if values[0] is not None:
            filled = sa.and_(TABLE.c.a.is_not(None), after(keys, values, filled=True))
            rest = [one for one in order[at + 1 :] if ROWS[one][0] is not None]
            assert asked(keys, filled, values) == rest


@pytest.mark.parametrize("down", [False, True])
def test_keys_of_one_direction_are_compared_as_rows(down: bool) -> None:
    keys: list[Key] = [(TABLE.c.a, down), (TABLE.c.i, down)]
    full = TABLE.c.a.is_not(None)
    order = asked(keys, full, ())
    for at, i in enumerate(order):
        values = (ROWS[i][0], ROWS[i][2])
        assert asked(keys, sa.and_(full, behind(keys)), values) == order[at + 1 :]
