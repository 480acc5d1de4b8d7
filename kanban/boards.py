"""Boards: their documents checked and compiled."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fluvial.auth.access import Access, with_inherited
from fluvial.kernel.problems import Problem
from fluvial.records.reading.summary import Measure, check_measured, measure
from metamodel.catalog import Catalog, Field, ObjectType
from metamodel.checks import DocumentCheck
from metamodel.documents import Document
from metamodel.expressions.types import CHOICE
from metamodel.folding import humanise, label_text
from metamodel.index_questions import IndexQuestion, fixed
from metamodel.views import check_sort

from .board_proposals import proposed_board


@dataclass(frozen=True, eq=False)
class Filter:
    """A quick filter above a board."""

    name: str
    label: str
    where: str


@dataclass(frozen=True, eq=False)
class Board:
    """A board, compiled."""

    name: str
    label: str
    icon: str
    object: str
    by: str
    limits: Mapping[str, int]
    blocks: bool  # a full column refuses cards
    lanes: str | None
    where: str
    title: str
    fields: tuple[str, ...]
    colour: str | None
    totals: tuple[Measure, ...]
    filters: tuple[Filter, ...]
    sort: tuple[str, ...]
    audience: tuple[str, ...]
    order: int

    @property
    def manual(self) -> bool:
        """Whether people put the cards of a column in order by hand."""
        return not self.sort


def boards_of(catalog: Catalog) -> Mapping[str, Board]:
    return catalog.derive(_compiled)


def _compiled(catalog: Catalog) -> Mapping[str, Board]:
    boards = [board_from(document) for document in catalog.of("board").values()]
    return {b.name: b for b in sorted(boards, key=lambda b: (b.order, b.label))}


def board_from(document: Document) -> Board:
    body = document.body
    columns, card = body["columns"], body.get("card", {})
    return Board(
        name=document.name,
        label=label_text(body.get("label", humanise(document.name))),
        icon=body.get("icon", "layout-kanban"),
        object=body["object"],
        by=columns["by"],
        limits=columns.get("limit", {}),
        blocks=columns.get("on_limit") == "block",
        lanes=body.get("swimlanes", {}).get("by"),
        where=body.get("where", ""),
        title=card.get("title", "title"),
        fields=tuple(card.get("fields", ())),
        colour=card.get("colour"),
        totals=tuple(measure(text) for text in body.get("totals", ())),
        filters=tuple(
            Filter(f["name"], label_text(f.get("label", humanise(f["name"]))), f["where"])
            for f in body.get("filters", ())
        ),
        sort=tuple(body.get("sort", ())),
        audience=tuple(body.get("audience", ())),
        order=body.get("order", 50),
    )


def in_audience(catalog: Catalog, access: Access, audience: Iterable[str]) -> bool:
    """Whether somebody with these rights is among the roles that a document is for."""
    wanted = set(audience)
    return not wanted or access.admin or bool(wanted & set(with_inherited(catalog, access.roles)))


def start_board(object: ObjectType) -> Mapping[str, Any]:
    """A board by the state, or the first field that can form columns."""
    return {k: v for k, v in proposed_board(None, object).items() if k != "object"}


def board_questions(document: Document, catalog: Catalog) -> Iterator[IndexQuestion]:
    """The cards of each column, and how many there are in each lane."""
    board = board_from(document)
    equal = fixed(catalog, board.object, board.where)
    yield IndexQuestion(board.object, (board.by, *equal), board.sort or ("id",), parts=True)
    if board.lanes is not None:
        yield IndexQuestion(board.object, (board.lanes, *equal), ordered=False, parts=True)


def check_board(document: Document, check: DocumentCheck) -> None:
    body = document.body
    for at, role in enumerate(body.get("audience", ())):
        check.reference(f"/audience/{at}", "role", role)
    object = check.object("/object", body["object"])
    if object is None:
        return
    _check_columns(body["columns"], object, check)
    if "swimlanes" in body:
        _grouping("/swimlanes/by", object, body["swimlanes"]["by"], check)
    if "where" in body:
        check.condition("/where", body["where"], object.name)
    check.names("/filters", (f["name"] for f in body.get("filters", ())), "filter")
    for at, quick in enumerate(body.get("filters", ())):
        check.condition(f"/filters/{at}/where", quick["where"], object.name)
    _check_card(body.get("card", {}), object, check)
    for at, text in enumerate(body.get("totals", ())):
        check_measure(f"/totals/{at}", text, object, check)
    check_sort("/sort", object, body.get("sort", ()), check)


def _check_columns(columns: Mapping[str, Any], object: ObjectType, check: DocumentCheck) -> None:
    field = _grouping("/columns/by", object, columns["by"], check)
    if field is None:
        return
    names = {option.name for option in field.type.options}
    for name in columns.get("limit", {}):
        if name not in names:
            check.fault(
                f"/columns/limit/{name}",
                "unknown_option",
                f"{field.label} has no option `{name}`.",
                f"Its options are {', '.join(names)}." if names else "Only options have limits.",
            )


def _grouping(pointer: str, object: ObjectType, name: str, check: DocumentCheck) -> Field | None:
    """A field that parts records into columns or lanes; a fault where it cannot."""
    field = check.field(pointer, object, name)
    if field is not None and (not field.kind.groups or field.many):
        check.fault(
            pointer,
            "not_a_grouping",
            f"`{name}` is {field.kind.label.lower()}, which cannot form columns.",
            "Use a choice, a look-up or a person.",
        )
        return None
    return field


def _check_card(card: Mapping[str, Any], object: ObjectType, check: DocumentCheck) -> None:
    if "title" in card:
        check.field("/card/title", object, card["title"])
    for at, name in enumerate(card.get("fields", ())):
        check.field(f"/card/fields/{at}", object, name)
    if "colour" in card:
        field = check.field("/card/colour", object, card["colour"])
        if field is not None and field.type.name != CHOICE.name:
            check.fault(
                "/card/colour",
                "no_colours",
                f"`{field.name}` has no options with colours.",
                "Use a choice.",
            )


def check_measure(pointer: str, text: str, object: ObjectType, check: DocumentCheck) -> None:
    """A measure reads, and the expression in it has a value that it can measure."""
    try:
        read = measure(text)
    except Problem as problem:
        check.fault(pointer, "not_a_measure", problem.detail, "")
        return
    made = check.compile(pointer, read.inner, object.name) if read.inner else None
    if made is None:
        return
    try:
        check_measured(read, made.type)
    except Problem as problem:
        check.fault(pointer, "wrong_type", problem.detail, "")
