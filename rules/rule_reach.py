"""What a rule reaches beyond what it reads: the records that it makes, changes and deletes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from metamodel.catalog import Catalog
from metamodel.documents import Document
from metamodel.reach import Reach, Unit, written

from .compilation import compiled
from .model import Action, Create, Rule, Set, Several

HEAD = ("on", "when", "run_as", "phase")


def rule_unit(body: Mapping[str, Any], steps: Sequence[str]) -> Unit:
    """Each action, with when it runs and in whose name."""
    head = {name: body.get(name) for name in HEAD}
    if steps[:1] == ["do"] and len(steps) > 1:
        return written([head, body["do"][int(steps[1])]])
    return written(head)


def rule_acts(document: Document, catalog: Catalog) -> Iterator[Reach]:
    rule = compiled(document, catalog)
    if rule is None:
        return
    if rule.run_as:
        yield Reach("/run_as", "run_as", rule.run_as)
    for at, action in enumerate(rule.actions):
        yield from _acts(f"/do/{at}", rule, action)


def _acts(pointer: str, rule: Rule, action: Action) -> Iterator[Reach]:
    if isinstance(action, Set):
        verb = "create" if rule.trigger.events == {"created"} else "update"
        yield from _writes(f"{pointer}/set", verb, rule.trigger.object, action.values)
    elif isinstance(action, Create):
        yield Reach(f"{pointer}/create", "create", action.object, everywhere=True)
        yield from _writes(f"{pointer}/set", "create", action.object, action.values)
    elif isinstance(action, Several):
        verb = "delete" if action.deletes else "update"
        yield Reach(f"{pointer}/{verb}", verb, action.object, everywhere=True)
        yield from _writes(f"{pointer}/{verb}/set", verb, action.object, action.values)


def _writes(pointer: str, verb: str, object: str, values: Mapping[str, Any]) -> Iterator[Reach]:
    for name in values:
        yield Reach(f"{pointer}/{name}", verb, object, name, everywhere=True)


def hook_acts(document: Document, _: Catalog) -> Iterator[Reach]:
    """A hook makes a record, or changes the one that it finds by its key."""
    body = document.body
    verbs = ("create", "update") if body.get("key") else ("create",)
    for verb in verbs:
        yield Reach("/object", verb, body["object"], everywhere=True)
        for name in body["map"]:
            yield Reach(f"/map/{name}", verb, body["object"], name, everywhere=True)
