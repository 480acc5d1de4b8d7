"""Upgrades in three ways: what the package said, what it says now, and what a layer above says.

The layer above is a merge over the package: it holds only what it says differently. Nothing of
it is lost: what it says of things that the package drops is marked with `$over` and waits.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from metamodel.differences import by_name, differences, named, step
from metamodel.layers import DELETE, HEADS, OVER
from metamodel.policies import LOCKED, MERGE, PACKAGE, Shape

MISSING: Any = object()
CHANGES = "changes"  # the package's change takes effect
KEPT = "kept"  # the layer above keeps what it says
MERGED = "merged"  # a list with what both sides added and took out
CONFLICT = "conflict"  # both changed it; the layer above keeps its own unless told otherwise
TAKEN = "taken"  # both changed it, and the package's was asked for, or nobody else may say it
PARKED = "parked"  # the package drops what the layer above customises; that waits
EVERYTHING = "*"


@dataclass(frozen=True)
class Decision:
    """What becomes of one attribute."""

    pointer: str
    outcome: str
    policy: str
    old: Any = None
    new: Any = None
    site: Any = None

    def wire(self) -> dict[str, Any]:
        wire: dict[str, Any] = {"pointer": self.pointer, "old": self.old, "new": self.new}
        if self.outcome != CHANGES:
            wire |= {"site": self.site, "policy": self.policy, "outcome": self.outcome}
        return wire


@dataclass
class Comparison:
    """The decisions about one document, and the layer above as it is to be afterwards."""

    take: Collection[str] = ()  # pointers at which the package's is taken; `*` for all
    decisions: list[Decision] = field(default_factory=list)

    def document(self, shape: Shape, old: Any, new: Any, over: Any) -> Any:
        """The layer's document afterwards; nothing where it says nothing any more."""
        over = MISSING if over is None else over
        result = self._compare("", shape, _body(old), _body(new), _body(over), whole=True)
        if result is MISSING:
            return None
        heads = {name: over[name] for name in HEADS if name in over}
        return heads | result

    def _say(self, pointer: str, outcome: str, shape: Shape, *values: Any) -> None:
        old, new, site = (None if value is MISSING else value for value in values)
        self.decisions.append(Decision(pointer, outcome, shape.policy, old, new, site))

    def _compare(
        self, at: str, shape: Shape, old: Any, new: Any, over: Any, *, whole: bool = False
    ) -> Any:
        """What the layer says afterwards; `whole` is of things that stand for themselves."""
        if over is MISSING:
            for found in differences(_plain(old), _plain(new), at):
                self._say(found.pointer, CHANGES, shape, found.old, found.new, MISSING)
            return MISSING
        if isinstance(over, Mapping):
            if over.get(DELETE) is True:
                if old != new and new is not MISSING:
                    self._say(at, KEPT, shape, old, new, over)
                return over
            if _mapping(old) and _mapping(new):
                return self._mapping(at, shape, old, new, over, whole)
        if named(over) and (over or named(_plain(old) or [])) and _listed(old) and _listed(new):
            return self._named(at, shape, old, new, over)
        return self._leaf(at, shape, old, new, over)

    def _mapping(self, at: str, shape: Shape, old: Any, new: Any, over: Any, whole: bool) -> Any:
        shape = shape.of(over if "kind" in over else old if old is not MISSING else new)
        if old is MISSING and new is MISSING:
            if not over.get(OVER):
                self._say(at, KEPT, shape, old, new, over)
            return over
        if new is MISSING:
            if over == old:
                self._say(at, CHANGES, shape, old, new, MISSING)
                return MISSING
            if at and whole and shape.needed <= over.keys():
                return over  # it stands by itself
            self._say(at, PARKED, shape, old, new, over)
            return {**over, OVER: True}
        if over.get(OVER):
            over = {name: value for name, value in over.items() if name != OVER}
            self._say(at, KEPT, shape, old, new, over)
            return over
        result: dict[str, Any] = {}
        before = {} if old is MISSING else old
        for name in _names(new, before, over):
            inner = [side.get(name, MISSING) for side in (before, new, over)]
            kept = self._compare(step(at, name), shape.member(name), *inner)
            if kept is not MISSING:
                result[name] = kept
        return result if result or whole else MISSING

    def _named(self, at: str, shape: Shape, old: Any, new: Any, over: Any) -> Any:
        before, after, above = (by_name(_plain(side)) for side in (old, new, over))
        kept = {}
        for name in _names(after, before, above):
            sides = [side.get(name, MISSING) for side in (before, after, above)]
            body = next((side for side in reversed(sides) if _has_kind(side)), None)
            item = shape.item(body)
            found = self._compare(step(at, name), item, *sides, whole=True)
            if found is not MISSING:
                kept[name] = found
        return [kept[name] for name in above if name in kept]

    def _leaf(self, at: str, shape: Shape, old: Any, new: Any, over: Any) -> Any:
        if _plain(over) == _plain(new):
            return over
        if over == old:  # the layer above only repeats it
            self._say(at, CHANGES, shape, old, new, MISSING)
            return MISSING
        if shape.policy == LOCKED and old is not MISSING:
            self._say(at, TAKEN, shape, old, new, over)
            return MISSING
        if old == new:
            self._say(at, KEPT, shape, old, new, over)
            return over
        if shape.policy not in (PACKAGE, MERGE, LOCKED):
            self._say(at, KEPT, shape, old, new, over)
            return over
        if shape.policy == MERGE:
            merged = merge_lists(_plain(old), _plain(new), over)
            if merged is not None:
                self._say(at, MERGED, shape, old, new, merged)
                return merged
        if at in self.take or EVERYTHING in self.take:
            self._say(at, TAKEN, shape, old, new, over)
            return MISSING
        self._say(at, CONFLICT, shape, old, new, over)
        return over


def _body(body: Any) -> Any:
    if not isinstance(body, Mapping):
        return MISSING
    return {name: value for name, value in body.items() if name not in HEADS}


def _plain(value: Any) -> Any:
    return None if value is MISSING else value


def _mapping(value: Any) -> bool:
    return value is MISSING or isinstance(value, Mapping)


def _listed(value: Any) -> bool:
    return value is MISSING or named(value)


def _has_kind(value: Any) -> bool:
    return isinstance(value, Mapping) and "kind" in value


def _names(*sides: Mapping[str, Any]) -> list[str]:
    return list(dict.fromkeys(name for side in sides for name in side))


def merge_lists(old: Any, new: Any, over: Any) -> list[Any] | None:
    """A list with what both sides added and took out; None where both changed the same item."""
    keyed = [_keyed(side) for side in (old or [], new or [], over)]
    if any(side is None for side in keyed):
        return None
    before, after, above = (side for side in keyed if side is not None)
    result: dict[str, Any] = {}
    for key, item in above.items():
        was, now = before.get(key, MISSING), after.get(key, MISSING)
        if now is MISSING and was == item:
            continue  # the package took out what the site left as it was
        if was not in (item, MISSING) and now not in (was, item, MISSING):
            return None
        result[key] = now if was == item and now is not MISSING else item
    for key, item in after.items():
        if key not in before and key not in result:
            result[key] = item
    return list(result.values())


def _keyed(items: Any) -> dict[str, Any] | None:
    """The items by what names them: themselves, or their field or object where that is enough."""
    if not isinstance(items, list):
        return None
    keyed = {_key(item): item for item in items}
    return keyed if len(keyed) == len(items) else None


def _key(item: Any) -> str:
    if isinstance(item, Mapping):
        for member in ("name", "field", "object"):
            if isinstance(item.get(member), str):
                return str(item[member])
    return orjson.dumps(item).decode()
