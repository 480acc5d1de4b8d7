"""Functions that a SQLite connection needs: the Python meaning of every operation."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from metamodel.expressions.operations import OPERATIONS, Operation
from metamodel.expressions.sql_value import storage_of
from metamodel.expressions.strings import MAX_TEXT
from metamodel.expressions.work import TEXT, one_of_few, spend
from metamodel.storage import SQLITE

from . import decimals


def register(connection: sqlite3.Connection) -> None:
    """Make the functions known to a connection; once, when it is opened."""
    for operation in OPERATIONS:
        connection.create_function(
            operation.function, len(operation.takes), _stored(operation), deterministic=True
        )
    connection.create_function("fluvial_one_of_few", 2, one_of_few, deterministic=True)
    connection.create_function("fluvial_decimal", 2, _decimal, deterministic=True)
    connection.create_function("fluvial_settle", 2, _settle, deterministic=True)
    connection.create_function("fluvial_total", 3, _total, deterministic=True)
    for name, choose in (("min", min), ("max", max)):
        connection.create_function(f"fluvial_{name}", -1, _extreme(choose), deterministic=True)
        numeric = _extreme(choose, Decimal)
        connection.create_function(f"fluvial_{name}_number", -1, numeric, deterministic=True)
    aggregates: Any = connection  # the stubs want more of an aggregate than SQLite does
    aggregates.create_aggregate("fluvial_sum", 1, Sum)
    aggregates.create_aggregate("fluvial_min_of", 1, Least)
    aggregates.create_aggregate("fluvial_max_of", 1, Greatest)
    aggregates.create_aggregate("fluvial_list", 2, JoinedTexts)


def _stored(operation: Operation) -> Callable[..., Any]:
    """The operation on stored forms; with an empty argument it is empty."""
    run = operation.run
    decoders = tuple(storage_of(type).decoder(SQLITE) for type in operation.takes)
    encode = storage_of(operation.gives).encoder(SQLITE)

    def call(*stored: Any) -> Any:
        values = []
        spend(1)
        for value, decode in zip(stored, decoders, strict=True):
            if value is None:
                return None
            if value.__class__ is str and len(value) >= TEXT:
                spend(len(value) // TEXT)
            values.append(value if decode is None else decode(value))
        result = run(*values)
        return result if result is None or encode is None else encode(result)

    return call


def _decimal(stored: int | None, scale: int) -> str | None:
    spend(1)
    return None if stored is None else decimals.plain(Decimal(stored).scaleb(-scale))


def _settle(text: str | None, scale: int) -> int | None:
    spend(1)
    if text is None:
        return None
    value = decimals.fix(Decimal(text), scale)
    return None if value is None else int(value.scaleb(scale))


def _total(high: int | None, low: int | None, scale: int) -> str | None:
    """A sum that was added up in two halves."""
    if high is None or low is None:
        return None
    total = Decimal(high * 10**9 + low).scaleb(-scale, decimals.WIDE)
    return decimals.plain(decimals.CONTEXT.plus(total))


def _extreme(choose: Callable[..., Any], key: Callable[[Any], Any] | None = None) -> Any:
    def call(*values: Any) -> Any:
        spend(1)
        known = [value for value in values if value is not None]
        return choose(known, key=key) if known else None

    return call


class Sum:
    """The exact sum of numbers that are kept as text."""

    def __init__(self) -> None:
        self.total: Decimal | None = None

    def step(self, text: str | None) -> None:
        spend(1)
        if text is not None:
            self.total = decimals.WIDE.add(self.total or Decimal(0), Decimal(text))

    def finalize(self) -> str | None:
        return None if self.total is None else decimals.plain(decimals.CONTEXT.plus(self.total))


class Least:
    """The least of numbers that are kept as text."""

    choose: Callable[..., Decimal] = min

    def __init__(self) -> None:
        self.found: Decimal | None = None

    def step(self, text: str | None) -> None:
        spend(1)
        if text is not None:
            value = Decimal(text)
            self.found = value if self.found is None else type(self).choose(self.found, value)

    def finalize(self) -> str | None:
        return None if self.found is None else decimals.plain(self.found)


class Greatest(Least):
    choose: Callable[..., Decimal] = max


class JoinedTexts:
    """Texts with commas between them, in the order of the ids beside them."""

    def __init__(self) -> None:
        self.texts: list[tuple[str, str]] = []
        self.length = -len(", ")

    def step(self, id: str, text: str | None) -> None:
        spend(1)
        if text is not None and self.length <= MAX_TEXT:
            self.texts.append((id, text))
            self.length += len(text) + len(", ")

    def finalize(self) -> str | None:
        if self.length > MAX_TEXT:
            return None
        return ", ".join(text for _, text in sorted(self.texts)) or None
