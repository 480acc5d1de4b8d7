"""Home: the pins of a person's roles, and what waits for them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from fluvial.http.call import Answer, Call
from fluvial.http.routes import Endpoint, Policy
from fluvial.kernel.features import Seam
from fluvial.records.reading.query import Query, SortKey
from fluvial.records.reading.reader import read_page
from fluvial.runtime.session import Session
from fluvial.services import notifications
from metamodel.catalog import Catalog, Field, ObjectType

from . import inbox
from .due_dates import due_field
from .frame import Context, page
from .reader_format import ReaderFormat, format_of, parse_moment, record_href
from .record_tables import columns_of, default_names, paths_of

# What people see first, each with its rows.
PINS: Seam[Callable[[Session], Sequence[Context]]] = Seam("on the home page")

NEWS = 5
MINE = 6  # records of an object that are shown as mine
LISTS = ("list", "board")


def show(call: Call) -> Answer:
    session, fmt = call.session, format_of(call.session)
    pins = [pin for pins_of in call.engine.brought(PINS) for pin in pins_of(session)]
    work = [*_mine(session, fmt), *_news(session, fmt)]
    local = fmt.local(session.now)
    home = {
        "heading": f"{local:%A} {fmt.short(local.date())}",
        "greeting": _greeting(session, local.hour, work),
        "pins": [pin for pin in pins if pin["show"] not in LISTS],
        "lists": [pin for pin in pins if pin["show"] in LISTS],
        "work": work,
        "edit_href": "",
    }
    return page(call, "home.html", "Home", here="/", home=home)


def _greeting(session: Session, hour: int, work: list[Context]) -> str:
    part = "morning" if hour < 12 else "afternoon" if hour < 18 else "evening"
    name = session.actor.name.split()[0] if session.actor.name else ""
    waiting = [f"{group['count']} {group['label'].lower()}" for group in work if group["count"]]
    said = f"Waiting for you: {' and '.join(waiting)}." if waiting else "You have no open work."
    return f"Good {part}, {name}. {said}"


def _news(session: Session, fmt: ReaderFormat) -> list[Context]:
    if session.actor.id is None:
        return []
    found = notifications.page(session.connection, session.actor.id, unread=True, limit=NEWS)
    items = [inbox.item(entry, fmt) for entry in found["data"]]
    if not items:
        return []
    rows = [{**item, "hint": item["text"], "tone": ""} for item in items]
    return [{"label": "Notifications", "items": rows, "count": found["unread"]}]


def _mine(session: Session, fmt: ReaderFormat) -> list[Context]:
    """Open records that name the person, of every object that has somebody who works on it."""
    groups = []
    for type_, field, due in session.catalog.derive(_workable):
        access = session.access.object(type_.name)
        if not access.can("read") or field.name in access.hidden or session.actor.id is None:
            continue
        assert type_.states is not None
        columns = columns_of(session.access, type_, [*default_names(session.access, type_)[:2]])
        more = [(due,)] if due and due not in access.hidden else []
        query = Query(
            type_.name,
            (*paths_of(columns), *more),
            f"{field.name} == me and {type_.states.field}.closed == false",
            sort=(SortKey((due,)),) if more else (),
            limit=MINE,
            total="capped",
        )
        read = read_page(session, query)
        if read["data"]:
            items = [_item(type_, record, due, fmt) for record in read["data"]]
            groups.append({"label": type_.plural, "items": items, "count": read["total"]})
    return groups


def _workable(catalog: Catalog) -> list[tuple[ObjectType, Field, str]]:
    """Objects with states that close, the field of who works on them, and when that is due."""
    found = []
    for type_ in catalog.objects.values():
        if type_.states is None:
            continue
        if not any(o.closed for o in type_.fields[type_.states.field].type.options):
            continue
        people = [f for f in type_.own_fields if f.type.people and not f.many]
        if people:
            found.append((type_, people[0], due_field(type_)))
    return found


def _item(type_: ObjectType, record: dict[str, Any], due: str, fmt: ReaderFormat) -> Context:
    when, tone = "", ""
    value = record.get(due) if due else None
    if value and len(value) > 10:
        moment = parse_moment(value)
        when, late = fmt.moment(moment), moment < fmt.now
        when, tone = (f"Overdue since {when}", "bad") if late else (when, "")
    elif value:
        day = parse_moment(value + "T00:00:00+00:00").date()
        when, tone = fmt.day(day), "bad" if day < fmt.today else ""
    return {
        "title": record["title"],
        "href": record_href(type_.name, record["id"]),
        "hint": "",
        "when": when,
        "tone": tone,
        "icon": type_.icon,
        "person": "",
    }


ENDPOINTS = (Endpoint("GET", "/", show, Policy.SIGNED_IN, "Home.", page=True),)
