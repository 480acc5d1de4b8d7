"""Rules before a save: they set fields or refuse, and touch nothing else."""

from __future__ import annotations

from fluvial.records.drafts.completion import environment_of
from fluvial.records.drafts.draft import Draft
from metamodel.expressions.python import evaluate, truth

from .filled import check_texts
from .index import rule_index
from .model import Refuse, Rule, Set


def before_save(draft: Draft) -> None:
    """Run the rules in their order; later ones see what earlier ones set."""
    check_texts(draft)
    index = rule_index(draft.session.catalog)
    event = "created" if draft.new else "updated"
    for rule in index.before.get((draft.type.name, event), ()):
        fields = rule.trigger.fields
        if draft.new or not fields or fields & draft.changed:
            apply(rule, draft)


def apply(rule: Rule, draft: Draft) -> bool:
    """Whether the condition held."""
    environment = environment_of(draft)
    if rule.when is not None and not truth(rule.when, environment):
        return False
    for action in rule.actions:
        if isinstance(action, Refuse):
            draft.fault(action.field, rule.name, action.message)
        elif isinstance(action, Set):
            # All values first: fields of one `set` do not see each other's new values.
            values = {name: evaluate(value, environment) for name, value in action.values.items()}
            for name, value in values.items():
                draft.set(name, value)
    return True
