"""Pins as the home page shows them; each opens exactly the records behind it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fluvial.database.connection import SlowError
from fluvial.database.large_questions import TOO_LARGE, too_large
from fluvial.kernel.problems import Problem
from fluvial.pages.frame import with_query
from fluvial.pages.presenters import references, said
from fluvial.pages.reader_format import TONES, ReaderFormat, format_of
from fluvial.pages.record_tables import TableColumn, columns_of
from fluvial.records.reading.query import Query
from fluvial.records.reading.summary import summarise
from fluvial.runtime.session import Session
from metamodel.catalog import Field, ObjectType
from metamodel.errors import ExpressionError
from metamodel.expressions.types import CHOICE

from .board_columns import COUNT
from .measures import measured
from .pins import CANNOT_BE_SHOWN, Pin, read_pin, visible_pins

Context = dict[str, Any]

MOST = 8  # pins with a number
LISTS = 3
WIDTH, HEIGHT = 220, 40  # of a trend
GAP = 0.8  # percent between two bars
FEW = 4  # parts of a bar that are told


def home_pins(session: Session) -> Sequence[Context]:
    fmt = format_of(session)
    pins = list(visible_pins(session))
    numbers = [p for p in pins if p.show in ("number", "trend")][:MOST]
    others = [p for p in pins if p.show not in ("number", "trend")][:LISTS]
    return [_shown_or_said(session, pin, fmt) for pin in (*numbers, *others)]


def _shown_or_said(session: Session, pin: Pin, fmt: ReaderFormat) -> Context:
    """One pin that cannot be shown says why, and costs nobody the page."""
    try:
        return _shown(session, pin, fmt)
    except (Problem, ExpressionError):  # whose words may name what the person may not read
        reason = f"It {CANNOT_BE_SHOWN}"
    except TOO_LARGE as error:
        reason = too_large(error)
    except SlowError:
        reason = "It took too long."
    words = {"foot": f"This cannot be shown. {reason}", "show": "number"}
    return _plain(session.catalog.objects[pin.object], pin, "\N{EN DASH}") | words


def _shown(session: Session, pin: Pin, fmt: ReaderFormat) -> Context:
    read = read_pin(session, pin, exact=False)
    capped = read.get("capped", False)
    type_ = session.catalog.objects[pin.object]
    value = f"{measured(type_, pin.measure, read['value'], fmt)}{'+' if capped else ''}"
    shown = _plain(type_, pin, value)
    if pin.show == "trend":
        return shown | {"points": _path(read["points"]), "foot": f"{len(read['points'])} weeks"}
    if pin.show == "list":
        return shown | {"rows": _rows(session, pin, type_, read["records"], fmt)}
    if pin.show == "board":
        return shown | {"bars": _ladder(type_, pin, read["groups"], fmt)}
    return shown if capped else shown | _parts(session, pin, type_)


def _plain(type_: ObjectType, pin: Pin, value: str) -> Context:
    return {
        "label": pin.label,
        "href": with_query(f"/o/{pin.object}", view="all", where=pin.where),
        "show": pin.show,
        "value": value,
        "note": "",
        "note_tone": "",
        "foot": type_.plural,
        "bars": [],
        "bars_label": "",
        "points": "",
        "rows": [],
        "count": value,
    }


def _path(points: Sequence[Any]) -> str:
    """A line through the points, from left to right."""
    values = [float(point or 0) for point in points]
    low, high = min(values), max(values)
    span = (high - low) or 1.0
    step = WIDTH / max(len(values) - 1, 1)
    places = [
        f"{round(at * step)} {round(HEIGHT - 4 - (value - low) / span * (HEIGHT - 8))}"
        for at, value in enumerate(values)
    ]
    return "M" + "L".join(places)


def _rows(
    session: Session, pin: Pin, type_: ObjectType, records: Sequence[Any], fmt: ReaderFormat
) -> list[Context]:
    """The first records, with the last column of the pin at the right."""
    columns = columns_of(session.access, type_, pin.columns)
    for column in columns:
        fmt.names.want(references(column.field, [column.value(r) for r in records]))
    fmt.names.load()

    def words(column: TableColumn, record: Any) -> str:
        value = column.value(record)
        return said(column.field, value, fmt) if value not in (None, "", []) else ""

    rows = []
    for record in records:
        texts = [words(column, record) for column in columns]
        rows.append(
            {
                "title": record["title"],
                "href": fmt.href(type_.name, record["id"]),
                "hint": " · ".join(t for t in texts[:-1] if t and t not in record["title"]),
                "value": texts[-1] if texts else "",
                "value_hint": "",
            }
        )
    return rows


def _ladder(type_: ObjectType, pin: Pin, groups: Sequence[Any], fmt: ReaderFormat) -> list[Context]:
    most = max((group["count"] for group in groups), default=1) or 1
    counted = pin.measure.function == "count"
    return [
        {
            "label": group["label"],
            "value": group["count"],
            "width": max(1, round(group["count"] / most * 100)),
            "tone": TONES.get(group["colour"], ""),
            "total": "" if counted else measured(type_, pin.measure, group["measure"], fmt),
        }
        for group in groups
    ]


def _parts(session: Session, pin: Pin, type_: ObjectType) -> Context:
    """A bar that says what the records are, by a choice with colours."""
    field = _telling(session, type_)
    if field is None:
        return {}
    query = Query(pin.object, where=pin.where)
    rows = summarise(session, query, ((field.name,),), (COUNT,))
    counts = {row[field.name]: row[COUNT.text] for row in rows if row[field.name] is not None}
    options = [o for o in reversed(field.type.options) if counts.get(o.name)]
    total = sum(counts.values())
    bars, x = [], 0.0
    for option in options:
        width = counts[option.name] / total * 100
        bars.append(
            {
                "x": round(x, 2),
                "width": round(max(width - GAP, 0.4), 2),
                "tone": TONES.get(option.colour, ""),
                "label": option.label,
            }
        )
        x += width
    told = [f"{counts[o.name]:,} {o.label.lower()}" for o in options[:FEW]]
    text = " · ".join(told) or f"No {type_.plural.lower()}"
    return {"bars": bars, "bars_label": text, "foot": text}


def _telling(session: Session, type_: ObjectType) -> Field | None:
    """The choice that says most of records: one with colours beside the state, else the state."""
    hidden = session.access.object(type_.name).hidden
    state = type_.states.field if type_.states else ""
    choices = [
        f
        for f in type_.own_fields
        if f.type.name == CHOICE.name and f.name not in hidden
        and sum(1 for o in f.type.options if o.colour) > 1
    ]  # fmt: skip
    choices.sort(key=lambda f: (f.name == state, -sum(1 for o in f.type.options if o.colour)))
    return choices[0] if choices else None
