"""The kinds of action: one table for the rules of this process, and the way in for more.

A kind says how its part of a rule is written, checked, judged by the rights of its author, tried
and done. The kinds of this folder stand in `built_in_actions`; other features bring theirs:

    feature = Feature("ledger", brings=(ACTION(POST),))
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from fluvial.kernel.features import Seam
from fluvial.records.drafts.draft import Draft
from fluvial.records.drafts.record_environment import RecordEnvironment
from fluvial.runtime.session import Session
from metamodel.catalog import Catalog
from metamodel.documents import forget_schemas
from metamodel.reach import Reach

from .action_reader import ActionReader
from .effect_kinds import EffectKind, register_effects
from .execution import Execution
from .halts import Rest
from .model import Action, Rule

Json = dict[str, Any]
Read = Callable[[ActionReader, str, Mapping[str, Any]], Action | None]


@dataclass(frozen=True)
class ActionKind:
    """A kind of action.

    `read` checks what a document says at a pointer and makes the action of it; faults go to the
    check of the reader. `perform` does it behind the event, in one transaction with the whole
    run; what raises a problem undoes the run. `save` does it while a record is saved, and tells
    what it did. A trial performs it in a transaction that is rolled back, so that nothing may
    leave the database: what is sent is entered as an effect (`Execution.effect`).
    """

    name: str  # the verb in documents
    label: str  # in designers: "Create a record"
    schema: Mapping[str, Any]  # of the verb's value
    read: Read
    perform: Callable[[Execution, int, Any], None] | None = None
    save: Callable[[Rule, Draft, Any, RecordEnvironment], Iterator[Json]] | None = None
    members: Mapping[str, Any] = field(default_factory=dict)  # of the action, beside the verb
    definitions: Mapping[str, Any] = field(default_factory=dict)  # that the schemas refer to
    # What it writes with the rights of the system; what its expressions read is known already.
    acts: Callable[[str, Rule, Any], Iterator[Reach]] | None = None
    # What its author should know when it is saved, such as a secret that is not there.
    notes: Callable[[Session, Catalog, Any], Iterator[str]] | None = None
    effects: Sequence[EffectKind] = ()
    # The words of a sentence: "post to {to|endpoint}" names a document of the kind behind the
    # bar by its label, {each|field} a path of the rule's record, {name} what is written there.
    # What stands in brackets is said only where its member is there: "wait[ until {until}]".
    says: str = ""
    halts: bool = False  # the run stops at it, and goes on later
    # How what it waits for stands, where the run sleeps at it: asked whenever it is looked at.
    rests: Callable[[Execution, Any, datetime], Rest] | None = None
    icon: str = "puzzle"
    names: Callable[[ActionReader, Any], ActionReader] | None = None  # for those after it


ACTIONS: dict[str, ActionKind] = {}
ACTION_SCHEMA: Json = {"type": "object", "minProperties": 1, "additionalProperties": False}
DEFINITIONS: Json = {"action": ACTION_SCHEMA}


def register_action(kind: ActionKind) -> None:
    """Add a kind of action, before the first catalog is built."""
    there = ACTIONS.get(kind.name)
    if there is kind:
        return
    if there is not None:
        raise ValueError(f"The action {kind.name!r} already exists.")
    ACTIONS[kind.name] = kind
    register_effects(*kind.effects)
    DEFINITIONS.update(kind.definitions)
    properties = ACTION_SCHEMA.setdefault("properties", {})
    properties[kind.name] = kind.schema
    properties |= {name: one for name, one in kind.members.items() if name not in properties}
    ACTION_SCHEMA["maxProperties"] = max(len(one.members) + 1 for one in ACTIONS.values())
    options = [
        {"title": one.label, "members": [name, *one.members], "by": [name]}
        for name, one in sorted(ACTIONS.items(), key=lambda item: -len(item[1].members))
    ]
    alternatives = {"title": "Do", "options": options}
    ACTION_SCHEMA["x-editor"] = {"one": "an action", "alternatives": alternatives}
    forget_schemas()


ACTION: Seam[ActionKind] = Seam("an action of rules", register_action)


def read_action(reader: ActionReader, pointer: str, action: Mapping[str, Any]) -> Action | None:
    """One action of a document; a fault where it is not of exactly one kind."""
    verbs = [name for name in action if name in ACTIONS]
    kind = next((one for one in map(ACTIONS.get, verbs) if one and _is(one, action)), None)
    if kind is None:
        reader.check.fault(
            pointer,
            "several_actions",
            "An action must have exactly one verb, with the members of that verb.",
            "Start a new action with -, and write `set` inside `update`.",
        )
        return None
    if (kind.save if reader.before else kind.perform) is None:
        _wrong_phase(reader, f"{pointer}/{kind.name}", kind.name)
        return None
    inner = reader.fresh()
    made = kind.read(inner, pointer, action)
    if made is None or not inner.spread:
        return made
    _check_spread(inner, pointer, kind)
    return replace(made, spread=min(inner.spread))


def _check_spread(reader: ActionReader, pointer: str, kind: ActionKind) -> None:
    """An action is done for each of what it names, of one kind, and it does not wait for each."""
    names = " and ".join(f"`{name}`" for name in sorted(reader.spread))
    if len(reader.spread) > 1:
        message = f"There may be several of {names}: it is not clear which belong together."
        hint = "Name one of them in an action, and make the other one its line."
        reader.check.fault(pointer, "several_names", message, hint)
    elif kind.halts and any(reader.several[name] for name in reader.spread):
        message = f"There may be several of {names}, and `{kind.name}` can be for one of them only."
        hint = "Write a rule of its own for records that are created, and do it there."
        reader.check.fault(pointer, "several_names", message, hint)


def _is(kind: ActionKind, action: Mapping[str, Any]) -> bool:
    return all(name == kind.name or name in kind.members for name in action)


def _wrong_phase(reader: ActionReader, pointer: str, verb: str) -> None:
    if reader.before:
        known = " and ".join(f"`{one.name}`" for one in ACTIONS.values() if one.save is not None)
        hint = "Remove `phase: before_save`, or write a second rule for it."
        message = f"`{verb}` is not possible before a save: only {known} are."
    else:
        hint = "Add `phase: before_save`, or write `update: {set: ...}`."
        message = f"`{verb}` is only for rules before a save."
    reader.check.fault(pointer, "wrong_phase", message, hint)


def perform(execution: Execution, at: int, action: Action) -> None:
    """Do the action at a place of the rule's list, for each record that it is about."""
    done = ACTIONS[action.verb].perform
    assert done is not None
    if not action.spread:
        done(execution, at, action)
        return
    for record in execution.made(action.spread) or ():
        with execution.bound(action.spread, record):
            done(execution, at, action)
