"""Expressions that records hold: checked when they are written, worked out when they are asked for.

Who writes one names only the fields that their roles show. Who sets one off gets no more from it
than they see: the records behind look-ups and in collections are those that they may read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fluvial.kernel.problems import Unprocessable
from fluvial.records.reading.plan_cache import plans_of
from metamodel.catalog import Catalog, Field
from metamodel.errors import ExpressionError
from metamodel.expressions.expression import Expression
from metamodel.expressions.held import Hides, fault_text, held_expression
from metamodel.expressions.nodes import Evaluate, Read
from metamodel.expressions.python import Environment, run
from metamodel.formats import EXPRESSION
from metamodel.kinds.held_results import HELD_TYPES

from .draft import Draft
from .seen_environment import SeenEnvironment


def expression_fields(catalog: Catalog) -> Mapping[str, tuple[Field, ...]]:
    """The fields that hold expressions, by object type; those that have none are left out."""
    return catalog.derive(_fields)


def _fields(catalog: Catalog) -> Mapping[str, tuple[Field, ...]]:
    found = {
        type_.name: tuple(f for f in type_.fields.values() if f.option("format") == EXPRESSION)
        for type_ in catalog.objects.values()
    }
    return {name: fields for name, fields in found.items() if fields}


def read_held(catalog: Catalog, field: Field, text: str, hides: Hides | None = None) -> Expression:
    """What a field of expressions holds; raises ExpressionError."""
    wanted = HELD_TYPES.get(field.option("result", ""))
    return held_expression(catalog, field.option("over"), text, wanted, hides)


def check_expressions(draft: Draft) -> None:
    """Refuse expressions that are not valid, or that name what their author may not read."""
    session = draft.session
    for field in expression_fields(session.catalog).get(draft.type.name, ()):
        text = draft.values.get(field.name)
        if field.name not in draft.changed or not text:
            continue
        try:
            read_held(session.catalog, field, text, session.access.hides)
        except ExpressionError as error:
            draft.fault(field.name, "expression", fault_text(error))


def held_value(inner: Any, node: Evaluate, text: str) -> Any:
    """The value for the record of an environment; the reads of a person are cut to their rights."""
    made, access = compiled(inner.session.catalog, node, text), inner.session.access
    return run(made.tree, inner if access.unrestricted else SeenEnvironment(inner))


def compiled(catalog: Catalog, node: Evaluate, text: str) -> Expression:
    """The expression, made once in each catalog; refused where it is not valid any more."""
    key = ("held", node.over, node.type, text)
    made: Expression = plans_of(catalog).get(key, lambda: _compiled(catalog, node, text))
    return made


def _compiled(catalog: Catalog, node: Evaluate, text: str) -> Expression:
    try:
        return held_expression(catalog, node.over, text, node.type)
    except ExpressionError as error:
        field = node.given.path[-1] if isinstance(node.given, Read) else ""
        owner = node.given.object if isinstance(node.given, Read) else ""
        type_ = catalog.objects.get(owner)
        label = type_.fields[field].label if type_ is not None else field
        message = f"The expression `{text}` in {label} ({owner}) is not valid: {fault_text(error)}"
        raise Unprocessable(message) from error


def evaluated_in(environment: Environment, catalog: Catalog, node: Evaluate, text: str) -> Any:
    """The value where the environment itself knows what its reader may read."""
    return run(compiled(catalog, node, text).tree, environment)
