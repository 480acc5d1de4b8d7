"""The tasks that are measured, and the objects and records that they begin with."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.stopwatch_hand import Hand

ROWS = 10_000
STAGES = [{"name": "wanted", "label": "Wanted"}, {"name": "bought", "label": "Bought"}]
AUTHOR: dict[str, Any] = {
    "kind": "object", "name": "author", "label": "Author", "plural": "Authors", "title": "{name}",
    "fields": [
        {"name": "name", "label": "Name", "kind": "text", "required": True, "searchable": True},
        {"name": "code", "label": "Code", "kind": "text", "unique": True},
    ],
}  # fmt: skip
BOOK: dict[str, Any] = {
    "kind": "object", "name": "book", "label": "Book", "plural": "Books", "title": "{name}",
    "fields": [
        {"name": "name", "label": "Name", "kind": "text", "required": True, "searchable": True},
        {"name": "author", "label": "Author", "kind": "lookup", "to": "author"},
        {"name": "stage", "label": "Stage", "kind": "choice", "default": "wanted",
         "options": STAGES},
        {"name": "e_mail", "label": "E-mail", "kind": "text", "format": "email"},
    ],
}  # fmt: skip
WORLD: tuple[tuple[str, Any], ...] = (
    ("/api/meta/changes", {"documents": [AUTHOR, BOOK]}),
    ("/api/records/author", {"name": "Mary Shelley", "code": "MS"}),
    ("/api/records/book", {"name": "Frankenstein"}),
    ("/api/records/book", {"name": "Mathilda"}),
)
# The nine fields beside the name. Their kinds follow from their labels.
FIELDS = (
    "E-mail", "Phone", "Birthday", "Website", "Pages", "Price", "Paid", "Notes", "Due date"
)  # fmt: skip


@dataclass(frozen=True)
class Task:
    """`peer` and `aim` are clicks, keys and seconds, as far as they are known."""

    name: str
    do: Callable[[Hand, Path], None]
    peer: str
    aim: str


def _studio(hand: Hand, list_: str, tab: str = "") -> None:
    """From a list to a tab of its object in the studio."""
    hand.page.goto(f"/o/{list_}")
    hand.click(hand.page.locator(".topbar summary[aria-label='More for this page']"))
    hand.click(hand.link("Open in the studio"))
    if tab:
        hand.click(hand.page.locator(".tabs a", has_text=tab))


def add_object(hand: Hand, _: Path) -> None:
    hand.click(hand.link("Studio"))
    hand.click(hand.link("New object"))
    hand.see(hand.page.locator("#new-object[open] #object-label"))
    hand.type("Letter")
    hand.press("Tab")
    hand.type("Letters")
    hand.press("Enter")
    hand.see(hand.page.locator("#add-field [name=label]:focus"))
    for field in FIELDS:
        hand.type(field)
        hand.press("Enter")
    hand.see(hand.page.locator("#field-rows tr[data-name]", has_text=FIELDS[-1]))


def add_record(hand: Hand, _: Path) -> None:
    hand.click(hand.link("Authors"))
    hand.click(hand.link("New author"))
    hand.see(hand.page.locator("form [name=name]"))
    hand.type("Jane Austen")
    hand.click(hand.button("Add the author"))
    hand.see(hand.page.locator("h1", has_text="Jane Austen"))


def add_board(hand: Hand, _: Path) -> None:
    hand.page.goto("/o/book")
    hand.click(hand.button("Board by stage"))
    bought = hand.page.locator("[data-label=Bought] [data-cell]")
    hand.drag(hand.page.locator("[data-label=Wanted] .tile").first, bought)
    hand.see(bought.locator(".tile"))


def add_view(hand: Hand, _: Path) -> None:
    """Books by the name of their author."""
    hand.page.goto("/o/book")
    hand.click(hand.page.locator(".term.add").first)
    box = hand.page.locator(".termpop")
    hand.pick(box.locator("select").first, "A field behind a look-up …")
    author = hand.page.locator("[role=treeitem]", has_text="Author").first
    hand.click(author.locator(".twist"))
    hand.click(author.locator("[role=treeitem]", has_text="Name").first)
    hand.see(box.locator("[name=value]"))
    hand.click(box.locator("[name=value]"))
    hand.type("Mary Shelley")
    hand.press("Enter")
    hand.page.wait_for_url("**where=**")
    hand.click(hand.page.locator("[data-do=save-view]"))
    hand.see(hand.page.get_by_label("Name of the view"))
    hand.type("By Mary Shelley")
    hand.press("Enter")
    hand.page.wait_for_url("**view=**")


def add_pin(hand: Hand, _: Path) -> None:
    hand.page.goto("/o/author")
    hand.click(hand.button("Pin this"))
    hand.see(hand.page.locator(".toast", has_text="home page"))


def add_form(hand: Hand, _: Path) -> None:
    _studio(hand, "book", "Web forms")
    hand.click(hand.link("New web form"))
    hand.click(hand.button("Save"))
    hand.see(hand.page.get_by_role("link", name="Try the form"))


def add_rule(hand: Hand, _: Path) -> None:
    """Also the endpoint of the webhook is made on the way."""
    _studio(hand, "author", "Rules")
    hand.click(hand.link("New rule"))
    hand.click(hand.button("Tell people"))
    hand.click(hand.button("Post to another system"))
    hand.see(hand.page.locator("#endpoint-label"))
    hand.type("Desk")
    hand.press("Tab")
    hand.type("https://hooks.example.com/desk")
    hand.click(hand.button("Make it"))
    hand.see(hand.page.locator(".says-line", has_text="post to Desk"))
    hand.click(hand.button("Save"))
    hand.page.wait_for_url(re.compile(r"/studio/rule/(?!new)"))


def add_template(hand: Hand, _: Path) -> None:
    """A mail with three fields of the book."""
    _studio(hand, "book", "Templates")
    hand.click(hand.link("New template"))
    lines = hand.page.locator(".tline")
    hand.click(lines.last)
    hand.press("Control+a")
    for words, field in (("Book ", "Name"), (" by ", "Author"), (" is ", "Stage")):
        hand.type(words)
        hand.click(hand.page.locator("#main").get_by_role("button", name="Field", exact=True))
        member = hand.page.get_by_role("treeitem").filter(has_text=re.compile(f"^{field}"))
        hand.click(member.first)
    hand.click(hand.button("Save"))
    hand.page.wait_for_url(re.compile(r"/studio/template/(?!new)"))


def add_role(hand: Hand, _: Path) -> None:
    """Who sees, makes and changes the books of their own."""
    hand.click(hand.link("Studio"))
    hand.click(hand.page.locator("#main a[href='/studio/role/new']"))
    grid = hand.page.locator("[data-face-of=designer]")
    hand.click(grid.get_by_label("Name of the role"))
    hand.type("Reader")
    for right in ("See", "Create", "Change"):
        hand.tick(grid.get_by_label(f"{right} Books"))
    hand.pick(grid.get_by_label("Which Books"), "Own: created by me")
    hand.click(hand.button("Save"))
    hand.page.wait_for_url(re.compile(r"/studio/role/(?!new)"))


def add_field(hand: Hand, _: Path) -> None:
    _studio(hand, "author")
    hand.see(hand.page.locator("#add-field [name=label]:focus"))
    hand.type("Born")
    hand.press("Enter")
    hand.see(hand.page.locator("#field-rows tr", has_text="Born"))
    hand.click(hand.link("Authors"))
    hand.see(hand.page.locator("th", has_text="Born"))


def import_rows(hand: Hand, folder: Path) -> None:
    lines = [f"Writer {number},W{number}" for number in range(ROWS)]
    file = folder / "writers.csv"
    file.write_text("\n".join(["name,code", *lines]), encoding="utf-8")
    hand.page.goto("/o/author")
    hand.click(hand.page.locator(".topbar summary[aria-label='More for this page']"))
    hand.click(hand.link("Import"))
    hand.choose(hand.page.locator("input[type=file]"), file)
    hand.click(hand.button("Continue"))
    hand.click(hand.button("Preview"))
    hand.click(hand.button("Import"))
    hand.see(hand.page.get_by_text(re.compile(r"10,?000 added|Created: 10,000")))
    hand.press("Control+k")
    hand.type("Writer 9876")
    hand.see(hand.page.get_by_text("Writer 9876"))


TASKS = (
    Task("an object with ten fields", add_object, "52 / 137 / 29", "10 clicks, 150 keys, 4 s"),
    Task("a record by form", add_record, "17 / 72 / 5.8", "4 clicks"),
    Task("a board and its first move", add_board, "7 / 0 / 1.3", "2 clicks"),
    Task("a view by a field behind a look-up", add_view, "", ""),
    Task("a pin", add_pin, "", ""),
    Task("a public web form with its embed line", add_form, "not there", "6 clicks"),
    Task("a rule with a mail and a webhook", add_rule, "23 / 129 / 10.8", "8 clicks"),
    Task("a mail with three fields", add_template, "", ""),
    Task("a role for records of one's own", add_role, "", ""),
    Task("import of 10,000 rows and one found", import_rows, "5 / 0 / 28", "5 s"),
    Task("add a field and see it in the list", add_field, "8 / 4 / 3.9", "3 clicks"),
)
