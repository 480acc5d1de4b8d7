"""Changed: drafts that were stored, and what that changes in calculated fields."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from fluvial.records.drafts.draft import ALWAYS, Draft, wire_value
from fluvial.records.drafts.listeners import is_heard
from fluvial.records.drafts.rows import empty
from metamodel.dependencies import TITLE, graph_of

from .own_values import own_of
from .refresh import Touch, refresh


def spread(drafts: Sequence[Draft], event: str) -> dict[str, dict[str, Any]]:
    """Refresh what depends on drafts whose rows are written, and their own calculated values.

    The calculated fields of each draft that changed with it, in wire form, for its event, if
    somebody hears of it.
    """
    session, type_ = drafts[0].session, drafts[0].type
    feeding = type_.name in session.catalog.derive(graph_of).sources
    if not (type_.kept_fields or feeding or event == "restored"):
        return {draft.id: {} for draft in drafts}
    found = refresh(session, [_touch(draft, event) for draft in drafts])
    told = not session.quiet and is_heard(session, type_.name)
    heard: dict[str, dict[str, Any]] = {}
    for draft in drafts:
        here = found.get((type_.name, draft.id))
        for name, (_, value) in here.pairs.items() if here else ():
            draft.values[name] = value
            if name == TITLE:
                draft.changed.add(TITLE)
        moved = {*draft.computed, *(here.pairs if here else ())}
        heard[draft.id] = _heard(draft, moved) if told else {}
    return heard


def _touch(draft: Draft, event: str) -> Touch:
    if event == "deleted":
        return Touch(draft.type.name, draft.id, None, (draft.before,))
    if event == "restored":
        return Touch(draft.type.name, draft.id, None, (draft.before, draft.values), whole=True)
    own = own_of(draft)
    if draft.new:
        names, done = frozenset(draft.type.fields), frozenset(own.newborn)
    else:
        names, done = frozenset({*draft.changed, *ALWAYS, *draft.computed}), frozenset(own.plain)
    begins = draft.new and not draft.past
    values = draft.before, draft.values
    return Touch(draft.type.name, draft.id, names, values, done, newborn=begins)


def _heard(draft: Draft, names: Collection[str]) -> dict[str, Any]:
    """The calculated fields among the changes of an event."""
    fields = draft.type.fields
    if draft.before is None:
        derived = (*draft.type.kept_fields, *draft.type.made_fields)
        filled = (f for f in derived if not empty(draft.values.get(f.name)))
        return {f.name: [None, draft.wire(f.name)] for f in filled}
    return {
        name: [wire_value(fields[name], draft.before.get(name)), draft.wire(name)]
        for name in sorted(names)
        if fields[name].kept or (fields[name].made_by and not fields[name].hidden)
    }
