"""Texts for people are plain English: phrases that read like a literal translation are found."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from tests.house.sources import nodes_of

ROOT = Path(__file__).parents[2]
CODE = (
    "metamodel",
    "platform",
    "rules",
    "forms",
    "kanban",
    "ledger",
    "reports",
    "processes",
    "conversations",
    "scripts",
)
PAGES = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "apps/psa/README.md")
# A regular expression, and what to write instead.
INSTEAD = {
    r"mend(s|ed|ing)?": "fix, repair",
    r"lean(s|ed|ing)? on": "depends on",
    r"from ever": "from the start",
    r"do(es)? not hold": "is not valid, is not met",
    r"token that holds": "valid token",
    r"takes? (it|them|one|this|these|that) out": "remove, delete",
    r"takes? `[^`]*` out": "remove",
    r"do(es)? not read": "is not valid",
    r"do(es)? not fit": "is not valid, does not match",
    r"do(es)? not go (with|together)": "cannot be used with",
    r"(?<!there )is no (?!longer\b|more\b)\w+": "is not a ...",
    r"(is|are) there (twice|already)": "appears twice, already exists",
    r"stands? twice": "appears twice",
    r"not there any more": "no longer exists",
    r"of no use": "not used",
    r"(comes?|came|coming) into force": "takes effect",
    r"puts? (it |them |documents |something )?in force": "applies, installs",
    r"(nobody|somebody) is told": "is notified",
    r"whoever": "everybody who, people who",
    r"(is|are|was|were) wanted": "is expected",
    r"worked out": "calculated",
    r"made by the system": "set by the system",
}
BETWEEN = re.compile(r"""["']\s+[frb]*["']""")  # the parts of one text
BANNED = re.compile("|".join(rf"\b(?:{one})\b" for one in INSTEAD), re.IGNORECASE)


def found(text: str) -> Iterator[tuple[int, str]]:
    """The line and the words of each banned phrase, also of one that a line break parts."""
    flat = re.sub(r"\s", " ", text)
    for match in BANNED.finditer(flat):
        yield text.count("\n", 0, match.start()) + 1, match[0]


def strings(nodes: Iterable[ast.AST]) -> Iterator[tuple[int, str]]:
    """The string constants of a module that people may read: all but docstrings."""
    about = {
        id(node.body[0].value)
        for node in nodes
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef))
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in about:
            yield node.lineno, node.value


def texts(path: Path) -> Iterator[tuple[int, str]]:
    source = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        if BANNED.search(re.sub(r"\s+", " ", BETWEEN.sub("", source))):
            yield from strings(nodes_of(path))
    else:
        yield 1, source


def files() -> list[Path]:
    """Documentation, code, templates, schemas, scripts of pages and the documents of apps."""
    code = [path for folder in CODE for path in (ROOT / folder).rglob("*")]
    apps = [*(ROOT / "apps").rglob("*.yaml"), *(ROOT / "apps").rglob("*.html")]
    more = [*(ROOT / "docs").glob("*.md"), *(ROOT / "front").glob("*.js")]
    kept = [p for p in code if p.suffix in {".py", ".html", ".json"} and "static" not in p.parts]
    return sorted([*kept, *apps, *more, *(ROOT / page for page in PAGES)])


def test_texts_for_people_are_plain_english() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{first + line - 1}: {words}"
        for path in files()
        for first, text in texts(path)
        for line, words in found(text)
    ]
    assert not wrong, "\n".join(["Write it plainly (see INSTEAD in this test):", *wrong])


@pytest.mark.parametrize("text", ["Mend the\nline.", "Take it\nout.", "`x` is no date.", "Whoever"])
def test_phrases_are_found(text: str) -> None:
    assert [line for line, _ in found(f"One line.\n{text}")] == [2]


@pytest.mark.parametrize(
    "text", ["There is no object `x`.", "It is no longer active.", "Recommend"]
)
def test_plain_words_pass(text: str) -> None:
    assert not list(found(text))
