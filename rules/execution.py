"""A rule at work on an event: who acts, with which values, and whether the condition holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from fluvial.auth.actors import Actor
from fluvial.kernel.causes import Cause
from fluvial.records.drafts.event import Event
from fluvial.records.drafts.rows import Values, empty, load_row
from fluvial.runtime.session import Session
from metamodel.catalog import Field, ObjectType
from metamodel.expressions.expression import Expression
from metamodel.expressions.python import truth

from . import effects, runs
from .asked import answers_of
from .event_periods import names_of
from .event_values import before_of, computed_by, values_at
from .halts import STOPPED, Halt
from .model import Rule
from .named_environment import NamedEnvironment, NamedRecord
from .rule_tables import NOBODY
from .runs import Run

SHOWN = 120  # characters of a value in a trace


@dataclass
class Execution:
    """One rule at work on one event: what its actions need."""

    rule: Rule
    event: Event
    run: Run
    asking: Session  # who caused it: `me` in conditions and values
    acting: Session  # the rule itself: its rights, and the chain of causes
    type: ObjectType | None  # of the record; None where the rule is about none
    values: Values
    environment: NamedEnvironment
    # What earlier actions have made, by the names that they gave; expressions see them.
    names: dict[str, Any] = field(default_factory=dict)
    step: int = 0  # the next one
    halt: Halt | None = None  # why the run does not go on to it
    made_count: int = 0  # records that this run has made
    _bound: str = ""  # the record that an action is done for, of several

    def __post_init__(self) -> None:
        self.moment = self.event.at  # from which a wait counts

    def stop(self, reason: str) -> None:
        """End the run here, for good."""
        self.run.say(reason)
        self.halt = Halt(STOPPED)

    def name(self, name: str, records: Sequence[tuple[str, str]], *, several: bool) -> None:
        """Give records that were made a name, by which later actions know them."""
        made = [NamedRecord(*one) for one in records]
        self.names[name] = made if several else made[0]

    def made(self, name: str) -> list[NamedRecord] | None:
        """The records that have a name; None where it is not one of records."""
        found = self.names.get(name)
        if isinstance(found, NamedRecord):
            return [found]
        return found if isinstance(found, list) else None

    @contextmanager
    def bound(self, name: str, record: NamedRecord) -> Iterator[None]:
        """Let a name stand for one of several records."""
        before, self._bound = self._bound, record.id
        known = self.names.get(name)
        self.names[name] = record
        try:
            yield
        finally:
            self.names[name], self._bound = known, before

    def effect(
        self, action: int, kind: str, target: str, payload: Mapping[str, Any], unique: str = ""
    ) -> str:
        """Enter an effect into the ledger and the trace."""
        (effect,) = self.effects(action, kind, {target: payload}, unique)
        return effect

    def effects(
        self,
        action: int,
        kind: str,
        targets: Mapping[str, Mapping[str, Any]],
        unique: str = "",
    ) -> list[str]:
        """Enter effects of one kind, by their targets, in one statement."""
        made = [
            effects.EffectEntry(
                key=self._key(action, unique or f"{kind}:{target}"),
                action=action,
                kind=kind,
                target=target,
                payload=payload,
            )
            for target, payload in targets.items()
        ]
        ids = effects.add_all(
            self.acting.connection,
            made,
            event=self.event.id,
            rule=self.rule.name,
            object_name=self.event.object,
            record=self.event.record,
            rev=self.event.rev,
            at=self.acting.now,
        )
        if kind in effects.SENT and made:
            self.acting.engine.woken(self.acting.connection, effects.WORK)
        self.run.effects += [
            {"id": id, "kind": kind, "target": one.target}
            for id, one in zip(ids, made, strict=True)
        ]
        return ids

    def _key(self, action: int, unique: str) -> str:
        unique = f"{self._bound}|{unique}" if self._bound else unique
        return effects.key_of(self.event.id, self.rule.name, self.rule.revision, action, unique)


def prepared(session: Session, rule: Rule, event: Event, run: Run) -> Execution | None:
    """Everything that the rule's expressions and actions need; None where the record is gone."""
    type_ = session.catalog.objects.get(event.object)
    if type_ is None or event.record == NOBODY:
        return _made(session, rule, event, run, None, {})
    values = values_at(session, type_, event.record, event.rev)
    if values is None:
        return None
    computed_by(type_, values, event)
    return _made(session, rule, event, run, type_, values)


def resumed(session: Session, rule: Rule, event: Event, run: Run) -> Execution | None:
    """The same for a run that goes on: its record is the one of now, and what was before the
    event is still before. None where the record is in the bin, unless that set the rule off."""
    type_ = session.catalog.objects.get(event.object)
    if type_ is None or event.record == NOBODY:
        return _made(session, rule, event, run, None, {})
    values = load_row(session, type_.name, event.record, None)
    if values is None and event.event == "deleted":
        values = load_row(session, type_.name, event.record, None, deleted=True)
    if values is None:
        return None
    return _made(session, rule, replace(event, rev=values["rev"]), run, type_, values)


def _made(
    session: Session, rule: Rule, event: Event, run: Run, type_: ObjectType | None, values: Values
) -> Execution:
    before = None if type_ is None else before_of(type_, values, event)
    roles = (rule.run_as,) if rule.run_as else ()
    actor = Actor(None, f"rule {rule.name}", roles, unrestricted=not roles, rule=rule.name)
    cause = Cause((*session.cause.chain, (rule.name, event.record)))
    asking = session.as_actor(asker_of(session, rule, event.actor))
    names = {**answers_of(rule, event), **names_of(event)}
    environment = NamedEnvironment(asking, type_, values, before, names=names)
    acting = session.as_actor(actor, cause)
    return Execution(rule, event, run, asking, acting, type_, values, environment, names)


def asker_of(session: Session, rule: Rule, user: str | None) -> Actor:
    """Who `me` is in a rule: the person who set it off, with the rights of the rule."""
    who = session.engine.people.actor(session.connection, user) if user else None
    roles = (rule.run_as,) if rule.run_as else ()
    return Actor(
        who.id if who else None,
        who.name if who else "",
        roles,
        who.email if who else "",
        who.sets if who else {},
        unrestricted=not roles,
        rule=rule.name,
    )


def condition_holds(execution: Execution) -> bool:
    """Ask the condition, and say in the trace what it met."""
    when, run = execution.rule.when, execution.run
    if when is None:
        run.say("It has no condition.")
        return True
    holds = truth(when, execution.environment)
    read = seen(execution, when)
    if holds:
        run.say(f"The condition is met: {when.source}{read}")
    else:
        run.end(runs.NOT_MET, f"The condition is not met: {when.source}{read}")
    return holds


def seen(execution: Execution, when: Expression) -> str:
    """The values that a condition read: " (status is deployed; member.name is Ada)"."""
    parts = []
    for path in sorted(when.paths):
        shown = _shown(execution, path)
        if shown is not None:
            text = f"{'.'.join(path)} is {shown or 'empty'}"
            parts.append(text if len(text) <= SHOWN else f"{text[:SHOWN]}...")
    return f" ({'; '.join(parts)})" if parts else ""


def _shown(execution: Execution, path: tuple[str, ...]) -> str | None:
    """The value of a path as people see it; None where it is a collection."""
    type_: ObjectType | None = execution.type
    field: Field | None = None
    for name in path:
        field = type_.fields.get(name) if type_ is not None else None
        if field is None:
            return None
        type_ = execution.asking.catalog.objects.get(field.targets[0]) if field.targets else None
    value = execution.environment.read(path)
    if field is None or empty(value):
        return ""
    if field.targets and not field.many:
        return str(execution.environment.read((*path, "title")) or "")
    return field.kind.show(field, value)
