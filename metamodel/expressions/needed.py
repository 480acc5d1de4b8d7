"""The look-ups without which a condition cannot be met."""

from __future__ import annotations

from collections.abc import Iterator

from metamodel.expressions.nodes import (
    And,
    Compare,
    Member,
    MoneyCall,
    Node,
    OperationCall,
    Part,
    Read,
    Recast,
    Root,
    Rounded,
    Within,
)

_EMPTY_OF_EMPTY = (OperationCall, MoneyCall, Part, Recast, Rounded)

Path = tuple[str, ...]


def needed_paths(condition: Node) -> Iterator[Path]:
    """The paths from the row to records that have to be there."""
    if isinstance(condition, And):
        for item in condition.items:
            yield from needed_paths(item)
    elif isinstance(condition, Compare):
        yield from _read(condition.left)
        yield from _read(condition.right)
    elif isinstance(condition, (Within, Member)):
        yield from _read(condition.item)
    elif isinstance(condition, Read):
        yield from _read(condition)


def _read(value: Node) -> Iterator[Path]:
    """The paths of a value that is empty as soon as one of them leads nowhere."""
    if isinstance(value, Read):
        if value.root is Root.ROW and len(value.path) > 1:
            yield value.path[:-1]
    elif isinstance(value, _EMPTY_OF_EMPTY):
        for child in value.children():
            yield from _read(child)
