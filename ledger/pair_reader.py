"""Expressions about a demand and a source: taken apart into what each record is asked for.

What is about the record alone is asked whole; of the others, values at the end of look-ups.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from metamodel.expressions.expression import Expression, expression_of
from metamodel.expressions.nodes import (
    Collection,
    Decide,
    Find,
    Gather,
    Logged,
    Read,
    Root,
    Spread,
)

from .allocation_model import DEMAND, RECORD, SOURCE, PairExpression, PairLeaf
from .ledger_scope import LedgerScope

WHOLE = ""  # leads the path of an expression that is about the record alone
DEEP = (Gather, Decide, Find, Logged, Spread)


def read_pair(
    scope: LedgerScope,
    pointer: str,
    whole: Expression | None,
    objects: Mapping[str, str],
    kinds: Mapping[str, str] | None = None,
) -> PairExpression | None:
    """`objects` says the object type of each side; "" where that is one of several.

    `kinds` are names of the source that hold it only where it is of one object type.
    """
    if whole is None:
        return None
    nodes = list(whole.tree.walk())
    named = [one for one in nodes if isinstance(one, (Read, Collection)) and one.root is Root.NAME]
    if not named:
        path = WHOLE, whole.source, whole.type.name  # an entry may have several
        return PairExpression(whole, {path: PairLeaf(RECORD, whole, whole)})
    if any(isinstance(one, DEEP) or (isinstance(one, Collection) and one.field) for one in nodes):
        message = "A pair is compared by values at the end of look-ups, and not by collections."
        hint = "Let a calculated field gather it, and name that field here."
        scope.fault(pointer, "too_deep", message, hint)
        return None
    leaves: dict[tuple[str, ...], PairLeaf] = {}
    for node in nodes:
        if isinstance(node, (Read, Collection)):
            leaves |= _leaf(node, whole, {**objects, RECORD: scope.type.name}, kinds or {})
    return PairExpression(whole, leaves)


def _leaf(
    node: Read | Collection,
    whole: Expression,
    objects: Mapping[str, str],
    kinds: Mapping[str, str],
) -> dict[tuple[str, ...], PairLeaf]:
    """By the path under which it is read; nothing where that is the record itself, or a name."""
    side, path, key, kind = RECORD, node.path, node.path, ""
    if node.root is Root.NAME:
        side, path = node.path[0] if node.path else "", node.path[1:]
        if side in kinds:
            side, kind = SOURCE, kinds[side]
        if side not in (DEMAND, SOURCE):
            return {}
    elif node.root is Root.RECORD:
        key = (RECORD, *path)
    if not path and isinstance(node, Read):
        return {}
    tree = Read(Root.ROW, node.object, path or ("id",), type=node.type)
    value = expression_of(".".join(tree.path), tree, kind or objects[side], whole.uses)
    if isinstance(node, Read):
        return {} if path == ("id",) else {key: PairLeaf(side, value, value, kind=kind)}
    links = replace(node, root=Root.ROW, path=path)
    decides = expression_of(node.name, links, kind or objects[side], whole.uses)
    linked = node.object, node.name
    return {(*key, node.name): PairLeaf(side, value, decides, linked, kind)}
