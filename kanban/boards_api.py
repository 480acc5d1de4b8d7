"""Boards and pins over HTTP."""

from __future__ import annotations

from typing import Any

from fluvial.http.call import Answer, Call
from fluvial.http.parameters import refuse, session_of_day
from fluvial.http.routes import Endpoint, Policy
from fluvial.kernel.problems import NotFound, Problem, Unprocessable, fault
from fluvial.records.writing.writer import revision_of
from metamodel.errors import ExpressionError

from .board_reader import CARDS, Wish, find_board, read_board, visible_boards
from .moving import Move, move
from .pins import CANNOT_BE_SHOWN, find_pin, read_pin, visible_pins

MAX_CARDS = 200


def list_boards(call: Call) -> Answer:
    call.only()
    rows = [
        {"name": b.name, "label": b.label, "icon": b.icon, "object": b.object}
        for b in visible_boards(call.session)
    ]
    return Answer.json({"data": rows})


def show_board(call: Call) -> Answer:
    given = call.only("where", "search", "column", "cursor", "limit", "as_of", "total")
    if "cursor" in given and "column" not in given:
        message = "A `cursor` needs the `column` it belongs to."
        raise Unprocessable(message, errors=[fault("column", "required", message)])
    total = given.get("total", "capped")
    if total not in ("capped", "exact"):
        raise refuse("total", "unknown_value", "`total` is capped or exact.")
    wish = Wish(
        where=given.get("where", ""),
        search=given.get("search", ""),
        column=given.get("column"),
        cursor=given.get("cursor", ""),
        limit=call.whole("limit", CARDS, 1, MAX_CARDS),
        exact=total == "exact",
    )
    session = session_of_day(call)
    board = find_board(session, call.params["name"])
    return Answer.json(read_board(session, board, wish))


def move_card(call: Call) -> Answer:
    call.only()
    board = find_board(call.session, call.params["name"])
    body = call.json_object("id", "column", "lane", "before", "values", "rev")
    errors = [
        fault(f"/{name}", "required", f"`{name}` is required: {why}.")
        for name, why in (("id", "the record"), ("column", "the target, or null"))
        if name not in body
    ]
    for name in ("column", "lane"):
        if not _names_one(body.get(name)):
            message = f"`{name}` must be a value of its field, or null."
            errors.append(fault(f"/{name}", "not_a_value", message))
    if "values" in body and not isinstance(body["values"], dict):
        errors.append(
            fault("/values", "not_an_object", "`values` must be the fields of the record.")
        )
    if errors:
        raise Unprocessable(errors[0]["message"], errors=errors)
    wanted = Move(
        record=str(body["id"]),
        column=body["column"],
        lane=body.get("lane"),
        lanes="lane" in body,
        before=body.get("before"),
        places="before" in body,
        values=body.get("values"),
        rev=revision_of(body, call.rev, ""),
    )
    return Answer.json(move(call.session, board, wanted))


def _names_one(value: Any) -> bool:
    """Whether it can be the value of a column: plain, or a person by one id."""
    if isinstance(value, dict):
        return len(value) == 1 and all(isinstance(id, str) for id in value.values())
    return not isinstance(value, list)


def list_pins(call: Call) -> Answer:
    call.only()
    rows = [
        {"name": p.name, "label": p.label, "icon": p.icon, "object": p.object, "show": p.show}
        for p in visible_pins(call.session)
    ]
    return Answer.json({"data": rows})


def show_pin(call: Call) -> Answer:
    call.only("as_of")
    session = session_of_day(call)
    pin = find_pin(session, call.params["name"])
    try:
        return Answer.json(read_pin(session, pin))
    except (Problem, ExpressionError) as problem:
        if session.access.admin or getattr(problem, "status", 0) >= 500:
            raise
        # The words of it may name what the person may not read.
        raise NotFound(f"The pin `{pin.name}` {CANNOT_BE_SHOWN}") from problem


ENDPOINTS = (
    Endpoint("GET", "/api/boards", list_boards, Policy.SIGNED_IN, "The boards."),
    Endpoint("GET", "/api/boards/{name}", show_board, Policy.SIGNED_IN, "A board with its cards."),
    Endpoint("POST", "/api/boards/{name}/move", move_card, Policy.SIGNED_IN, "Move a card."),
    Endpoint("GET", "/api/pins", list_pins, Policy.SIGNED_IN, "The pins."),
    Endpoint("GET", "/api/pins/{name}", show_pin, Policy.SIGNED_IN, "The value of a pin."),
)
