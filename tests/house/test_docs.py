"""The modules that the documentation names are there."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.test_structure import ROOT, SOURCES, modules

PAGES = [
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "docs" / "images").glob("*.svg")),
    ROOT / "CONTRIBUTING.md",
    ROOT / "README.md",
]
ENGINE = SOURCES["fluvial"]
FLOORS = {path.name for path in ENGINE.iterdir() if (path / "__init__.py").is_file()}
# A module of Python itself that a page tells people to run, and a group of entry points.
FOREIGN = {"http.server", "fluvial.kinds"}
PATH = re.compile(r"(?<![\w./:{-])((?:[a-z_]+/)+[a-z_]+\.py)(?![\w/])")
FOLDER = re.compile(r"(?<![\w./:{-])((?:[a-z_]+/)+)(?![\w*<{.])")
DOTTED = re.compile(r"(?<![\w./@-])([a-z_]+(?:\.[a-z_]+)+)(?![\w(/-])")
CODE = re.compile(r"`([^`\n]+)`")


ENDINGS = {"py", "md", "css", "js", "db", "yaml"}


def paths_of(text: str) -> Iterator[str]:
    yield from PATH.findall(text)


def dotted_of(text: str) -> Iterator[str]:
    """Dotted names that begin like a module of ours."""
    tops = {*SOURCES, *FLOORS}
    for name in DOTTED.findall(text):
        first, _, rest = name.partition(".")
        if first in tops and rest not in ENDINGS and name not in FOREIGN:
            yield name


def folders_of(text: str) -> Iterator[str]:
    """Folders of ours in code marks: `metamodel/kinds/`."""
    tops = {*SOURCES, *FLOORS, "platform", "tests", "bench", "scripts", "front"}
    for code in CODE.findall(text):
        if FOLDER.fullmatch(code) and code.partition("/")[0] in tops:
            yield code


def is_there(path: str) -> bool:
    """Paths begin at the top, or at a folder that the page speaks of."""
    if (ROOT / path).exists() or (ENGINE / path).exists():
        return True
    return any(module.as_posix().endswith(f"/{path}") for module in modules().values())


def is_module(name: str) -> bool:
    """A module of ours, or something in it that its text names."""
    for whole in (name, f"fluvial.{name}"):
        if whole in modules():
            return True
        module, _, member = whole.rpartition(".")
        if module in modules() and re.search(
            rf"\b{member}\b", modules()[module].read_text("utf-8")
        ):
            return True
    return False


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_names_is_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    missing = [name for name in {*paths_of(text), *folders_of(text)} if not is_there(name)]
    missing += [name for name in {*dotted_of(text)} if not is_module(name)]
    assert not missing, f"{page.name} names what is not there: {sorted(missing)}"


def test_names_are_seen_and_missing_ones_found() -> None:
    text = "See `metamodel/kinds/kind.py`, http/perform.py, `records.reading.plan` and `rules/`."
    assert [*paths_of(text)] == ["metamodel/kinds/kind.py", "http/perform.py"]
    assert [*dotted_of(text)] == ["records.reading.plan"]
    assert [*folders_of(text)] == ["rules/"]
    assert all(is_there(name) for name in (*paths_of(text), *folders_of(text)))
    assert is_module("records.reading.plan") and is_module("metamodel.build.build_catalog")
    assert not is_there("http/performing.py")
    assert not is_module("records.reading.planned") and not is_module("metamodel.build.built")
    assert [*paths_of("https://example.com/a/b.py and x.y/a/b.py")] == []
