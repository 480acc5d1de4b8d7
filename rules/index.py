"""The rules of a catalog by what sets them off, made once for each snapshot."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from metamodel.catalog import Catalog

from .compilation import compiled
from .model import Rule

SOURCES = ("webform", "hook")  # causes of a change that rules can name


@dataclass
class RuleIndex:
    rules: dict[str, Rule] = field(default_factory=dict)  # active ones, by name
    before: dict[tuple[str, str], list[Rule]] = field(default_factory=dict)  # (object, event)
    after: dict[tuple[str, str], list[Rule]] = field(default_factory=dict)
    heard: set[str] = field(default_factory=set)  # the objects of those before
    dates: dict[str, list[Rule]] = field(default_factory=dict)  # object
    timers: dict[tuple[str, str], list[Rule]] = field(default_factory=dict)  # (object, timer)
    periods: dict[str, list[Rule]] = field(default_factory=dict)  # object
    buttons: dict[str, list[Rule]] = field(default_factory=dict)  # object
    schedules: list[Rule] = field(default_factory=list)

    def matching(self, object_name: str, event: str, changes: Any, cause: Any) -> Iterator[Rule]:
        """The rules that an event sets off, before their conditions are asked."""
        source = str(cause[-1][0]) if cause else ""
        for rule in self.after.get((object_name, event), ()):
            trigger = rule.trigger
            if trigger.kind in SOURCES and source != f"{trigger.kind}:{trigger.name}":
                continue
            if event == "updated" and trigger.fields and not trigger.fields & changes.keys():
                continue
            yield rule


def listened(catalog: Catalog) -> set[str]:
    """The object types whose changes set off a rule."""
    return rule_index(catalog).heard


def rule_index(catalog: Catalog) -> RuleIndex:
    return catalog.derive(_make)


def _make(catalog: Catalog) -> RuleIndex:
    index = RuleIndex()
    for document in catalog.of("rule").values():
        rule = compiled(document, catalog)
        if rule is not None and rule.active:
            _place(index, rule)
    for rules in index.before.values():
        rules.sort(key=lambda rule: rule.order)
    return index


def _place(index: RuleIndex, rule: Rule) -> None:
    index.rules[rule.name] = rule
    trigger = rule.trigger
    if trigger.kind == "date":
        index.dates.setdefault(trigger.object, []).append(rule)
    elif trigger.kind == "timer":
        index.timers.setdefault((trigger.object, trigger.timer), []).append(rule)
    elif trigger.kind == "every":
        index.periods.setdefault(trigger.object, []).append(rule)
    elif trigger.kind == "button":
        index.buttons.setdefault(trigger.object, []).append(rule)
    elif trigger.kind == "schedule":
        index.schedules.append(rule)
    else:
        place = index.before if rule.before_save else index.after
        for event in sorted(trigger.events):
            place.setdefault((trigger.object, event), []).append(rule)
        if not rule.before_save:
            index.heard.add(trigger.object)
