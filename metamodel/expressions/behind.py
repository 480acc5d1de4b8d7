"""An expression over one record, asked of another record that looks it up."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from metamodel.expressions.expression import Expression, expression_of
from metamodel.expressions.nodes import And, Collection, Gather, Node, Read, Root, Spread


def behind(expression: Expression, object: str, look_up: str) -> Expression:
    """What it says of the record behind a look-up of another object type."""
    return expression_of(
        f"{look_up}: {expression.source}",
        _moved(expression.tree, object, look_up, inside=False),
        object,
        expression.uses | {(object, look_up)},
    )


def both(left: Expression, right: Expression) -> Expression:
    """Two conditions on one record that have to hold together."""
    return expression_of(
        f"({left.source}) and ({right.source})",
        And((left.tree, right.tree)),
        left.object,
        left.uses | right.uses,
    )


def _moved(node: Node, object: str, look_up: str, *, inside: bool) -> Node:
    """The tree with its paths lengthened; inside a collection the row is another one."""
    changes: dict[str, Any] = {"record": object} if isinstance(node, Spread) else {}
    for one in fields(node):
        value = getattr(node, one.name)
        deeper = inside or (isinstance(node, Gather) and one.name != "collection")
        if isinstance(value, Node):
            changes[one.name] = _moved(value, object, look_up, inside=deeper)
        elif isinstance(value, tuple) and any(isinstance(item, Node) for item in value):
            changes[one.name] = tuple(
                _moved(item, object, look_up, inside=deeper) if isinstance(item, Node) else item
                for item in value
            )
    moved = replace(node, **changes)
    if not isinstance(moved, (Read, Collection)):
        return moved
    if moved.root is Root.RECORD or (moved.root is Root.ROW and not inside):
        # The record itself is now a value of the look-up.
        owner = isinstance(moved, Read) and not moved.path
        path = (look_up, *moved.path)
        return replace(moved, path=path, object=object if owner else moved.object)
    return moved
