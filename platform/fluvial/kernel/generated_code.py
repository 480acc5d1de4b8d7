"""The one place where Python source is generated.

Hot paths run one expression with a piece for every field, as a hand-written program would have it.
The rule: no text that a user wrote enters generated source. Values and functions are bound to names
of our own; the only texts in the source are names of fields and members, which metadata restricts
to letters, digits and underscores. Whatever is generated is checked for that before it runs.

A traceback through generated code names what it is for, such as `<read book>`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import CodeType
from typing import Any, TypeVar

from metamodel.syntax_trees import expression_tree, statements_tree

Tree = TypeVar("Tree", bound=ast.AST)

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|")  # what a text in generated source may be
BUILTINS: Mapping[str, Any] = {}  # generated code calls what is bound, and nothing else


class Code:
    """Python source under way, and what the names in it stand for."""

    def __init__(self, about: str) -> None:
        self._about = about
        self._names: dict[str, Any] = {"__builtins__": BUILTINS}

    def name(self, thing: Any) -> str:
        """A name by which the source reaches a value or calls a function."""
        name = f"n{len(self._names)}"
        self._names[name] = thing
        return name

    def literal(self, value: Any) -> str:
        """The source of an empty list, an empty text or None; a name for whatever else."""
        if value is None or value == "" or (value == [] and isinstance(value, list)):
            return repr(value)
        return self.name(value)

    def key(self, text: str) -> str:
        """The source of the name of a field or member."""
        return repr(text) if NAME.fullmatch(text) else self.name(text)

    def function(self, argument: str, body: str) -> Any:
        """A function of one argument, as one expression."""
        return eval(_expression(f"lambda {argument}: {body}", self._about), self._names)

    def procedure(self, argument: str, lines: Sequence[str]) -> Any:
        """The same of several statements; the last one returns."""
        source = "\n    ".join([f"def made({argument}):", *lines])
        exec(_statements(source, self._about), self._names)
        return self._names["made"]


# Another version of the metadata asks for the same code again: most object types stay as they are.
@lru_cache(maxsize=1_000)
def _expression(source: str, about: str) -> CodeType:
    return compile(check(expression_tree(source)), f"<{about}>", "eval")


@lru_cache(maxsize=1_000)
def _statements(source: str, about: str) -> CodeType:
    return compile(check(statements_tree(source)), f"<{about}>", "exec")


def check(tree: Tree) -> Tree:
    """The tree, if no text in it can be a user's."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if not NAME.fullmatch(node.value):
                raise AssertionError(f"The text {node.value!r} may not enter generated source.")
    return tree
