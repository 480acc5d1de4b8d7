"""A compiled expression: its typed tree and what its users must know of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from enum import Enum
from functools import cached_property
from typing import Any

from metamodel.calendars.calendar import Calendar
from metamodel.expressions.nodes import (
    Collection,
    Decide,
    Evaluate,
    FoundBy,
    Gather,
    Literal,
    Logged,
    Moment,
    Node,
    Read,
    Root,
)
from metamodel.expressions.types import Type

Path = tuple[str, ...]
_ASKING = (Gather, Collection, Logged, Decide, Evaluate, FoundBy)


@dataclass(frozen=True)
class Expression:
    """Immutable; made by `compile_expression`."""

    source: str
    tree: Node
    type: Type
    object: str | None
    uses: frozenset[tuple[str, str]]  # (object, field), also those on the way
    paths: frozenset[Path]  # to-one paths that are read from the record
    outer: frozenset[Path]  # ... and from the other record that the scope calls `record`
    collects: bool  # it asks a collection, or a log
    timed: bool  # it depends on today() or now()
    personal: bool  # it depends on `me`
    calendars: frozenset[str] = frozenset()  # by whose hours it counts
    decisions: frozenset[str] = frozenset()  # that it asks, and that their inputs ask

    @cached_property
    def literals(self) -> tuple[Literal, ...]:
        """The values in the text that become parameters, in order."""
        nodes = (node for node in self.tree.walk() if isinstance(node, Literal))
        return tuple(node for node in nodes if node.lifted)

    @cached_property
    def shape(self) -> str:
        """The tree without its literals: expressions of one shape make the same SQL."""
        return _shape(self.tree)


def expression_of(
    source: str,
    tree: Node,
    object: str | None,
    uses: Iterable[tuple[str, str]],
    *,
    given: bool = False,
    decisions: Iterable[str] = (),
) -> Expression:
    """The expression of a tree; `given` where `record` is another one than the row."""
    nodes = list(tree.walk())
    paths = list(_paths(tree, 0, given))
    return Expression(
        source=source,
        tree=tree,
        type=tree.type,
        object=object,
        uses=frozenset(uses),
        paths=frozenset(path for path, outer in paths if not outer),
        outer=frozenset(path for path, outer in paths if outer),
        collects=any(isinstance(node, _ASKING) for node in nodes),
        timed=any(isinstance(node, Moment) for node in nodes),
        personal=any(getattr(node, "root", None) is Root.ME for node in nodes),
        calendars=frozenset(
            node.value.name
            for node in nodes
            if isinstance(node, Literal) and isinstance(node.value, Calendar)
        ),
        decisions=frozenset(decisions),
    )


def _paths(node: Node, depth: int, given: bool) -> Iterator[tuple[Path, bool]]:
    """The paths that are read from the record itself, and whether from the given one."""
    inside = depth + 1 if isinstance(node, Gather) else depth
    if isinstance(node, (Read, Collection)):
        if node.root is Root.RECORD or (node.root is Root.ROW and depth == 0):
            outer = node.root is Root.RECORD and given
            yield from ((path, outer) for path in _read_paths(node))
    for child in node.children():
        # The collection itself hangs on the record outside of it.
        yield from _paths(child, depth if isinstance(child, Collection) else inside, given)


def _read_paths(node: Read | Collection) -> Iterator[Path]:
    if isinstance(node, Read):
        yield node.path or ("id",)
        return
    if node.path:
        yield node.path
    if node.field is None:
        yield (*node.path, node.name)


def _shape(value: Any) -> str:
    if isinstance(value, Literal) and value.lifted:
        scale = "" if value.type.scale is None else f".{value.type.scale}"
        return f"<{value.type.name}{scale}>"
    if isinstance(value, Node):
        parts = [_shape(getattr(value, one.name)) for one in fields(value) if one.repr]
        return f"{type(value).__name__}({' '.join(parts)})"
    if isinstance(value, tuple):
        return f"[{' '.join(_shape(item) for item in value)}]"
    if isinstance(value, Type):
        details = (value.name, *value.objects, value.scale, value.currency)
        return ".".join(str(one) for one in details if one is not None)
    if isinstance(value, Enum):
        return str(value.value)
    return str(getattr(value, "name", None) or repr(value))
