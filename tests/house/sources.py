"""The modules of the product as syntax trees, each read once for all tests of the house."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path


@cache
def nodes_of(path: Path) -> tuple[ast.AST, ...]:
    """Every node of a module, the module first."""
    return flat(path.read_text(encoding="utf-8"))


def flat(source: str) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(ast.parse(source)))
