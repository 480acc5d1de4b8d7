"""How values look to one reader: zone, language, today, names; and small marks of cells."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from babel.dates import get_day_names, get_month_names
from babel.numbers import format_decimal
from markupsafe import Markup, escape

from fluvial.runtime.languages import language_of
from fluvial.runtime.reader_zone import zone_of
from fluvial.runtime.session import Session
from metamodel.catalog import Catalog
from metamodel.currencies import format_amount
from metamodel.expressions.types import Option
from metamodel.kinds.date import people_locale
from metamodel.written.written_numbers import decimal_mark

from .page_titles import PageTitles
from .template_environment import initials, tone

TONES = {"green": "good", "amber": "warn", "red": "bad", "blue": "info", "plum": "plum"}
NIL = Markup('<span class="nil">–</span>')
NOBODY = Markup('<span class="avatar none" title="Unassigned">+</span>')
SOON = 6  # days that are told by their weekday


@dataclass
class ReaderFormat:
    """What the showing of values depends on, beside the values."""

    catalog: Catalog
    names: PageTitles
    locale: str
    zone: ZoneInfo
    now: datetime
    as_of: str = ""  # the day that is shown, as links to records keep it
    today: date = field(init=False)  # of the business, as all days are
    here: date = field(init=False)  # of the reader, for clock times

    def __post_init__(self) -> None:
        self.today = self.now.astimezone(ZoneInfo(self.catalog.zone)).date()
        self.here = self.now.astimezone(self.zone).date()

    def day(self, day: date, today: date | None = None) -> str:
        """A day in a list: near ones by their weekday."""
        today = today or self.today
        distance = (day - today).days
        if distance in (-1, 0, 1):
            return ("Yesterday", "Today", "Tomorrow")[distance + 1]
        if 0 < distance <= SOON:
            return f"{_weekdays(self.locale)[day.weekday()]} {self.short(day)}"
        return self.short(day) if day.year == today.year else self.plain_day(day)

    def href(self, object_name: str, record: str) -> str:
        """The page of a record, on the day that is shown."""
        href = record_href(object_name, record)
        return f"{href}?{urlencode({'as_of': self.as_of})}" if self.as_of else href

    def plain_day(self, day: date) -> str:
        return f"{self.short(day)} {day.year}"

    def short(self, day: date) -> str:
        return f"{day.day} {_months(self.locale)[day.month]}"

    def local(self, moment: datetime) -> datetime:
        try:
            return moment.astimezone(self.zone)
        except OverflowError:  # a formula may lead to the ends of the calendar
            return moment

    def moment(self, moment: datetime) -> str:
        """A moment in a list."""
        local = self.local(moment)
        return f"{self.day(local.date(), self.here)} {local:%H:%M}"

    def full(self, moment: datetime) -> str:
        local = self.local(moment)
        return f"{self.plain_day(local.date())}, {local:%H:%M}"

    def ago(self, moment: datetime) -> str:
        """A moment beside an entry: the clock today, the day before that."""
        local = self.local(moment)
        if local.date() == self.here:
            return f"{local:%H:%M}"
        if self.here - local.date() < timedelta(days=SOON):
            return f"{_weekdays(self.locale)[local.weekday()]} {local:%H:%M}"
        return self.day(local.date(), self.here)


def format_of(session: Session) -> ReaderFormat:
    return ReaderFormat(
        session.catalog,
        PageTitles(session),
        people_locale(language_of(session)),
        zone_of(session),
        session.now,
        session.asked_text,
    )


@lru_cache(maxsize=8)
def _months(locale: str) -> dict[int, str]:
    names = get_month_names("abbreviated", locale=locale)
    # British English writes Sept; three letters for all keep columns even.
    return {n: str(name)[:3] if locale.startswith("en") else str(name) for n, name in names.items()}


@lru_cache(maxsize=8)
def _weekdays(locale: str) -> dict[int, str]:
    return {n: str(name) for n, name in get_day_names("abbreviated", locale=locale).items()}


def parse_moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@lru_cache(maxsize=8192)
def money(amount: str, currency: str, locale: str) -> str:
    try:
        value = Decimal(amount)
    except InvalidOperation:
        return f"{amount} {currency}"
    return format_amount(value, currency, locale).replace("-", "−")


@lru_cache(maxsize=8192)
def number(text: str, locale: str) -> str:
    """A number with its groups, and with the decimals that it came with."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        return text
    exponent = value.as_tuple().exponent
    decimals = -exponent if isinstance(exponent, int) and exponent < 0 else 0
    pattern = f"#,##0.{'0' * decimals}".rstrip(".")
    return str(format_decimal(value, format=pattern, locale=locale)).replace("-", "−")


CANONICAL = re.compile(r"-?[0-9]+(\.[0-9]+)?")


class Typed(str):
    """What somebody typed and what is shown again as it was, beside a fault."""

    __slots__ = ()


def typed_number(value: Any, locale: str) -> str:
    """A number as an input holds it: without groups, in the marks of the language."""
    if value is None or value == "":
        return ""
    text = str(value)
    if isinstance(value, Typed) or not CANONICAL.fullmatch(text):
        return text
    return text.replace(".", decimal_mark(locale))


@lru_cache(maxsize=2048)
def chip(label: str, tone_: str = "") -> Markup:
    return Markup(f'<span class="chip {tone_}">{escape(label)}</span>')


@lru_cache(maxsize=2048)
def dotted(label: str, tone_: str) -> Markup:
    return Markup(
        f'<span class="row nowrap"><span class="dot {tone_}"></span>{escape(label)}</span>'
    )


@lru_cache(maxsize=4096)
def avatar(name: str) -> Markup:
    return Markup(
        f'<span class="avatar {tone(name)}" title="{escape(name)}" aria-hidden="true">'
        f"{escape(initials(name))}</span>"
    )


@lru_cache(maxsize=4096)
def mark(name: str) -> Markup:
    """Somebody in a list: the avatar, with the name for those who do not see it."""
    return Markup(f'{avatar(name)}<span class="hidden">{escape(name)}</span>')


@lru_cache(maxsize=4096)
def person(name: str) -> Markup:
    return Markup(
        f'<span class="person">{avatar(name)} <span class="clip">{escape(name)}</span></span>'
    )


def link(href: str, label: str) -> Markup:
    return Markup(f'<a class="link" href="{escape(href)}">{escape(label)}</a>')


def record_href(object_name: str, record: str) -> str:
    return f"/o/{object_name}/{record}"


def tone_of(option: Option | None) -> str:
    return TONES.get(option.colour, "") if option else ""
