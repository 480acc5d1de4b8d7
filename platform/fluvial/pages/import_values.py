"""How the values of a file are written: what its cells show, and what the person is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup, escape

from fluvial.http.call import Call
from fluvial.transfer.imports.first_rows import FirstCell
from fluvial.transfer.imports.options import ASK, DATES
from metamodel.catalog import ObjectType
from metamodel.expressions.types import DURATION, MONEY, NUMBER
from metamodel.written.written_lengths import UNIT_NAMES
from metamodel.written.written_numbers import decimal_mark

from .frame import Context
from .presenters import empty, said
from .reader_format import NIL, ReaderFormat
from .sign_in import form_text

QUESTIONS = {
    "dates": "Choose the order of day, month and year: both fit the dates of the file.",
    "decimal": "Choose the decimal mark: both fit the numbers of the file.",
    "durations": "Choose the unit of durations that are plain numbers.",
}


def asked_values(
    call: Call, type_: ObjectType, read: Mapping[str, Any], said_: Mapping[str, Any] | None
) -> Context:
    """What the page of columns asks about values: as was said, else as the cells show."""
    chosen, evidence = said_ or {}, read["evidence"]
    names = {field.type.name for field in type_.own_fields if field.writable}
    dates = chosen.get("dates", "" if "dates" in evidence.asks else read["suggested"]["dates"])
    return {
        "dates": {"ymd": "iso"}.get(dates, dates),
        "order_of": evidence.order_of if "dates" in evidence.asks else "",
        "numbers": bool(names & {NUMBER.name, MONEY.name}),
        "decimal": _decimal(call, chosen, evidence),
        "mark_of": evidence.mark_of if "decimal" in evidence.asks else "",
        "lengths": DURATION.name in names,
        "unit": chosen.get("durations", ""),
        "length_of": evidence.length_of,
        "broken": evidence.broken,
        "spaces": bool(chosen.get("line_breaks", "space" if said_ is None else "")),
        "asks": " ".join(evidence.asks),
    }


def _decimal(call: Call, chosen: Mapping[str, Any], evidence: Any) -> str:
    if chosen.get("decimal", ASK) != ASK:
        return str(chosen["decimal"])
    if "decimal" in evidence.asks:
        return ""
    usual = decimal_mark(call.engine.settings.locale)
    return evidence.marks[0] if len(evidence.marks) == 1 else usual


def posted_values(call: Call) -> dict[str, Any]:
    """The options that the page says of values."""
    dates, decimal, unit = (form_text(call, name) for name in ("dates", "decimal", "durations"))
    options: dict[str, Any] = {
        "dates": dates if dates in DATES else "ymd",
        "decimal": decimal if decimal in (".", ",") else ASK,
    }
    if unit in UNIT_NAMES:
        options["durations"] = unit
    if form_text(call, "line_breaks"):
        options["line_breaks"] = "space"
    return options


def unanswered(call: Call) -> list[str]:
    """The options that the person was asked for and has not said."""
    asked = (name for name in form_text(call, "asks").split() if name in QUESTIONS)
    return [name for name in asked if not form_text(call, name)]


def shown_cells(rows: Sequence[Sequence[FirstCell]], fmt: ReaderFormat) -> list[list[Markup]]:
    """The first rows as pages will show them; what is a fault stands as it is in the file."""
    return [[_shown(cell, fmt) for cell in row] for row in rows]


def _shown(cell: FirstCell, fmt: ReaderFormat) -> Markup:
    if cell.faulty:
        return Markup('<span class="bad">{}</span>').format(cell.text)
    if empty(cell.value):
        return escape(cell.text) if cell.text else NIL
    wire = cell.field.kind.wire(cell.field, cell.value)
    return escape(said(cell.field, wire, fmt))
