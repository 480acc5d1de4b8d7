"""Boards and pins as they are designed: what they would show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fluvial.http.call import Call
from fluvial.pages.designers import Designer
from fluvial.pages.document_previews import DocumentPreview
from fluvial.pages.frame import render
from metamodel.document import Document
from metamodel.folding import label_text

from .board_pages import drafted_board
from .board_proposals import column_fields, summed_fields
from .boards import board_from
from .home_pins import preview

CARDS = 3  # of a column in the preview
Told = Mapping[str, Any]


def _board(call: Call, document: Document, record: str) -> dict[str, Any]:
    return {"html": drafted_board(call, board_from(document), CARDS)}


def _pin(call: Call, document: Document, record: str) -> dict[str, Any]:
    shown = preview(call.session, document.name, document.body)
    return {"html": render(call, "_pin_preview.html", pin=shown)}


def choices(call: Call, body: Told) -> Told:
    """What boards and pins can be made of: by object, fields that form columns, and measures."""
    session = call.session
    found = {}
    for type_ in session.access.readable():
        groups = column_fields(session.access, type_)
        sums = summed_fields(session.access, type_)
        found[type_.name] = {
            "groups": [
                {"name": f.name, "label": f.label, "options": [
                    {"name": o.name, "label": label_text(o.label), "colour": o.colour}
                    for o in f.type.options
                ]}
                for f in groups
            ],
            "measures": [
                ["count()", f"How many {type_.plural.lower()}"],
                *([f"sum({f.name})", f"Sum of {f.label.lower()}"] for f in sums),
                *([f"avg({f.name})", f"Average of {f.label.lower()}"] for f in sums),
            ],
        }  # fmt: skip
    return {"objects": found}


DESIGNERS = (Designer("board", choices), Designer("pin", choices))
PREVIEWS = (DocumentPreview("board", _board), DocumentPreview("pin", _pin))
