"""Records that somebody has to work on: of every object that says whose work its records are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from fluvial.records.reading.query import Query, SortKey
from fluvial.records.reading.reader import read_page
from fluvial.runtime.session import Session
from metamodel.catalog import Catalog, Field, ObjectType, Work

from .due_dates import due_field
from .frame import with_query
from .presenters import references, said
from .reader_format import ReaderFormat, parse_moment, record_href, tone_of
from .work_items import WorkAsked, WorkGroup, WorkItem


def works(catalog: Catalog) -> dict[str, Work]:
    """Whose work the records of an object are, by its name.

    An object says so itself. Where it does not, it is the one person of records that end in a
    closed state and have a field that is called as what is due.
    """
    return {type_.name: found for type_ in catalog.objects.values() if (found := _work(type_))}


def _work(type_: ObjectType) -> Work | None:
    if type_.work is not None:
        return type_.work
    people = [f for f in type_.own_fields if f.type.people and not f.many]
    due = due_field(type_)
    return Work(people[0].name, due) if people and due and _closes(type_) else None


def _closes(type_: ObjectType) -> bool:
    states = type_.states
    field = type_.fields.get(states.field) if states else None
    return field is not None and any(option.closed for option in field.type.options)


def _state_of(type_: ObjectType) -> Field | None:
    """The field that says whether a record is closed."""
    if type_.states is not None:
        return type_.fields[type_.states.field]
    named = (f for f in type_.own_fields if any(option.closed for option in f.type.options))
    return next(named, None)


def assigned(session: Session, fmt: ReaderFormat, asked: WorkAsked) -> Sequence[WorkGroup]:
    """The open records that name the person, or what they are part of."""
    found = []
    for name, work in session.catalog.derive(works).items():
        type_, access = session.catalog.objects[name], session.access.object(name)
        if access.can("read") and work.assignee not in access.hidden:
            found.append(_group(session, fmt, asked, type_, work))
    return found


def followed(session: Session, fmt: ReaderFormat, asked: WorkAsked) -> Sequence[WorkGroup]:
    """Open records of people who create them for others to work on, such as customers."""
    found = []
    for name, work in session.catalog.derive(works).items():
        type_, access = session.catalog.objects[name], session.access.object(name)
        state = _state_of(type_)
        mine = access.can("read") and access.can("create") and not access.can("update")
        if not mine or state is None or session.access.hides(name, state.name):
            continue
        where = f"{state.name}.closed == false"
        query = Query(
            name, (("title",), (state.name,), ("updated_at",)), where,
            sort=(SortKey(("updated_at",), True),), limit=asked.limit, total="capped",
        )  # fmt: skip
        read = read_page(session, query)
        items = [
            replace(
                _item(type_, record, work, "", state, None, fmt),
                note=fmt.ago(parse_moment(record["updated_at"])), hint="",
            )
            for record in read["data"]
        ]  # fmt: skip
        every = with_query(f"/o/{name}", view="all", where=where)
        label = f"Open {type_.plural.lower()}"
        more = bool(read["capped"])
        found.append(WorkGroup(f"open-{name}", label, items, read["total"], more, every))
    return found


def whose(session: Session, type_: ObjectType, work: Work, *, teams: bool = True) -> str:
    """The condition of records that are open and the person's."""
    mine = f"mine({work.assignee})" if teams else f"{work.assignee} == me"
    state = _state_of(type_)
    if state is None or session.access.hides(type_.name, state.name):
        return mine
    return f"{mine} and {state.name}.closed == false"


def _group(
    session: Session, fmt: ReaderFormat, asked: WorkAsked, type_: ObjectType, work: Work
) -> WorkGroup:
    hidden = session.access.object(type_.name).hidden
    state = _state_of(type_)
    scope = (type_.scope or "").partition(".")[0]
    names = [work.assignee, work.due, state.name if state else "", scope]
    fields = [type_.fields[n] for n in dict.fromkeys(names) if n in type_.fields]
    fields = [f for f in fields if f.name not in hidden]
    due = work.due if work.due and work.due not in hidden else ""
    where = whose(session, type_, work, teams=asked.teams)
    query = Query(
        type_.name,
        (("title",), *((f.name,) for f in fields)),
        where,
        sort=(SortKey((due,)),) if due else (),
        limit=asked.limit,
        total="capped",
    )
    read = read_page(session, query)
    for field in fields:
        fmt.names.want(references(field, [record.get(field.name) for record in read["data"]]))
    fmt.names.load()
    place = type_.fields[scope] if scope in [f.name for f in fields] else None
    items = [_item(type_, record, work, due, state, place, fmt) for record in read["data"]]
    every = with_query(f"/o/{type_.name}", view="all", where=where, sort=due)
    return WorkGroup(
        type_.name, type_.plural, items, read["total"], bool(read["capped"]), every, dated=True
    )


def _item(
    type_: ObjectType,
    record: dict[str, Any],
    work: Work,
    due: str,
    state: Field | None,
    place: Field | None,
    fmt: ReaderFormat,
) -> WorkItem:
    value = record.get(due) if due else None
    options = {o.name: o for o in state.type.options} if state else {}
    option = options.get(str(record.get(state.name))) if state else None
    person = record.get(work.assignee) or {}
    others = isinstance(person, dict) and "user" not in person
    whose_ = said(type_.fields[work.assignee], person, fmt) if person and others else ""
    where = said(place, record[place.name], fmt) if place and record.get(place.name) else ""
    return WorkItem(
        title=str(record["title"]),
        href=record_href(type_.name, record["id"]),
        icon=type_.icon,
        hint=" · ".join(part for part in (type_.label, where, whose_) if part),
        due=_moment(value) if value else None,
        state=option.label if option else "",
        tone=tone_of(option) if option else "",
    )


def _moment(value: str) -> date | datetime:
    return parse_moment(value) if len(value) > 10 else date.fromisoformat(value)


def assignee_of(session: Session, type_: ObjectType) -> str:
    """The field by which records become one's own work; "" where there is none to write."""
    work = works(session.catalog).get(type_.name)
    if work is None or session.actor.id is None:
        return ""
    field = session.access.writable(type_.name).get(work.assignee)
    return work.assignee if field is not None and "user" in field.type.objects else ""
