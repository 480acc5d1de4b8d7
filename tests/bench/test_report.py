"""What the bench prints, and where it puts that."""

from pathlib import Path

import pytest

from bench import report
from bench.measure import CLIENTS, Cell, Cells
from bench.operations import OPERATIONS, chosen

NAMES = ["read", "board"]


def cells(ours: float, theirs: float) -> Cells:
    """Three rounds of reads; of boards the baseline alone has an answer."""
    found: Cells = {}
    for clients in CLIENTS:
        for noise in (1, 2, 4):
            for who, cost in (("fluvial", ours), ("baseline", theirs)):
                cell = Cell(p50=cost, server=cost * noise, database=0.0)
                found.setdefault(("read", who, clients), []).append(cell)
        found["board", "baseline", clients] = [Cell(1.0, 2.0, 1.5)]
    return found


def lines(text: str) -> list[list[str]]:
    return [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]


def test_a_row_tells_both_costs_and_their_ratio() -> None:
    titles, _, read, board = lines(report.table(cells(1, 2), NAMES, "Somewhere", 20_000))
    assert len(titles) == len(read) == len(board)
    assert read[:4] == ["read", "2.00", "4.00", "**0.50**"]
    assert board[:4] == ["board", "–", "3.50 (1.50)", "–"]


def test_growth_compares_two_sizes() -> None:
    text = report.growth(cells(1, 2), cells(3, 2), NAMES, "Somewhere", (20, 1_000))
    assert lines(text)[2:] == [
        ["read", "3.0", "1.0"] + ["3.0", "1.0"],
        ["board", "–", "1.0"] * 1 + ["–", "1.0"],
    ]


def test_tables_stand_between_their_markers(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("a\n<!-- bench x -->\nold\n<!-- end x -->\nb\n")
    assert report.keep("new", "x", page)
    assert page.read_text() == "a\n<!-- bench x -->\nnew\n<!-- end x -->\nb\n"
    assert not report.keep("new", "y", page)


def test_the_page_has_a_place_for_every_table() -> None:
    page = report.PAGE.read_text()
    for kind in ("sqlite", "postgresql"):
        for what in ("20000", "1000000", "growth", "schema", "catalogs", "expressions"):
            assert f"<!-- bench {kind} {what} -->" in page


def test_operations_are_chosen_by_the_beginnings_of_their_names() -> None:
    assert chosen([]) == list(OPERATIONS)
    found = [operation.name for operation in chosen(["board", "read"])]
    assert found == ["read", "board", "board, exact counts"]
    assert len(chosen(["list"])) == 7
    with pytest.raises(ValueError, match="There is no operation 'boards'"):
        chosen(["boards"])
