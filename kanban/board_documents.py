"""The document kinds of this folder: board and pin."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from metamodel.documents import DocumentKind

from .boards import board_questions, check_board, start_board
from .pins import check_pin, pin_questions

SCHEMAS = Path(__file__).parent / "schemas"


def _schema(name: str) -> Mapping[str, Any]:
    loaded: Mapping[str, Any] = orjson.loads((SCHEMAS / f"{name}.json").read_bytes())
    return loaded


BOARD = DocumentKind(
    name="board",
    folder="boards",
    schema=_schema("board"),
    check=check_board,
    start=start_board,
    asks=board_questions,
    label="Board",
    removable={
        "/object": "",
        "/columns/by": "",
        "/swimlanes/by": "/swimlanes",
        "/filters/*": "/filters/*",
        "/card/title": "/card/title",
        "/card/fields/*": "/card/fields/*",
        "/card/colour": "/card/colour",
        "/totals/*": "/totals/*",
        "/sort/*": "/sort/*",
    },
    about="Records as cards in the columns of a choice or a look-up.",
    example={
        "kind": "board",
        "name": "front_desk",
        "object": "loan",
        "columns": {"by": "state", "limit": {"overdue": 20}, "on_limit": "warn"},
        "card": {"title": "number", "fields": ["due"]},
        "totals": ["count()"],
        "sort": ["due"],
    },
)

PIN = DocumentKind(
    name="pin",
    folder="pins",
    schema=_schema("pin"),
    check=check_pin,
    asks=pin_questions,
    label="Pin",
    removable={
        "/object": "",
        "/measure": "",
        "/by": "",
        "/columns/*": "/columns/*",
        "/sort/*": "/sort/*",
    },
    about="A measure on the home page that opens the records behind it.",
    example={
        "kind": "pin",
        "name": "overdue",
        "label": "Overdue loans",
        "object": "loan",
        "where": "due < today()",
        "measure": "count()",
        "show": "number",
    },
)
