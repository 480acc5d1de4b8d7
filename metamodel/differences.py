"""Differences between two bodies of a document, attribute by attribute."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

ORDER = "$order"  # stands in a pointer for the order of a list


@dataclass(frozen=True)
class Difference:
    """One attribute: its pointer leads through lists by the names of their items."""

    pointer: str
    old: Any
    new: Any

    def wire(self) -> dict[str, Any]:
        return {"pointer": self.pointer, "old": self.old, "new": self.new}


def named(value: Any) -> bool:
    """Whether it is a list of named things."""
    return isinstance(value, list) and all(
        isinstance(item, Mapping) and isinstance(item.get("name"), str) for item in value
    )


def by_name(items: Any) -> dict[str, Any]:
    return {item["name"]: item for item in items or ()}


def step(pointer: str, name: str) -> str:
    """A pointer with one more step."""
    return f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}"


def differences(old: Any, new: Any, pointer: str = "") -> Iterator[Difference]:
    """The smallest attributes that differ; what is whole new or gone is told as a whole."""
    if old == new:
        return
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for name in (*old, *(name for name in new if name not in old)):
            yield from differences(old.get(name), new.get(name), step(pointer, name))
    elif old and new and named(old) and named(new):
        yield from _lists(old, new, pointer)
    else:
        yield Difference(pointer, old, new)


def _lists(old: list[Any], new: list[Any], pointer: str) -> Iterator[Difference]:
    before, after = by_name(old), by_name(new)
    if len(before) < len(old) or len(after) < len(new):  # names that stand twice
        yield Difference(pointer, old, new)
        return
    for name in (*before, *(name for name in after if name not in before)):
        yield from differences(before.get(name), after.get(name), step(pointer, name))
    kept = [name for name in before if name in after]
    order = [name for name in after if name in before]
    if kept != order:
        yield Difference(step(pointer, ORDER), list(before), list(after))
