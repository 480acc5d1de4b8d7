"""Text: one line of words, an e-mail address, a phone number, a link, a time or a code."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import re2  # type: ignore[import-untyped]
from sqlalchemy import ColumnElement

from metamodel.blanks import trimmed
from metamodel.errors import ValueFault
from metamodel.expressions import types
from metamodel.folding import fold, normal
from metamodel.formats import EXPRESSION, FORMATS, e164, mask_pattern, masked
from metamodel.kinds.conversion import one_line
from metamodel.kinds.held_results import HELD_TYPES
from metamodel.kinds.kind import Column, Convert, Field, FieldCheck, Kind, TextFormat
from metamodel.storage import TEXT

MAX_LENGTH = 255
MOST_OF_EXPRESSION = 1_000
HIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")  # categories Cc and Cs of Unicode
LINE_BREAKS = re.compile("\\s*[\r\n\v\f\x85\u2028\u2029]\\s*")
CASES: Mapping[str, Callable[[str], str]] = {
    "lower": str.lower,
    "upper": str.upper,
    "title": lambda text: " ".join(word[:1].upper() + word[1:] for word in text.split(" ")),
}


def words(raw: Any, allowed: str = "") -> str:
    """Text in its normal form; control characters beside the allowed ones are refused."""
    if not isinstance(raw, str):
        raise ValueFault("not_text", 'Write text in quotes, such as "Blue".')
    for hidden in HIDDEN.findall(raw):
        if hidden not in allowed:
            raise ValueFault(
                "control_character", f"Remove the hidden character U+{ord(hidden):04X}."
            )
    return normal(raw)


def limit(text: str, length: int) -> str:
    if len(text) > length:
        raise ValueFault("too_long", f"Write at most {length} characters; there are {len(text)}.")
    return text


@lru_cache(maxsize=512)
def compiled(pattern: str) -> Any:
    """A pattern of Google's RE2, which takes linear time whatever people write."""
    options = re2.Options()
    options.log_errors = False
    return re2.compile(pattern, options)


class Text(Kind):
    name = "text"
    label = "Text"
    group = "Text and numbers"
    icon = "letter-t"
    words = "string line name web address"
    formats = {
        "e-mail": "email", "email": "email", "phone": "phone", "telephone": "phone", "url": "url",
        "link": "url", "website": "url", "homepage": "url", "web-address": "url", "mobile": "phone",
        "code": "code",
    }  # fmt: skip
    about = (
        "One line of text: plain, an e-mail address, a phone number, a link, a time of day or a "
        "code."
    )
    example = {"name": "member_email", "kind": "text", "format": "email"}
    first = ("format", "searchable", "unique")
    sample = "jo@example.com"
    options = {
        "format": {
            "enum": list(FORMATS),
            "description": "The format of the text; plain by default.",
        },
        "max_length": {
            "type": "integer",
            "minimum": 1,
            "maximum": 4000,
            "description": (
                f"The maximum number of characters; {MAX_LENGTH} by default, of expressions "
                f"{MOST_OF_EXPRESSION:,}."
            ),
        },
        "pattern": {
            "type": "string",
            "minLength": 1,
            "maxLength": 500,
            "description": "A regular expression (RE2) that the whole text must match.",
        },
        "pattern_help": {
            "type": "string",
            "description": "The message when the pattern does not match.",
        },
        "mask": {
            "type": "string",
            "minLength": 1,
            "maxLength": 60,
            "description": (
                "The input mask: A is a letter, 0 a digit, * either; other "
                "characters stand for themselves and need not be typed: AA-0000."
            ),
        },
        "calling_code": {
            "type": "string",
            "pattern": "^[+][1-9][0-9]{0,3}$",
            "description": (
                "Phone numbers are stored as E.164 (+442079460958); numbers without "
                "a country code get this one."
            ),
        },
        "trunk": {
            "type": "string",
            "pattern": "^[0-9]{0,3}$",
            "description": (
                "The leading digits that callers from abroad leave out; 0 by "
                'default, 8 in Russia, "" where all digits are dialled, as in Italy.'
            ),
        },
        "case": {
            "enum": list(CASES),
            "description": "Letters are stored in this case; title capitalises each word.",
        },
        "over": {
            "$ref": "#/$defs/name",
            "x-editor": {"is": "object"},
            "description": "Of expressions: the object type whose fields they name.",
        },
        "result": {
            "enum": list(HELD_TYPES),
            "description": "Of expressions: the kind of value that they give; any if omitted.",
        },
    }
    searchable = True
    titles = True
    identifies = True
    operators = (
        "is", "is_not", "contains", "not_contains", "starts_with", "empty", "not_empty",
    )  # fmt: skip

    def check(self, field: Field, check: FieldCheck) -> None:
        if field.option("trunk") is not None and not field.option("calling_code"):
            hint = "Add a `calling_code`, or remove `trunk`."
            check.fault("trunk", "not_phone", "`trunk` has no effect without a calling code.", hint)
        if field.option("calling_code") and field.option("format") != "phone":
            check.fault(
                "calling_code",
                "not_phone",
                "Only phone numbers can have a calling code.",
                "Write `format: phone`, or remove `calling_code`.",
            )
        _check_expression(field, check)
        pattern = field.option("pattern")
        if pattern is None:
            return
        try:
            compiled(pattern)
        except re2.error as fault:
            check.fault(
                "pattern",
                "bad_pattern",
                f"The pattern is not valid: {_said(fault)}.",
                "Look-ahead and back-references are not supported.",
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
        text = limit(trimmed(words(raw)), _most(field))
        if not text:
            return text  # of spaces alone: it counts as empty
        case = field.option("case")
        text = CASES[case](text) if case else text
        mask = field.option("mask")
        if mask:
            text = masked(text, mask)
        fault = FORMATS[field.option("format", "plain")](text)
        if fault:
            raise ValueFault(f"not_{field.option('format')}", fault)
        pattern = field.option("pattern")
        if pattern and not compiled(pattern).fullmatch(text):
            said = field.option("pattern_help") or f"Write text that matches {pattern}."
            raise ValueFault("no_match", said)
        calling_code = field.option("calling_code")
        return e164(text, calling_code, field.option("trunk", "0")) if calling_code else text

    def parse_text(self, field: Field, text: str, form: TextFormat) -> str:
        """One line; line breaks become spaces where the form says so."""
        if form.line_breaks == "space":
            text = LINE_BREAKS.sub(" ", text).strip()
        elif "\n" in text or "\r" in text:
            raise ValueFault("line_break", "Write one line: put a space for each line break.")
        return self.parse(field, text)

    def tidied(self, field: Field, value: Any) -> Any:
        return trimmed(value) if isinstance(value, str) else value

    def pack(self, field: Field, value: str) -> Sequence[Any]:
        return (value, fold(value))

    def takes(self, old: Kind) -> Convert | None:
        """Whatever is stored has words."""
        return one_line if old.stored else None

    def json_schema(self, field: Field) -> dict[str, Any]:
        schema: dict[str, Any] = {
            "type": "string",
            "maxLength": _most(field),
        }
        if field.option("mask"):
            schema["pattern"] = mask_pattern(field.option("mask"))
        form = {"email": "email", "url": "uri"}.get(field.option("format", "plain"))
        return {**schema, "format": form} if form else schema


def _most(field: Field) -> int:
    """The characters that it holds."""
    usual = MOST_OF_EXPRESSION if field.option("format") == EXPRESSION else MAX_LENGTH
    return int(field.option("max_length", usual))


def _check_expression(field: Field, check: FieldCheck) -> None:
    over, result = field.option("over"), field.option("result")
    if field.option("format") == EXPRESSION:
        if over is None:
            message = "`over` is missing: an expression is about records of one object type."
            check.fault("", "missing", message, "Write `over`, with the object type.")
        else:
            check.object("over", over)
        for name in ("case", "mask", "pattern"):
            if field.option(name) is not None:
                message = f"An expression has no `{name}`."
                check.fault(name, "not_for_expressions", message, f"Remove `{name}`.")
        return
    for name, value in (("over", over), ("result", result)):
        if value is not None:
            message = f"`{name}` has an effect on expressions only."
            check.fault(name, "no_expression", message, "Write `format: expression`, or remove it.")


def _said(fault: Exception) -> str:
    said = fault.args[0] if fault.args else str(fault)
    return said.decode() if isinstance(said, bytes) else str(said)
