"""What a page says of the change set inside which it is shown, and the ways from record to set."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fluvial.http.call import Call
from fluvial.records.change_sets.carrying_out import day_for
from fluvial.records.change_sets.set_records import OPEN, SetRecord, set_types, state_of
from fluvial.runtime.session import Session
from metamodel.catalog import ObjectType

from .frame import Context, action, with_query
from .reader_format import ReaderFormat, record_href

TAB = "changes"


def set_href(set_: SetRecord) -> str:
    return with_query(record_href(set_.type.name, set_.id), related=TAB)


def inside_href(call: Call, href: str) -> str:
    """The same address inside the change set of the call."""
    return with_query(href, change_set=call.change_set)


def inside_session(call: Call) -> Session:
    """The session of a page: of the day from which the change set holds, where there is one."""
    session = call.session
    if call.inside is None:
        return session
    return session.at(day_for(session, call.inside.day) or session.today)


def is_open(call: Call) -> bool:
    return call.inside is not None and state_of(call.session, call.inside.id).name == OPEN


def inside_notice(call: Call, fmt: ReaderFormat) -> list[Context]:
    """That a page shows what is kept, and where that stands."""
    set_ = call.inside
    if set_ is None:
        return []
    day = day_for(call.session, set_.day)
    when = f" from {fmt.plain_day(day)} on" if day else ""
    text = f"This is how it will be{when}. Nothing of it has happened yet."
    if not is_open(call):
        text = "It has been carried out, so this page shows what is."
    opened: dict[str, Any] = action(f"Open the {set_.label}", set_href(set_))
    return [
        {
            "tone": "",
            "icon": "git-branch",
            "title": f"Part of {set_.name}",
            "text": text,
            "action": opened,
            "strip": None,
        }
    ]


def inside_intro(call: Call) -> str:
    """The same above a form."""
    set_ = call.inside
    if set_ is None:
        return ""
    kept = "What you save is kept in it, and happens when it is applied."
    return f"Part of {set_.name}. {kept}"


def sets_for(session: Session, type_: ObjectType) -> Iterator[ObjectType]:
    """The object types in whose records somebody may change records of a type."""
    access = session.access
    if not any(access.object(type_.name).can(one) for one in ("update", "delete")):
        return
    for name, spec in set_types(session.catalog).items():
        if type_.name in spec.of and access.object(name).can("update"):
            yield session.catalog.objects[name]
