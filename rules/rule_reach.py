"""What a rule reaches beyond what it reads: the records that it makes, changes and deletes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from metamodel.catalog import Catalog
from metamodel.documents import Document
from metamodel.reach import Reach, Unit, written

from .action_kinds import ACTIONS
from .compilation import compiled

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
        acts = ACTIONS[action.verb].acts
        if acts is not None:
            yield from acts(f"/do/{at}", rule, action)


def hook_acts(document: Document, _: Catalog) -> Iterator[Reach]:
    """A hook makes a record, or changes the one that it finds by its key."""
    body = document.body
    verbs = ("create", "update") if body.get("key") else ("create",)
    for verb in verbs:
        yield Reach("/object", verb, body["object"], everywhere=True)
        for name in body["map"]:
            yield Reach(f"/map/{name}", verb, body["object"], name, everywhere=True)
