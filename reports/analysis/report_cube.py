"""The groups of a report with their subtotals: each joined from the groups within it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from .leaf_query import Leaf, StepTally
from .tallies import NOTHING, Tally, joined

Key = tuple[Any, ...]  # of frozen values


@dataclass
class Cell:
    """What is measured of the records of one group."""

    tallies: list[Tally]
    steps: list[StepTally]

    def join(self, other: Cell, functions: Sequence[str]) -> None:
        self.tallies = [
            joined(function, one, more)
            for function, one, more in zip(functions, self.tallies, other.tallies, strict=True)
        ]
        if other.steps:
            self.steps = [a + b for a, b in zip(self.steps, other.steps, strict=True)]


def frozen(value: Any) -> Any:
    """A value in wire form as a key: people and links are objects."""
    return tuple(sorted(value.items())) if isinstance(value, dict) else value


@dataclass
class Cube:
    """Cells by the groups of their rows and those of their columns; () is all of them."""

    rows: int  # groups of rows
    functions: Sequence[str]  # of the measures of all parts
    steps: int
    cells: dict[tuple[Key, Key], Cell] = field(default_factory=dict)
    values: dict[tuple[int, Any], Any] = field(default_factory=dict)  # wire forms by group and key
    within: dict[Key, dict[Key, None]] = field(default_factory=dict)  # groups within groups
    columns: dict[Key, None] = field(default_factory=dict)
    behind: dict[tuple[int, Any], dict[Any, None]] = field(default_factory=dict)

    def empty(self) -> Cell:
        return Cell([NOTHING] * len(self.functions), [StepTally()] * self.steps)

    def add(self, leaf: Leaf, first: int, first_step: int = 0) -> None:
        """Add an innermost group whose measures, and steps, begin at these places."""
        keys = [frozen(value) for value in leaf.values]
        for at, (key, value) in enumerate(zip(keys, leaf.values, strict=True)):
            self.values[at, key] = value
        cell = self.empty()
        cell.tallies[first : first + len(leaf.tallies)] = leaf.tallies
        if leaf.steps:
            cell.steps[first_step : first_step + len(leaf.steps)] = leaf.steps
        self._put(tuple(keys[: self.rows]), tuple(keys[self.rows :]), cell)

    def _put(self, row: Key, column: Key, cell: Cell) -> None:
        there = self.cells.get((row, column))
        if there is None:
            self.cells[row, column] = cell
        else:
            there.join(cell, self.functions)

    def close(self) -> Cube:
        """Join the groups to subtotals and totals, level by level."""
        if any(column for _, column in self.cells):
            for (row, column), cell in list(self.cells.items()):
                if column:
                    self.columns[column] = None
                    self._put(row, (), Cell(list(cell.tallies), list(cell.steps)))
        level = list(self.cells.items())
        for depth in range(self.rows, 0, -1):
            for (row, column), cell in level:
                if len(row) == depth:
                    self._put(row[:-1], column, Cell(list(cell.tallies), list(cell.steps)))
                    self.within.setdefault(row[:-1], {})[row] = None
            level = [one for one in self.cells.items() if len(one[0][0]) == depth - 1]
        if ((), ()) not in self.cells:
            self.cells[(), ()] = self.empty()
        return self

    def cell(self, row: Key, column: Key = ()) -> Cell:
        return self.cells.get((row, column)) or self.empty()

    def children(self, row: Key) -> list[Key]:
        return list(self.within.get(row, ()))

    def wires(self, key: Key, first: int = 0) -> list[Any]:
        """The values of a key in wire form; those of columns begin behind the rows."""
        return [self.values[first + at, one] for at, one in enumerate(key)]

    def known(self, at: int) -> Iterator[Any]:
        """All values of a group, in wire form."""
        return (value for (group, _), value in self.values.items() if group == at)
