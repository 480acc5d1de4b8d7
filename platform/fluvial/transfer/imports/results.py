"""What became of the rows of an import."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .cells import CellFault

MAX_FAULTS = 1_000  # that are told; the others are counted


@dataclass
class Result:
    """What became of the rows."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    batch: str | None = None
    again: bool = False  # it was imported before, and nothing was done now
    before: int = 0  # rows that were left out then
    faults: list[CellFault] = field(default_factory=list)
    faulty: int = 0
    faulty_rows: set[int] = field(default_factory=set)
    left_out: list[str] = field(default_factory=list)  # columns that no table brings
    warnings: list[CellFault] = field(default_factory=list)  # of rows that are taken

    def add(self, faults: Iterable[CellFault]) -> None:
        for one in faults:
            self.faulty += 1
            self.faulty_rows.add(one.row)
            if len(self.faults) < MAX_FAULTS:
                self.faults.append(one)

    @classmethod
    def of_earlier(cls, batch: str, counts: Mapping[str, int]) -> Result:
        """What an import did that was sent once more."""
        return cls(
            counts.get("created", 0),
            counts.get("updated", 0),
            counts.get("unchanged", 0),
            batch,
            again=True,
            before=counts.get("skipped", 0),
        )

    @property
    def skipped(self) -> int:
        """The rows that were left out."""
        return self.before if self.again else len(self.faulty_rows)

    def warn(self, one: CellFault) -> None:
        if len(self.warnings) < MAX_FAULTS:
            self.warnings.append(one)

    def answer(self) -> dict[str, Any]:
        """The same, with what only pages tell."""
        return {**self.wire(), "again": self.again, "skipped": self.skipped}

    def wire(self) -> dict[str, Any]:
        wire = {
            "batch": self.batch,
            "created": self.created,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "left_out": self.left_out,
            "errors": [one.wire() for one in self.faults],
            "warnings": [one.wire() for one in self.warnings],
        }
        return wire | ({"faults": self.faulty} if self.faulty > len(self.faults) else {})
