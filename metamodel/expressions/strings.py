"""Text: the one meaning of its functions on every target."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any

import re2  # type: ignore[import-untyped]

from metamodel.folding import normal

BLANK = " \t\r\n\N{NO-BREAK SPACE}"  # what trim() takes away
MAX_TEXT = 1_000_000  # characters of a text that an expression puts together
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
    # The one that becomes two, and the one that looks at what stands around it.
    return normal(text.replace("İ", "i").replace("Σ", "σ").lower())


def upper(text: str) -> str:
    """The same; what would become several characters stays as it is."""
    if text.isascii():
        return text.upper()
    parts = _several().split(text)
    parts[::2] = [part.upper() for part in parts[::2]]
    return normal("".join(parts))


@cache
def _several() -> re.Pattern[str]:
    """The characters that become several in capitals."""
    found = (chr(code) for code in range(0x80, 0x10000) if len(chr(code).upper()) > 1)
    return re.compile(f"([{''.join(found)}]+)")


def joined(texts: Sequence[str]) -> str | None:
    """Text after text; empty where there is none, or more than a value may hold."""
    if sum(map(len, texts)) > MAX_TEXT:
        return None
    return "".join(texts) or None


def short(text: str) -> str | None:
    return text if len(text) <= MAX_TEXT else None


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
        return "The pattern is not valid."
    return None


_SPACE = r"\t\n\f\r "
_POSIX = {
    "alpha": "A-Za-z", "digit": "0-9", "alnum": "0-9A-Za-z", "upper": "A-Z", "lower": "a-z",
    "space": r"\t\n\v\f\r ", "punct": r"!-\/:-@\[-`\{-~", "xdigit": "0-9A-Fa-f",
    "word": "0-9A-Za-z_",
}  # fmt: skip
_OUTSIDE = re.compile(
    r"(?P<escape>\\.)|(?P<open>\[\^?\]?)|(?P<end>\)[*+{])"
    r"|(?P<repeat>[*+]|\{(?P<least>\d+)(?P<comma>,(?P<most>\d*))?\})|(?P<other>.)",
    re.DOTALL,
)
_INSIDE = re.compile(
    r"(?P<escape>\\.)|(?P<posix>\[:(?P<name>[a-z]+):\])|(?P<close>\])|(?P<other>.)", re.DOTALL
)
MAX_BROWSER_TEXT = 1_000  # characters that a browser matches by itself
MAX_BROWSER_TRIES = 1_000_000  # of its engine, which goes back and tries again


@lru_cache(maxsize=500)
def browser_pattern(pattern: str) -> str | None:
    """The pattern for a browser's engine, or None where that might not answer in good time."""
    made: list[str | None] = []
    at, inside, tries = 0, False, 1
    while at < len(pattern):
        match = (_INSIDE if inside else _OUTSIDE).match(pattern, at)
        assert match is not None
        made.append(_in_class(match) if inside else _outside(match))
        tries *= 1 if inside else _tries(match)
        if made[-1] is None or tries > MAX_BROWSER_TRIES:
            return None
        inside = match.lastgroup != "close" if inside else match.lastgroup == "open"
        at = match.end()
    return "".join(part or "" for part in made)


def _tries(match: re.Match[str]) -> int:
    """In how many ways a repetition may go."""
    if match["repeat"] is None:
        return 1
    if match["least"] is None or (match["comma"] and not match["most"]):
        return MAX_BROWSER_TEXT
    return int(match["most"]) - int(match["least"]) + 1 if match["comma"] else 1


def _outside(match: re.Match[str]) -> str | None:
    text = match.group()
    if match["end"]:
        return None  # a group that is repeated
    if match["escape"]:
        return _escaped(text[1], inside=False)
    if match["open"] and text.endswith("]"):
        return text[:-1] + r"\]"
    return f"\\{text}" if text in "{}]" else text


def _in_class(match: re.Match[str]) -> str | None:
    if match["posix"]:
        return _POSIX.get(match["name"])
    text = match.group()
    if match["escape"]:
        return _escaped(text[1], inside=True)
    if match["close"]:
        return text
    return f"\\{text}" if text in "[({})|/" else text


def _escaped(character: str, inside: bool) -> str | None:
    if character == "s":
        return _SPACE if inside else f"[{_SPACE}]"
    if character == "S":
        return None if inside else f"[^{_SPACE}]"
    if character in "dDwWnrt":
        return f"\\{character}"
    return f"\\u{{{ord(character):x}}}"
