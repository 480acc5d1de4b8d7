"""The values of groups in words, and their order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from babel.dates import format_date

from fluvial.pages.page_titles import PageTitles
from fluvial.runtime.session import Session
from metamodel.checks import target_of
from metamodel.expressions.decimals import clock
from metamodel.expressions.types import BOOLEAN, CHOICE, DURATION, NUMBER, PERSON, RECORD
from metamodel.folding import humanise

from .cell_conditions import GroupType

UNSEEN = "Not for you to see"


@dataclass
class GroupWords:
    """The words of one group's values, for one reader; titles are read at once for all."""

    of: GroupType
    label: str
    short: str
    locale: str
    titles: PageTitles
    _options: Mapping[str, int] = field(init=False)

    def __post_init__(self) -> None:
        self._options = {option.name: at for at, option in enumerate(self.of.type.options)}

    def want(self, values: Iterable[Any]) -> None:
        self.titles.want(one for value in values if (one := self._reference(value)) is not None)

    def _reference(self, value: Any) -> tuple[str, str] | None:
        """The record that a value leads to."""
        type_ = self.of.type
        if value is None or type_.name not in (RECORD.name, PERSON.name):
            return None
        if not isinstance(value, dict):
            return type_.objects[0], value
        if type_.name == PERSON.name:
            ((kind, id_),) = value.items()
            return kind, id_
        return value["object"], value["id"]

    def said(self, value: Any) -> str:
        if value is None:
            return f"No {self.short[:1].lower()}{self.short[1:]}"
        reference = self._reference(value)
        if reference is not None:
            return self.titles.title(*reference) or UNSEEN
        type_, unit = self.of.type, self.of.group.unit
        if type_.timed:
            return day_words(date.fromisoformat(value), unit or "day", self.locale)
        if type_.name == CHOICE.name:
            labels = (option.label for option in type_.options if option.name == value)
            return next(labels, str(value))
        if type_.name == BOOLEAN.name:
            return "Yes" if value else "No"
        return clock(int(value)) if type_.name == DURATION.name else str(value)

    def place(self, value: Any) -> tuple[Any, ...]:
        """By which values are put in order; what is empty comes last."""
        if value is None:
            return (1,)
        type_ = self.of.type
        if type_.name == CHOICE.name and value in self._options:
            return (0, self._options[value])
        if type_.name in (NUMBER.name, DURATION.name):
            return (0, Decimal(value))
        if type_.timed or type_.name == BOOLEAN.name:
            return (0, value)
        said = self.said(value)
        return (0, said.casefold(), said, str(value))


def words_of(session: Session, types: Iterable[GroupType], locale: str) -> list[GroupWords]:
    titles = PageTitles(session)
    return [GroupWords(one, *labels_of(session, one), locale, titles) for one in types]


def labels_of(session: Session, of: GroupType) -> tuple[str, str]:
    """What a group is called: as its document says, else by the labels of its path; and in short,
    without the way there."""
    group, names = of.group, []
    if group.label:
        return group.label, group.label
    objects, current = session.catalog.objects, of.object
    for step in of.meant.path or ():
        field = objects[current].fields.get(step) if current in objects else None
        names.append(humanise(step) if field is None else field.label)
        current = "" if field is None else target_of(field)
    own, meant = group.path, of.meant.path
    if own and meant and own != meant:  # a dimension, which has a name of its own
        names[: len(meant) - len(own) + 1] = [humanise(own[0])]
    if not names:
        return group.text, group.text
    way = f" ({' · '.join(names[:-1])})" if names[1:] else ""
    unit = f" by {group.unit}" if group.unit else ""
    return f"{names[-1]}{way}{unit}", names[-1]


def day_words(day: date, unit: str, locale: str) -> str:
    """A day, or the unit that begins with it."""
    if unit == "year":
        return str(day.year)
    if unit == "quarter":
        return f"Q{(day.month + 2) // 3} {day.year}"
    if unit == "month":
        return str(format_date(day, "LLLL y", locale=locale))
    if unit == "week":
        iso = day.isocalendar()
        return f"Week {iso.week}, {iso.year}"
    return str(format_date(day, "d MMM y", locale=locale))
