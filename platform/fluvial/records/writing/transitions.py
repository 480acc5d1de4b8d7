"""Actions on a record: the transitions of its state, and why somebody may see it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from fluvial.kernel.problems import Conflict, NotFound, Unprocessable
from fluvial.records.drafts.completion import barred, unmet
from fluvial.records.drafts.record_environment import RecordEnvironment
from fluvial.records.drafts.record_locks import Hold, holds_on, leads_out
from fluvial.records.drafts.rows import Values, empty, load_row
from fluvial.records.drafts.seams import BUTTONS, Button
from fluvial.runtime.session import Session
from metamodel.catalog import ObjectType, Transition
from metamodel.expressions.expression import Expression
from metamodel.expressions.python import truth

from .new_drafts import existing
from .writer import update


@dataclass(frozen=True)
class Way:
    """A transition as a record offers it: open, or with the reason why it is not."""

    transition: Transition
    reason: str | None
    asks: tuple[str, ...] = ()  # fields that people are asked for on the way


def ways(
    session: Session, type_: ObjectType, values: Values, hold: Hold | None = None
) -> list[Way]:
    """The transitions from the state that a record is in; `hold` is the lock that holds for it."""
    if type_.states is None:
        return []
    environment = RecordEnvironment(session, type_, values)
    current = values.get(type_.states.field)
    found = [
        _way(session, type_, transition, environment)
        for transition in type_.states.transitions
        if current in transition.sources
    ]
    return [_held(session, way, values, hold) for way in found] if hold is not None else found


def _held(session: Session, way: Way, values: Values, hold: Hold) -> Way:
    """A transition of a locked record: open where the state is, or where it leads out."""
    states = hold.type.states
    state = states.field if states is not None else ""
    if state in hold.open or leads_out(session, hold, values, way.transition.to):
        return replace(way, asks=tuple(name for name in way.asks if name in hold.open))
    return Way(way.transition, way.reason or hold.reason)


def _way(
    session: Session, type_: ObjectType, transition: Transition, environment: RecordEnvironment
) -> Way:
    """A condition that only waits for empty fields does not close a way: they are asked for."""
    if reason := barred(session, transition):
        return Way(transition, reason)
    access = session.access.object(type_.name)
    kept = access.hidden | access.read_only
    asks = [name for name in transition.asked if name not in kept]
    reason = unmet(transition, environment)
    if reason is not None and transition.when is not None:
        missing = _missing(type_, transition.when, environment.values)
        if not missing or kept & set(missing):
            return Way(transition, reason)
        asks = [*missing, *asks]
    return Way(transition, None, tuple(dict.fromkeys(asks)))


def _missing(type_: ObjectType, when: Expression, values: Mapping[str, Any]) -> list[str]:
    """The fields that a condition reads, that people can fill in, and that are empty."""
    names = dict.fromkeys(path[0] for path in sorted(when.paths) if len(path) == 1)
    fields = [type_.fields[name] for name in names if name in type_.fields]
    asked = [f for f in fields if f.writable and not f.read_only and not f.system]
    return [f.name for f in asked if empty(values.get(f.name))]


def buttons_of(session: Session, type_: ObjectType, values: Values) -> list[Button]:
    """The buttons that a record offers now."""
    return [one for one in shown_buttons(session, type_, values) if not one.reason]


def shown_buttons(session: Session, type_: ObjectType, values: Values) -> list[Button]:
    """The same with those that its lock closes, which say so."""
    brought = session.engine.brought(BUTTONS)
    return [one for buttons in brought for one in buttons.offered(session, type_, values)]


def known_actions(session: Session, type_: ObjectType) -> list[Button]:
    """The actions that the person may take on records of a type, whatever state they are in."""
    found = []
    if type_.states is not None and session.access.object(type_.name).can("update"):
        writable = session.access.writable(type_.name)
        for one in type_.states.transitions:
            if barred(session, one) is None and type_.states.field in writable:
                asks = tuple(writable[name] for name in one.asked if name in writable)
                found.append(Button(one.name, one.label, asks))
    brought = session.engine.brought(BUTTONS)
    return [*found, *(one for buttons in brought for one in buttons.known(session, type_))]


def obstacle(session: Session, type_: ObjectType, values: Values, button: Button) -> str:
    """Why a record does not offer an action now; empty where it does."""
    states = type_.states
    if states is not None and any(one.name == button.name for one in states.transitions):
        hold = holds_on(session, type_, [values["id"]]).get(values["id"])
        for way in ways(session, type_, values, hold):
            if way.transition.name == button.name:
                return way.reason or ""
    for one in shown_buttons(session, type_, values):
        if one.name == button.name:
            return one.reason
    return button.message or f"{button.label} is not possible now."


def act(
    session: Session,
    object_name: str,
    record: str,
    name: str,
    body: Mapping[str, Any],
    *,
    rev: int | None = None,
) -> dict[str, Any]:
    """Take a transition, with values for fields that it needs, or press a button of a feature."""
    type_ = session.object(object_name)
    move = move_of(session, object_name, record, name)
    if move is not None:
        return update(session, object_name, record, {**body, **move}, rev=rev)
    for buttons in session.engine.brought(BUTTONS):
        done = buttons.press(session, type_, record, name, body if rev is None else _on(body, rev))
        if done is not None:
            return done
    raise NotFound(f"{type_.label} has no action `{name}`.")


def move_of(session: Session, object_name: str, record: str, name: str) -> dict[str, Any] | None:
    """What a transition changes in a record; None where there is no transition of this name."""
    type_ = session.object(object_name)
    states = type_.states
    for transition in states.transitions if states else ():
        if transition.name == name and states is not None:
            session.object(object_name, "update")
            values = existing(session, type_, record, "update")
            field, state = type_.fields[states.field], values.get(states.field)
            if state not in transition.sources:
                shown = "empty" if state is None else field.kind.show(field, state)
                raise Conflict(f"{transition.label} is not possible from {shown}.")
            return {states.field: transition.to}
    return None


def _on(body: Mapping[str, Any], rev: int) -> dict[str, Any]:
    """A body with the revision that its page or header has named."""
    return {"rev": rev, **body}


def explain(session: Session, object_name: str, record: str, user: str) -> dict[str, Any]:
    """Which grants allow or deny a person each action on a record."""
    type_ = session.object(object_name)
    actor = session.engine.people.actor(session.connection, user)
    if actor is None:
        raise Unprocessable(f"There is no active user with the id `{user}`.")
    values = load_row(session, object_name, record, None)
    if values is None:
        raise NotFound(f"There is no {type_.label.lower()} with the id `{record}`.")
    theirs = session.as_actor(actor)
    environment = RecordEnvironment(theirs, type_, values)
    access = theirs.access.object(object_name)
    actions = {}
    for action, conditions in access.where.items():
        if conditions is None:
            actions[action] = {"allowed": True, "because": "on every record"}
        else:
            held = [c.source for c in conditions if truth(c, environment)]
            missing = [c.source for c in conditions if c.source not in held]
            actions[action] = {
                "allowed": bool(held),
                "because": " or ".join(held) if held else f"none applies: {' or '.join(missing)}",
            }
    return {
        "user": actor.id,
        "roles": list(actor.roles),
        "actions": actions,
        "hidden": sorted(access.hidden),
        "read_only": sorted(access.read_only),
    }
