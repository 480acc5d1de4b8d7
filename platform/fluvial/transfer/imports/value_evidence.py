"""What the cells of a table show of how values are written, and what only a person can tell."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from metamodel.catalog import Field, ObjectType
from metamodel.expressions.types import DATE, DATETIME, DURATION, MONEY, NUMBER, TEXT
from metamodel.written.written_lengths import PLAIN, unit_in
from metamodel.written.written_numbers import cleaned

from .table_files import Row
from .workbook_cells import PlainCell

SAMPLE = 5_000  # rows that are looked at
DAY = re.compile(r"(\d{1,4})\s?[-/. ]\s?(\d{1,2})\s?[-/. ]\s?(\d{2,4})\b")
FIGURES = re.compile(r"\d[\d.,'\u2019 ]*\d|\d")
MARKS = (".", ",")


@dataclass
class Evidence:
    """For each question the answers that fit all cells, and a cell that they differ on."""

    orders: tuple[str, ...] = ()
    order_of: str = ""
    marks: tuple[str, ...] = MARKS
    mark_of: str = ""
    length_of: str = ""  # a length without a unit
    broken: bool = False  # whether a field of one line has line breaks
    numbers: bool = field(default=False)

    @property
    def asks(self) -> list[str]:
        """The options that only a person can tell."""
        found = [("dates", len(self.orders) > 1 and self.order_of)]
        found.append(("decimal", len(self.marks) > 1 and self.mark_of))
        found.append(("durations", self.length_of))
        return [name for name, cell in found if cell]


def evidence_of(
    type_: ObjectType, mapped: Mapping[str, str], header: Sequence[str], rows: Sequence[Row]
) -> Evidence:
    """The evidence of the first rows, by the fields that columns go to."""
    evidence = Evidence()
    texts: dict[str, list[str]] = {}
    for index, column in enumerate(header):
        found = type_.fields.get(mapped.get(column, ""))
        if found is None:
            continue
        cells = [row.cells[index] for row in rows if index < len(row.cells)]
        filled = [cell for cell in cells if cell and not isinstance(cell, PlainCell)]
        texts.setdefault(found.type.name, []).extend(filled)
        if found.type.name == DURATION.name and not unit_in(column):
            plain = (cell.strip() for cell in cells if PLAIN.fullmatch(cleaned(cell)))
            evidence.length_of = evidence.length_of or next(plain, "")
        if _one_line(found):
            evidence.broken |= any("\n" in text.strip() or "\r" in text.strip() for text in filled)
    _orders(evidence, [*texts.get(DATE.name, ()), *texts.get(DATETIME.name, ())])
    _marks(evidence, [*texts.get(NUMBER.name, ()), *texts.get(MONEY.name, ())])
    evidence.numbers = bool(texts.get(NUMBER.name) or texts.get(MONEY.name))
    return evidence


def evidence_in(days: Sequence[str], numbers: Sequence[str]) -> Evidence:
    """The evidence of texts that are dates, and of others that are numbers."""
    evidence = Evidence()
    _orders(evidence, days)
    _marks(evidence, numbers)
    evidence.numbers = bool(numbers)
    return evidence


def _one_line(found: Field) -> bool:
    return found.type.name == TEXT.name and not found.kind.long and not found.many


def _orders(evidence: Evidence, texts: Sequence[str]) -> None:
    fitting, seen = {"dmy", "mdy"}, False
    for text in texts:
        found = DAY.match(cleaned(text))
        if found is None or len(found[1]) == 4:
            continue
        first, second, seen = int(found[1]), int(found[2]), True
        if not (1 <= first <= 31 and 1 <= second <= 12):
            fitting.discard("dmy")
        if not (1 <= first <= 12 and 1 <= second <= 31):
            fitting.discard("mdy")
        if first != second and not evidence.order_of:
            evidence.order_of = text.strip()
    evidence.orders = tuple(sorted(fitting)) if seen else ()


def _marks(evidence: Evidence, texts: Sequence[str]) -> None:
    fitting = set(MARKS)
    for text in texts:
        found = FIGURES.search(cleaned(text))
        able = set(_able(found[0])) if found else set(MARKS)
        if len(able) > 1 and found and set(found[0]) & set(MARKS) and not evidence.mark_of:
            evidence.mark_of = text.strip()
        fitting &= able
    evidence.marks = tuple(mark for mark in MARKS if mark in fitting)


def _able(figures: str) -> Iterator[str]:
    """The decimal marks that a number may have."""
    marks = [c for c in figures if c in MARKS]
    if not marks:
        yield from MARKS
    elif len(set(marks)) == 2:
        yield marks[-1]
    elif len(marks) > 1:
        yield from (mark for mark in MARKS if mark != marks[0])
    else:
        yield marks[0]
        whole, _, part = figures.partition(marks[0])
        if len(part) == 3 and len(whole) <= 3 and whole[0] != "0":
            yield from (mark for mark in MARKS if mark != marks[0])
