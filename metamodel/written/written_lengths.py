"""Lengths of time as people and programs write them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal

from metamodel.errors import ValueFault
from metamodel.folding import fold

from .text_format import TextFormat
from .written_numbers import cleaned, plain_number

CLOCK = re.compile(r"([0-9]{1,9}):([0-5][0-9])(?::([0-5][0-9]))?")
PARTS = re.compile(r"([0-9][0-9.,' ]*?) ?([^\W\d_]+)\.?(?: |,|$|(?=[0-9]))+")
BARE_MINUTES = re.compile(r".*[0-9 ]([^\W\d_]+)\.? ?[0-5]?[0-9]")  # 1h 30, 2 hrs 5
ISO = re.compile(
    r"p(?:([0-9]+)d)?(?:t(?:([0-9]+(?:[.,][0-9]+)?)h)?(?:([0-9]+(?:[.,][0-9]+)?)m)?"
    r"(?:([0-9]+(?:[.,][0-9]+)?)s)?)?"
)
TWO_WAYS = re.compile(r"([0-9]+)[.,]([0-9]{1,2}|[0-9]{4,})")  # a decimal, whichever its mark
COUNT = re.compile(r"[0-9]{1,12}(\.[0-9]{1,30})?")
PLAIN = re.compile(r"[0-9][0-9.,' ]*")
UNITS: Mapping[str, int] = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds", "sek", "sekunde", "sekunden"), 1),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes", "minuten"), 60),
    **dict.fromkeys(
        ("h", "hr", "hrs", "hour", "hours", "std", "stunde", "stunden", "heure", "heures"), 3600
    ),
}
DAYS = ("d", "day", "days", "tag", "tage", "jour", "jours")
# By the names that options of imports have, and what else headings of columns say.
SAID: Mapping[str, str] = {
    **{word: "seconds" for word, seconds in UNITS.items() if seconds == 1},
    **{word: "minutes" for word, seconds in UNITS.items() if seconds == 60},
    **{word: "hours" for word, seconds in UNITS.items() if seconds == 3600},
    "decimal": "hours", "decimal hours": "hours", "dezimal": "hours",
}  # fmt: skip
BRACKETS = re.compile(r"([(\[])([^()\[\]]+)[)\]]\s*$")
UNIT_NAMES = ("hours", "minutes", "seconds")


def length_in(text: str, day: int, form: TextFormat) -> int:
    """The seconds of a text; a plain number counts in the form's unit. Days have `day` seconds."""
    plain = fold(cleaned(text))
    clock = CLOCK.fullmatch(plain)
    if clock:
        hours, minutes, seconds = (int(part or 0) for part in clock.groups())
        return hours * 3600 + minutes * 60 + seconds
    if PLAIN.fullmatch(plain):
        return _plain(plain, form)
    iso = ISO.fullmatch(plain)
    if iso and any(iso.groups()):
        sizes = zip(iso.groups(), (86400, 3600, 60, 1), strict=True)
        return sum(_seconds(part, size, form) for part, size in sizes if part)
    bare = BARE_MINUTES.fullmatch(plain)
    if bare and UNITS.get(bare[1]) == 3600:
        plain += "m"
    at, total = 0, 0
    while found := PARTS.match(plain, at):
        size = day if found[2] in DAYS else UNITS.get(found[2])
        if size is None:
            break
        total, at = total + _seconds(found[1], size, form), found.end()
    if not at or at < len(plain):
        raise ValueFault("not_a_duration", "Write hours and minutes, such as 1:30 or 1h 30m.")
    return total


def unit_in(heading: str) -> str:
    """The unit that a heading says: `Spent (h)`, `Duration [minutes]`, `Hours`; "" for none."""
    plain = fold(cleaned(heading))
    found = BRACKETS.search(plain)
    for said in (found[2].strip(" .") if found else "", plain, re.split("[ _]", plain)[-1]):
        if said in SAID and (len(said) > 1 or found):
            return SAID[said]
    return ""


def without_unit(heading: str) -> str:
    """A heading without the unit in brackets."""
    found = BRACKETS.search(heading)
    return heading[: found.start()].strip() if found and unit_in(heading) else heading


def _plain(text: str, form: TextFormat) -> int:
    if not form.unit:
        raise ValueFault(
            "no_unit",
            f"{text} may be hours, minutes or seconds. Say the unit, or write 1:30, {text}h or "
            f"{text}m.",
        )
    if form.unit == "seconds":
        return _whole(text)
    return _seconds(text, UNITS[form.unit], form)


def _whole(text: str) -> int:
    if not re.fullmatch("[0-9]{1,12}", text):
        message = f"{text} is not a whole number of seconds. Write 1:30 or 1.5h, or say the unit."
        raise ValueFault("not_a_duration", message)
    return int(text)


def _seconds(text: str, size: int, form: TextFormat) -> int:
    """So many units of so many seconds, to the nearest second."""
    sure = TWO_WAYS.fullmatch(text)
    written = f"{sure[1]}.{sure[2]}" if sure else plain_number(text, form, 0)
    if not COUNT.fullmatch(written):
        raise ValueFault("not_a_duration", "Write hours and minutes, such as 1:30.")
    return int((Decimal(written) * size).quantize(Decimal(1), ROUND_HALF_UP))
