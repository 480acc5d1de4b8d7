"""Questions about collections of a record whose values are at hand, asked of the database.

Their statements are made once for each shape: which of the values that they read are empty.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from fluvial.database.statement import Compiled
from fluvial.records.reading.plan_cache import plans_of
from fluvial.records.reading.sql_context import PlanContext, ask
from fluvial.runtime.session import Session
from metamodel.catalog import ObjectType
from metamodel.currencies import Amount
from metamodel.expressions.given_row import Given, GivenAgain, Question, Reader
from metamodel.expressions.nodes import Gather, Root
from metamodel.expressions.reads import reads_of
from metamodel.expressions.sql import collected
from metamodel.expressions.sql_value import SqlContext, SqlValue
from metamodel.expressions.types import MONEY
from metamodel.storage import Storage

MAX_SHAPES = 64  # of one question


@dataclass
class _Shape:
    compiled: Compiled
    storages: Sequence[Storage]


@dataclass
class _Asked:
    """A question of some formula, with the statements that were made for it."""

    node: Gather  # held, so that its id is nobody else's
    reads: frozenset[str] | None  # the object types that it looks at; None where it may be any
    questions: list[Question] | None = None
    shapes: dict[tuple[bool, ...], _Shape] = field(default_factory=dict)


def collected_value(session: Session, node: Gather, object_name: str, read: Reader) -> Any:
    """The value of a question about a record of an object type, whoever asks."""
    catalog, dialect, dated = session.catalog, session.connection.dialect, session.as_of is not None
    plan = PlanContext(catalog, session.access, dialect, as_of=dated)
    asked: _Asked = plans_of(catalog).get(
        ("collected", id(node), object_name, dialect, dated),
        lambda: _Asked(node, _looked_at(node, object_name, catalog.objects)),
    )
    if session.ahead is not None:
        session.ahead.settle_of(asked.reads)
    given = Given(plan, read)
    if asked.questions is not None:
        parts = [part for one in asked.questions for part in given.parts(one)]
        shape = asked.shapes.get(tuple(value is None for value, _ in parts))
        if shape is not None:
            return _answer(session, node, shape, _binds(dialect, parts))
    again = GivenAgain(plan.trusted(), read)
    made = collected(node, again)
    shape = _Shape(plan.compiled(sa.select(*_columns(made))), [s for _, s in made.parts])
    parts = [part for one in again.asked for part in given.parts(one)]
    if not again.several and asked.questions in (None, again.asked):
        asked.questions = again.asked
        if len(asked.shapes) < MAX_SHAPES:
            asked.shapes[tuple(value is None for value, _ in parts)] = shape
    return _answer(session, node, shape, _binds(dialect, parts))


def _looked_at(
    node: Gather, object_name: str, objects: Mapping[str, ObjectType]
) -> frozenset[str] | None:
    """The object types whose rows decide the answer, beside the values that are at hand."""
    found = {node.collection.object}
    for one in reads_of(node, object_name, objects):
        if one.object not in objects:  # a name of the scope: a value, or a record of any type
            if one.steps:
                return None
        elif one.steps or one.root is Root.NAME:
            known = objects[one.object].fields.get(one.field)
            if known is not None and (known.formula is not None or known.made_by):
                return None  # what is behind it is anywhere
            found.add(one.object)
            for at, step in enumerate(one.steps):
                if at or step.backward or one.root is Root.NAME:  # its own look-up is at hand
                    found |= {step.object, step.target} - {""}
    return frozenset(found)


def seen_value(
    session: Session, node: Gather, read: Reader, plan: PlanContext, context: SqlContext
) -> Any:
    """The same, of the records that `context` lets see; `plan` is what it is a part of."""
    made = collected(node, Given(context, read))
    shape = _Shape(plan.compiled(sa.select(*_columns(made))), [s for _, s in made.parts])
    return _answer(session, node, shape, {})


def _columns(made: SqlValue) -> list[Any]:
    return [element.label(f"v{at}") for at, (element, _) in enumerate(made.parts)]


def _binds(dialect: str, parts: Sequence[tuple[Any, Storage]]) -> dict[str, Any]:
    given = [(value, storage) for value, storage in parts if value is not None]
    return {f"g{at}": storage.encode(dialect, value) for at, (value, storage) in enumerate(given)}


def _answer(session: Session, node: Gather, shape: _Shape, binds: dict[str, Any]) -> Any:
    """The value, as expressions calculate with it."""
    row = ask(session, shape.compiled, **binds)[0]
    dialect = session.connection.dialect
    cells = zip(shape.storages, row, strict=True)
    parts = [storage.decode(dialect, cell) for storage, cell in cells]
    if parts[0] is None:
        return None
    if node.type.name == MONEY.name:
        return Amount(parts[0], node.type.currency or "") if len(parts) == 1 else Amount(*parts)
    return parts[0] if len(parts) == 1 else tuple(parts)
