"""From a rule's document to the rule, with all that is wrong with it on the way.

The same code checks a document before it is put in force and compiles it once it is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import orjson

from metamodel.catalog import Catalog
from metamodel.checks import CatalogDraft, DocumentCheck
from metamodel.documents import Document
from metamodel.errors import Fault
from metamodel.expressions import types
from metamodel.folding import humanise, label_text

from .action_kinds import ACTIONS, read_action
from .action_reader import ActionReader
from .asked import read_questions, with_answers
from .model import Action, Rule, Trigger
from .triggers import read_trigger


def compile_rule(document: Document, check: DocumentCheck) -> Rule | None:
    """The rule; faults go to the check, and nothing comes back where there is no trigger."""
    body = document.body
    trigger = read_trigger(body["on"], check)
    before = body.get("phase") == "before_save"
    if "run_as" in body:
        check.reference("/run_as", "role", body["run_as"])
    if trigger is None:
        return None
    trigger, reader = _reader(check, trigger, body["on"], before)
    when = reader.condition("/when", body["when"]) if "when" in body else None
    once = reader.compile("/once", body["once"], types.TEXT) if "once" in body else None
    if reader.spread:
        name = reader.written(min(reader.spread))
        message = f"`{name}` may be several records, so a condition cannot ask about it."
        check.fault(
            "/when" if "when" in body else "/once", "several_names", message, "Leave it out."
        )
    if once is not None and before:
        check.fault("/once", "before_save", "A save happens every time.", "Remove `once`.")
    return Rule(
        name=document.name,
        label=label_text(body.get("label", humanise(document.name))),
        active=body.get("active", True),
        trigger=trigger,
        before_save=before,
        when=when,
        once=once,
        actions=tuple(_actions(reader, body["do"])),
        run_as=body.get("run_as", ""),
        per_hour=body.get("limits", {}).get("per_hour"),
        order=body.get("order", 0),
        revision=hashlib.sha256(orjson.dumps(body, option=orjson.OPT_SORT_KEYS)).hexdigest()[:12],
        source=body,
    )


def _reader(
    check: DocumentCheck, trigger: Trigger, on: Mapping[str, Any], before: bool
) -> tuple[Trigger, ActionReader]:
    """What expressions of the rule may name, and the trigger with the questions that it asks."""
    if before and trigger.kind != "event":
        check.fault(
            "/phase",
            "not_before_save",
            "Only rules on events of records can run before a save.",
            "Remove `phase`, or use an event such as created or deleted.",
        )
    type_ = check.objects.get(trigger.object)
    if type_ is not None and "ask" in on:
        trigger = replace(trigger, asks=read_questions(on["ask"], type_, check))
    change = trigger.kind in ("event", "webform", "hook")
    reader = ActionReader(check, trigger, before, trigger.object or None, change=change)
    reader = with_answers(reader, trigger)
    if trigger.every is not None:
        reader = reader.naming_within("period", {"from": types.DATE, "until": types.DATE})
    return trigger, reader


def compiled(document: Document, catalog: Catalog) -> Rule | None:
    """The rule of a document in force, which has no faults."""
    return compile_rule(document, DocumentCheck(_draft(catalog), document))


def recompiled(
    name: str, body: Mapping[str, Any], catalog: Catalog
) -> tuple[Rule | None, list[Fault]]:
    """A rule as it once was, on the catalog of now; and why it is not possible any longer."""
    document, draft = Document("rule", name, body), _draft(catalog)
    rule = compile_rule(document, DocumentCheck(draft, document))
    return rule, draft.faults


def _draft(catalog: Catalog) -> CatalogDraft:
    return CatalogDraft.of(catalog)


def _actions(reader: ActionReader, actions: Sequence[Mapping[str, Any]]) -> Iterator[Action]:
    """The actions in their order; each sees the names that those before it gave."""
    for at, body in enumerate(actions):
        action = read_action(reader, f"/do/{at}", body)
        if action is None:
            continue
        yield action
        names = ACTIONS[action.verb].names
        if names is not None:
            reader = names(reader, action)
