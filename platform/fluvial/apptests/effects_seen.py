"""What rules did in a test, and whether it is what the test expects."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from fluvial.kernel.features import Seam
from fluvial.runtime.session import Session
from fluvial.services.mail import as_text

from .app_test_values import Refs, alike, shown

TestEffect = Mapping[str, Any]
# What was done and would be sent, in order.
EFFECTS: Seam[Callable[[Session], Sequence[TestEffect]]] = Seam("for the tests of apps")
CHANGES = ("create", "update", "delete")
POSTS = {"webhook": "posts to", "call": "calls", "document": "prints"}


def effects_so_far(session: Session) -> list[TestEffect]:
    """All that the features did and would send, in order."""
    return [effect for effects in session.engine.brought(EFFECTS) for effect in effects(session)]


def judge(
    made: Sequence[TestEffect], wanted: Any, refs: Refs, people: Mapping[str, str]
) -> Iterator[tuple[str, tuple[str | int, ...]]]:
    """What is not as expected, each with its place below `effects`.

    `people` are the e-mail addresses of given users, by the names that the test gave them.
    """
    told = "; ".join(_told(effect, refs) for effect in made) or "none"
    exact = isinstance(wanted, Mapping)
    if exact and wanted.get("none"):
        if made:
            yield f"expected no effects, found: {told}", ("none",)
        return
    left = list(made)
    for at, entry in enumerate(wanted["exactly"] if exact else wanted):
        found = next((effect for effect in left if _fits(effect, entry, people)), None)
        if found is None:
            wish = ", ".join(f"{name} {value}" for name, value in entry.items())
            yield f"expected {wish}, found: {told}", ("exactly", at) if exact else (at,)
        elif found["do"] == "notify" and "by" not in entry:
            left = [effect for effect in left if not _same_notice(effect, found)]
        else:
            left.remove(found)
    if exact and left:
        also = "; ".join(_told(effect, refs) for effect in left)
        yield f"expected only these, but also found: {also}", ("exactly",)


def _fits(effect: TestEffect, entry: Mapping[str, Any], people: Mapping[str, str]) -> bool:
    if entry.get("rule", effect["rule"]) != effect["rule"]:
        return False
    do = effect["do"]
    asked = [name for name in (*CHANGES, "notify", *POSTS) if name in entry]
    if asked and asked != [do]:
        return False
    if do in CHANGES:
        return bool(entry.get(do, effect["object"]) == effect["object"])
    if "person" not in effect and do not in POSTS:
        return False  # what another feature does; a test expects its records
    if do in POSTS:
        to = entry.get(do, effect["to"])
        return bool(to == effect["to"]) and alike(entry.get("body", {}), effect["body"])
    return _is_notice(effect, entry, people)


def _is_notice(effect: TestEffect, entry: Mapping[str, Any], people: Mapping[str, str]) -> bool:
    who = entry.get("notify", effect["person"])
    if people.get(who, who) != effect["person"]:
        return False
    if any(entry.get(name, effect[name]) != effect[name] for name in ("by", "template")):
        return False
    if "says" not in entry:
        return True
    subject, html = effect["words"]()
    return entry["says"] in subject or entry["says"] in as_text(html)


def _same_notice(effect: TestEffect, other: TestEffect) -> bool:
    """One notice that goes two ways is one to whoever reads the test."""
    members = ("do", "rule", "template", "person")
    return all(effect.get(name) == other.get(name) for name in members)


def _told(effect: TestEffect, refs: Refs) -> str:
    if effect["do"] in CHANGES:
        return f"{effect['rule']} {effect['do']}s {effect['object']}"
    if effect["do"] in POSTS:
        return f"{effect['rule']} {POSTS[effect['do']]} {effect['to']}"
    if "person" not in effect:
        return f"{effect['rule']} {effect['do']}"
    words = f" with {effect['template']}" if effect["template"] else ""
    return f"{effect['rule']} notifies {shown(effect['person'], refs)} by {effect['by']}{words}"
