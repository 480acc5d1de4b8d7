"""The types of the expression language; each field kind names the type of its fields."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Type:
    """A type and, where it has them, its details.

    `objects` are the object types that a record, a collection or a person may be of;
    `options` are the (name, label, closed, category) of a choice, in order.
    """

    name: str
    objects: tuple[str, ...] = ()
    options: tuple[Option, ...] = ()
    scale: int | None = None
    currency: str | None = None  # a money field's fixed currency
    open: bool = False  # of values that others gave: any name may follow, and is text

    @property
    def timed(self) -> bool:
        """Whether its values are days or moments."""
        return self.name in (DATE.name, DATETIME.name)

    @property
    def people(self) -> bool:
        """Whether its values are people, sets of them or roles."""
        return self.name in (PERSON.name, PERSONS.name)

    @property
    def quoted(self) -> bool:
        """Whether literals of it stand in quotes."""
        return self.name not in (NUMBER.name, MONEY.name, BOOLEAN.name, DURATION.name)

    def __str__(self) -> str:
        if self.objects:
            return f"{self.name} of {' or '.join(self.objects)}"
        return self.name


@dataclass(frozen=True)
class Option:
    """One option of a choice."""

    name: str
    label: str
    colour: str = ""
    closed: bool = False
    category: str = ""
    retired: bool = False
    when: tuple[str, ...] = ()  # the options of the choice that it depends on; empty: any


NULL = Type("empty")
TEXT = Type("text")
NUMBER = Type("number")
MONEY = Type("money")
BOOLEAN = Type("yes/no")
DATE = Type("date")
DATETIME = Type("date and time")
DURATION = Type("duration")
DAYS = Type("days")  # a duration that keeps a date a date: days(3), or one date minus another
MONTHS = Type("months")  # months and years: they only move dates and moments
CHOICE = Type("choice")
CHOICES = Type("choices")  # a multi_choice
FILES = Type("files")
RECORD = Type("record")  # a look-up; `objects` has one name, or several for any_lookup
RECORDS = Type("collection")  # a multi_lookup or the inverse of a look-up
PERSON = Type("person")  # `objects` of user, team, group, and the role, which is none
PERSONS = Type("persons")
GIVEN = Type("answer", open=True)  # what another system said; `answer.total` is text
SETS = (("team",), ("group",))  # of users: what persons may be too
ROLE = "role"  # what persons may be too: a document, which has a name and no record
HELD = Type("value of an expression")  # that a field holds: of which type is not known yet
CALENDAR = Type("calendar")  # of working time: an argument of functions, and no value of a field


def number(scale: int | None = None) -> Type:
    return replace(NUMBER, scale=scale)


def money(currency: str | None, scale: int | None = None) -> Type:
    return replace(MONEY, currency=currency, scale=scale)


def choice(options: tuple[Option, ...], *, many: bool = False) -> Type:
    return replace(CHOICES if many else CHOICE, options=options)


def record(*objects: str) -> Type:
    return replace(RECORD, objects=objects)


def records(*objects: str) -> Type:
    return replace(RECORDS, objects=objects)


def person(*objects: str, many: bool = False) -> Type:
    return replace(PERSONS if many else PERSON, objects=objects)
