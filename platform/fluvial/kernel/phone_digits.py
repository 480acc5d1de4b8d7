"""Numbers with blanks in them, as people write telephone numbers: `0351 123456`, `+49 351`."""

from __future__ import annotations

import re

DIGITS = range(6, 21)  # of what may be one number, however it is parted
ABROAD = 7  # digits of 00, the code of a country and that of an area
_PARTED = re.compile(r"(?<![^\W_])(?:\+|00)?\(?[0-9]+(?:[ \-/.()\u00a0]{1,3}[0-9]+)*(?![^\W_])")
_PARTS = re.compile(r"[0-9][ \-/.()\u00a0]{1,3}[0-9]")
_AREA = re.compile("0[1-9][0-9]{2,3}")  # a code of an area alone
_NOT_DIGITS = re.compile(r"[^0-9]+")
# Country codes of two digits; +1 and +7 are alone, all others have three.
_TWO = frozenset(
    "20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 "
    "65 66 81 82 84 86 90 91 92 93 94 95 98".split()
)


def joined_numbers(text: str) -> list[str]:
    """Each number that is parted by blanks or marks, as one."""
    found: list[str] = []
    if not _PARTS.search(text):
        return found
    for match in _PARTED.finditer(text):
        digits = _NOT_DIGITS.sub("", match[0])
        if len(digits) in DIGITS and digits != match[0]:
            found.append(digits)
    return found


def national(search: str) -> str:
    """A search whose telephone numbers lack what differs between their forms.

    From abroad a number begins with + or 00 and the code of the country, at home with a 0.
    """
    if not any(c.isdigit() for c in search):
        return search
    return _PARTED.sub(_without_prefix, search)


def _without_prefix(match: re.Match[str]) -> str:
    text = match[0].replace("(0)", " ")
    digits = _NOT_DIGITS.sub("", text)
    if text.startswith("+") or (text.startswith("00") and len(digits) >= ABROAD):
        return _after_country(digits.removeprefix("00"), text) or digits
    if text.startswith(("0", "(0")) and len(digits) in DIGITS:
        return text.lstrip("(0")
    if _AREA.fullmatch(digits):  # what has the zero is found by what follows it as well
        return digits[1:]
    return text


def _after_country(digits: str, text: str) -> str:
    length = 1 if digits[:1] in ("1", "7") else 2 if digits[:2] in _TWO else 3
    rest, left = text.lstrip("+"), length + (2 if text.startswith("00") else 0)
    for at, c in enumerate(rest):
        if left == 0:
            return rest[at:]
        left -= c.isdigit()
    return ""
