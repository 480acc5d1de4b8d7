"""The catalog: an immutable snapshot of all documents in force, compiled for use."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any, TypeVar

from metamodel.calendars.calendars import NO_CALENDARS, Calendars
from metamodel.decisions.decision import DecisionTable
from metamodel.document import Document
from metamodel.expressions.expression import Expression
from metamodel.kinds.kind import Field as Field

T = TypeVar("T")


@dataclass(frozen=True)
class Inverse:
    """The collection of the records that look a record up: `member.loans`."""

    name: str
    label: str
    object: str  # the object type that is looked up
    source: str  # the object type of the collection
    field: str  # its look-up


@dataclass(frozen=True)
class Key:
    """Fields that are unique together, or (unique=False) that lists filter and sort by."""

    fields: tuple[str, ...]
    unique: bool


@dataclass(frozen=True)
class AskedKey(Key):
    """What documents ask of the records: some fields have one value, the rest is the order."""

    after: int = 0  # how many of the fields have one value
    places: tuple[str, ...] = ()  # the documents that ask, such as "board/front_desk"


@dataclass(frozen=True)
class Check:
    """A condition that every saved record meets, with the message when it does not."""

    name: str
    expect: Expression
    message: str
    field: str | None = None


@dataclass(frozen=True)
class Logic:
    """Conditional visibility, requirement and write protection of a field."""

    field: str
    visible: Expression | None = None
    required: Expression | None = None
    read_only: Expression | None = None


@dataclass(frozen=True)
class Transition:
    """A named way from some options of the state field to another."""

    name: str
    label: str
    sources: tuple[str, ...]
    to: str
    allow: tuple[str, ...] = ()  # roles; empty means everybody who may update
    when: Expression | None = None
    message: str = ""
    ask: tuple[str, ...] = ()  # fields that people are asked for
    needs: tuple[str, ...] = ()  # fields that must not be empty then

    @cached_property
    def asked(self) -> tuple[str, ...]:
        """What people are asked for, first what they must say."""
        return tuple(dict.fromkeys((*self.needs, *self.ask)))


@dataclass(frozen=True)
class States:
    """A choice field as a state machine."""

    field: str
    transitions: tuple[Transition, ...]


@dataclass(frozen=True)
class Dated:
    """Records of the object hold in [from, until), without overlap per key."""

    from_: str
    until: str
    per: tuple[str, ...]


@dataclass(frozen=True)
class Work:
    """Whose work a record is, and until when it is to be done."""

    assignee: str
    due: str = ""


@dataclass(frozen=True, eq=False)
class ObjectType:
    """One object type, compiled."""

    name: str
    label: str
    plural: str
    icon: str
    group: str
    title: str  # template of the display text: "{title} {year}"
    scope: str | None
    fields: Mapping[str, Field]  # system fields last
    inverses: Mapping[str, Inverse]
    keys: tuple[Key, ...] = ()
    asked: tuple[AskedKey, ...] = ()  # by other documents; see metamodel.asked_keys
    checks: tuple[Check, ...] = ()
    logic: tuple[Logic, ...] = ()
    states: States | None = None
    dated: Dated | None = None
    work: Work | None = None  # where it is said; see fluvial.pages.assigned_work for the usual
    layer: str = ""
    spec: Mapping[str, Any] = field(default_factory=dict)
    # What parts of the document mean, by their names; see metamodel.object_parts.
    parts: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def own_fields(self) -> tuple[Field, ...]:
        return tuple(f for f in self.fields.values() if not f.system)

    @cached_property
    def stored_fields(self) -> tuple[Field, ...]:
        """Fields with columns in the object's own table."""
        return tuple(f for f in self.fields.values() if f.columns)

    @cached_property
    def linked_fields(self) -> tuple[Field, ...]:
        return tuple(f for f in self.fields.values() if f.kind.linked and f.stored)

    @cached_property
    def dated_fields(self) -> tuple[Field, ...]:
        """Fields whose values of other days stand beside the row."""
        return tuple(f for f in self.own_fields if f.dated and f.stored)

    @cached_property
    def logged_fields(self) -> tuple[Field, ...]:
        """Choices whose states are kept with the time that records spend in them."""
        state = (self.spec.get("states") or {}).get("field")
        return tuple(
            f for f in self.own_fields if f.stored and (f.name == state or f.option("log"))
        )

    @cached_property
    def empty_values(self) -> Mapping[str, Any]:
        """What the fields with columns or links read as while they are empty."""
        kept = (f for f in self.fields.values() if f.stored and (f.columns or f.kind.linked))
        return {f.name: f.kind.absent(f) for f in kept}

    @cached_property
    def many_names(self) -> tuple[str, ...]:
        """The fields that read as a list while they are empty."""
        return tuple(name for name, value in self.empty_values.items() if value == [])

    @cached_property
    def file_fields(self) -> tuple[Field, ...]:
        return tuple(f for f in self.own_fields if f.kind.uploads)

    @cached_property
    def looking_fields(self) -> tuple[Field, ...]:
        """Fields that refer to records, or to roles."""
        return tuple(f for f in self.fields.values() if f.stored and f.type.objects)

    @cached_property
    def defaulted_fields(self) -> tuple[Field, ...]:
        """Fields that get a value in a new record when nobody gives one."""
        return tuple(f for f in self.own_fields if f.initial is not None or f.default is not None)

    @cached_property
    def following_fields(self) -> tuple[Field, ...]:
        """Fields whose values have to fit those of other fields."""
        return tuple(f for f in self.own_fields if f.stored and f.kind.follows(f))

    @cached_property
    def owned_fields(self) -> tuple[Field, ...]:
        """Look-ups of the records that this one is a part of."""
        return tuple(f for f in self.own_fields if f.option("owned") and f.to)

    @cached_property
    def pulling_fields(self) -> tuple[Field, ...]:
        return tuple(f for f in self.own_fields if f.pull)

    @cached_property
    def required_fields(self) -> tuple[Field, ...]:
        return tuple(f for f in self.own_fields if f.required and f.kind.editable)

    @cached_property
    def numbered_fields(self) -> tuple[Field, ...]:
        """Fields whose values a counter gives."""
        return tuple(f for f in self.stored_fields if f.kind.period(f, date.min) is not None)

    @cached_property
    def calculated_fields(self) -> tuple[Field, ...]:
        return tuple(f for f in self.fields.values() if f.formula is not None)

    @cached_property
    def kept_fields(self) -> tuple[Field, ...]:
        """Calculated fields whose values are stored."""
        return tuple(f for f in self.calculated_fields if f.kept)

    @cached_property
    def moving_fields(self) -> tuple[Field, ...]:
        """Calculated fields that are worked out when they are read."""
        return tuple(f for f in self.calculated_fields if not f.kept)

    @cached_property
    def kept_names(self) -> frozenset[str]:
        return frozenset(f.name for f in self.kept_fields)

    @cached_property
    def worked_fields(self) -> tuple[Field, ...]:
        """Fields whose values code works out, alone or along with others; see Field.worked."""
        return tuple(f for f in self.fields.values() if f.worked)

    @cached_property
    def made_fields(self) -> tuple[Field, ...]:
        """The fields that parts of the document make for everybody to see."""
        return tuple(f for f in self.own_fields if f.made_by)

    @cached_property
    def bodied_fields(self) -> tuple[Field, ...]:
        """Fields whose columns the document brings, also those that only features see."""
        return tuple(f for f in self.fields.values() if f.made_by or not f.system)

    @cached_property
    def based_fields(self) -> tuple[Field, ...]:
        """Amounts that are also kept in a base currency."""
        return tuple(f for f in self.own_fields if f.option("base"))

    @cached_property
    def protected_fields(self) -> frozenset[str]:
        return frozenset(f.name for f in self.own_fields if f.option("protected"))

    @cached_property
    def searchable_fields(self) -> tuple[Field, ...]:
        return tuple(f for f in self.fields.values() if f.searchable)


@dataclass(eq=False)
class Catalog:
    """All documents in force, compiled. Never changed once built; see `derive`."""

    version: int
    hash: str
    objects: Mapping[str, ObjectType]
    documents: Mapping[str, Mapping[str, Document]]  # kind -> name -> document in force
    zone: str = "UTC"
    calendars: Calendars = NO_CALENDARS
    decisions: Mapping[str, DecisionTable] = field(default_factory=dict)
    # "book" or "book.title" -> the places that use it, as "view/overdue#/columns/2"
    uses: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    # "rule/welcome" -> the kinds of other documents that its check has asked for
    asked: Mapping[str, frozenset[str]] = field(default_factory=dict, repr=False)
    _derived: dict[Callable[..., Any], Any] = field(default_factory=dict, repr=False)
    _making: threading.RLock = field(default_factory=threading.RLock, repr=False)

    def of(self, kind: str) -> Mapping[str, Document]:
        """The documents of a kind, by name; empty where there are none."""
        return self.documents.get(kind, {})

    def derive(self, make: Callable[[Catalog], T]) -> T:
        """What `make` compiles from this snapshot, made once and kept as long as it."""
        try:
            return self._derived[make]  # type: ignore[no-any-return]
        except KeyError:
            with self._making:  # the others wait for it, rather than make it as well
                if make not in self._derived:
                    self._derived[make] = make(self)
                return self._derived[make]  # type: ignore[no-any-return]

    def derive_like(self, previous: Catalog) -> None:
        """Make at once what the last snapshot was asked for, so that nobody waits for it."""
        for make in list(previous._derived):
            with suppress(LookupError):  # it is about something that is gone, and asked no more
                self.derive(make)
