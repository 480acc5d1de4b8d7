"""The result as Markdown tables, printed and kept in docs/performance.md."""

from __future__ import annotations

import platform
import statistics
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from bench.measure import CLIENTS, Cell, Cells, median

PAGE = Path(__file__).parent.parent / "docs" / "performance.md"
OURS, THEIRS = "fluvial", "baseline"
NOTHING = "–"


def table(cells: Cells, names: Sequence[str], description: str, records: int) -> str:
    """CPU for one request of both applications, and their ratio: one row for each operation."""
    rounds = max(map(len, cells.values()), default=0)
    facts = [
        description,
        f"{records:,} records",
        "1 round" if rounds == 1 else f"{rounds} rounds",
        f"Python {platform.python_version()}",
        f"{datetime.now(UTC):%Y-%m-%d}",
    ]
    head = f"{'; '.join(facts)}."
    titles = ["operation"]
    for clients in CLIENTS:
        at_once = "1 client" if clients == 1 else f"{clients} clients"
        titles += [f"Fluvial, {at_once}", "by hand", "ratio"]
    titles += ["lowest to highest", "p50, 1 client", "by hand"]
    return f"{head}\n\n{_table(titles, [_row(cells, name) for name in names])}"


def _row(cells: Cells, name: str) -> list[str]:
    row = [name]
    for clients in CLIENTS:
        ours, theirs = (cells.get((name, who, clients), []) for who in (OURS, THEIRS))
        ratios = [a.total / b.total for a, b in zip(ours, theirs, strict=False)]
        # Of the ratios, not a ratio of medians: rounds lie close in time, so noise meets both.
        ratio = f"**{statistics.median(ratios):.2f}**" if ratios else NOTHING
        row += [_cpu(ours), _cpu(theirs), ratio]
    row.append(f"{min(ratios):.2f} to {max(ratios):.2f}" if ratios else NOTHING)
    for who in (OURS, THEIRS):
        alone = cells.get((name, who, 1), [])
        row.append(_milliseconds(median(alone).p50) if alone else NOTHING)
    return row


def _cpu(cells: list[Cell]) -> str:
    """In all, and how much of it in PostgreSQL."""
    if not cells:
        return NOTHING
    middle = median(cells)
    database = f" ({_milliseconds(middle.database)})" if middle.database else ""
    return f"{_milliseconds(middle.total)}{database}"


def _milliseconds(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:,.1f}" if value < 100 else f"{value:,.0f}"


def growth(
    small: Cells, large: Cells, names: Sequence[str], description: str, sizes: tuple[int, int]
) -> str:
    """What a request costs at the larger size, over what it costs at the smaller one."""
    head = f"{description}; CPU at {sizes[1]:,} records over CPU at {sizes[0]:,}."
    titles = ["operation"]
    for clients in CLIENTS:
        at_once = "1 client" if clients == 1 else f"{clients} clients"
        titles += [f"Fluvial, {at_once}", "by hand"]
    rows = []
    for name in names:
        row = [name]
        for clients in CLIENTS:
            for who in (OURS, THEIRS):
                before, after = (c.get((name, who, clients), []) for c in (small, large))
                known = before and after
                row.append(
                    f"{median(after).total / median(before).total:.1f}" if known else NOTHING
                )
        rows.append(row)
    return f"{head}\n\n{_table(titles, rows)}"


def _table(titles: list[str], rows: list[list[str]]) -> str:
    lines = [titles, ["---"] * len(titles), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def keep(text: str, key: str, page: Path = PAGE) -> bool:
    """Put the tables between their markers, if the page has them; the rest of it stays."""
    start, end = f"<!-- bench {key} -->", f"<!-- end {key} -->"
    content = page.read_text()
    if start not in content or end not in content:
        return False
    before, rest = content.split(start, 1)
    after = rest.split(end, 1)[1]
    page.write_text(f"{before}{start}\n{text}\n{end}{after}")
    return True
