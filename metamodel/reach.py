"""What a document reaches: the records and fields that it reads and writes, and how much of it
is one: what of it is new, and is judged, where only a part of a document changes.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from .plain_figures import whole_of

# Of no consequence for what it reaches.
WORDS = ("label", "help", "about", "icon", "plural", "order", "active")


@dataclass(frozen=True, order=True)
class Reach:
    """One thing that a document does at a place. `everywhere` is: whichever records those are,
    and not only for people who may read them."""

    pointer: str
    action: str  # read, create, update, delete, set (fill in); `run_as` a role, given by `object`
    object: str
    field: str = ""  # "" is the object type as such
    everywhere: bool = False

    @property
    def target(self) -> str:
        return f"{self.object}.{self.field}" if self.field else self.object


# What a place in a document (its steps) belongs to; where that is the same, nothing is new.
Unit = Hashable


def written(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def shown_unit(body: Mapping[str, Any], steps: Sequence[str]) -> Unit:
    """Of documents that show what their readers may read: a field is the same wherever it is."""
    return tuple(steps[:1]), written(_followed(body, steps)[1])


def named_unit(body: Mapping[str, Any], steps: Sequence[str]) -> Unit:
    """Of documents whose parts have names: the words at a place, wherever that has moved to."""
    path, value = _followed(body, steps)
    return path, written(value)


def whole_unit(body: Mapping[str, Any], steps: Sequence[str]) -> Unit:
    """Of documents whose parts work together: all but the words for people."""
    return written({name: value for name, value in body.items() if name not in WORDS})


def _followed(body: Any, steps: Sequence[str]) -> tuple[tuple[Any, ...], Any]:
    """The steps by the names of things, as far as the document goes, and what is there."""
    path: list[Any] = []
    for step in steps:
        at = whole_of(step) if isinstance(body, list) else None
        if at is not None and at < len(body):
            body = body[at]
            named = isinstance(body, Mapping) and "name" in body
            path.append(body["name"] if named else written(body))
        elif isinstance(body, Mapping) and step in body:
            body = body[step]
            path.append(step)
        else:
            break  # the pointer says more than the document, as of words in a text
    return tuple(path), body
