"""Conditions that find exactly the records of a group, as lists of records take them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from metamodel.expressions.chronology import (
    add_months,
    end_of_date,
    shift_date,
    start_of_date,
    start_of_day,
    written_moment,
)
from metamodel.expressions.types import BOOLEAN, DATETIME, DURATION, NUMBER, PERSON, RECORD, Type

from .groupings import Grouping

_QUOTED = str.maketrans({"\\": "\\\\", "'": "\\'", "\n": "\\n", "\t": "\\t"})
DAY = 86_400


@dataclass(frozen=True)
class GroupType:
    """What values a group has: of moments they are days in the zone of the reader."""

    group: Grouping
    type: Type
    zone: str
    object: str  # that it is about here, and the group as one about its fields
    meant: Grouping

    @property
    def subject(self) -> str:
        """The text of what is compared."""
        inner = self.meant.inner
        return inner if self.meant.path else f"({inner})"

    def condition(self, value: Any) -> str:
        """The condition that records with this value meet, and no others."""
        if value is None:
            return f"{self.subject} == null"
        if self.group.unit:
            return self._within(date.fromisoformat(value))
        return f"{self.subject} == {self._literal(value)}"

    def _within(self, first: date) -> str:
        """From the first day of a unit until the first one after it."""
        last = end_of_date(first, self.group.unit) or date.max
        after = shift_date(last, DAY)
        found = f"{self.subject} >= {self._edge(first)}"
        return found if after is None else f"{found} and {self.subject} < {self._edge(after)}"

    def _edge(self, day: date) -> str:
        if self.type.name != DATETIME.name:
            return f"'{day.isoformat()}'"
        moment = start_of_day(day, self.zone)
        return f"'{day.isoformat()}'" if moment is None else f"'{written_moment(moment)}'"

    def _literal(self, value: Any) -> str:
        name = self.type.name
        if name == BOOLEAN.name:
            return "true" if value else "false"
        if name in (NUMBER.name, DURATION.name):
            return str(value)
        if name == PERSON.name:
            ((kind, id_),) = value.items()
            return f"'{kind}:{id_}'"
        if name == RECORD.name and isinstance(value, dict):
            return f"'{value['object']}:{value['id']}'"
        return f"'{str(value).translate(_QUOTED)}'"


def shifted(value: str, unit: str, length: str, number: int) -> str:
    """The unit of a day that lies some time later, in which a former period is compared."""
    day = date.fromisoformat(value)
    later: date | None
    if length in ("days", "hours"):
        later = day + timedelta(days=number if length == "days" else max(1, number // 24))
    else:
        months = number * (12 if length == "years" else 1)
        later = add_months(day, months)
    return (start_of_date(later or day, unit) or day).isoformat()


def both(conditions: Iterable[str]) -> str:
    """One condition of several that all have to be met."""
    parts = [one for one in conditions if one]
    if len(parts) < 2:
        return "".join(parts)
    return " and ".join(f"({one})" if " or " in one or " if " in one else one for one in parts)
