"""The result as Markdown tables, printed and kept in docs/performance.md."""

from __future__ import annotations

import platform
import statistics
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from bench.measure import CLIENTS, Cell, Cells, median
from bench.operations import NAMES

PAGE = Path(__file__).parent.parent / "docs" / "performance.md"
BUSY = max(CLIENTS)


def tables(cells: Cells, names: list[str], description: str, records: int) -> str:
    """One table of ratios where there are two targets, and one of everything measured."""
    python = platform.python_version()
    head = f"{description}; {records:,} records; Python {python}; {datetime.now(UTC):%Y-%m-%d}."
    parts = [head, _measured(cells, names)]
    if len(names) == 2:
        parts.insert(1, _ratios(cells, *names))
    return "\n\n".join(parts)


def _ratios(cells: Cells, base: str, ours: str) -> str:
    rows = [
        f"| {ours} / {base} | CPU, {BUSY} clients | lowest and highest round | CPU, 1 client "
        f"| median latency, 1 client | requests/s, {BUSY} clients |",
        "|---|---|---|---|---|---|",
    ]
    for name in NAMES:
        one, many = (
            list(zip(cells[name, ours, clients], cells[name, base, clients], strict=True))
            for clients in (1, BUSY)
        )
        cpu = [a.total / b.total for a, b in many]
        rows.append(
            f"| {name} | **{statistics.median(cpu):.2f}** | {min(cpu):.2f} to {max(cpu):.2f} "
            f"| {_middle(a.total / b.total for a, b in one)} "
            f"| {_middle(a.p50 / b.p50 for a, b in one)} "
            f"| {_middle(a.requests_per_second / b.requests_per_second for a, b in many)} |"
        )
    return "\n".join(rows)


def _middle(ratios: Iterable[float]) -> str:
    # Of the ratios, not a ratio of medians: rounds lie close in time, so noise meets both.
    return f"{statistics.median(ratios):.2f}"


def _measured(cells: Cells, names: list[str]) -> str:
    rows = [
        "| operation | application | clients | requests/s | p50 ms | p95 ms "
        "| server CPU s | database CPU s |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for operation in NAMES:
        for clients in CLIENTS:
            for name in names:
                cell = median(cells[operation, name, clients])
                rows.append(_row(operation, name, clients, cell))
    return "\n".join(rows)


def _row(operation: str, name: str, clients: int, cell: Cell) -> str:
    # Milliseconds for one request are seconds for a thousand.
    return (
        f"| {operation} | {name} | {clients} | {cell.requests_per_second:,.0f} | {cell.p50:.2f} "
        f"| {cell.p95:.2f} | {cell.server:.2f} | {cell.database:.2f} |"
    )


def keep(text: str, key: str) -> bool:
    """Put the tables between their markers, if the page has them; the rest of it stays."""
    start, end = f"<!-- bench {key} -->", f"<!-- end {key} -->"
    page = PAGE.read_text()
    if start not in page or end not in page:
        return False
    before, rest = page.split(start, 1)
    after = rest.split(end, 1)[1]
    PAGE.write_text(f"{before}{start}\n{text}\n{end}{after}")
    return True
