"""What holds today, of dated records that point at the record of a page, on a strip of time."""

from __future__ import annotations

from datetime import date
from typing import Any

from markupsafe import Markup

from fluvial.pages import reader_format as marks
from fluvial.pages.presenters import references, said
from fluvial.records.reading.query import Query, SortKey
from fluvial.records.reading.reader import read_page
from metamodel.catalog import Inverse, ObjectType

from .planned_days import last_day
from .shown_record import Context, Shown
from .strips import strip_of


def notices(page: Shown) -> list[Context]:
    """Where something holds for a time, what holds today, on a strip of the year."""
    notices = []
    for inverse in page.layout.related:
        other = page.session.catalog.objects[inverse.source]
        if other.dated is not None:
            notice = _in_force(page, inverse, other)
            if notice is not None:
                notices.append(notice)
    return notices[:1]


def _in_force(page: Shown, inverse: Inverse, other: ObjectType) -> Context | None:
    assert other.dated is not None
    dated, session = other.dated, page.session
    names = [name for name in dated.per if name != inverse.field]
    fields = (("title",), (dated.from_,), (dated.until,), *((name,) for name in names))
    query = Query(
        other.name, fields, equals=((inverse.field, page.id),),
        sort=(SortKey((dated.from_,), True),), limit=50,
    )  # fmt: skip
    records = read_page(session, query)["data"]
    if not records:
        return None
    spans = [(_day(r[dated.from_]), _day(r[dated.until]), r) for r in records]
    today = session.today
    now = [s for s in spans if (s[0] or today) <= today and (s[1] is None or s[1] > today)]
    strip = strip_of(
        [(start, end) for start, end, _ in spans], today, page.fmt, past=bool(session.as_of)
    )
    label = other.label.lower()
    when = f"on {page.fmt.plain_day(today)}" if session.as_of else "today"
    if not now:
        return {
            "tone": "warn", "icon": "shield-off", "title": f"No {label} in effect {when}",
            "text": "", "action": None, "strip": strip,
        }  # fmt: skip
    start, end, record = now[0]
    page.fmt.names.want(r for n in names for r in references(other.fields[n], [record[n]]))
    page.fmt.names.load()
    under = ", ".join(said(other.fields[n], record[n], page.fmt) for n in names)
    link = marks.link(page.fmt.href(other.name, record["id"]), under or record["title"])
    until = f"last day {page.fmt.plain_day(last_day(end))}" if end else "no end date"
    since = f"From {page.fmt.plain_day(start)}, {until}" if start else until.capitalize()
    return {
        "tone": "good",
        "icon": "shield-check",
        "title": Markup("{} in effect {}: {}").format(other.label, when, link),
        "text": f"{since}.",
        "action": None,
        "strip": strip,
    }


def _day(value: Any) -> date | None:
    return date.fromisoformat(value[:10]) if value else None
