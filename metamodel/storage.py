"""The column types that field kinds are stored in, and their forms on each database.

Four forms of a value are kept apart:

- *value*: the canonical Python value (str, Decimal, bool, date, datetime in UTC, int, list, dict);
- *stored*: what the driver takes and gives (SQLite: int and str; PostgreSQL: int, bool and text);
- *wire*: what stands in JSON on the API;
- *column type*: the name of the type in DDL.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import orjson

SQLITE = "sqlite"
POSTGRESQL = "postgresql"

Convert = Callable[[Any], Any]

MAX_DIGITS = 18  # of a scaled integer that fits 64 bits


@dataclass(frozen=True)
class Storage:
    """One column type. `None` as a converter means that the forms are the same."""

    name: str
    types: tuple[str, str]  # DDL on SQLite, on PostgreSQL
    encoders: tuple[Convert | None, Convert | None] = (None, None)  # value -> stored
    decoders: tuple[Convert | None, Convert | None] = (None, None)  # stored -> value
    wires: tuple[Convert | None, Convert | None] = (None, None)  # stored -> wire
    to_wire: Convert | None = None  # value -> wire
    scale: int = 0

    def type(self, dialect: str) -> str:
        return self.types[dialect == POSTGRESQL]

    def encoder(self, dialect: str) -> Convert | None:
        return self.encoders[dialect == POSTGRESQL]

    def decoder(self, dialect: str) -> Convert | None:
        return self.decoders[dialect == POSTGRESQL]

    def wire(self, dialect: str) -> Convert | None:
        return self.wires[dialect == POSTGRESQL]

    def encode(self, dialect: str, value: Any) -> Any:
        convert = self.encoder(dialect)
        return value if value is None or convert is None else convert(value)

    def decode(self, dialect: str, stored: Any) -> Any:
        convert = self.decoder(dialect)
        return stored if stored is None or convert is None else convert(stored)


def timestamp_text(moment: datetime) -> str:
    """The fixed-width form that sorts as it counts: `2026-11-21T09:00:00.000000Z`."""
    known = _recent.get(id(moment))
    if known is not None and known[0] is moment:
        return known[1]
    utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    text = orjson.dumps(utc, option=orjson.OPT_UTC_Z).decode()[1:-1]  # isoformat() is slow
    if len(text) < 27:
        text = f"{text[:19]}.000000Z"
    if len(_recent) >= MAX_RECENT:
        _recent.clear()
    _recent[id(moment)] = (moment, text)
    return text


# A write stores the moments of its request and its body in many places: each is one object.
MAX_RECENT = 64
_recent: dict[int, tuple[datetime, str]] = {}


def timestamp_wire(moment: datetime) -> str:
    """RFC 3339 in UTC, without a fraction of zero: `2026-11-21T09:00:00Z`."""
    if moment.tzinfo is UTC and not moment.microsecond:
        return orjson.dumps(moment, option=orjson.OPT_UTC_Z).decode()[1:-1]
    return _trim(timestamp_text(moment))


def _trim(text: str) -> str:
    if text[20:26] == "000000":
        return text[:19] + "Z"
    return text[:-1].rstrip("0") + "Z"


def _postgres_moment(text: str) -> str:
    # The session's zone is UTC, so the text ends in +00: `2026-11-21 09:00:00.5+00`.
    return f"{text[:10]}T{text[11:-3]}Z"


def _read_moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _dump(value: Any) -> str:
    return orjson.dumps(value).decode()


def _loads(stored: Any) -> Any:
    return orjson.loads(stored)


def decimal_text(scale: int) -> Callable[[int], str]:
    """A function from a scaled integer to its exact text: 1250 at scale 2 is `12.50`."""
    if scale == 0:
        return str
    unit = 10**scale

    def show(number: int) -> str:
        if number < 0:
            whole, part = divmod(-number, unit)
            return f"-{whole}.{part:0{scale}d}"
        whole, part = divmod(number, unit)
        return f"{whole}.{part:0{scale}d}"

    return show


_DECIMALS: dict[int, Storage] = {}


def decimal(scale: int) -> Storage:
    """Exact decimals: a scaled 64-bit integer on SQLite, numeric on PostgreSQL."""
    if scale not in _DECIMALS:
        _DECIMALS[scale] = Storage(
            f"decimal{scale}",
            ("BIGINT", f"NUMERIC(28, {scale})"),
            encoders=(lambda value: int(value.scaleb(scale)), str),
            decoders=(lambda stored: Decimal(stored).scaleb(-scale), Decimal),
            wires=(decimal_text(scale), None),
            to_wire=lambda value: f"{value:.{scale}f}",
            scale=scale,
        )
    return _DECIMALS[scale]


def at_least(text: str, decimals: int) -> str:
    """The exact text of a decimal without zeros at its end, but with so many decimals."""
    whole, _, part = text.partition(".")
    part = part.rstrip("0").ljust(decimals, "0")
    return f"{whole}.{part}" if part else whole


def amounts(scale: int) -> Storage:
    """Decimals of amounts in any currency: few of them need all the digits there are."""
    if scale not in _AMOUNTS:
        plain = decimal(scale)
        show = decimal_text(scale)
        _AMOUNTS[scale] = replace(
            plain,
            wires=(
                lambda stored: at_least(show(stored), USUAL),
                lambda text: at_least(text, USUAL),
            ),
            to_wire=lambda value: at_least(f"{value:.{scale}f}", USUAL),
        )
    return _AMOUNTS[scale]


USUAL = 2  # decimals of a currency
_AMOUNTS: dict[int, Storage] = {}
TEXT = Storage("text", ("TEXT", 'TEXT COLLATE "C"'))
INTEGER = Storage("integer", ("BIGINT", "BIGINT"))
BOOLEAN = Storage(
    "boolean",
    ("BOOLEAN", "BOOLEAN"),
    encoders=(int, None),
    decoders=(bool, None),
    wires=(bool, None),
)
DATE = Storage(
    "date",
    ("DATE", "DATE"),
    encoders=(date.isoformat, date.isoformat),
    decoders=(date.fromisoformat, date.fromisoformat),
    to_wire=date.isoformat,
)
TIMESTAMP = Storage(
    "timestamp",
    ("DATETIME", "TIMESTAMP WITH TIME ZONE"),
    encoders=(timestamp_text, timestamp_text),
    decoders=(_read_moment, _read_moment),
    wires=(_trim, _postgres_moment),
    to_wire=timestamp_wire,
)
UUID = Storage("uuid", ("CHAR(36)", "UUID"))
JSON = Storage(
    "json",
    ("JSON", "JSONB"),
    encoders=(_dump, _dump),
    decoders=(_loads, _loads),
    wires=(_loads, _loads),
)
