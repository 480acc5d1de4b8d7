"""Differences and uses of documents in words and rows, for several pages of the studio."""

from __future__ import annotations

from typing import Any

from fluvial.http.call import Call
from fluvial.runtime.session import Session
from metamodel.differences import ORDER, by_name, named
from metamodel.folding import humanise, label_text
from metamodel.policies import Shape
from metamodel.uses import uses_of

from .plan_words import place_words

Context = dict[str, Any]
LENGTH = 160


def short(value: Any, length: int = LENGTH) -> str:
    """A value of a document on one line."""
    if value is None:
        return "—"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        text = ", ".join(value)
    elif isinstance(value, dict):
        text = ", ".join(f"{name}: {short(one, length)}" for name, one in value.items())
    elif isinstance(value, list):
        text = "; ".join(short(one, length) for one in value)
    else:
        text = str(value)
    return text if len(text) <= length else f"{text[: length - 2]} …"


def difference_row(session: Session, entry: dict[str, Any], length: int = LENGTH) -> Context:
    """The document, the part of it, and what it said before and says after, in words."""
    named = place_words(session.catalog, entry["document"])
    part = part_words(session, entry["document"], entry["pointer"])
    return {"cells": [named, part, *(short(entry[one], length) for one in ("old", "new"))]}


def part_words(session: Session, document: str, pointer: str) -> str:
    """A part of a document by the titles of its members and the labels of what lists name."""
    kind, _, name = document.partition("/")
    known = session.engine.kinds.get(kind)
    found = session.catalog.of(kind).get(name) if known is not None else None
    body: Any = found.source if found is not None else {}
    shape = known.shape if known is not None else None
    words = []
    for step in filter(None, pointer.split("/")):
        plain = step.replace("~1", "/").replace("~0", "~")
        shape, body, word = _inner(shape, body, plain)
        words.append(word)
    return " › ".join(words) or "the whole document"


def _inner(shape: Shape | None, body: Any, step: str) -> tuple[Shape | None, Any, str]:
    """One step into a document: what stands there, and what people call it."""
    if step == ORDER:
        return shape, None, "Order"
    if isinstance(body, list):
        inner = by_name(body).get(step, {}) if named(body) else {}
        label = label_text(inner.get("label", "")) or humanise(step)
        return shape.item(inner) if shape is not None else None, inner, label
    member = shape.of(body).member(step) if shape is not None else None
    inner = body.get(step) if isinstance(body, dict) else None
    return member, inner, (member.title if member is not None else "") or humanise(step)


def used_in(call: Call, target: str) -> list[Context]:
    """The documents that use something, each once, with how often."""
    counts: dict[str, int] = {}
    for place in uses_of(call.session.catalog, target):
        document = place.partition("#")[0]
        counts[document] = counts.get(document, 0) + 1
    items = []
    for document, count in counts.items():
        kind, _, name = document.partition("/")
        found = call.session.catalog.of(kind).get(name)
        label = found.body.get("label", humanise(name)) if found else humanise(name)
        words = call.engine.kinds[kind].label if kind in call.engine.kinds else kind
        items.append(
            {
                "label": label_text(label),
                "href": f"/studio/objects/{name}" if kind == "object" else f"/studio/{document}",
                "text": f"{words}, {'once' if count == 1 else f'{count} times'}",
            }
        )
    return items
