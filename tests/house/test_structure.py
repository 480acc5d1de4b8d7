"""The structure of the code: sizes, names, and imports without cycles."""

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from tests.house.sources import nodes_of

ROOT = Path(__file__).parent.parent.parent
SOURCES = {
    "metamodel": ROOT / "metamodel",
    "fluvial": ROOT / "platform" / "fluvial",
    "rules": ROOT / "rules",
    "forms": ROOT / "forms",
    "kanban": ROOT / "kanban",
    "ledger": ROOT / "ledger",
    "reports": ROOT / "reports",
    "processes": ROOT / "processes",
    "conversations": ROOT / "conversations",
}
OTHERS = (ROOT / "bench", ROOT / "scripts")
MAX_FILE, MAX_FUNCTION, MAX_ROOT = 400, 40, 8
# The one file of each feature that is found by its name, and the packages themselves.
SHARED_NAMES = {"__init__", "feature"}

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def modules() -> dict[str, Path]:
    """Every module of the engine and its features, by its dotted name."""
    found = {}
    for top, folder in SOURCES.items():
        for path in sorted(folder.rglob("*.py")):
            parts = [top, *path.relative_to(folder).with_suffix("").parts]
            found[".".join(parts).removesuffix(".__init__")] = path
    return found


def paths() -> Iterator[Path]:
    yield from modules().values()
    for folder in OTHERS:
        yield from sorted(folder.rglob("*.py"))


def body_of(path: Path) -> list[ast.stmt]:
    module = nodes_of(path)[0]
    assert isinstance(module, ast.Module)
    return module.body


def test_files_are_short() -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in paths()}
    long = [f"{path.relative_to(ROOT)}: {n}" for path, n in lengths.items() if n > MAX_FILE]
    assert not long, f"A second noun may be hiding in files over {MAX_FILE} lines: {long}"


def test_syntax_trees_are_built_in_turn() -> None:
    odd = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for name, path in modules().items()
        if name != "metamodel.syntax_trees"
        for node in nodes_of(path)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute | ast.Name)
        and ast.unparse(node.func).endswith(("ast.parse", "literal_eval", "SimpleEval.parse"))
    ]
    assert not odd, f"Threads disturb each other there; see metamodel/syntax_trees.py: {odd}"


def test_functions_are_short() -> None:
    long = [
        f"{path.relative_to(ROOT)}:{node.lineno}: {node.name}"
        for path in paths()
        for node in nodes_of(path)
        if isinstance(node, FunctionNode)
        and (node.end_lineno or 0) - node.lineno + 1 > MAX_FUNCTION
    ]
    assert not long, f"Functions over {MAX_FUNCTION} lines: {long}"


def test_the_root_of_the_engine_holds_few_modules() -> None:
    assert len(list(SOURCES["fluvial"].glob("*.py"))) <= MAX_ROOT


def imports(name: str, path: Path) -> Iterator[str]:
    """The modules that a module imports, also those that it needs for its types only."""
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in nodes_of(path):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in modules())
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: 1 - node.level or None] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            for alias in node.names:
                whole = f"{base}.{alias.name}"
                if whole in modules() or base in modules():
                    yield whole if whole in modules() else base


def cycles(graph: Mapping[str, set[str]]) -> list[set[str]]:
    """The strongly connected components of more than one module (Tarjan 1972)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[set[str]] = []

    def visit(one: str) -> None:
        index[one] = low[one] = len(index)
        stack.append(one)
        for other in graph.get(one, ()):
            if other not in index:
                visit(other)
                low[one] = min(low[one], low[other])
            elif other in stack:
                low[one] = min(low[one], index[other])
        if low[one] == index[one]:
            at = stack.index(one)
            if len(stack) - at > 1:
                found.append(set(stack[at:]))
            del stack[at:]

    for one in graph:
        if one not in index:
            visit(one)
    return found


def test_cycles_are_found() -> None:
    graph = {"a": {"b"}, "b": {"c"}, "c": {"b", "d"}, "d": set()}
    assert cycles(graph) == [{"b", "c"}]


def test_no_modules_import_each_other() -> None:
    graph = {name: set(imports(name, path)) - {name} for name, path in modules().items()}
    assert sum(map(len, graph.values())) > 1_000  # it sees the imports at all
    assert not cycles(graph)


def test_a_module_name_is_used_once() -> None:
    places = defaultdict(list)
    for name, path in modules().items():
        if path.stem not in SHARED_NAMES:
            places[path.stem].append(name)
    assert not {stem: names for stem, names in places.items() if len(names) > 1}


def test_a_class_name_is_used_once() -> None:
    places = defaultdict(list)
    for name, path in modules().items():
        for node in body_of(path):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].append(name)
    assert not {stem: names for stem, names in places.items() if len(names) > 1}
