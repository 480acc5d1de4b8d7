"""The app of docs/apps.md: it passes its check, is installed, and works."""

from __future__ import annotations

import re
from pathlib import Path

from fluvial.apptests.checking import check
from fluvial.kernel.features import load_features
from fluvial.packages import archive
from tests.app import Client

PAGE = Path(__file__).parents[3] / "docs" / "apps.md"
BLOCK = re.compile(
    r"```(?:yaml|html)\n(?:# |<!-- )([a-z_/]+\.[a-z]+)(?: -->)?\n(.*?)```", re.DOTALL
)


def files() -> dict[str, str]:
    return dict(BLOCK.findall(PAGE.read_text(encoding="utf-8")))


def test_the_guides_app_passes_its_check_and_is_installed(client: Client, tmp_path: Path) -> None:
    folder = tmp_path / "lending"
    for path, text in files().items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    kinds = load_features().kinds
    report = check(folder, kinds)
    assert [str(fault) for fault in (*report.faults, *report.failures)] == []
    assert (report.tests, report.warnings) == (2, [])

    done = client.call("POST", "/api/packages", body=archive.packed(files()))
    assert done.status == 201, done.text
    book = client.made("book", name="Emma")
    client.made("loan", book=book["id"], reader="jo@example.com", due="2026-11-25")
    assert client.get(f"/api/records/book/{book['id']}").json()["lent"] == "1"
    label = client.get("/api/meta/object/book").json()["label"]
    assert label == {"en": "Book", "de": "Buch"}
