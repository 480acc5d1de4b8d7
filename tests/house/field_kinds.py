"""Finds code that asks which kind a field is of: comparisons with names of kinds, and tables."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from tests.house.sources import flat

ROOT = Path(__file__).parent.parent.parent
ENGINE = (
    "metamodel",
    "platform/fluvial",
    "rules",
    "forms",
    "kanban",
    "ledger",
    "reports",
    "processes",
    "conversations",
    "front",
)
# Where the facts of kinds are at home: what their values mean, and how pages show them.
HOMES = ("metamodel/kinds", "platform/fluvial/pages/presenters", "platform/fluvial/static")

NAMES = frozenset({
    "text", "long_text", "number", "money", "boolean", "date", "datetime", "duration", "choice",
    "multi_choice", "file", "sequence", "calculated", "lookup", "multi_lookup", "any_lookup",
    "person",
})  # fmt: skip
# The types of expressions, which fields have by their kinds.
TYPES = NAMES | {
    "yes/no", "date and time", "choices", "files", "record", "collection", "persons",
}  # fmt: skip
# Other things have kinds too: these variables hold documents, triggers and the like.
OTHERS = frozenset({"document", "trigger", "action", "effect", "found", "one", "event"})
JSON_TYPES = frozenset({"string", "integer", "array", "object"})  # words of JSON Schema

Found = tuple[int, str]  # line, what stands there


def files() -> Iterator[Path]:
    for folder in ENGINE:
        for path in sorted((ROOT / folder).rglob("*")):
            place = path.relative_to(ROOT).as_posix()
            if path.suffix in (".py", ".js", ".html") and not place.startswith(HOMES):
                yield path


def in_python(source: str, nodes: Sequence[ast.AST] = ()) -> Iterator[Found]:
    """Comparisons and tables of a module."""
    nodes = nodes or flat(source)
    lines = source.splitlines()
    kinds, types = _named_after(nodes, "kind"), _named_after(nodes, "type")
    for node in nodes:
        if _compares(node, kinds, types) or _looks_up(node) or _is_table(node):
            line: int = node.lineno  # type: ignore[attr-defined]  # all of these have one
            yield line, lines[line - 1].strip()


def _named_after(nodes: Iterable[ast.AST], owner: str) -> set[str]:
    """The variables that hold the name of a field's kind, or of its type."""
    return {
        target.id
        for node in nodes
        if isinstance(node, ast.Assign) and _is_name_of(node.value, owner)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def _is_name_of(node: ast.AST, owner: str) -> bool:
    """Whether it reads `field.kind.name`, or `field.type.name`."""
    return (
        isinstance(node, ast.Attribute)
        and node.attr == "name"
        and isinstance(node.value, ast.Attribute)
        and node.value.attr == owner
    )


def _compares(node: ast.AST, kinds: set[str], types: set[str]) -> bool:
    if isinstance(node, ast.Match):
        return _is_name_of(node.subject, "kind") or _is_name_of(node.subject, "type")
    if not isinstance(node, ast.Compare):
        return False
    sides = [node.left, *node.comparators]
    if any(_is_name_of(side, "kind") for side in sides):
        return not all(_is_name_of(side, "kind") for side in sides)
    said = {one for side in sides for one in _constants(side)}
    if any(_holds(side, types) or _is_name_of(side, "type") for side in sides):
        return bool(said & TYPES)
    return any(_holds(side, kinds) or _is_kind(side) for side in sides) and bool(said & NAMES)


def _constants(node: ast.AST) -> Iterator[str]:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
            yield inner.value


def _holds(node: ast.AST, names: set[str]) -> bool:
    return isinstance(node, ast.Name) and node.id in names


def _is_kind(node: ast.AST) -> bool:
    """Whether it is called a kind, and no document's or trigger's: `kind.name`, `w["kind"]`."""
    if isinstance(node, ast.Name):
        return node.id == "kind"
    if isinstance(node, ast.Subscript):
        return isinstance(node.slice, ast.Constant) and node.slice.value == "kind"
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return node.func.attr == "get" and "kind" in {c for a in node.args for c in _constants(a)}
    if isinstance(node, ast.Attribute) and node.attr == "name":
        return isinstance(node.value, ast.Name) and node.value.id == "kind"
    if isinstance(node, ast.Attribute) and node.attr == "kind":
        return not (isinstance(node.value, ast.Name) and node.value.id in OTHERS)
    return False


def _looks_up(node: ast.AST) -> bool:
    """`TABLE[field.kind.name]`, `TABLE.get(field.kind.name)`, `field.kind.name.startswith(...)`."""
    if isinstance(node, ast.Subscript):
        parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        return any(_is_name_of(part, "kind") for part in parts)
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return False
    of = node.func.value
    if node.func.attr in ("startswith", "endswith", "removeprefix"):
        return _is_name_of(of, "kind") or _is_name_of(of, "type")
    return node.func.attr == "get" and any(_is_name_of(a, "kind") for a in node.args)


def _is_table(node: ast.AST) -> bool:
    """Two or more names of kinds as keys, or as the better part of a list."""
    if isinstance(node, ast.Dict):
        parts: list[ast.expr | None] = [*node.keys]
    elif isinstance(node, ast.Tuple | ast.List | ast.Set):
        parts = [*node.elts]
    else:
        return False
    words = [part.value for part in parts if isinstance(part, ast.Constant)]
    named = [word for word in words if word in NAMES]
    return len(named) > 1 and len(named) * 2 >= len(parts) and not JSON_TYPES & set(words)


_NAME = "|".join(sorted(NAMES, key=len, reverse=True))
_QUOTED = rf"[\"'](?:{_NAME})[\"']"
_ASKED = (
    re.compile(rf"\bkind\b(?:\.name)?\s*(?:[!=]==?|(?:not )?in)\s*[(\[]?\s*{_QUOTED}", re.I),
    re.compile(rf"{_QUOTED}\s*[!=]==?\s*[\w.]*\bkind\b", re.I),
    re.compile(rf"\[[^\[\]]*{_QUOTED}\s*,\s*{_QUOTED}[^\[\]]*\]\.includes\("),
    re.compile(rf"data-kind\s*=\s*[\"']?(?:{_NAME})\b"),
    re.compile(rf"\[[\"'][\w. ]*kind[\"']\]\s*[!=]=\s*{_QUOTED}"),
)
_REMARK = re.compile(r"\{#.*?#\}", re.S)  # what a template says to those who read it
_KEY = re.compile(r"(?:[{,]|^)\s*[\"']?(\w+)[\"']?\s*(?::|,|$)", re.M)


def in_text(source: str) -> Iterator[Found]:
    """Comparisons and tables of a script or a template of pages."""
    source = _REMARK.sub(lambda remark: "\n" * remark[0].count("\n"), source)
    lines = source.splitlines()
    for number, line in enumerate(lines, 1):
        if any(pattern.search(line) for pattern in _ASKED):
            yield number, line.strip()
    for start, keys in _objects(source):
        named = NAMES & set(keys)
        if len(named) > 1 and len(named) * 2 >= len(keys):
            number = source.count("\n", 0, start) + 1
            yield number, lines[number - 1].strip()


def _objects(source: str) -> Iterator[tuple[int, list[str]]]:
    """The places of the braces of a source, with the keys that stand directly in them."""
    open_: list[tuple[int, list[str]]] = []
    for at, char in enumerate(source):
        if char == "{":
            open_.append((at, []))
        elif char == "}" and open_:
            start, parts = open_.pop()
            yield start, [match[1] for match in _KEY.finditer("{" + "".join(parts))]
        elif open_:
            open_[-1][1].append(char)
