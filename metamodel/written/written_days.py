"""Days and clock times as people and programs write them, in figures or with names of months."""

from __future__ import annotations

import re
from datetime import UTC, date, time, timedelta, timezone
from functools import lru_cache
from typing import NamedTuple

from babel.core import UnknownLocaleError

from metamodel.errors import ValueFault
from metamodel.folding import fold

from .text_format import TextFormat
from .written_numbers import cleaned, known_locale

PARTS = re.compile(r"([0-9]{1,4})\s?[-/. ]\s?([0-9]{1,2})\s?[-/. ]\s?([0-9]{1,4})\.?")
EASTERN = re.compile(r"([0-9]{4})\s?[年년]\s?([0-9]{1,2})\s?[月월]\s?([0-9]{1,2})\s?[日일]?")
COMPACT = re.compile(r"((?:19|20)[0-9]{2})([0-9]{2})([0-9]{2})")  # ISO 8601 without hyphens
ORDERS = {"ymd": (0, 1, 2), "dmy": (2, 1, 0), "mdy": (2, 0, 1)}
WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)*")
ORDINAL = re.compile(r"\b([0-9]{1,2})(?:st|nd|rd|th|er|º|ª)\b")
NAMED = re.compile(r"[0-9]{1,4}|[^\W\d_]+")
BETWEEN = frozenset({"de", "del", "of", "den", "the", "d", "г", "di"})  # 5 de marzo de 2026
CLOCK = re.compile(
    r"(?P<hour>[0-9]{1,2})(?:[:.h](?P<minute>[0-9]{2})(?:[:.](?P<second>[0-9]{2})"
    r"(?:[.,](?P<part>[0-9]{1,9}))?)?)? ?(?P<half>[ap]\.?\s?m\.?)?"
    r"(?: ?uhr)?(?: ?(?P<zone>z|utc|gmt|[+-][0-9]{2}:?(?:[0-9]{2})?))?",
    re.IGNORECASE,
)
LANGUAGES = (
    "en", "de", "fr", "es", "it", "pt", "nl", "da", "sv", "nb", "fi", "pl", "cs", "sk", "hu", "ro",
    "tr", "el", "ru", "uk", "bg", "ja", "zh", "ko",
)  # fmt: skip
MORE_MONTHS = {"sept": 9, "mrz": 3, "maerz": 3}  # that spreadsheets write
CENTURY = 50  # years of two digits: 00 to 49 are 2000 to 2049, 50 to 99 are 1950 to 1999


class TimeOfDay(NamedTuple):
    """A time of day, and how far it is from UTC where that is said."""

    time: time
    offset: timezone | None


def date_in(text: str, form: TextFormat) -> date:
    """The day of text such as `21/11/2026`, `21 Nov 2026` or `Nov 21, 2026`."""
    plain = cleaned(text)
    order = form.dates
    found = EASTERN.fullmatch(plain) or PARTS.fullmatch(plain) or COMPACT.fullmatch(plain)
    if found is not None:
        return _in_figures(plain, found.groups(), order)
    named = _with_name(plain, form.locale)
    if named is None:
        raise ValueFault("not_a_date", f"Write a date such as {sample(order)}.")
    return _day(plain, *named, order)


@lru_cache(maxsize=64)
def usual_order(locale: str) -> str:
    """The order of a language. That of English depends on the country: it is not known then."""
    try:
        pattern = known_locale(locale).date_formats["short"].pattern.lower()
    except (ValueError, UnknownLocaleError):
        return "ymd"
    order = "".join(dict.fromkeys(c for c in pattern if c in "ymd"))
    return order if order in ORDERS and locale != "en" else "ymd"


def sample(order: str) -> str:
    return {"dmy": "21/11/2026", "mdy": "11/21/2026"}.get(order, "2026-11-21")


def _in_figures(text: str, parts: tuple[str, ...], order: str) -> date:
    first, _, last = parts
    if len(first) >= 3:  # can only be the year
        order = "ymd"
    elif order == "ymd":
        raise _no_order(text, parts)
    if len(first) > 2 and len(last) > 2:
        raise ValueFault("not_a_date", f"{text} is not a valid date. Write {sample(order)}.")
    year, month, day = (parts[at] for at in ORDERS[order])
    return _day(text, year, int(month), int(day), order)


def _no_order(text: str, parts: tuple[str, ...]) -> ValueFault:
    """Of a day whose order nobody has said."""
    if len(parts[2]) not in (2, 4):
        return ValueFault("not_a_date", f"Write a date such as {sample('ymd')}.")
    orders = []
    for order in ("dmy", "mdy"):
        try:
            orders.append((order, _in_figures(text, parts, order)))
        except ValueFault:
            continue
    if not orders:
        return ValueFault("not_a_date", f"{text} is not a valid date. Write {sample('ymd')}.")
    said = " or ".join(f"{day.day} {day:%B %Y} ({order})" for order, day in orders)
    verb = "may be" if len(orders) > 1 else "can only be"
    return ValueFault(
        "no_date_order",
        f"{text} {verb} {said}. Say the order of day, month and year, or write {sample('ymd')}.",
    )


def _day(text: str, year: str, month: int, day: int, order: str) -> date:
    if len(year) not in (2, 4):
        raise ValueFault("not_a_date", "Write the year with four digits.")
    whole = int(year)
    if len(year) == 2:
        whole += 2000 if whole < CENTURY else 1900
    try:
        if whole < 1000:
            raise ValueError
        return date(whole, month, day)
    except ValueError:
        raise ValueFault(
            "not_a_date", f"{text} is not a valid date. Write {sample(order)}."
        ) from None


def _with_name(plain: str, locale: str) -> tuple[str, int, int] | None:
    """Year, month and day of a text that names its month; the day comes before a short year."""
    words = [fold(word) for word in NAMED.findall(ORDINAL.sub(r"\1", plain))]
    months, days = _names(locale)
    words = [word for word in words if word not in BETWEEN]
    if len(words) == 4 and words[0] in days:
        words = words[1:]
    figures = [word for word in words if word.isdigit()]
    names = [word for word in words if not word.isdigit()]
    if len(words) != 3 or len(figures) != 2 or names[0] not in months:
        return None
    if words[2] in names:
        return None
    day, year = figures
    if len(day) == 4:  # 2026 Mar 5
        day, year = year, day
    return (year, months[names[0]], int(day)) if len(day) <= 2 else None


@lru_cache(maxsize=32)
def _names(locale: str) -> tuple[dict[str, int], frozenset[str]]:
    """The months by their names, and the names of weekdays: English, the site's, and others.

    A word that names different months in different languages counts as the first of them says.
    """
    months: dict[str, int] = {}
    others: dict[str, set[int]] = {}
    days: set[str] = set()
    for language in dict.fromkeys(("en", locale, *LANGUAGES)):
        try:
            known = known_locale(language)
        except (ValueError, UnknownLocaleError):
            continue
        for place in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                for number, name in known.months[place][width].items():
                    word = _word(name)
                    if language in ("en", locale):
                        months.setdefault(word, number)
                    others.setdefault(word, set()).add(number)
                days |= {_word(name) for name in known.days[place][width].values()}
    months |= MORE_MONTHS
    for word, numbers in others.items():
        if len(numbers) == 1:
            months.setdefault(word, *numbers)
    months.pop("", None)
    return months, frozenset(days - {""})


def _word(name: str) -> str:
    """The first word of a name; nothing of one such as 3月, which is no word."""
    found = WORD.findall(cleaned(name))
    return fold(found[0]) if found and not any(c.isdigit() for c in name) else ""


def clock_in(text: str) -> TimeOfDay | None:
    """The time of day of `9:30`, `9:30:15.250`, `2:15 PM` or `10:00+0100`; None for other text."""
    found = CLOCK.fullmatch(cleaned(text))
    if found is None or not (found["minute"] or found["half"]):
        return None
    hour, half = int(found["hour"]), (found["half"] or "").lower()
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half.startswith("p") else 0)
    try:
        part = int((found["part"] or "").ljust(6, "0")[:6])
        return TimeOfDay(
            time(hour, int(found["minute"] or 0), int(found["second"] or 0), part),
            _offset(found["zone"]),
        )
    except ValueError:
        return None


def _offset(zone: str | None) -> timezone | None:
    if not zone:
        return None
    if zone[0] not in "+-":
        return UTC
    hours, minutes = int(zone[1:3]), int(zone[3:].lstrip(":") or 0)
    if minutes > 59:
        raise ValueError
    ahead = timedelta(hours=hours, minutes=minutes)
    return timezone(-ahead if zone[0] == "-" else ahead)


def day_and_clock(text: str, form: TextFormat) -> tuple[date, TimeOfDay | None]:
    """The day of a text, and the time of day that may stand behind it."""
    plain = cleaned(text)
    for gap in re.finditer(r"(?<=[0-9])[Tt](?=[0-9])|, ?| ", plain):
        clock = clock_in(plain[gap.end() :])
        if clock is not None and (day := _day_or_none(plain[: gap.start()], form)) is not None:
            return day, clock
    return date_in(plain, form), None


def _day_or_none(text: str, form: TextFormat) -> date | None:
    try:
        return date_in(text, form)
    except ValueFault as fault:
        if fault.code == "no_date_order":
            raise
        return None
