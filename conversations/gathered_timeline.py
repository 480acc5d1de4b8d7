"""What happens to the records behind a record: on its timeline, and among its messages."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC
from typing import Any

from markupsafe import Markup, escape

from fluvial.pages.happenings import HAPPENINGS, Happening, Stretch
from fluvial.pages.reader_format import ReaderFormat, link, parse_moment, record_href
from fluvial.records.reading.query import Query, SortKey
from fluvial.records.reading.reader import read_page
from fluvial.records.reading.titles import titles_of
from fluvial.runtime.session import Session
from fluvial.services import comments
from fluvial.services.gathered_comments import Gathered, gathered_comments
from metamodel.catalog import Inverse
from metamodel.timeline_part import TIMELINE

from .mail import mail_store
from .messages import mail_face

LONG = 280  # characters of what was said that the timeline shows

# What one message tells, and the collection by which it was found.
Found = list[tuple[Inverse, Gathered]]


def gathered_messages(
    session: Session, object_name: str, record: str, *, before: str, limit: int
) -> list[dict[str, Any]]:
    """The messages of the records behind a record, newest first, each with what it is `about`."""
    stretch = Stretch(comments.FIRST, comments.LAST, limit)
    found = _found(session, object_name, record, stretch, before)
    titles = _titles(session, found)
    mails = mail_store.mails_of(session, _mail_ids(found))
    told = []
    for inverse, one in found:
        about = {"object": inverse.source, "id": one.record, "title": titles.get(one.record, "")}
        base = f"/api/records/{inverse.source}/{one.record}/messages/{one.said['id']}"
        mail = mails.get(one.said["id"])
        more = mail_face(base, mail, inside=one.inside) if mail is not None else {}
        told.append({**one.said, **more, "about": about})
    return told


def _mail_ids(found: Found) -> list[str]:
    return [one.said["id"] for _, one in found if one.said["channel"] == mail_store.MAIL]


def _found(
    session: Session, object_name: str, record: str, stretch: Stretch, before: str = comments.NEWEST
) -> Found:
    found = [
        (inverse, one)
        for inverse in gathers(session, object_name)
        for one in gathered_comments(
            session,
            inverse,
            record,
            since=stretch.since,
            until=stretch.until,
            before=before,
            limit=stretch.limit,
        )
    ]
    # A record that is found by two collections is told once.
    known = {one.said["id"]: (inverse, one) for inverse, one in reversed(found)}
    return [known[id] for id in sorted(known, reverse=True)[: stretch.limit]]


def gathers(session: Session, object_name: str) -> tuple[Inverse, ...]:
    """The collections that the timeline of an object type gathers, as far as they may be read."""
    gathered = TIMELINE.of(session.catalog.objects[object_name]) or ()
    return tuple(one for one in gathered if not session.access.hides(one.source, one.field))


def _titles(session: Session, found: Found) -> dict[str, str]:
    records: dict[str, list[str]] = {}
    for inverse, one in found:
        records.setdefault(inverse.source, []).append(one.record)
    titles: dict[str, str] = {}
    for source, ids in records.items():
        titles |= titles_of(session, source, ids)
    return titles


def happenings(
    session: Session, fmt: ReaderFormat, object_name: str, record: str, stretch: Stretch
) -> list[Happening]:
    if session.as_of is not None:
        return []
    found = _found(session, object_name, record, stretch)
    titles = _titles(session, found)
    told = [_said(session, inverse, one, titles, fmt) for inverse, one in found]
    for inverse in gathers(session, object_name):
        told += _created(session, inverse, record, stretch)
    return sorted(told, key=lambda one: one.at, reverse=True)[: stretch.limit]


def _said(
    session: Session, inverse: Inverse, one: Gathered, titles: dict[str, str], fmt: ReaderFormat
) -> Happening:
    said = one.said
    by = said["by"]["user"] if said["by"] else ""
    if by:
        fmt.names.want([("user", by)])
        fmt.names.load()
    who = said["speaker"] or (fmt.names.title("user", by) if by else "") or "A former user"
    title = titles.get(one.record) or session.catalog.objects[inverse.source].label
    what = Markup("<b>{}</b> wrote about {}").format(
        who, link(record_href(inverse.source, one.record) + comments.SPOKEN, title)
    )
    icon = "mail" if said["channel"] == mail_store.MAIL else "message-circle"
    return Happening(parse_moment(said["at"]), icon, what, [escape(_short(said["text"]))])


def _short(text: str) -> str:
    return text if len(text) <= LONG else text[:LONG].rstrip() + "…"


def _created(
    session: Session, inverse: Inverse, record: str, stretch: Stretch
) -> Iterable[Happening]:
    """The records themselves, by the moment in which they were created."""
    since, until = (one.astimezone(UTC).isoformat() for one in (stretch.since, stretch.until))
    query = Query(
        inverse.source,
        (("title",), ("created_at",)),
        where=f"created_at >= datetime('{since}') and created_at < datetime('{until}')",
        equals=((inverse.field, record),),
        sort=(SortKey(("created_at",), True),),
        limit=min(stretch.limit, 500),
    )
    type_ = session.catalog.objects[inverse.source]
    for row in read_page(session, query)["data"]:
        made = link(record_href(type_.name, row["id"]), str(row["title"]))
        what = Markup("{} {} was created").format(type_.label, made)
        yield Happening(parse_moment(row["created_at"]), type_.icon or "plus", what)


BRINGS = (HAPPENINGS(happenings),)
