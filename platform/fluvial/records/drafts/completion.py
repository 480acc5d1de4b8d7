"""Completing a draft: defaults, logic, checks, states, look-ups and the title.

In this order: defaults, before-save rules (which features bring), calculated look-ups, then
everything that can refuse, all faults at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from fluvial.auth.access import with_inherited
from fluvial.kernel.search_words import indexed
from fluvial.records.reading.day_titles import titled
from fluvial.runtime.session import Session
from metamodel.catalog import States, Transition
from metamodel.errors import ValueFault
from metamodel.expressions.python import evaluate, truth
from metamodel.expressions.types import ROLE
from metamodel.roles import role_titles

from .attachments import attach
from .base_amounts import fill_base_amounts
from .decision_ties import check_ties
from .draft import Draft
from .held_expressions import check_expressions
from .issued_numbers import check_numbers
from .periods import check_period
from .record_environment import RecordEnvironment
from .references import check_references
from .rows import empty, load_row
from .seams import BEFORE_SAVE


def apply_defaults(draft: Draft) -> None:
    """Values of a new record that nobody gave."""
    waiting = [f for f in draft.type.defaulted_fields if f.name not in draft.changed]
    for field in waiting:
        if field.initial is not None:
            draft.set(field.name, field.initial)
            if field.option("default") is None:
                draft.unsaid.add(field.name)
    worked_out = [f for f in waiting if f.initial is None and f.default is not None]
    if worked_out:
        environment = environment_of(draft)
        for field in worked_out:
            assert field.default is not None
            draft.set(field.name, evaluate(field.default, environment))


def environment_of(draft: Draft) -> RecordEnvironment:
    return RecordEnvironment(draft.session, draft.type, draft.values, draft.before, fresh=True)


def complete(draft: Draft) -> None:
    """Everything between the values that were asked for and the row that is stored."""
    for before_save in draft.session.engine.brought(BEFORE_SAVE):
        before_save(draft)
    check(draft)
    if not draft.new:  # a new record has no number yet
        draft.values["title"] = title_of(draft)


def check(draft: Draft) -> None:
    """Everything that can refuse the values of a draft."""
    environment = environment_of(draft)
    _settle(draft)
    fill_base_amounts(draft)
    _check_logic(draft, environment)
    check_required(draft)
    _check_state(draft, environment)
    check_numbers(draft)
    check_references(draft)
    attach(draft)
    check_period(draft)
    check_ties(draft)
    check_expressions(draft)
    if not draft.faults:
        _check_expectations(draft, environment)
    draft.refuse_faults()


def pull(draft: Draft, chosen: frozenset[str]) -> None:
    """Fill fields from the records that changed look-ups lead to, but those that were chosen."""
    for field in draft.type.pulling_fields:
        value = draft.values.get(field.name)
        if field.name not in draft.changed or value is None or field.to is None:
            continue
        row = load_row(draft.session, field.to, value, None)
        if row is None:
            continue  # which check_references says
        linked = draft.session.catalog.objects[field.to]
        environment = RecordEnvironment(draft.session, linked, row)
        for name, expression in field.pull.items():
            if name not in chosen:
                draft.set(name, evaluate(expression, environment))


def _settle(draft: Draft) -> None:
    """Hold values to the fields that they follow, such as a choice that depends on another."""
    for field in draft.type.following_fields:
        value = draft.values.get(field.name)
        if empty(value) or not draft.changed & {field.name, *field.kind.follows(field)}:
            continue
        if field.name not in draft.given | draft.changed:
            value = field.kind.released(field, value)
        try:
            draft.set(field.name, field.kind.settle(field, value, draft.values))
        except ValueFault as error:
            draft.fault(field.name, error.code, error.message)


def _check_logic(draft: Draft, environment: RecordEnvironment) -> None:
    for logic in draft.type.logic:
        field = draft.type.fields.get(logic.field)
        if field is None:
            continue
        lacks = empty(draft.values.get(field.name)) or (
            not field.kind.emptiable and _unanswered(draft, field.name)
        )
        if logic.required is not None and lacks:
            if truth(logic.required, environment) and _visible(draft, field.name, environment):
                draft.fault(field.name, "required", f"{field.label} is required here.")
        if logic.read_only is not None and field.name in draft.changed and not draft.new:
            if truth(logic.read_only, environment):
                draft.fault(field.name, "read_only", f"{field.label} cannot be changed here.")


def _visible(draft: Draft, name: str, environment: RecordEnvironment) -> bool:
    """Nobody is asked for what they do not see."""
    own = [logic.visible for logic in draft.type.logic if logic.field == name]
    return all(one is None or truth(one, environment) for one in own)


def check_required(draft: Draft) -> None:
    new, changed = draft.new, draft.changed
    for field in draft.type.required_fields:
        lacks = (new or field.name in changed) and empty(draft.values.get(field.name))
        if lacks or (not field.kind.emptiable and _unanswered(draft, field.name)):
            draft.fault(field.name, "required", f"{field.label} is required.")


def _unanswered(draft: Draft, name: str) -> bool:
    """Whether nobody said what a field is that has a value of its own, as No is of a yes/no."""
    return name in draft.unsaid or (draft.new and name not in draft.changed)


def _check_expectations(draft: Draft, environment: RecordEnvironment) -> None:
    for check in draft.type.checks:
        if not truth(check.expect, environment) and not _asks_of_empty(draft, check.expect):
            draft.fault(check.field or "", check.name, check.message)


def _asks_of_empty(draft: Draft, expression: Any) -> bool:
    """A check that compares with an empty value says nothing: that is `required`'s work."""
    paths = [path for path in expression.paths if len(path) == 1]
    return any(empty(draft.values.get(path[0])) for path in paths if path[0] in draft.type.fields)


def _check_state(draft: Draft, environment: RecordEnvironment) -> None:
    states = draft.type.states
    if states is None or states.field not in draft.changed or draft.inverse:
        return
    if draft.before is None:
        _check_start(draft, states, environment)
        return
    old, new = draft.before.get(states.field), draft.values.get(states.field)
    if old is None:
        return
    fitting = [t for t in states.transitions if old in t.sources and t.to == new]
    if not fitting:
        draft.fault(states.field, "no_transition", _no_way(draft, states, old, new))
        return
    refusals = [refusal(draft.session, t, environment) for t in fitting]
    if all(refusals):
        draft.fault(states.field, "transition_refused", str(refusals[0]))
        return
    _check_needs(draft, [t for t, why in zip(fitting, refusals, strict=True) if why is None])


def _check_needs(draft: Draft, ways: Sequence[Transition]) -> None:
    """A way that is open may need fields; one way whose fields are all there is enough."""
    lacking = [[n for n in way.needs if empty(draft.values.get(n))] for way in ways]
    if not all(lacking):
        return
    for name in lacking[0]:
        label = draft.type.fields[name].label
        draft.fault(name, "needed", f"{ways[0].label} needs this: fill in {label}.")


def _check_start(draft: Draft, states: States, environment: RecordEnvironment) -> None:
    """A new record does not start behind a transition that its author could not take.

    That is asked of what a body says. Administrators, imports and fixed values start anywhere.
    """
    field = draft.type.fields[states.field]
    start = draft.values.get(states.field)
    ways = [t for t in states.transitions if t.to == start]
    if start == field.initial or states.field not in draft.given or not ways:
        return
    refusals = [refusal(draft.session, way, environment) for way in ways]
    if all(refusals) and not draft.session.access.unrestricted:
        shown = f"A new {draft.type.label.lower()} cannot start as {field.kind.show(field, start)}"
        message = f"{shown}: {ways[0].label} ({ways[0].name}) is not possible. {refusals[0]}"
        draft.fault(states.field, "transition_refused", message)


def refusal(session: Session, transition: Transition, environment: RecordEnvironment) -> str | None:
    """Why a transition is not open to the actor for this record, or None where it is."""
    return barred(session, transition) or unmet(transition, environment)


def barred(session: Session, transition: Transition) -> str | None:
    """Why a transition is not for the actor, whatever the record holds."""
    if transition.allow and not session.access.unrestricted:
        if not set(transition.allow) & set(with_inherited(session.catalog, session.actor.roles)):
            labels = list(role_titles(session.catalog, transition.allow).values())
            return f"{transition.label} is for {' or '.join(labels) or 'other roles'}."
    return None


def unmet(transition: Transition, environment: RecordEnvironment) -> str | None:
    """Why a transition is not possible with what the record holds."""
    if transition.when is not None and not truth(transition.when, environment):
        return transition.message or f"{transition.label} is not possible now."
    return None


def _no_way(draft: Draft, states: States, old: Any, new: Any) -> str:
    field = draft.type.fields[states.field]
    ways = [t for t in states.transitions if old in t.sources]
    before, after = field.kind.show(field, old), "empty"
    if new is not None:
        after = field.kind.show(field, new)
    start = f"{field.label} cannot go from {before} to {after}."
    if not ways:
        return f"{start} {before} is a final state."
    return f"{start} Possible: {', '.join(f'{t.label} ({t.name})' for t in ways)}."


def title_of(draft: Draft) -> str:
    """The display text of the record, from the template of its type.

    A look-up shows the title that its record has now.
    """
    return titled(draft.type, lambda name: shown_in_title(draft, name))


def shown_in_title(draft: Draft, name: str) -> str:
    """What a title says of a field, whoever reads it."""
    field, value = draft.type.fields[name], draft.values.get(name)
    if field.kept:
        value = environment_of(draft).values[name]
    if empty(value):
        return ""
    if field.type.objects and not field.many:
        target, record = value if isinstance(value, tuple) else (field.targets[0], value)
        if field.type.people and target == ROLE:
            return role_titles(draft.session.catalog, (record,)).get(str(record), str(record))
        row = load_row(draft.session, target, record, None)
        return str(row["title"]) if row else ""
    return field.kind.show(field, value)


def search_text(draft: Draft) -> str | None:
    """The folded words by which the record is found; None where its type is not searched."""
    if not draft.type.searchable_fields:
        return None
    return indexed(" ".join(_searched(draft)))


def _searched(draft: Draft) -> Iterator[str]:
    yield str(draft.values.get("title") or "")
    for field in draft.type.searchable_fields:
        value = draft.values.get(field.name)
        if not empty(value):
            yield field.kind.show(field, value)
