"""A lazy attribute is worked out once for each object, and only when somebody asks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count

import pytest

from fluvial.kernel.lazy import lazily

COUNTER: Iterator[int] = count()


@dataclass
class Sample:
    size: int = 1

    @lazily
    def number(self) -> int:
        """Which one it is."""
        return next(COUNTER)

    @lazily
    def broken(self) -> int:
        raise LookupError(next(COUNTER))


def test_it_is_worked_out_once_for_each_object() -> None:
    one, other = Sample(), Sample()
    first = next(COUNTER)
    assert [one.number, one.number, other.number, one.number] == [first + 1, first + 1, first + 2,
                                                                  first + 1]  # fmt: skip
    assert next(COUNTER) == first + 3


def test_a_copy_works_it_out_anew() -> None:
    one = Sample()
    assert replace(one, size=2).number != one.number
    assert one == Sample()  # what is worked out is no part of the value


def test_a_failure_is_not_kept() -> None:
    one, faults = Sample(), []
    for _ in range(2):
        with pytest.raises(LookupError) as fault:
            _ = one.broken
        faults.append(fault.value.args)
    assert faults[0] != faults[1]


def test_the_class_tells_what_it_is() -> None:
    assert isinstance(Sample.number, lazily)
    assert Sample.number.__doc__ == "Which one it is."
