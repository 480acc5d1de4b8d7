"""Where features take part in the writing of records."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from fluvial.kernel.features import Seam
from fluvial.runtime.session import Session
from metamodel.catalog import Field, ObjectType

from .draft import Draft
from .rows import Values

# Pure: it sets fields or adds faults.
BEFORE_SAVE: Seam[Callable[[Draft], None]] = Seam("before a record is saved")
# It is asked with `deleted` or `restored` and adds faults to what may not go that way.
BEFORE_BIN: Seam[Callable[[Draft, str], None]] = Seam("before a record is deleted or restored")
# In the transaction of the write: drafts of one object type, and what became of them (created,
# updated, deleted or restored).
STORED: Seam[Callable[[Sequence[Draft], str], None]] = Seam("when a record is stored")
# The same where values of another day were noted beside a record: its type, its id and its fields.
DAY_NOTED: Seam[Callable[[Session, ObjectType, str, Collection[str]], None]] = Seam(
    "when a value of another day is noted"
)


@dataclass(frozen=True)
class Button:
    """Something that a person can set off on a record, by a name, with the words on it."""

    name: str
    label: str
    asks: tuple[Field, ...] = ()  # what is asked first; none of them is a field of the record
    message: str = ""  # why a record does not offer it
    reason: str = ""  # why it is closed on a record that would offer it otherwise: its lock


@dataclass(frozen=True)
class Buttons:
    """The buttons of records: those that are possible now, and what a press on one does.

    `known` are those of a type that the person presses at all, `offered` those that a record has
    now, also where its lock closes them. `press` takes the session, the type, the id, the button's
    name and the answers to what it asks, and gives the record; None where there is no button of
    this name. `check` refuses answers that no record takes.
    """

    known: Callable[[Session, ObjectType], Sequence[Button]]
    offered: Callable[[Session, ObjectType, Values], Sequence[Button]]
    press: Callable[[Session, ObjectType, str, str, Mapping[str, Any]], dict[str, Any] | None]
    check: Callable[[Session, ObjectType, str, Mapping[str, Any]], None]


BUTTONS: Seam[Buttons] = Seam("buttons of records")


class ObjectHook(Protocol):
    """What is added to the writing of one object type."""

    @property
    def object(self) -> str: ...

    @property
    def members(self) -> tuple[str, ...]:
        """Of a body, beside the fields."""

    def take(self, draft: Draft, body: Mapping[str, Any]) -> None: ...

    def stored(self, draft: Draft) -> None: ...


OBJECT_HOOK: Seam[ObjectHook] = Seam("beside the fields of an object type")


def hook_of(session: Session, name: str) -> ObjectHook | None:
    """The hook of an object type, if it has one."""
    return next((h for h in session.engine.brought(OBJECT_HOOK) if h.object == name), None)


def tell_day_noted(
    session: Session, type_: ObjectType, record: str, names: Collection[str]
) -> None:
    """Let the features take note of values of another day."""
    for noted in session.engine.brought(DAY_NOTED):
        noted(session, type_, record, names)


def tell_stored(drafts: Sequence[Draft], event: str) -> None:
    """Let the features take note of stored drafts."""
    for stored in drafts[0].session.engine.brought(STORED):
        stored(drafts, event)
