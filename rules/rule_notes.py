"""What the author of a rule should know when it is saved: what is not set up, who is not known.

A rule that cannot send yet is no fault: the setting may come later. But nobody should find out
weeks later that no mail was ever sent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fluvial.metadata_changes.apply import CHANGE_NOTES
from fluvial.runtime.session import Session
from fluvial.services import letters
from metamodel.catalog import Catalog
from metamodel.expressions import types

from . import waiting_runs
from .action_kinds import ACTIONS
from .call_action import CallOut
from .compilation import compiled
from .effect_words import label_of
from .endpoint_troubles import NO_MAIL, without_secret
from .model import Action, Notify, Rule, Webhook

PLAIN = (
    "“{rule}” mails addresses that may belong to nobody here: {to}. Such a mail tells all that the "
    "rule may read. Let the rule act with the rights of a role if it should not."
)


def notes(session: Session, catalog: Catalog, keys: Sequence[tuple[str, str]]) -> Iterator[str]:
    for kind, name in keys:
        if kind == "rule":
            yield from _waiting(session, name)
        document = catalog.of("rule").get(name) if kind == "rule" else None
        rule = compiled(document, catalog) if document is not None else None
        if rule is not None:
            yield from of_rule(session, catalog, rule)


def _waiting(session: Session, name: str) -> Iterator[str]:
    """Runs that have begun keep the rule with which they did."""
    count = waiting_runs.of_rule(session.connection, name)
    if count:
        runs, go = ("1 run", "It goes") if count == 1 else (f"{count:,} runs", "They go")
        verb = "waits" if count == 1 else "wait"
        yield f"{runs} of {name} {verb}. {go} on as the rule was; cancel what must not go on."


def of_rule(session: Session, catalog: Catalog, rule: Rule) -> Iterator[str]:
    mails = any(_mails(action) for _, action in rule.steps)
    if mails and not letters.can_be_sent(session):
        yield NO_MAIL
    plain = [text for _, action in rule.steps for text in _plain(action)]
    if plain and not rule.run_as:
        yield PLAIN.format(rule=rule.label, to=", ".join(dict.fromkeys(plain)))
    for _, action in rule.steps:
        if isinstance(action, Webhook | CallOut):
            yield from _endpoint(catalog, action.endpoint)
        notes_of = ACTIONS[action.verb].notes
        if notes_of is not None:
            yield from notes_of(session, catalog, action)


def _mails(action: Action) -> bool:
    return isinstance(action, Notify) and "email" in action.by


def _plain(action: Action) -> list[str]:
    """What of its recipients is only an address, and no person."""
    if not isinstance(action, Notify) or "email" not in action.by:
        return []
    return [to.source for to in action.to if to.type.name == types.TEXT.name]


def _endpoint(catalog: Catalog, name: str) -> Iterator[str]:
    document = catalog.of("endpoint").get(name)
    body: Mapping[str, Any] = document.body if document is not None else {}
    missing, label = without_secret(body), label_of(catalog, "endpoint", name)
    if missing:
        yield f"{label} cannot be signed for, so posts wait: {missing}"
    elif document is not None and body.get("active") is False:
        yield f"{label} is switched off in its document, so posts wait."


BRINGS = CHANGE_NOTES(notes)
