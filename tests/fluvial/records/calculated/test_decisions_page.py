"""The example of docs/decisions.md does what the page says."""

from __future__ import annotations

import re
from typing import Any

import yaml

from tests.app import Client
from tests.house.test_structure import ROOT

BLOCK = re.compile(r"^```yaml\n(.*?)^```$", re.M | re.S)
BRANCH = {
    "kind": "object", "name": "branch", "title": "{name}",
    "fields": [{"name": "name", "kind": "text"}],
}  # fmt: skip
MEMBER = {**BRANCH, "name": "member"}
COPY = {
    "kind": "object", "name": "copy", "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text"},
        {"name": "branch", "kind": "lookup", "to": "branch"},
        {"name": "medium", "kind": "choice", "options": [{"name": "book"}, {"name": "film"}]},
    ],
}  # fmt: skip


def _documents() -> list[dict[str, Any]]:
    text = (ROOT / "docs" / "decisions.md").read_text(encoding="utf-8")
    return [yaml.safe_load(block) for block in BLOCK.findall(text)]


def test_the_loans_of_the_page_are_due_by_the_terms_that_win(client: Client) -> None:
    documents = _documents()
    assert [one["name"] for one in documents] == ["loan_term", "loan_terms", "loan"]
    client.define(BRANCH, MEMBER, COPY, *documents)
    north = client.made("branch", name="North")["id"]
    ada = client.made("member", name="Ada")["id"]
    for name, days, inputs in (
        ("usual", 28, {}),
        ("films", 7, {"medium": "film"}),
        ("north", 21, {"branch": north}),
        ("Ada", 90, {"member": ada}),
    ):
        client.made("loan_term", name=name, days=days, starts="2026-01-01", **inputs)
    film = client.made("copy", name="F", medium="film", branch=north)["id"]
    book = client.made("copy", name="B", medium="book")["id"]
    reel = client.made("copy", name="R", medium="film")["id"]
    for copy, member, due in (
        (book, None, "2026-03-29"), (reel, None, "2026-03-08"), (film, None, "2026-03-22"),
        (film, ada, "2026-05-30"),
    ):  # fmt: skip
        loan = client.made("loan", copy=copy, member=member, taken="2026-03-01")
        assert loan["due"] == due
