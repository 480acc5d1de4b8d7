"""Settings: the table, what is read of the environment, and the page that lists them."""

from __future__ import annotations

import re
from pathlib import Path

from fluvial.kernel.settings import SETTINGS, load

DOCS = Path(__file__).parents[3] / "docs"


def settings_table() -> str:
    rows = ["| variable | default | meaning |", "|---|---|---|"]
    rows += [
        f"| `FLUVIAL_{s.name}` | {f'`{s.default}`' if s.default else ''} | {s.help} |"
        for s in SETTINGS
    ]
    return "\n".join(rows)


def test_the_page_lists_every_setting() -> None:
    text = (DOCS / "running.md").read_text(encoding="utf-8")
    match = re.search(r"<!-- settings -->\n(.*)\n<!-- /settings -->", text, re.DOTALL)
    assert match is not None and match[1] == settings_table()


def test_defaults_and_environment(tmp_path: Path) -> None:
    settings = load({"FLUVIAL_DATA_DIR": str(tmp_path)})
    assert settings.database_url == f"sqlite:///{tmp_path / 'fluvial.db'}"
    assert settings.base_url == "http://127.0.0.1:8000"
    again = load({"FLUVIAL_DATA_DIR": str(tmp_path), "FLUVIAL_PORT": "81"})
    assert again.secret_key == settings.secret_key and again.port == 81
    assert (tmp_path / "secret.key").stat().st_mode & 0o077 == 0


def test_the_clock_moves_only_in_development(tmp_path: Path) -> None:
    now = {"FLUVIAL_DATA_DIR": str(tmp_path), "FLUVIAL_NOW": "2026-01-01T00:00:00Z"}
    assert load(now).now == ""
    assert load({**now, "FLUVIAL_ENV": "development"}).now == "2026-01-01T00:00:00Z"
