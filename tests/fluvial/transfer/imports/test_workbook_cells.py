"""Cells of workbooks arrive as the person saw them, and as a CSV file of the sheet says them."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest

from fluvial.transfer.imports.workbook_cells import cell_text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""), ("", ""), ("x", "x"), (True, "true"), (False, "false"), (3.0, "3"),
        (-0.5, "-0.5"), (0.1, "0.1"), (7, "7"), (1e15, "1000000000000000"),
        (1.23e15, "1230000000000000"), (1.23e18, "1230000000000000000"),
        (4006381333931.0, "4006381333931"), (1234567890123456.0, "1234567890123456"),
        (0.30000000000000004, "0.3"), (2.9999999999999996, "3"), (1e-7, "0.0000001"),
        (19.990000000000002, "19.99"), (-8.999999999999998, "-9"), (1234.5600000000001, "1234.56"),
        (datetime(2026, 6, 1, 9, 5), "2026-06-01 09:05:00"), (date(2026, 6, 1), "2026-06-01"),
        (time(9, 5), "09:05"), (time(9, 5, 7), "09:05:07"), (timedelta(hours=30), "30:00:00"),
        (timedelta(minutes=90, seconds=5), "1:30:05"), (timedelta(seconds=-60), "-0:01:00"),
    ],
)  # fmt: skip
def test_cells_of_a_workbook_as_a_person_would_write_them(value: Any, text: str) -> None:
    assert cell_text(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.5, "50%"), (0.19, "19%"), (0.07, "7%"), (0.125, "12.5%"), (1.1, "110%"), (-0.005, "-0.5%"),
     (0, "0%"), (0.30000000000000004, "30%"), ("n/a", "n/a"), (True, "true")],
)  # fmt: skip
def test_percent_cells_say_what_they_show(value: Any, text: str) -> None:
    assert cell_text(value, percent=True) == text
