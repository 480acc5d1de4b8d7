"""What a report is grouped by: a path, an expression, or a date by a unit of the calendar."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from metamodel.errors import ExpressionError
from metamodel.expressions.syntax import Syntax, parse
from metamodel.folding import label_text

UNITS = ("day", "week", "month", "quarter", "year")


@dataclass(frozen=True)
class Grouping:
    """`month(created)`: the text names it, `inner` is what is read, `unit` how days are joined."""

    text: str
    inner: str
    unit: str = ""
    label: str = ""

    @property
    def path(self) -> tuple[str, ...] | None:
        """The path, where it is nothing but one."""
        steps = tuple(self.inner.split("."))
        return steps if all(step.isidentifier() for step in steps) else None


def grouping(said: str | Mapping[str, Any]) -> Grouping:
    """A group as a document or an address writes it."""
    if isinstance(said, str):
        return _read(said.strip())
    made = _read(str(said["by"]).strip())
    return replace(made, label=label_text(said["label"])) if "label" in said else made


def _read(text: str) -> Grouping:
    try:
        syntax = parse(text)
    except ExpressionError:  # told by whoever compiles it
        return Grouping(text, text)
    called = unit_of(syntax)
    if called is None:
        return Grouping(text, text)
    place = syntax.place(called.args[0])
    return Grouping(text, text[place.at : place.at + place.length], called.func.id)  # type: ignore[attr-defined]


def unit_of(syntax: Syntax) -> ast.Call | None:
    """The call of a unit, where the whole text is one."""
    root = syntax.root
    if not isinstance(root, ast.Call) or len(root.args) != 1:
        return None
    named = isinstance(root.func, ast.Name) and root.func.id in UNITS
    return root if named else None


def substituted(text: str, dimensions: Mapping[str, str]) -> str:
    """A text about dimensions as one about the fields of an object that they stand for."""
    try:
        syntax = parse(text)
    except ExpressionError:
        return text
    called = {id(node.func) for node in ast.walk(syntax.root) if isinstance(node, ast.Call)}
    names = [
        (syntax.place(node), node.id)
        for node in ast.walk(syntax.root)
        if isinstance(node, ast.Name) and id(node) not in called and node.id in dimensions
    ]
    for place, name in sorted(names, key=lambda one: one[0].at, reverse=True):
        text = f"{text[: place.at]}{dimensions[name]}{text[place.at + place.length :]}"
    return text


def split_groups(text: str) -> list[str]:
    """The groups of a list with commas; commas in parentheses and quotes do not part them."""
    parts, depth, quote, start = [], 0, "", 0
    for at, character in enumerate(text):
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character in "()":
            depth += 1 if character == "(" else -1
        elif character == "," and depth == 0:
            parts.append(text[start:at].strip())
            start = at + 1
    return [*parts, text[start:].strip()]
