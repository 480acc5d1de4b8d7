"""The import of the command line: its switches and its JSON are one set of options."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fluvial import cli
from fluvial.commands.imports import options_of
from fluvial.kernel.problems import Problem


def read(*words: str) -> dict[str, Any]:
    return options_of(cli.parser().parse_args(["import", "book", "books.csv", *words]))


ALL: dict[str, Any] = {
    "map": {"Title": "name"}, "dates": "dmy", "empty": ["?"], "key": ["code"],
    "skip_faults": True, "delimiter": ";", "headings": 3, "durations": "hours",
}  # fmt: skip


def test_what_no_switch_says_is_as_the_json_says() -> None:
    assert read("--options", json.dumps(ALL)) == ALL
    assert read() == {}


@pytest.mark.parametrize(
    ("words", "changed"),
    [
        (("--map", "No=code"), {"map": {"Title": "name", "No": "code"}}),
        (("--map", "Title=code"), {"map": {"Title": "code"}}),
        (("--map", "A=b=c"), {"map": {"Title": "name", "A": "b=c"}}),
        (("--key", "code,name"), {"key": ["code", "name"]}),
        (("--dates", "mdy"), {"dates": "mdy"}),
        (("--empty", "n/a"), {"empty": ["n/a"]}),
        (("--headings", "1"), {"headings": 1}),
    ],
)
def test_a_switch_comes_before_the_json(words: tuple[str, ...], changed: dict[str, Any]) -> None:
    assert read("--options", json.dumps(ALL), *words) == {**ALL, **changed}


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        (("--options", "{"), "not JSON"),
        (("--options", "[]"), "takes a JSON object"),
        (("--map", "Title"), "COLUMN=FIELD"),
    ],
)
def test_what_is_no_option_is_said(words: tuple[str, ...], remedy: str) -> None:
    with pytest.raises(Problem, match=remedy):
        read(*words)
