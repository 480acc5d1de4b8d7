"""Text: one line of words, an e-mail address, a phone number, a link or a code."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import re2  # type: ignore[import-untyped]
from sqlalchemy import ColumnElement

from metamodel.errors import ValueFault
from metamodel.expressions import types
from metamodel.kinds.kind import Column, Kind
from metamodel.storage import TEXT
from metamodel.text import fold, normal

if TYPE_CHECKING:
    from metamodel.catalog import Field
    from metamodel.checks import FieldCheck

MAX_LENGTH = 255
EMAIL = re.compile(r"[^\s@<>()\[\],;:\"\\]+@[^\s@<>()\[\],;:\"\\.]+(\.[^\s@<>()\[\],;:\"\\.]+)+")
PHONE = re.compile(r"[0-9+(][0-9 ().\-/+]*([xX#] ?[0-9]+)?")
PHONE_DIGITS = range(3, 21)
CASES: Mapping[str, Callable[[str], str]] = {"lower": str.lower, "upper": str.upper}


def words(raw: Any, allowed: str = "") -> str:
    """Text in its normal form; control characters beside the allowed ones are refused."""
    if not isinstance(raw, str):
        raise ValueFault("not_text", 'Write text in quotes, such as "Blue".')
    for character in raw:
        if character not in allowed and unicodedata.category(character) in ("Cc", "Cs"):
            raise ValueFault(
                "control_character", f"Take out the hidden character U+{ord(character):04X}."
            )
    return normal(raw)


def limit(text: str, length: int) -> str:
    if len(text) > length:
        raise ValueFault("too_long", f"Write at most {length} characters; these are {len(text)}.")
    return text


@lru_cache(maxsize=512)
def compiled(pattern: str) -> Any:
    """A pattern of Google's RE2, which takes linear time whatever people write."""
    options = re2.Options()
    options.log_errors = False
    return re2.compile(pattern, options)


def _email(text: str) -> str | None:
    if len(text) <= 254 and EMAIL.fullmatch(text):
        return None
    return "Write an e-mail address such as jo@example.com."


def _phone(text: str) -> str | None:
    if PHONE.fullmatch(text) and sum(c.isdigit() for c in text) in PHONE_DIGITS:
        return None
    return "Write a phone number such as +44 20 7946 0958."


def _url(text: str) -> str | None:
    try:
        parts = urlsplit(text)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and " " not in text
    except ValueError:
        good = False
    return None if good else "Write a web address that begins with https:// or http://."


def _any(text: str) -> str | None:
    return None


FORMATS: Mapping[str, Callable[[str], str | None]] = {
    "plain": _any,
    "email": _email,
    "phone": _phone,
    "url": _url,
    "code": _any,
}


class Text(Kind):
    name = "text"
    label = "Text"
    group = "Words and numbers"
    icon = "letter-t"
    words = "string line name e-mail email phone telephone url link web address code"
    about = "One line of text: plain, an e-mail address, a phone number, a link or a code."
    example = {"name": "member_email", "kind": "text", "format": "email"}
    options = {
        "format": {"enum": list(FORMATS), "description": "What the text is; plain by default."},
        "max_length": {
            "type": "integer",
            "minimum": 1,
            "maximum": 4000,
            "description": f"The most characters that it takes; {MAX_LENGTH} by default.",
        },
        "pattern": {
            "type": "string",
            "minLength": 1,
            "maxLength": 500,
            "description": "A regular expression (RE2) that the whole text matches.",
        },
        "pattern_help": {
            "type": "string",
            "description": "What to say when the pattern does not match.",
        },
        "case": {"enum": list(CASES), "description": "Letters are stored in this case."},
    }
    searchable = True
    operators = (
        "is", "is_not", "contains", "not_contains", "starts_with", "empty", "not_empty",
    )  # fmt: skip

    def check(self, field: Field, check: FieldCheck) -> None:
        pattern = field.option("pattern")
        if pattern is None:
            return
        try:
            compiled(pattern)
        except re2.error as fault:
            check.fault(
                "pattern",
                "bad_pattern",
                f"The pattern does not read: {_said(fault)}.",
                "Look-ahead and back-references are not known.",
            )

    def type(self, field: Field) -> types.Type:
        return types.TEXT

    def columns(self, field: Field) -> tuple[Column, ...]:
        return (Column("", TEXT), Column("__fold", TEXT, hidden=True))

    def order(
        self, field: Field, columns: Mapping[str, ColumnElement[Any]]
    ) -> tuple[ColumnElement[Any], ...]:
        return (columns["__fold"], columns[""])

    def literal(self, field: Field, raw: Any) -> bool:
        # Any text is a value of this kind, so an expression shows itself by its quotes.
        quoted = isinstance(raw, str) and len(raw) > 1 and raw[0] == raw[-1] and raw[0] in "'\""
        return not quoted

    def parse(self, field: Field, raw: Any) -> str:
        text = limit(words(raw), field.option("max_length", MAX_LENGTH))
        case = field.option("case")
        text = CASES[case](text) if case else text
        fault = FORMATS[field.option("format", "plain")](text)
        if fault:
            raise ValueFault(f"not_{field.option('format')}", fault)
        pattern = field.option("pattern")
        if pattern and not compiled(pattern).fullmatch(text):
            said = field.option("pattern_help") or f"Write text that matches {pattern}."
            raise ValueFault("no_match", said)
        return text

    def pack(self, field: Field, value: str) -> Sequence[Any]:
        return (value, fold(value))

    def json_schema(self, field: Field) -> dict[str, Any]:
        schema: dict[str, Any] = {
            "type": "string",
            "maxLength": field.option("max_length", MAX_LENGTH),
        }
        form = {"email": "email", "url": "uri"}.get(field.option("format", "plain"))
        return {**schema, "format": form} if form else schema


def _said(fault: Exception) -> str:
    said = fault.args[0] if fault.args else str(fault)
    return said.decode() if isinstance(said, bytes) else str(said)
