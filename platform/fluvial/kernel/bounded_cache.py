"""A cache of bounded size in which what is asked for again outlives what is asked for once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class _Held(Generic[T]):
    __slots__ = ("used", "value")

    def __init__(self, value: T) -> None:
        self.value = value
        self.used = False  # since somebody last looked for what can leave


class BoundedCache(Generic[T]):
    """Two parts: what was asked for once, of which the oldest leaves, and what was asked for again.

    Of the second part leaves what nobody has asked for since the last round of looking. However
    much comes by once, it only drives out others of its like. `get` takes no lock; `put` needs
    the caller's, where several threads call it.
    """

    def __init__(
        self, size: int, once: int, leaves: Callable[[T], None] = lambda value: None
    ) -> None:
        """`size` of those that were asked for again, and `once` of the others."""
        self._size, self._once, self._leaves = size, once, leaves
        self._new: OrderedDict[Hashable, _Held[T]] = OrderedDict()
        self._known: OrderedDict[Hashable, _Held[T]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._new) + len(self._known)

    def get(self, key: Hashable) -> T | None:
        held = self._known.get(key)
        if held is None:
            held = self._new.get(key)
            if held is None:
                return None
        held.used = True
        return held.value

    def put(self, key: Hashable, value: T) -> None:
        self._new[key] = _Held(value)
        while len(self._new) > self._once:
            oldest, held = self._new.popitem(last=False)
            if held.used:
                held.used = False
                self._known[oldest] = held
                self._shrink()
            else:
                self._leaves(held.value)

    def _shrink(self) -> None:
        while len(self._known) > self._size:
            oldest, held = self._known.popitem(last=False)
            if held.used:
                held.used = False
                self._known[oldest] = held
            else:
                self._leaves(held.value)

    def clear(self) -> None:
        self._new.clear()
        self._known.clear()
