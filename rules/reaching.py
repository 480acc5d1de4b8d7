"""What values that an action writes reach."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from metamodel.reach import Reach


def writes(pointer: str, verb: str, object: str, names: Iterable[str]) -> Iterator[Reach]:
    """Fields that are written wherever their records are."""
    for name in names:
        yield Reach(f"{pointer}/{name}", verb, object, name, everywhere=True)
