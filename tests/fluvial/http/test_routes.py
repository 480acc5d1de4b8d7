"""The table of endpoints: complete in the docs, without doubles, each with its policy."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from fluvial.http.routes import ENDPOINT, Endpoint
from tests.app import Client

PAGE = Path(__file__).parents[3] / "docs" / "api.md"


def table(rows: Iterable[Endpoint]) -> str:
    lines = ["| call | purpose | for |", "|---|---|---|"]
    for row in sorted(rows, key=lambda e: (e.path, e.method)):
        if not row.page:
            lines.append(f"| `{row.method} {row.path}` | {row.about} | {row.policy.value} |")
    lines.append("| `POST /mcp` | Assistants, over the Model Context Protocol. | tokens |")
    lines.append("| `GET /api/stream` | Changes as server-sent events. | signed-in users |")
    return "\n".join(lines)


def test_the_page_lists_every_endpoint(client: Client) -> None:
    match = re.search(
        r"<!-- endpoints -->\n(.*)\n<!-- /endpoints -->",
        PAGE.read_text(encoding="utf-8"),
        re.DOTALL,
    )
    assert match is not None and match[1] == table(client.app.engine.brought(ENDPOINT))


def test_no_endpoint_stands_twice(client: Client) -> None:
    endpoints = client.app.engine.brought(ENDPOINT)
    seen = [(e.method, re.sub(r"\{\w+\}", "{}", e.path)) for e in endpoints]
    assert len(seen) == len(set(seen))
    assert all(e.about.endswith(".") for e in endpoints)
