"""Lists that one plan serves, whatever values they are asked with.

PostgreSQL plans a prepared statement anew for each execution as long as it believes that plans for
known values are cheaper, and of a statement with a limit it always does. That is worth its time
where the plan depends on the values: a person with three records is found by their index, one with
most of them by walking through the list. Where an index has both the values and the order, or only
the order is asked for, there is nothing to decide, and planning is most of what a page costs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from metamodel.catalog import ObjectType
from metamodel.expressions.expression import Expression
from metamodel.expressions.nodes import And, Collection, Compare, Node, Or, Read, Root

from .index_walk import fixed_fields, walked_keys
from .query import Query

BY_SIZE = frozenset({"<", "<=", ">", ">="})


def is_steady(
    type_: ObjectType,
    query: Query,
    condition: Node | None,
    permission: Sequence[Expression] | None,
    column: Any,
) -> bool:
    """Whether an index that has the order of the column `column` also has all that is asked for."""
    if query.search or query.deleted or query.as_of is not None:
        return False
    if permission is not None and not _is_looked_up(permission):
        return False
    fixed = fixed_fields(type_, query, condition)
    asked = {name for name, _ in query.equals} | set(_ranges(type_, condition, column.key))
    if not asked <= fixed | {column.key}:
        return False
    used = asked - {column.key}
    if not used:
        return True
    return any(used <= set(before) for before in walked_keys(type_, fixed, column.key))


def _ranges(type_: ObjectType, condition: Node | None, key: str) -> Iterator[str]:
    """The fields that a condition compares, and a name that is none for whatever else it asks.

    A comparison by size of a field that no index begins with is left out: there is no other plan
    that it could decide for.
    """
    if condition is None:
        return
    if isinstance(condition, And):
        for item in condition.items:
            yield from _ranges(type_, item, key)
        return
    if isinstance(condition, Compare):
        reads = [one for one in (condition.left, condition.right) if isinstance(one, Read)]
        if len(reads) == 1 and reads[0].root is Root.ROW and len(reads[0].path) == 1:
            name = reads[0].path[0]
            if condition.operator not in BY_SIZE or _begins_an_index(type_, name):
                yield name
            return
    yield ""


def _begins_an_index(type_: ObjectType, name: str) -> bool:
    field = type_.fields[name]
    if field.unique or field.system or any(c.indexed or c.references for c in field.columns):
        return True
    return any(key.fields[0] == name for key in (*type_.keys, *type_.asked))


def _is_looked_up(permission: Sequence[Expression]) -> bool:
    """Whether rights have to be looked up record by record: no index begins with them."""
    ways = [way for one in permission for way in _ways(one.tree)]
    return len(ways) > 1 and any(_is_beyond(way) for way in ways)


def _ways(node: Node) -> Iterator[Node]:
    if isinstance(node, Or):
        for item in node.items:
            yield from _ways(item)
    else:
        yield node


def _is_beyond(node: Node) -> bool:
    """Whether it asks another record."""
    return any(
        part.root is Root.ROW and (isinstance(part, Collection) or len(part.path) > 1)
        for part in node.walk()
        if isinstance(part, (Read, Collection))
    )
