"""One printer for all tests of printed documents: starting one takes longer than most of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from reports.printed import printer
from reports.printed.printer import Printer


@pytest.fixture(scope="session")
def warm_printer() -> Iterator[Printer]:
    made = Printer()
    yield made
    made.close()


@pytest.fixture(autouse=True)
def one_printer(warm_printer: Printer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(printer.printer_of, "_make", lambda engine: warm_printer)
