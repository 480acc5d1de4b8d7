"""What the sample is made from, and what has been made so far."""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

ANCHOR = date(2026, 11, 21)  # the day as of which the data stand, as sample.yaml says
SEED = 20261121
MAIL = "tidewell.example"

Row = dict[str, Any]  # keys with an underscore in front are not written


@dataclass
class World:
    """What has been made so far."""

    words: dict[str, Any]
    rng: random.Random = field(default_factory=lambda: random.Random(SEED))
    accounts: list[Row] = field(default_factory=list)
    contacts: list[Row] = field(default_factory=list)
    sites: list[Row] = field(default_factory=list)
    assets: list[Row] = field(default_factory=list)
    contracts: list[Row] = field(default_factory=list)
    lines: list[Row] = field(default_factory=list)
    coverages: list[Row] = field(default_factory=list)
    tickets: list[Row] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)

    def free(self, make: Callable[[], str]) -> str:
        """The first text from `make` that was not handed out before."""
        while True:
            text = make()
            if text not in self.taken:
                self.taken.add(text)
                return text

    def pick(self, options: Mapping[str, float]) -> str:
        return self.rng.choices(list(options), weights=list(options.values()))[0]

    def some_day(self, first: int, last: int) -> date:
        """A day so many days from the anchor."""
        return ANCHOR + timedelta(days=self.rng.randint(first, last))


def slug(text: str) -> str:
    """The text as it may stand in an e-mail address."""
    known = text.replace("ø", "o").replace("ß", "ss").replace("æ", "ae")
    plain = unicodedata.normalize("NFKD", known).encode("ascii", "ignore").decode()
    return "".join(c for c in plain.lower() if c.isalnum())


def months_after(day: date, months: int) -> date:
    years, month = divmod(day.month - 1 + months, 12)
    return date(day.year + years, month + 1, min(day.day, 28))


def moment(day: date, hour: float) -> str:
    at = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(hours=hour)
    return at.replace(second=0, microsecond=0).strftime("%Y-%m-%dT%H:%M:%SZ")


def moment_of(text: str) -> datetime:
    return datetime.fromisoformat(text)
