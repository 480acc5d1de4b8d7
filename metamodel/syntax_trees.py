"""Python source to its syntax tree, for one thread at a time.

CPython 3.11 counts how deep it is in a tree in one place for all threads. Where the collector runs
in the middle of it and another thread takes over and builds a tree too, the first one ends with
`SystemError: AST constructor recursion depth mismatch`, though its source is as it should be.
"""

from __future__ import annotations

import ast
import threading
from collections.abc import Callable
from typing import TypeVar

Built = TypeVar("Built")

_building = threading.RLock()  # a finalizer may come by here in the thread that builds


def in_turn(parse: Callable[[str], Built], source: str) -> Built:
    """What a parser that builds trees makes of a source; raises what it raises."""
    with _building:
        return parse(source)


def statements_tree(source: str) -> ast.Module:
    return in_turn(ast.parse, source)


def expression_tree(source: str) -> ast.Expression:
    return in_turn(_expression, source)


def _expression(source: str) -> ast.Expression:
    return ast.parse(source, mode="eval")
