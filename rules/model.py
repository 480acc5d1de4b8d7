"""A rule, compiled: when it runs, on which condition, and what it does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import time
from functools import cached_property
from typing import Any

from metamodel.catalog import Field
from metamodel.expressions.expression import Expression

from .offsets import Offset
from .rule_periods import Every
from .schedules import Schedule

Values = Mapping[str, Expression]


@dataclass(frozen=True)
class Trigger:
    """When a rule runs. `kind` is event, date, timer, every, schedule, button, webform or hook."""

    kind: str
    object: str = ""  # of the records that it is about; "" for a schedule without records
    events: frozenset[str] = frozenset()
    fields: frozenset[str] = frozenset()  # of which one must have changed in an update
    date: str = ""
    offset: Offset = Offset()
    at: time | None = None
    timer: str = ""
    percent: int = 0  # of the target of the timer
    every: Every | None = None
    schedule: Schedule | None = None
    where: str = ""  # which records a schedule runs for
    name: str = ""  # of the web form or hook; the words on the button
    allow: tuple[str, ...] = ()  # the roles that press a button; else who may change the record
    possible: Expression | None = None  # which records have the button
    message: str = ""  # why a record does not have it
    asks: tuple[Field, ...] = ()  # what is asked before it acts

    @property
    def timing(self) -> tuple[Any, ...]:
        """What decides its moments: where it is the same, planned moments stay."""
        dated = (self.date, self.offset, self.at)
        return (self.kind, self.object, *dated, self.timer, self.percent, self.schedule, self.every)


@dataclass(frozen=True)
class Action:
    """One thing that a rule does; each kind of action is a subclass."""

    verb: str  # the kind of action
    # The name of what an earlier action has made several of: it is done once for each of them.
    spread: str = field(default="", kw_only=True)

    @property
    def steps(self) -> tuple[tuple[str, Action], ...]:
        """Actions that are done after it, before those that follow; each with its place."""
        return ()


@dataclass(frozen=True)
class Set(Action):
    values: Values


@dataclass(frozen=True)
class Refuse(Action):
    message: str
    field: str


@dataclass(frozen=True)
class GatheredRows:
    """Records that are gathered: a collection of the rule's record, all records of an object
    type, or the rows that the action around it has gathered."""

    object: str
    source: Expression | None  # the collection; None: all of the object type, or the rows
    outer: bool  # those of the action around it
    where: Expression | None
    # By whose values they make groups; None: each row is one by itself.
    group: Mapping[str, Expression] | None


@dataclass(frozen=True)
class KeptIn:
    """The change set in which writes are kept: a path from the rule's record, which is empty for
    that itself, or from a name. `day` is one of its own from which dated values hold."""

    path: tuple[str, ...]
    day: Expression | None = None


@dataclass(frozen=True)
class Create(Action):
    """A record to create; with rows, one for each group of them."""

    object: str
    values: Values
    name: str = ""  # that later actions call it by
    rows: GatheredRows | None = None
    lines: tuple[Create, ...] = ()  # in each record, so to speak: they are made after it
    back: Values = field(default_factory=dict)  # written into the rows
    kept: KeptIn | None = None  # it is not created, but kept in a change set

    @property
    def all_back(self) -> Values:
        """What it and its lines write into the rows that it gathers."""
        found = dict(self.back)
        for line in self.lines:
            if line.rows is not None and line.rows.outer:
                found |= line.all_back
        return found


@dataclass(frozen=True)
class Restore(Action):
    object: str
    each: tuple[str, ...]
    where: Expression | None


@dataclass(frozen=True)
class Several(Action):
    """Records to change or delete: those at the end of a path, or the record itself."""

    object: str
    each: tuple[str, ...]
    where: Expression | None
    values: Values  # empty: they are deleted
    kept: KeptIn | None = None  # it is not done, but kept in a change set

    @property
    def deletes(self) -> bool:
        return not self.values


@dataclass(frozen=True)
class Notify(Action):
    to: tuple[Expression, ...]
    roles: tuple[str, ...]
    by: tuple[str, ...]
    template: str
    subject: Expression | None
    text: Expression | None
    attach: tuple[Any, ...] = ()  # see mail_attachments


@dataclass(frozen=True)
class Webhook(Action):
    endpoint: str
    type: str
    body: Any  # expressions in objects and lists


@dataclass(frozen=True)
class Rule:
    name: str
    label: str
    active: bool
    trigger: Trigger
    before_save: bool
    when: Expression | None
    once: Expression | None  # what is done once is not done again
    actions: tuple[Action, ...]
    run_as: str
    per_hour: int | None
    order: int
    revision: str  # tells one wording of the rule from another
    source: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @cached_property
    def steps(self) -> tuple[tuple[str, Action], ...]:
        """All actions in the order in which they are done, each with its place."""
        listed = ((f"/do/{at}", action) for at, action in enumerate(self.actions))
        return tuple(_steps(listed))


def _steps(listed: Iterable[tuple[str, Action]]) -> Iterator[tuple[str, Action]]:
    for place, action in listed:
        yield place, action
        yield from _steps(action.steps)
