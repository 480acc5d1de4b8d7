"""The browser reads numbers and lengths of time as the server does."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metamodel.errors import ValueFault
from metamodel.kinds import TextFormat
from metamodel.written.written_lengths import length_in
from metamodel.written.written_numbers import plain_number
from scripts.assets import system_node, wheel_node

MODULE = Path(__file__).parents[3] / "front" / "numbers.js"
PROGRAM = f"""
import {{ createInterface }} from "node:readline";
import {{ plainNumber, seconds }} from {json.dumps(MODULE.as_uri())};
for await (const line of createInterface({{ input: process.stdin }})) {{
  const [what, text, mark] = JSON.parse(line);
  const read = what === "number" ? plainNumber(text, mark) : seconds(text, 28800, mark);
  console.log(JSON.stringify(read));
}}
"""
NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
NUMBERS = [
    "12.5", "12,5", "1.234,50", "1,234.50", "1,234", "1.234", "1.000", "1,000", "0.000", "12.000,5",
    "-7", "+7.25", "\u22121\u202f234,5", "1'234.5", "12,34,567", ".5", ",5", "1.2.3", "", "x",
    "1 234 567", "1 23", "250.000", "-  0", "+ 7",
]  # fmt: skip
LENGTHS = [
    "8", "1.5", "1,5", "20,0", "1:30", "1:30:15", "1:5", "1,5h", "1.5 h", "2d 4h", "2d4h", "90m",
    "90 min.", "1 hour 15 minutes", "1 Std. 30 Min.", "45s", "1.000", "1,234h", "soon", "1h x", "h",
    "1h30", "1h 30", "2d 4h 05", "1 hr. 5", "1h 75", "1m 30", "1h 30 x", "-1:30", "0.75h",
    "100000000:00",
]  # fmt: skip


class Node:
    """One process, which answers line by line."""

    def __init__(self) -> None:
        node = (system_node() or wheel_node())[0]
        self.process = subprocess.Popen(
            [*node, "--input-type=module", "--eval", PROGRAM],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def read(self, what: str, text: str, mark: str) -> Any:
        given, taken = self.process.stdin, self.process.stdout
        assert given is not None and taken is not None
        given.write(json.dumps([what, text, mark]) + "\n")
        given.flush()
        return json.loads(taken.readline())


@pytest.fixture(scope="module")
def node() -> Any:
    made = Node()
    yield made
    made.process.communicate()


def number(text: str, mark: str) -> str | None:
    try:
        read = plain_number(text, TextFormat(decimal=mark, typed=True), 0)
    except ValueFault:
        return None
    return read if NUMBER.fullmatch(read) else None


def length(text: str, mark: str) -> int | None:
    try:
        return length_in(text, 28800, TextFormat(decimal=mark, typed=True, unit="hours"))
    except ValueFault:
        return None


@pytest.mark.parametrize("mark", [".", ","])
@pytest.mark.parametrize("text", NUMBERS)
def test_numbers(node: Node, text: str, mark: str) -> None:
    read = node.read("number", text, mark)
    assert (read if read and NUMBER.fullmatch(read) else None) == number(text, mark)


@pytest.mark.parametrize("mark", [".", ","])
@pytest.mark.parametrize("text", LENGTHS)
def test_lengths(node: Node, text: str, mark: str) -> None:
    read = node.read("length", text, mark)
    assert (read if isinstance(read, int) else None) == length(text, mark)


@settings(deadline=None, max_examples=300)
@given(text=st.text("0123456789.,'- ", max_size=12), mark=st.sampled_from([".", ","]))
def test_whatever_is_typed(node: Node, text: str, mark: str) -> None:
    read = node.read("number", text, mark)
    assert (read if read and NUMBER.fullmatch(read) else None) == number(text, mark)
    made = node.read("length", text, mark)
    assert (made if isinstance(made, int) else None) == length(text, mark)
