"""Assertions that hold by chance, or fail by it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from tests.house.sources import nodes_of

TESTS = Path(__file__).parent.parent
# What an id or a key may hold by chance.
DIGITS = re.compile(r"[0-9a-f]{1,6}")


def by_chance(node: ast.AST) -> bool:
    """`"fee" not in reply.text`: ids have such digits; `reply.told` leaves them out."""
    match node:
        case ast.Compare(left=ast.Constant(value=str(word)), ops=[ast.NotIn()]):
            return bool(DIGITS.fullmatch(word)) and _whole_text(node.comparators[0])
    return False


def _whole_text(where: ast.expr) -> bool:
    match where:
        case ast.Call(func=ast.Attribute(value=text, attr="lower")):
            return _whole_text(text)
        case ast.Attribute(attr="text") | ast.Call(func=ast.Name(id="str")):
            return True
    return False


def test_no_word_is_missed_among_the_digits_of_ids() -> None:
    """Once in some runs an id holds the word, and the test fails for no reason."""
    found = [
        f"{path.relative_to(TESTS)}:{node.lineno}"
        for path in sorted(TESTS.rglob("*.py"))
        if " not in " in path.read_text(encoding="utf-8")
        for node in nodes_of(path)
        if isinstance(node, ast.Compare) and by_chance(node)
    ]
    assert found == []


def test_what_holds_by_chance_is_seen() -> None:
    def found(line: str) -> bool:
        return any(by_chance(node) for node in ast.walk(ast.parse(line)))

    assert found('"fee" not in page.text') and found('"4711" not in page.text.lower()')
    assert found('"55" not in str(rows)')
    assert not found('"fee" not in page.told') and not found('"Emma" not in page.text')
    assert not found('"fee" in page.text')
