"""A tutorial, read as steps that a test can follow."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "first-ten-minutes.md"
_HEADING = re.compile(r"^## (\d+)\. (.+)$", re.MULTILINE)
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_TABLE = re.compile(r"(?:^\|.*\|\n)+", re.MULTILINE)

Row = dict[str, str]


@dataclass(frozen=True)
class Step:
    """A numbered step: its words, its fenced blocks and its tables, in order."""

    title: str
    text: str
    blocks: tuple[tuple[str, str], ...]  # language and text
    tables: tuple[tuple[Row, ...], ...]

    def block(self, language: str, at: int = 0) -> str:
        return [text for name, text in self.blocks if name == language][at]

    def link(self, part: str) -> str:
        """The address in the text that holds this."""
        (found,) = (a for a in re.findall(r"<(http[^>]+)>", self.text) if part in a)
        return str(found)


def read(page: Path = PAGE) -> tuple[Step, ...]:
    """The steps, numbered from one without a gap."""
    text = page.read_text(encoding="utf-8")
    heads = list(_HEADING.finditer(text))
    assert [int(head[1]) for head in heads] == list(range(1, len(heads) + 1))
    ends = [*(head.start() for head in heads[1:]), text.index("\n## Where to go next")]
    return tuple(
        _step(head[2], text[head.end() : end]) for head, end in zip(heads, ends, strict=True)
    )


def _step(title: str, text: str) -> Step:
    blocks = tuple((match[1], match[2]) for match in _BLOCK.finditer(text))
    words = " ".join(_BLOCK.sub("", text).split())
    return Step(title, words, blocks, tuple(_rows(m[0]) for m in _TABLE.finditer(text)))


def _rows(table: str) -> tuple[Row, ...]:
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]
    names = lines[0]
    return tuple(dict(zip(names, line, strict=True)) for line in lines[2:])


def exports(script: str) -> dict[str, str]:
    """The variables that a shell script exports."""
    found = re.findall(r"^export (\w+)=(.*)$", script, re.MULTILINE)
    return {name: value.strip("'") for name, value in found}
