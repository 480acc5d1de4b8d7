"""Text: the one meaning of its functions on every target."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache
from typing import Any

import re2  # type: ignore[import-untyped]

from metamodel.text import normal

BLANK = " \t\r\n\N{NO-BREAK SPACE}"  # what trim() takes away
MAX_PATTERN_MEMORY = 1 << 20
MAX_REPEAT = 255
# Only what every engine of regular expressions reads alike.
_ESCAPES = re.compile(r"\\([^dDsSwWnrt\W]|$)")
_GROUPS = re.compile(r"(?<!\\)\(\?(?!:)")
_REPEATS = re.compile(r"\{(\d+)(?:,(\d*))?\}")


def filled(text: str) -> str | None:
    """Text without a character is empty."""
    return text or None


def lower(text: str) -> str:
    """Character by character, as databases do it: nothing gets longer."""
    if text.isascii():
        return text.lower()
    return normal("".join(_single(c, c.lower()) for c in text).replace("İ", "i"))


def upper(text: str) -> str:
    if text.isascii():
        return text.upper()
    return normal("".join(_single(c, c.upper()) for c in text))


def _single(character: str, folded: str) -> str:
    return folded if len(folded) == 1 else character


def trim(text: str) -> str | None:
    return filled(text.strip(BLANK))


def written_answer(answer: bool) -> str:
    return "true" if answer else "false"


def length(text: str) -> Decimal:
    return Decimal(len(text))


def contains(text: str, part: str) -> bool:
    return part in text


def starts_with(text: str, part: str) -> bool:
    return text.startswith(part)


def ends_with(text: str, part: str) -> bool:
    return text.endswith(part)


def matches(text: str, pattern: str) -> bool:
    """Whether the whole text is as the pattern says."""
    return compiled(pattern).fullmatch(text) is not None


@lru_cache(maxsize=500)
def compiled(pattern: str) -> Any:
    options = re2.Options()
    options.log_errors = False
    options.dot_nl = True
    options.max_mem = MAX_PATTERN_MEMORY
    return re2.compile(pattern, options)


def pattern_fault(pattern: str) -> str | None:
    """Why a pattern does not do, for people."""
    escape = _ESCAPES.search(pattern.replace("\\\\", ""))
    if escape:
        return f"Patterns have no `{escape.group()}`."
    if _GROUPS.search(pattern):
        return "Patterns have no `(?`, except `(?:`."
    if any(int(n) > MAX_REPEAT for m in _REPEATS.finditer(pattern) for n in m.groups() if n):
        return f"Patterns repeat at most {MAX_REPEAT} times."
    try:
        compiled(pattern)
    except re2.error:
        return "The pattern does not read."
    return None
