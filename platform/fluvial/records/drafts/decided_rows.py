"""The row of a decision that wins, asked of the database by an index over its inputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from fluvial.database.statement import Compiled
from fluvial.records.reading.plan_cache import plans_of
from fluvial.records.reading.sql_context import PlanContext, ask
from fluvial.runtime.session import Session
from metamodel.expressions.nodes import Decide, Node, Read, Root, node_of_row
from metamodel.expressions.sql import Builder
from metamodel.expressions.sql_value import storage_of

DAY = "day"


def winner(session: Session, node: Decide, values: Sequence[Any], day: Any) -> str | None:
    """The id of the row; the values are what the record has for the inputs."""
    if node.day is not None and day is None:
        return None  # of no day no row is in force
    dialect = session.connection.dialect
    dated = session.as_of is not None
    key = ("decide", node.rows.decision, tuple(one.type for one in node.values), dated)
    compiled: Compiled = plans_of(session.catalog).get(key, lambda: _plan(session, node, dated))
    binds: dict[str, Any] = {}
    for name, tree, value in _named(node, values, day):
        storage = storage_of(tree.type)
        binds[name] = None if value is None else storage.encode(dialect, plain_id(value))
    row = ask(session, compiled, **binds)[0]
    return None if row[0] is None else str(row[0])


def _named(node: Decide, values: Sequence[Any], day: Any) -> list[tuple[str, Node, Any]]:
    pairs = zip(node.values, values, strict=True)
    named = [(f"v{at}", tree, value) for at, (tree, value) in enumerate(pairs)]
    return named if node.day is None else [*named, (DAY, node.day, day)]


def _plan(session: Session, node: Decide, dated: bool) -> Compiled:
    """The same decision for values that come with each question."""
    plan = PlanContext(session.catalog, session.access, session.connection.dialect, as_of=dated)

    def given(name: str, tree: Node) -> Read:
        return Read(Root.NAME, "", (name,), type=tree.type)

    asked = replace(
        node_of_row(node),
        values=tuple(given(f"v{at}", tree) for at, tree in enumerate(node.values)),
        day=None if node.day is None else given(DAY, node.day),
    )
    made = Builder(plan.trusted(), None, None).value(asked)
    return plan.compiled(sa.select(made.element.label("won")))


def plain_id(value: Any) -> Any:
    """The id of a person, who comes with the word for what they are."""
    return value[1] if isinstance(value, tuple) else value
