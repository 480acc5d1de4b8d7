"""An attribute that is worked out when it is first asked for: `cached_property` without its lock.

For objects that one thread uses and that live for one request, such as sessions: until Python 3.12
the lock costs more than most of what is worked out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

T = TypeVar("T")


class lazily(Generic[T]):
    def __init__(self, make: Callable[[Any], T]) -> None:
        self._make = make
        self.__doc__ = make.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, owner: None, type_: type) -> lazily[T]: ...
    @overload
    def __get__(self, owner: object, type_: type) -> T: ...

    def __get__(self, owner: object | None, type_: type) -> lazily[T] | T:
        if owner is None:
            return self
        made = owner.__dict__[self._name] = self._make(owner)
        return made
