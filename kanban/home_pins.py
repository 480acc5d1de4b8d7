"""Pins as the home page shows them; each opens exactly the records behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fluvial.database.connection import SlowError
from fluvial.database.large_questions import TOO_LARGE, too_large
from fluvial.kernel.problems import Problem
from fluvial.pages.frame import with_query
from fluvial.pages.pin_offers import OfferedPin
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
from .own_pins import PREFIX, compiled, own_pins
from .pins import CANNOT_BE_SHOWN, Pin, read_pin, visible_pins

Context = dict[str, Any]

MOST = 8  # pins with a number, where nobody arranged the page
LISTS = 3
LISTED = ("list", "board")  # stand beside the person's work
SHAPES = {
    "number": "a number",
    "trend": "the last weeks",
    "list": "the first records",
    "board": "a bar for each option",
}
WIDTH, HEIGHT = 220, 40  # of a trend
GAP = 0.8  # percent between two bars
FEW = 4  # parts of a bar that are told


def home_pins(session: Session) -> Sequence[OfferedPin]:
    """The pins of a person's roles, then those that the person made."""
    pins = list(visible_pins(session))
    numbers = [p for p in pins if p.show not in LISTED]
    others = [p for p in pins if p.show in LISTED]
    usual = {*numbers[:MOST], *others[:LISTS]}
    own = [_own(session, name, body) for name, body in own_pins(session).items()]
    return [*(_offered(session, p, p in usual) for p in (*numbers, *others)), *own]


def _offered(session: Session, pin: Pin, usual: bool = True, change_href: str = "") -> OfferedPin:
    type_ = session.catalog.objects[pin.object]
    return OfferedPin(
        name=pin.name,
        label=pin.label,
        about=f"{type_.plural}: {SHAPES[pin.show]}",
        show=lambda: _shown_or_said(session, pin, format_of(session)),
        listed=pin.show in LISTED,
        usual=usual,
        change_href=change_href,
    )


def _own(session: Session, name: str, body: Mapping[str, Any]) -> OfferedPin:
    change = f"/home/pins/{name}"
    pin = compiled(session, name, body)
    if pin is not None:
        return _offered(session, pin, change_href=change)
    label = str(body.get("label", name))
    dead = _empty(label) | {"foot": f"This cannot be shown. It {CANNOT_BE_SHOWN}"}
    return OfferedPin(PREFIX + name, label, "", lambda: dead, change_href=change)


def preview(session: Session, name: str, body: Mapping[str, Any]) -> Context:
    """A pin as it would be shown, of a body that need not be kept yet."""
    pin = compiled(session, name, body)
    if pin is None:
        return _empty(str(body.get("label", name))) | {"foot": "This cannot be shown."}
    return _shown_or_said(session, pin, format_of(session))


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
    return _empty(pin.label) | {
        "href": with_query(f"/o/{pin.object}", view="all", where=pin.where),
        "show": pin.show,
        "value": value,
        "foot": type_.plural,
        "count": value,
    }


def _empty(label: str) -> Context:
    """Everything that the template of a pin reads, of a pin that shows nothing."""
    words = ("href", "note", "note_tone", "foot", "bars_label", "points", "count")
    nothing: Context = dict.fromkeys(words, "")
    return {
        "label": label,
        "show": "number",
        "value": "\N{EN DASH}",
        "bars": [],
        "rows": [],
        **nothing,
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
                # Green says that all is well, which nobody knows of the number above.
                "tone": TONES.get(option.colour, "").replace("good", ""),
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
