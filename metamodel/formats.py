"""The formats of text: what an address, a phone number, a time of day or a mask asks for."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from metamodel.errors import ValueFault

EMAIL = re.compile(r"[^\s@<>()\[\],;:\"\\]+@[^\s@<>()\[\],;:\"\\.]+(\.[^\s@<>()\[\],;:\"\\.]+)+")
PHONE = re.compile(r"[0-9+(][0-9 ().\-/+]*([xX#] ?[0-9]+)?")
PHONE_DIGITS = range(3, 21)
E164 = re.compile(r"\+[1-9][0-9]{6,14}")
TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
PLACES = {"A": "[A-Za-z]", "0": "[0-9]", "*": "[A-Za-z0-9]"}


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


def _time(text: str) -> str | None:
    return None if TIME.fullmatch(text) else "Write a time of day such as 09:30."


def _any(text: str) -> str | None:
    return None


EXPRESSION = "expression"  # which the record that holds it is asked about

FORMATS: Mapping[str, Callable[[str], str | None]] = {
    "plain": _any,
    "email": _email,
    "phone": _phone,
    "url": _url,
    "time": _time,
    "code": _any,
    EXPRESSION: _any,
}


def e164(text: str, calling_code: str, trunk: str = "0") -> str:
    """A phone number as it is dialled from anywhere: `020 7946 0958` is `+442079460958`.

    What stands in brackets behind a country's code, as in +49 (0)351, is for callers from there.
    """
    digits = "".join(c for c in text if c.isdigit())
    abroad = text.lstrip("( ").startswith("+")
    if abroad or digits.startswith("00"):  # 00 stands for +
        own = digits.removeprefix("" if abroad else "00").startswith(calling_code[1:])
        inside = re.escape(trunk if own else "0")
        text = re.sub(rf"[(] *{inside} *[)]", "", text, count=1) if inside else text
        digits = "".join(c for c in text if c.isdigit()).removeprefix("" if abroad else "00")
    else:  # the digits that only a country's own callers dial are left out
        digits = calling_code[1:] + _abroad(digits, trunk)
    number = f"+{digits}"
    if "x" in text.lower() or "#" in text or not E164.fullmatch(number):
        raise ValueFault(
            "not_phone", "Write a phone number of 7 to 15 digits, such as +44 20 7946 0958."
        )
    return number


def _abroad(digits: str, trunk: str) -> str:
    return digits.lstrip("0") if trunk == "0" else digits.removeprefix(trunk)


def mask_pattern(mask: str) -> str:
    """The regular expression of the whole text that a mask describes."""
    return f"^{''.join(PLACES.get(c) or re.escape(c) for c in mask)}$"


def masked(text: str, mask: str) -> str:
    """The text with all that the mask brings; what stands for itself may be left out."""
    if re.fullmatch(mask_pattern(mask)[1:-1], text):
        return text
    typed = iter(c for c in text if c.isalnum())
    filled = []
    for place in mask:
        filled.append(next(typed, "") if place in PLACES else place)
    whole = "".join(filled)
    if next(typed, None) is not None or not re.fullmatch(mask_pattern(mask)[1:-1], whole):
        raise ValueFault("no_match", f"Write it as {mask}: A is a letter, 0 a digit, * either.")
    return whole
