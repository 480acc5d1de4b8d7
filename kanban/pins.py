"""Pins: their documents checked and compiled, and what they show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from fluvial.kernel.problems import NotFound, Unprocessable, fault
from fluvial.pages.record_tables import columns_of
from fluvial.records.reading.plan import CAPPED
from fluvial.records.reading.query import Query, SortKey
from fluvial.records.reading.reader import count, read_page
from fluvial.records.reading.summary import Measure, measure, summarise
from fluvial.runtime.session import Session
from metamodel.catalog import Catalog, ObjectType
from metamodel.checks import DocumentCheck
from metamodel.documents import Document
from metamodel.expressions.types import CHOICE, DATE, DATETIME
from metamodel.folding import humanise, label_text
from metamodel.index_questions import IndexQuestion, fixed
from metamodel.views import check_sort

from .board_columns import COUNT
from .boards import check_measure, in_audience

WEEKS = 8  # of a trend
ROWS = 5  # of a list
SHOWS = ("number", "trend", "list", "board")
BY = ("trend", "board")  # a field says how their records are parted


@dataclass(frozen=True, eq=False)
class Pin:
    """A pin, compiled."""

    name: str
    label: str
    icon: str
    object: str
    where: str
    measure: Measure
    show: str
    by: str
    columns: tuple[str, ...]
    sort: tuple[str, ...]
    audience: tuple[str, ...]
    order: int


CANNOT_BE_SHOWN = "uses something that is gone, or that you may not read."


def pins_of(catalog: Catalog) -> Mapping[str, Pin]:
    return catalog.derive(_compiled)


def _compiled(catalog: Catalog) -> Mapping[str, Pin]:
    pins = [pin_from(document.name, document.body) for document in catalog.of("pin").values()]
    return {p.name: p for p in sorted(pins, key=lambda p: (p.order, p.label))}


def pin_from(name: str, body: Mapping[str, Any]) -> Pin:
    """A pin, of the members of its document."""
    return Pin(
        name=name,
        label=label_text(body.get("label", humanise(name))),
        icon=body.get("icon", "pin"),
        object=body["object"],
        where=body.get("where", ""),
        measure=measure(body.get("measure", "count()")),
        show=body.get("show", "number"),
        by=body.get("by", "created_at"),
        columns=tuple(body.get("columns", ())),
        sort=tuple(body.get("sort", ())),
        audience=tuple(body.get("audience", ())),
        order=body.get("order", 50),
    )


def pin_questions(document: Document, catalog: Catalog) -> Iterator[IndexQuestion]:
    """What a pin measures, its first records, or those of the last weeks."""
    pin = pin_from(document.name, document.body)
    equal = fixed(catalog, pin.object, pin.where)
    if pin.show == "list":
        yield IndexQuestion(pin.object, equal, pin.sort or ("id",))
    elif pin.show == "trend":
        yield IndexQuestion(pin.object, equal, (pin.by,))
    else:
        yield IndexQuestion(pin.object, equal, ordered=False)


def check_pin(document: Document, check: DocumentCheck) -> None:
    body = document.body
    for at, role in enumerate(body.get("audience", ())):
        check.reference(f"/audience/{at}", "role", role)
    object = check.object("/object", body["object"])
    if object is None:
        return
    if "where" in body:
        check.condition("/where", body["where"], object.name)
    check_measure("/measure", body.get("measure", "count()"), object, check)
    for at, column in enumerate(body.get("columns", ())):
        check.path(f"/columns/{at}", object, column)
    check_sort("/sort", object, body.get("sort", ()), check)
    _check_by(body, object, check)


def _check_by(body: Mapping[str, Any], object: ObjectType, check: DocumentCheck) -> None:
    show = body.get("show", "number")
    if show == "board" and "by" not in body:
        check.fault("", "no_by", "A pin of a board needs `by`.", "Name a choice of the object.")
    if "by" not in body:
        return
    field = check.field("/by", object, body["by"])
    if field is None:
        return
    if show == "board" and field.type.name != CHOICE.name:
        check.fault("/by", "not_a_choice", f"`{field.name}` is not a choice.", "Name a choice.")
    if show == "trend" and field.type not in (DATE, DATETIME):
        check.fault("/by", "not_a_date", f"`{field.name}` is not a date.", "Name a date.")


def visible_pins(session: Session) -> Iterator[Pin]:
    """The pins for somebody's roles, in order."""
    for pin in pins_of(session.catalog).values():
        if not session.access.object(pin.object).can("read"):
            continue
        if in_audience(session.catalog, session.access, pin.audience):
            yield pin


def find_pin(session: Session, name: str) -> Pin:
    for pin in visible_pins(session):
        if pin.name == name:
            return pin
    raise NotFound(f"There is no pin `{name}`.")


def read_pin(session: Session, pin: Pin, *, exact: bool = True) -> dict[str, Any]:
    """What a pin shows, and the query that opens exactly the records behind it.

    Where it need not be exact, a number of records ends at a cap: `capped` says so.
    """
    _refuse_unknown(session, pin)
    query = Query(pin.object, where=pin.where, as_of=session.asked_day)
    asked = {"where": pin.where, "as_of": session.asked_text}
    wanted = {name: text for name, text in asked.items() if text}
    suffix = f"?{urlencode(wanted)}" if wanted else ""
    shown: dict[str, Any] = {
        "name": pin.name,
        "label": pin.label,
        "show": pin.show,
        "measure": pin.measure.text,
        **_measured(session, pin, query, exact),
        "query": {"object": pin.object, **wanted},
        "href": f"/api/records/{pin.object}{suffix}",
    }
    if pin.show == "trend":
        shown["points"] = _trend(session, pin)
    elif pin.show == "board":
        shown["groups"] = _groups(session, pin, query)
    elif pin.show == "list":
        shown["records"] = _records(session, pin)
    return shown


def _refuse_unknown(session: Session, pin: Pin) -> None:
    """What a person kept, or asks for, may name a field that is gone or was never there."""
    if pin.show not in SHOWS:
        message = f"A pin shows one of {', '.join(SHOWS)}."
        raise Unprocessable(message, errors=[fault("/show", "unknown_value", message)])
    type_ = session.catalog.objects[pin.object]
    if pin.show in BY and pin.by not in type_.fields:
        message = f"{type_.plural} have no field `{pin.by}`. Choose another one."
        raise Unprocessable(message, errors=[fault("/by", "unknown_field", message)])


def _measured(session: Session, pin: Pin, query: Query, exact: bool) -> dict[str, Any]:
    if exact or pin.measure.function != "count" or pin.measure.inner:
        return {"value": _value(session, pin, query)}
    counted = count(session, query, "capped")
    return {"value": min(counted, CAPPED), "capped": counted > CAPPED}


def _value(session: Session, pin: Pin, query: Query) -> Any:
    rows = summarise(session, query, (), (pin.measure,))
    return rows[0][pin.measure.text] if rows else 0


def _trend(session: Session, pin: Pin) -> list[Any]:
    """The measure in each of the last weeks, oldest first."""
    moment = session.catalog.objects[pin.object].fields[pin.by].type == DATETIME
    end = "now()" if moment else "today()"
    points = []
    for week in range(WEEKS, 0, -1):
        since = f"{pin.by} > {end} - days({7 * week})"
        until = f"{pin.by} <= {end} - days({7 * (week - 1)})"
        where = " and ".join(f"({part})" for part in (pin.where, since, until) if part)
        query = Query(pin.object, where=where, as_of=session.asked_day)
        points.append(_value(session, pin, query))
    return points


def _groups(session: Session, pin: Pin, query: Query) -> list[dict[str, Any]]:
    rows = summarise(session, query, ((pin.by,),), (pin.measure, COUNT))
    found = {row[pin.by]: row for row in rows}
    field = session.catalog.objects[pin.object].fields[pin.by]
    return [
        {
            "value": option.name,
            "label": option.label,
            "colour": option.colour,
            "measure": found[option.name][pin.measure.text],
            "count": found[option.name][COUNT.text],
        }
        for option in field.type.options
        if option.name in found
    ]


def _records(session: Session, pin: Pin) -> list[dict[str, Any]]:
    type_ = session.catalog.objects[pin.object]
    columns = columns_of(session.access, type_, pin.columns)  # those that the reader may see
    fields = [("id",), ("title",), *(column.path for column in columns)]
    sort = tuple(
        SortKey(tuple(s.removeprefix("-").split(".")), s.startswith("-")) for s in pin.sort
    )
    query = Query(
        pin.object, tuple(fields), pin.where, sort=sort, limit=ROWS, as_of=session.asked_day
    )
    rows: list[dict[str, Any]] = read_page(session, query)["data"]
    return rows
