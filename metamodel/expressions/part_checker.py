"""What the rules of single functions ask of the check of the whole expression."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Protocol, TypeVar

from metamodel.expressions.name_resolution import NameResolver
from metamodel.expressions.nodes import Node
from metamodel.expressions.scope import Scope
from metamodel.expressions.syntax import Syntax
from metamodel.expressions.types import Type

T = TypeVar("T")


class PartChecker(Protocol):
    """Checks any part of the syntax, and gives its typed node."""

    syntax: Syntax
    scope: Scope
    names: NameResolver

    def check(self, node: ast.expr) -> Node: ...

    def apart(self, source: str, scope: Scope) -> tuple[Node, NameResolver]:
        """Another expression, in a scope of its own; raises ExpressionError."""

    def attempt(self, node: ast.AST, make: Callable[[], T]) -> T:
        """The result of `make`; a misfit becomes a fault at this place."""

    def fitted(self, node: ast.expr, type: Type) -> Node: ...

    def condition(self, node: ast.expr) -> Node:
        """A part that is a yes/no; what is empty counts as no."""
