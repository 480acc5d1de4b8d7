"""Accounts on the command line: somebody who cannot get in is let in by whoever runs the site."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from fluvial import cli
from tests.app import PASSWORD
from tests.fluvial.services.test_sign_in_help import NEW


def run(monkeypatch: pytest.MonkeyPatch, *words: str, typed: str = "") -> int:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{typed}\n"))
    return cli.main(list(words))


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLUVIAL_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("FLUVIAL_DATABASE_URL", f"sqlite:///{tmp_path / 'site.db'}")
    monkeypatch.setenv("FLUVIAL_BASE_URL", "https://library.example.org")


def test_a_password_is_set_and_a_link_printed(
    site: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "user", "add", "ann@example.org", typed=PASSWORD) == 0
    assert run(monkeypatch, "user", "password", "ANN@example.org", typed=NEW) == 0
    assert "their sessions have ended" in capsys.readouterr().out.lower()
    assert run(monkeypatch, "user", "link", "ann@example.org") == 0
    link = capsys.readouterr().out.strip().splitlines()[-1]
    assert link.startswith("https://library.example.org/signin/link/")


@pytest.mark.parametrize(
    ("words", "typed", "said"),
    [
        (("user", "password", "nobody@example.org"), NEW, "There is no user nobody@example.org"),
        (("user", "link", "nobody@example.org"), "", "Add one with `fluvial user add`"),
        (("user", "password", "ann@example.org"), "short", "10 to 256 characters"),
    ],
)
def test_what_cannot_be_done_is_said(
    site: None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    typed: str,
    said: str,
) -> None:
    run(monkeypatch, "user", "add", "ann@example.org", typed=PASSWORD)
    assert run(monkeypatch, *words, typed=typed) != 0
    told = capsys.readouterr()
    assert said in told.out + told.err
