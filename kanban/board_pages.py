"""The page of a board, and the pins of the home page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fluvial.http.call import Answer, Call
from fluvial.http.parameters import session_of_day
from fluvial.http.routes import Endpoint, Policy
from fluvial.kernel.problems import NotFound
from fluvial.pages import reader_format as marks
from fluvial.pages.as_of_bar import as_of_control
from fluvial.pages.field_addresses import new_address
from fluvial.pages.frame import action, page, render, with_query
from fluvial.pages.lists import keys_of
from fluvial.pages.reader_format import TONES, ReaderFormat, format_of
from fluvial.runtime.session import Session
from metamodel.catalog import ObjectType

from .board_columns import text_of
from .board_reader import Wish, find_board, read_board
from .boards import Board
from .cards import Cards
from .measures import measured

Context = dict[str, Any]

MINE = "mine"


def show_board(call: Call) -> Answer:
    session = session_of_day(call)
    board = find_board(session, call.params["name"])
    type_ = session.catalog.objects[board.object]
    chosen = call.query.get("filter", "")
    quick, where = _quick(session, board, type_, chosen)
    part = "column" in call.query
    wish = Wish(
        where=where,
        column=call.query.get("column") if part else None,
        cursor=call.query.get("cursor", "") if part else "",
        exact=call.query.get("total") == "exact",
    )
    read = read_board(session, board, wish)
    fmt, path = format_of(session), f"/boards/{board.name}"
    cards = Cards(board, type_, fmt)
    cards.load(session, read["columns"])
    made = _Made(call, board, type_, read, cards, fmt)
    if part:
        return Answer.html(render(call, "_more.html", column=made.column(read["columns"][0])))
    new = action(f"New {type_.label.lower()}", f"/o/{type_.name}/new", "plus")
    context = _board(board, type_, read, made, fmt) | {
        "exact_href": made.exact_href(chosen),
        "quick": quick,
        "as_of": as_of_control(session, fmt, (type_,), path, filter=chosen),
        "made": _made_note(board, type_) if "made" in call.query else "",
        "change_href": _change_href(session, board),
    }
    crumb = (type_.plural, with_query(f"/o/{type_.name}", as_of=fmt.as_of))
    return page(
        call, "board.html", board.label, crumbs=[crumb], here=path,
        primary=new if made.creates else None, menu=_menu(session, board, type_, fmt),
        topics=f"object:{type_.name}", keys={**keys_of(call, type_), "board": path}, board=context,
    )  # fmt: skip


def _board(
    board: Board, type_: ObjectType, read: Mapping[str, Any], made: _Made, fmt: ReaderFormat
) -> Context:
    """What the board itself shows: its head, columns and lanes."""
    lanes = type_.fields[board.lanes].label.lower() if read["lanes"] and board.lanes else ""
    return {
        "name": board.name,
        "title": board.label,
        "summary": made.summary(),
        "only": f"The {len(read['columns'])} columns used last" if read["more_columns"] else "",
        "object": {"name": type_.name, "label": type_.label, "plural": type_.plural},
        "move_href": "" if fmt.as_of else f"/api/boards/{board.name}/move",
        "lanes_label": lanes,
        "columns": [made.column(column) for column in read["columns"]],
        "lanes": made.lanes,
        "empty": None,
    }


def drafted_board(call: Call, board: Board, cards_of_each: int) -> str:
    """The columns of a board that need not be saved, with their first cards."""
    session = call.session
    type_ = session.object(board.object)
    read = read_board(session, board, Wish(limit=cards_of_each))
    fmt = format_of(session)
    cards = Cards(board, type_, fmt)
    cards.load(session, read["columns"])
    for column in read["columns"]:
        column["next"] = None
    made = _Made(call, board, type_, read, cards, fmt)
    made.creates = False
    return render(call, "_board.html", board=_board(board, type_, read, made, fmt))


def _menu(session: Session, board: Board, type_: ObjectType, fmt: ReaderFormat) -> list[Context]:
    listed = with_query(f"/o/{type_.name}", view="all", where=board.where, as_of=fmt.as_of)
    menu = [action("Open as a list", listed, "list")]
    if session.actor.id is not None and not fmt.as_of:
        menu.append(action("Pin this", f"/boards/{board.name}/pins", "pin", post=True))
    if "read" in session.access.meta:
        studio = f"/studio/board/{board.name}"
        menu.append(action("Change this board", studio, "adjustments-horizontal"))
    return menu


def _change_href(session: Session, board: Board) -> str:
    return f"/studio/board/{board.name}" if "write" in session.access.meta else ""


def _made_note(board: Board, type_: ObjectType) -> str:
    """What was assumed when the board was made from a list."""
    by = type_.fields[board.by].label.lower()
    shown = [type_.fields[name].label.lower() for name in board.fields if name in type_.fields]
    cards = f", and cards show {', '.join(shown)}" if shown else ""
    return f"This board is new. Its columns are by {by}{cards}. Everybody sees it."


def _quick(
    session: Session, board: Board, type_: ObjectType, chosen: str
) -> tuple[list[Context], str]:
    """The quick filters, and the condition of the one that is on."""
    offered = [(f.name, f.label, f.where) for f in board.filters]
    hidden = session.access.object(type_.name).hidden
    people = [f for f in type_.own_fields if f.type.people and not f.many and f.name not in hidden]
    if people and MINE not in [name for name, _, _ in offered]:
        offered.insert(0, (MINE, "Mine", f"{people[0].name} == me"))
    path = f"/boards/{board.name}"
    known = {name: where for name, _, where in offered}
    if chosen and chosen not in known:
        raise NotFound(f"This board has no filter `{chosen}`.")
    shown = [
        {"label": label, "on": name == chosen,
         "href": with_query(
             path, filter="" if name == chosen else name, as_of=session.asked_text)}
        for name, label, _ in offered
    ]  # fmt: skip
    return shown, known.get(chosen, "")


class _Made:
    """The parts of a board's page, from what was read."""

    def __init__(
        self,
        call: Call,
        board: Board,
        type_: ObjectType,
        read: Mapping[str, Any],
        cards: Cards,
        fmt: ReaderFormat,
    ) -> None:
        self._call = call
        self._board = board
        self._type = type_
        self._read = read
        self._cards = cards
        self._looks = fmt
        today = fmt.as_of == ""  # another day only shows
        self.creates = today and call.session.access.object(type_.name).can("create")

        states = type_.states if type_.states and type_.states.field == board.by else None
        ways = states.transitions if states else ()
        self._asking = {way.to for way in ways if way.asked or way.when is not None}

    @property
    def lanes(self) -> list[Context]:
        lanes = self._read["lanes"] or [{"value": "", "label": "", "colour": "", "count": 0}]
        shown = [
            {
                **lane,
                "value": lane["value"] or "",
                "tone": TONES.get(lane["colour"], ""),
                "count": _counted(lane, self._looks),
            }
            for lane in lanes
        ]
        # What presses stands first: options are listed from the calm to the red.
        named = [lane for lane in shown if lane["value"]]
        if named and named[-1]["tone"] == "bad":
            shown = [*reversed(named), *(lane for lane in shown if not lane["value"])]
        return shown

    def column(self, head: Mapping[str, Any]) -> Context:
        board, value = self._board, head["value"] or ""
        by_lane: dict[str, list[Context]] = {lane["value"]: [] for lane in self.lanes}
        lane_field = self._type.fields[board.lanes] if board.lanes and self._read["lanes"] else None
        for record in head["records"]:
            lane = (
                text_of(lane_field, record.get(board.lanes)) if lane_field and board.lanes else ""
            )
            by_lane.setdefault(lane, []).append(self._cards.card(record))
        more = ""
        if head["next"]:
            asked = {"column": value, "cursor": head["next"]}
            chosen = self._call.query.get("filter", "")
            day = self._looks.as_of
            more = with_query(f"/boards/{board.name}", **asked, filter=chosen, as_of=day)
        new = new_address(self._type, {board.by: value}) if self.creates else ""
        return {
            "value": value,
            "label": head["label"],
            "tone": TONES.get(head["colour"], ""),
            "count": _counted(head, self._looks),
            "limit": head["limit"],
            "over": head["over"],
            "blocks": head["blocks"],
            "asks": value in self._asking,
            "totals": " · ".join(self._totals(head["totals"])),
            "new_href": new,
            "quick": self._quick_add(value) if new else None,
            "next_href": more,
            "cells": [{"lane": lane, "cards": cards} for lane, cards in by_lane.items()],
        }

    def _totals(self, totals: Mapping[str, Any]) -> list[str]:
        """The totals beside the count, which stands in the head already."""
        return [
            measured(self._type, one, totals.get(one.text), self._looks)
            for one in self._board.totals
            if one.function != "count"
        ]

    def summary(self) -> str:
        heads = self._read["columns"]
        count = sum(head["count"] for head in heads)
        noun = self._type.label if count == 1 else self._type.plural
        more = "+" if any(head["capped"] for head in heads) else ""
        return f"{marks.number(str(count), self._looks.locale)}{more} {noun.lower()}"

    def exact_href(self, chosen: str) -> str:
        """Where all cards are counted, if some columns hold more than are."""
        if not any(part["capped"] for part in (*self._read["columns"], *self._read["lanes"])):
            return ""
        day = self._looks.as_of
        return with_query(f"/boards/{self._board.name}", total="exact", filter=chosen, as_of=day)

    def _quick_add(self, value: str) -> Context | None:
        """One line makes a card where the title is a text of its own."""
        field = self._type.fields.get(self._board.title)
        if field is None or not field.kind.titles or not field.writable or field.system:
            return None
        return {
            "api": f"/api/records/{self._type.name}",
            "field": field.name,
            "values": {self._board.by: value} if value and ":" not in value else {},
            "lane": self._board.lanes or "",
        }


def _counted(part: Mapping[str, Any], fmt: ReaderFormat) -> str:
    more = "+" if part.get("capped") else ""
    return f"{marks.number(str(part['count']), fmt.locale)}{more}"


ENDPOINTS = (
    Endpoint("GET", "/boards/{name}", show_board, Policy.SIGNED_IN, "A board.", page=True),
)
