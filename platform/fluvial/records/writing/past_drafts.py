"""Completing records that were kept elsewhere: each step of their past by the rules of its time.

The rules before a save run for every step, as of its moment and in the name of its person; what the
record holds in the end is checked once. What would happen after a save has happened long ago.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from fluvial.records.drafts.completion import apply_defaults, check, pull
from fluvial.records.drafts.draft import Draft
from fluvial.records.drafts.past_steps import PastStep
from fluvial.records.drafts.seams import BEFORE_SAVE
from fluvial.runtime.session import Session


@dataclass(frozen=True)
class ToldStep:
    """A step as somebody tells it: the choices that it set, beside what follows from them."""

    at: datetime
    by: str | None
    states: Mapping[str, str]


def complete_past(draft: Draft, told: Sequence[ToldStep]) -> None:
    """Complete the values of a new record with a past, all but its numbers."""
    present = draft.session
    for name in {name for one in told for name in one.states} - set(told[0].states):
        draft.values[name] = draft.type.empty_values.get(name)
        draft.changed.discard(name)  # it begins like that of any new record
    chosen = frozenset(draft.changed)
    draft.session = _then(present, told[0])
    _enter(draft, told[0])
    apply_defaults(draft)
    pull(draft, chosen)
    _before_save(draft)
    draft.past = [PastStep(told[0].at, told[0].by), *(_step(draft, one) for one in told[1:])]
    draft.session = present
    check(draft)


def _then(session: Session, step: ToldStep) -> Session:
    return replace(session, now=step.at, actor=replace(session.actor, id=step.by))


def _enter(draft: Draft, step: ToldStep) -> None:
    for name, state in step.states.items():
        draft.set(name, state)


def _before_save(draft: Draft) -> None:
    for before_save in draft.session.engine.brought(BEFORE_SAVE):
        before_save(draft)


def _step(draft: Draft, step: ToldStep) -> PastStep:
    """Take one step, after which the draft holds what it led to."""
    before = draft.values
    one = Draft(_then(draft.session, step), draft.type, draft.id, before, dict(before))
    _enter(one, step)
    _before_save(one)
    draft.values = one.values
    draft.changed |= one.changed
    draft.faults += one.faults
    moved = {name: (before.get(name), one.values.get(name)) for name in one.changed}
    return PastStep(step.at, step.by, moved)
