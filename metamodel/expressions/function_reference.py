"""The table of functions for the documentation."""

from __future__ import annotations

from itertools import groupby

from metamodel.expressions.functions import FUNCTIONS, PARTS
from metamodel.expressions.types import MONEY, Type

START = "<!-- functions: made from metamodel/expressions/functions.py -->"
END = "<!-- end of functions -->"


def function_tables() -> str:
    """One Markdown table for each group of functions, in the order of the library."""
    parts = []
    for group, functions in groupby(FUNCTIONS.values(), key=lambda one: one.group):
        rows = [f"| `{one.usage}` | {one.about} | `{one.example}` |" for one in functions]
        parts.append("\n".join([f"### {group}", "", "| Function | Gives | Example |",
                                "|---|---|---|", *rows]))  # fmt: skip
    rows = [f"| `.{one.name}` of {_an(one.of)} | {one.about} | `{one.example}` |" for one in PARTS]
    parts.append("\n".join(["### Parts of values", "", "| Part | Gives | Example |",
                            "|---|---|---|", *rows]))  # fmt: skip
    return "\n\n".join(parts)


def _an(type: Type) -> str:
    return "money" if type.name == MONEY.name else f"a {type.name}"


def with_functions(page: str) -> str:
    """The page with the tables as they are now."""
    before, _, rest = page.partition(START)
    _, _, after = rest.partition(END)
    return f"{before}{START}\n\n{function_tables()}\n\n{END}{after}"
