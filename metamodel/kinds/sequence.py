"""Record number: the next number of a sequence, in a pattern such as `T-{YYYY}-{00000}`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from metamodel.errors import ValueFault
from metamodel.expressions import types
from metamodel.kinds.kind import Column, Field, FieldCheck, Kind
from metamodel.kinds.text import limit, words
from metamodel.storage import TEXT

PLACE = re.compile(r"\{([^{}]*)\}")
PATTERN = "{00000}"
DATES = {"YYYY": "%Y", "YY": "%y", "MM": "%m", "DD": "%d"}
PERIODS = {"never": "", "yearly": "%Y", "monthly": "%Y-%m"}
FIXED = {"never": (), "yearly": ("YYYY", "YY"), "monthly": ("YYYY", "YY", "MM")}  # in a period


def number_text(pattern: str, number: int, day: date) -> str:
    """The text of a number: `T-{YYYY}-{00000}` and 42 make `T-2026-00042`."""

    def fill(place: re.Match[str]) -> str:
        code = place[1]
        return day.strftime(DATES[code]) if code in DATES else str(number).zfill(len(code))

    return PLACE.sub(fill, pattern)


def _reading(pattern: str) -> str:
    """The regular expression that finds the parts of a number again."""
    parts, end = [], 0
    for place in PLACE.finditer(pattern):
        code = place[1]
        parts.append(re.escape(pattern[end : place.start()]))
        digits = rf"\d{{{len(code)}}}" if code in DATES else r"\d{1,18}"
        parts.append(f"(?P<{code if code in DATES else 'number'}>{digits})")
        end = place.end()
    return "".join(parts) + re.escape(pattern[end:])


class Sequence(Kind):
    name = "sequence"
    label = "Record number"
    group = "Set by the system"
    icon = "hash"
    words = "sequence auto number counter reference id"
    about = (
        "A number that each record gets when it is created, or when a condition first holds, "
        "and keeps for good."
    )
    example = {"name": "card_number", "kind": "sequence", "pattern": "M-{00000}"}
    first = ("pattern",)
    sample = "M-00042"
    options = {
        "pattern": {
            "type": "string",
            "minLength": 1,
            "maxLength": 60,
            "description": (
                "The pattern: zeros stand for the digits; {YYYY}, {YY}, {MM} and {DD} for the date."
            ),
        },
        "reset": {
            "enum": list(PERIODS),
            "description": "When numbering restarts at 1; never by default.",
        },
        "gap_free": {
            "type": "boolean",
            "description": "Numbers have no gaps, but only one record can be created at a time.",
        },
        "at": {
            "$ref": "#/$defs/expression",
            "x-editor": {"expects": "boolean"},
            "description": (
                "The record gets its number when this is first true; by default when it is created."
            ),
        },
        "per": {
            "type": "array",
            "items": {"$ref": "#/$defs/name", "x-editor": {"is": "field", "one": "a field"}},
            "minItems": 1,
            "maxItems": 4,
            "uniqueItems": True,
            "description": "Each value of these fields has numbers of its own: [entity].",
        },
        "day": {
            "$ref": "#/$defs/name",
            "x-editor": {"is": "field"},
            "description": "The date field that the date in the number comes from; else the day "
            "on which it is given.",
        },
    }
    editable = False
    searchable = True
    unique = True
    titles = True
    identifies = True
    operators = ("is", "is_not", "contains", "starts_with")

    def check(self, field: Field, check: FieldCheck) -> None:
        pattern = field.option("pattern", PATTERN)
        codes = PLACE.findall(pattern)
        if sum(set(code) == {"0"} for code in codes) != 1:
            check.fault(
                "pattern",
                "no_digits",
                f"The pattern `{pattern}` must contain the number exactly once.",
                "Write zeros for its digits, such as M-{00000}.",
            )
        for code in codes:
            if set(code) != {"0"} and code not in DATES:
                check.fault(
                    "pattern",
                    "unknown_place",
                    f"`{{{code}}}` is not known in a pattern.",
                    "Write {YYYY}, {YY}, {MM}, {DD} or zeros such as {00000}.",
                )
        year, month = bool({"YYYY", "YY"} & set(codes)), "MM" in codes
        if field.option("reset") == "yearly" and not year:
            _repeats(check, "year", "{YYYY}")
        if field.option("reset") == "monthly" and not (year and month):
            _repeats(check, "month", "{YYYY} and {MM}")
        for at, name in enumerate(field.option("per", ())):
            _check_series(field, check, f"per/{at}", name)
        if field.option("day") is not None:
            _check_day(check, field.option("day"))

    def series(self, spec: Mapping[str, Any]) -> tuple[str, ...]:
        return tuple(spec.get("per", ()))

    def period(self, field: Field, day: date) -> str:
        """ "" for ever, "2026" where it begins anew each year."""
        form = PERIODS[field.option("reset", "never")]
        return day.strftime(form) if form else ""

    def numbered(self, field: Field, number: int, day: date) -> str:
        return number_text(field.option("pattern", PATTERN), number, day)

    def beginning(self, field: Field, day: date) -> str:
        fixed = FIXED[field.option("reset", "never")]
        pattern = field.option("pattern", PATTERN)
        ends = (p.start() for p in PLACE.finditer(pattern) if p[1] not in fixed)
        return number_text(pattern[: next(ends)], 0, day)

    def counted(self, field: Field, value: str) -> tuple[str, int] | None:
        match = re.fullmatch(_reading(field.option("pattern", PATTERN)), value)
        if match is None:
            return None
        found = {name: text for name, text in match.groupdict().items() if text}
        year = found.get("YYYY") or ("20" + found["YY"] if "YY" in found else "")
        periods = {"": "", "%Y": year, "%Y-%m": f"{year}-{found.get('MM', '')}"}
        return periods[PERIODS[field.option("reset", "never")]], int(match["number"])

    def type(self, field: Field) -> types.Type:
        return types.TEXT

    def columns(self, field: Field) -> tuple[Column, ...]:
        return (Column("", TEXT),)

    def parse(self, field: Field, raw: Any) -> str:
        # Callers never write it; imports of old records and the filters of lists do.
        text = words(raw)
        if not text:
            raise ValueFault("not_text", "Write a number such as M-00042.")
        return limit(text, 80)

    def json_schema(self, field: Field) -> dict[str, Any]:
        return {"type": "string"}


def _check_series(field: Field, check: FieldCheck, option: str, name: str) -> None:
    """Records are told apart by the value, so it has to be one that a key can hold."""
    other = check.sibling(option, name)
    if other is None:
        return
    fits = other.stored and other.kind.indexable and not other.many and other.writable
    if other.name == field.name or not fits:
        check.fault(
            option,
            "not_a_series",
            f"Numbers cannot be counted for each value of `{name}`.",
            "Name a field that people fill in with one value, such as a look-up or a choice.",
        )


def _check_day(check: FieldCheck, name: str) -> None:
    other = check.sibling("day", name)
    if other is None:
        return
    if other.type not in (types.DATE, types.DATETIME) or not other.writable:
        check.fault(
            "day",
            "not_a_date",
            f"`{name}` is not a date that people fill in.",
            "Name a field of kind date or datetime.",
        )


def _repeats(check: FieldCheck, period: str, places: str) -> None:
    check.fault(
        "reset",
        "not_unique",
        f"Numbers that restart each {period} would repeat.",
        f"Write {places} in the pattern.",
    )
