"""Templates stay readable, and those of the engine need none of a feature."""

from pathlib import Path

from jinja2 import nodes

from fluvial.pages.template_environment import environment

ROOT = Path(__file__).parent.parent.parent
FOLDERS = (
    "apps",
    "conversations",
    "forms",
    "kanban",
    "ledger",
    "platform",
    "processes",
    "reports",
    "rules",
)
MAX_WIDTH = 120
MAX_LINES = 120


def templates() -> dict[str, list[str]]:
    return {
        str(path.relative_to(ROOT)): path.read_text("utf-8").splitlines()
        for folder in FOLDERS
        for path in sorted((ROOT / folder).rglob("*.html"))
    }


def test_lines_of_templates_fit_the_screen() -> None:
    long = [
        f"{name}:{number}: {len(line)} characters"
        for name, lines in templates().items()
        for number, line in enumerate(lines, 1)
        if len(line) > MAX_WIDTH
    ]
    assert not long, "Give each element, or some of its attributes, a line:\n" + "\n".join(long)


def test_templates_are_short() -> None:
    long = {name: len(lines) for name, lines in templates().items() if len(lines) > MAX_LINES}
    assert not long, f"Take parts out as templates that are included, or as macros: {long}"


def test_templates_of_the_engine_need_none_of_a_feature() -> None:
    engine = environment()
    assert engine.loader is not None
    own = set(engine.list_templates())
    strange = set()
    for name in own:
        tree = engine.parse(engine.loader.get_source(engine, name)[0])
        needed = [node.template for node in tree.find_all(nodes.Extends)]
        needed += [
            node.template for node in tree.find_all(nodes.Include) if not node.ignore_missing
        ]
        fixed = {node.value for node in needed if isinstance(node, nodes.Const)}
        strange |= {(name, other) for other in fixed - own}
    assert not strange, f"Move these to the feature whose templates they include: {strange}"
