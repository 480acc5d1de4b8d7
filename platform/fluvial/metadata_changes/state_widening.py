"""Ways from state to state that a change opens to people who could not go them before."""

from __future__ import annotations

from collections.abc import Iterator

from fluvial.auth.access import Access, with_inherited
from metamodel.catalog import ObjectType, States

from .widening import Beyond

EVERYBODY = None


def widened_states(old: ObjectType, new: ObjectType, mine: Access) -> Iterator[Beyond]:
    """Only who may go a way themselves lets others go it."""
    if old.states is None:
        return
    field = old.states.field
    if field not in new.fields:
        return
    roles = frozenset(with_inherited(mine.catalog, mine.roles))  # as transitions ask for them
    place, reach = f"object/{new.name}", f"{new.name}.{field}"
    if new.states is None or new.states.field != field:
        closed = [t for t in old.states.transitions if t.allow and not roles & set(t.allow)]
        if closed:
            message = f"It opens {reach} to everybody, and you may not {closed[0].name}."
            yield Beyond(place, "/states", reach, message)
        return
    before, after = _ways(old.states), _ways(new.states)
    options = {one.name for one in old.fields[field].type.options}
    for (source, to), allowed in after.items():
        known = before.get((source, to), frozenset())
        added = known is not None and (allowed is None or bool(allowed - known))
        if added and {source, to} <= options and not _may(before, to, source, roles):
            at = _place(new.states, source, to)
            message = f"It opens the way from {source} to {to}, which you may not go."
            yield Beyond(place, f"/states/transitions/{at}", reach, message)


Ways = dict[tuple[str, str], frozenset[str] | None]


def _ways(states: States) -> Ways:
    """Who may go from one option to another; None is everybody who may change the record."""
    found: Ways = {}
    for one in states.transitions:
        for source in one.sources:
            known = found.get((source, one.to), frozenset())
            if known is not None:
                found[source, one.to] = known | set(one.allow) if one.allow else EVERYBODY
    return found


def _may(before: Ways, to: str, source: str, roles: frozenset[str]) -> bool:
    """Whether somebody could go this way; a state that nobody was kept from is free to all."""
    if (source, to) in before:
        allowed = before[source, to]
        return allowed is None or bool(allowed & roles)
    others = [allowed for (_, target), allowed in before.items() if target == to]
    return all(allowed is None or bool(allowed & roles) for allowed in others)


def _place(states: States, source: str, to: str) -> int:
    return next(
        at for at, one in enumerate(states.transitions) if to == one.to and source in one.sources
    )
