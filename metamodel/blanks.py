"""Which texts say nothing: those of spaces and of characters that nobody sees."""

from __future__ import annotations

import re
import unicodedata

# Characters of other categories without a look of their own: fillers of Hangul, the blank of
# Braille, the joiner of graphemes, and selectors of variants.
_UNSEEN = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0") | {
    *map(chr, range(0xFE00, 0xFE10)),
    *map(chr, range(0xE0100, 0xE01F0)),
}
# What is taken off both ends: spaces, breaks and fillers, but no joiners, marks of direction or
# tags, which may say how a neighbour looks.
_ENDS = "\\s\u00ad\u115f\u1160\u180e\u200b\u2060\u2800\u3164\ufeff\uffa0"
_AROUND = re.compile(f"^[{_ENDS}]+|[{_ENDS}]+$")


def blank(text: str) -> bool:
    """Whether there is nothing to see in a text."""
    if text[:1].isascii() and text[:1].isalnum():
        return False
    return all(c in _UNSEEN or unicodedata.category(c)[0] in "ZC" for c in text)


def trimmed(text: str) -> str:
    """A text without spaces around it; nothing where there is nothing to see."""
    if text.isascii():
        return text.strip()
    return "" if blank(text) else _AROUND.sub("", text)
