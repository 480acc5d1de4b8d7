"""What the logs of states contributed to a calculated value."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fluvial.records.reading.state_spans import read_states
from fluvial.runtime.session import Session
from metamodel.catalog import ObjectType
from metamodel.expressions.nodes import Gather, Logged, Node, Root


def asked_logs(session: Session, type_: ObjectType, record: str, tree: Node) -> list[Any]:
    """The stays of each choice of the record itself whose log a formula asks.

    Of those that the reader may not see there is nothing: the inputs say that they are withheld.
    """
    hidden = session.access.object(type_.name).hidden
    names = [name for name in dict.fromkeys(_own_logs(tree)) if name not in hidden]
    spans = read_states(session, type_.name, record) if names else []
    return [
        {
            "path": name,
            "label": type_.fields[name].label,
            "spans": [span for span in spans if span["field"] == name],
        }
        for name in names
    ]


def _own_logs(node: Node) -> Iterator[str]:
    if isinstance(node, Logged) and node.field.root is not Root.ME and len(node.field.path) == 1:
        yield node.field.path[0]
    for child in node.children():
        if not isinstance(node, Gather):  # in a collection they are of its records
            yield from _own_logs(child)
