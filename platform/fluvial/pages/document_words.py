"""Differences and uses of documents in words and rows, for several pages of the studio."""

from __future__ import annotations

from typing import Any

from fluvial.http.call import Call
from metamodel.folding import humanise, label_text
from metamodel.uses import uses_of

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


def difference_row(entry: dict[str, Any], length: int = LENGTH) -> Context:
    part = entry["pointer"].strip("/").replace("/", " › ") or "the whole document"
    return {
        "cells": [entry["document"], part, *(short(entry[one], length) for one in ("old", "new"))]
    }


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
