"""Rules before a save: they set fields or refuse, and touch nothing else."""

from __future__ import annotations

from fluvial.records.drafts.completion import environment_of
from fluvial.records.drafts.draft import Draft
from metamodel.expressions.python import truth

from .action_kinds import ACTIONS, Json
from .filled import check_texts
from .index import rule_index
from .model import Rule


def before_save(draft: Draft) -> None:
    """Run the rules in their order; later ones see what earlier ones set."""
    check_texts(draft)
    index = rule_index(draft.session.catalog)
    event = "created" if draft.new else "updated"
    for rule in index.before.get((draft.type.name, event), ()):
        fields = rule.trigger.fields
        if draft.new or not fields or fields & draft.changed:
            apply(rule, draft)


def before_bin(draft: Draft, event: str) -> None:
    """Run the rules on a record that is to go to the bin, or to come back: they may refuse."""
    for rule in rule_index(draft.session.catalog).before.get((draft.type.name, event), ()):
        apply(rule, draft)


def apply(rule: Rule, draft: Draft) -> list[Json] | None:
    """What the rule did to a draft; None where its condition does not hold."""
    environment = environment_of(draft)
    if rule.when is not None and not truth(rule.when, environment):
        return None
    done: list[Json] = []
    for action in rule.actions:
        save = ACTIONS[action.verb].save
        assert save is not None
        done += save(rule, draft, action, environment)
    return done
