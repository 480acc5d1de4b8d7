"""Large files from the command line: in portions, all or nothing, on the page of jobs."""

from __future__ import annotations

from pathlib import Path

import pytest

from fluvial.cli import main
from fluvial.database.connection import Connection
from fluvial.runtime import long_jobs
from fluvial.runtime.engine import Engine
from fluvial.transfer.imports.import_job import SMALL
from tests.app import Prepared, environment
from tests.fluvial.tables import AUTHOR

ROWS = SMALL + 30


@pytest.fixture(autouse=True)
def surroundings(prepared: Prepared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database that the commands find in their environment."""
    address = prepared.copy(None, tmp_path, documents=[AUTHOR])
    for name, value in environment(address, tmp_path).items():
        monkeypatch.setenv(name, value)


def test_a_large_file_is_imported_in_portions_or_not_at_all(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    portions: list[str] = []
    advance = long_jobs.advance

    def counted(*said: object) -> bool:
        portions.append("one")
        return advance(*said)  # type: ignore[arg-type]

    monkeypatch.setattr(long_jobs, "advance", counted)
    lines = [f"A{n},Name {n}" for n in range(ROWS)]
    path = tmp_path / "people.csv"
    path.write_text("\n".join(["code,name", *lines, "A1,"]))
    assert main(["import", "author", str(path)]) == 1
    said = capsys.readouterr()
    assert "0 created, 0 updated" in said.out and f"row {ROWS + 2}, name:" in said.err
    path.write_text("\n".join(["code,name", *lines]))
    assert main(["import", "author", str(path), "--dry-run"]) == 0
    assert main(["import", "author", str(path)]) == 0
    assert f"{ROWS} created, 0 updated, 0 unchanged, 0 errors." in capsys.readouterr().out
    assert len(portions) >= 6  # checked and written, three times


def test_an_import_that_is_stopped_leaves_nothing(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "people.csv"
    path.write_text("\n".join(["code,name", *(f"A{n},Name {n}" for n in range(ROWS))]))
    advance = long_jobs.advance

    def stopped(engine: Engine, connection: Connection, id: str) -> bool:
        job = long_jobs.job_of(connection, id)
        if job.done > ROWS and not job.ending:  # all rows are checked, and some are written
            raise KeyboardInterrupt
        return advance(engine, connection, id)

    monkeypatch.setattr(long_jobs, "advance", stopped)
    assert main(["import", "author", str(path)]) == 130
    monkeypatch.setattr(long_jobs, "advance", advance)
    path.write_text("code,name\nA1,Somebody")
    assert main(["import", "author", str(path), "--key", "code"]) == 0
    assert "1 created, 0 updated" in capsys.readouterr().out
