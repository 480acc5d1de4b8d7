"""The delimiter of a CSV file: the one with which the headings name fields."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence

from .table_files import Fits

DELIMITERS = (",", ";", "\t", "|")
NAMES = {",": "Comma", ";": "Semicolon", "\t": "Tab", "|": "Vertical bar"}
WORDS = {"comma": ",", "semicolon": ";", "tab": "\t", "\\t": "\t", "pipe": "|", "bar": "|"}
SAMPLE_ROWS = 30
TOP = 15  # rows among which the headings stand


def known_delimiter(said: str) -> str | None:
    """The delimiter that somebody says, as a sign or by its name; None where it is none."""
    sign = WORDS.get(said.strip().lower(), said if len(said) == 1 else said.strip())
    return sign if len(sign) == 1 and not sign.isalnum() and sign not in '"\r\n' else None


def delimiter_of(sample: str, fits: Fits) -> str:
    """Headings that name fields decide, then rows with the same number of cells, the most."""
    lines = sample.splitlines(True)[:SAMPLE_ROWS]
    return max(DELIMITERS, key=lambda delimiter: _fitness(lines, delimiter, fits))


def _fitness(lines: Sequence[str], delimiter: str, fits: Fits) -> tuple[float, ...]:
    try:
        rows = [row for row in csv.reader(lines, delimiter=delimiter) if row]
    except csv.Error:
        return (-1,)
    if not rows:
        return (0,)
    named = max(sum(fits(cell.strip()) for cell in row if cell.strip()) for row in rows[:TOP])
    whole = rows[:-1] or rows  # the last row may be cut off: it only decides between equals
    width, count = max(Counter(map(len, whole)).items(), key=lambda pair: (pair[1], pair[0]))
    alike = width > 1 and count == len(whole)
    share = count / len(whole) if width > 1 else 0
    # A blank follows the marks of a sentence, seldom a delimiter.
    tidy = not any(cell.startswith(" ") for row in whole for cell in row[1:])
    last = len(rows[-1]) == width
    return (named, alike, width if alike else share, alike and tidy, alike and last)
