"""Keyset cursors: where a page ended, and the condition of what comes after it."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
import sqlalchemy as sa

from fluvial.database.columns import Stored
from fluvial.database.connection import BusyError, DatabaseError, GoneError, Row
from fluvial.database.statement import Compiled
from fluvial.kernel.problems import Problem, fault
from fluvial.runtime.session import Session

from .sql_context import ask


def encode(shape: str, values: Sequence[Any]) -> str:
    """A cursor: the sort keys of the last row in their stored form, bound to its sort."""
    return base64.urlsafe_b64encode(orjson.dumps([shape, *values])).decode().rstrip("=")


def decode(text: str, shape: str, length: int) -> list[Any]:
    try:
        read = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        if isinstance(read, list) and read[0] == shape and len(read) == length + 1:
            if all(v is None or isinstance(v, str | int | float | bool) for v in read[1:]):
                return read[1:]
    except (ValueError, IndexError):
        pass
    raise _unknown()


def _unknown() -> Problem:
    message = "This cursor does not belong to this list. Start again without it."
    return Problem(message, errors=[fault("cursor", "unknown_cursor", message)])


def followed(text: str, session: Session, plan: Compiled, values: Mapping[str, Any]) -> list[Row]:
    """The rows of a page. A cursor that we did not make may hold what no column takes."""
    try:
        return ask(session, plan, **values)
    except (BusyError, GoneError):
        raise
    except DatabaseError as error:
        if not text:
            raise
        raise _unknown() from error


Key = tuple[sa.ColumnElement[Any], bool]  # the sort key, descending


def after(
    keys: Sequence[Key], values: Sequence[Any], *, filled: bool = False
) -> sa.ColumnElement[bool]:
    """The rows behind the values, where empties come last in both directions.

    Lexicographic: later in the first key, or equal in it and later in the rest. Which of the
    values are empty decides the shape; the values themselves are binds `k0`, `k1`, ...
    With `filled` the first key is empty in no row: the condition begins with a range of it.
    """
    (key, descending), value = keys[0], values[0]
    bind = _bind(key, len(values))
    later = key < bind if descending else key > bind
    if len(keys) == 1:
        return later
    rest = after(keys[1:], values[1:])
    if value is None:
        return sa.and_(key.is_(None), rest)
    if filled:
        range_ = key <= bind if descending else key >= bind
        return sa.and_(range_, sa.or_(later, sa.and_(key == bind, rest)))
    return sa.or_(later, key.is_(None), sa.and_(key == bind, rest))


def behind(keys: Sequence[Key]) -> sa.ColumnElement[bool]:
    """The same for keys of one direction that are never empty: as one comparison of rows."""
    there: Any = sa.tuple_(*(key for key, _ in keys))
    last = sa.tuple_(*(_bind(key, len(keys) - at) for at, (key, _) in enumerate(keys)))
    found: sa.ColumnElement[bool] = there < last if keys[0][1] else there > last
    return found


def _bind(key: sa.ColumnElement[Any], number: int) -> sa.BindParameter[Any]:
    type_ = key.type if isinstance(key.type, Stored) else None
    return sa.bindparam(f"k{number}", type_=type_)


def binds(values: Sequence[Any]) -> dict[str, Any]:
    return {f"k{len(values) - i}": value for i, value in enumerate(values)}
