"""A record's own page: head, facts, sections, related lists, timeline and files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any

from markupsafe import Markup

from fluvial.pages import reader_format as marks
from fluvial.pages.frame import deed, with_query
from fluvial.pages.presenters import (
    empty,
    face_of,
    file_size,
    preview_href,
    references,
    said,
    shown,
)
from fluvial.pages.reader_format import Looks, record_href
from fluvial.pages.recalculation_marks import unsettled
from fluvial.pages.tables import Table, columns_of, default_names, head_classes, paths_of
from fluvial.records.reading.query import Query, SortKey
from fluvial.records.reading.reader import read_page
from fluvial.records.writing.transitions import ways
from fluvial.runtime.session import Session
from fluvial.services import comments
from fluvial.services.templates import TemplateFault
from metamodel.catalog import Field, Inverse, ObjectType
from metamodel.kinds.link_fields import OPTION as LINK_FIELDS
from rules.filled import filled, is_template

from .conditions import ShownField, resolve
from .days import days_href, last_day, planned_words
from .layouts import Layout
from .strips import strip_of
from .timeline import timeline
from .why_page import explained

Context = dict[str, Any]

MAX_FACTS = 6
RELATED = 10  # rows of a related list
RELATED_COLUMNS = 6


@dataclass
class Shown:
    """A record as its page shows it."""

    session: Session
    type: ObjectType
    layout: Layout
    record: Mapping[str, Any]  # in wire form
    values: dict[str, Any]  # canonical
    looks: Looks

    @property
    def id(self) -> str:
        return str(self.record["id"])

    @property
    def href(self) -> str:
        return record_href(self.type.name, self.id)

    @cached_property
    def planned(self) -> Mapping[str, list[Context]]:
        """What is planned, by the name of its field; a page of another day does not tell."""
        if self.session.as_of is not None:
            return {}
        return planned_words(self.session, self.type, self.id, self.looks)

    @property
    def may_update(self) -> bool:
        return self.session.access.object(self.type.name).can("update")

    def full(self, field: Field) -> Markup:
        return shown(field, self.record.get(field.name), self.looks)


def record_context(
    page: Shown, related: str, before: int = 2**31 - 1, until: datetime = comments.LAST
) -> Context:
    """The context of `record.html`."""
    type_ = page.type
    for field in type_.fields.values():
        page.looks.names.want(references(field, [page.record.get(field.name)]))
    panels = _tabs(page, related)
    history = timeline(page.session, type_, page.id, page.looks, before, until)  # loads all names
    number = _number(page)
    first = _first(page)
    return {
        "object": {
            "name": type_.name, "label": type_.label, "plural": type_.plural, "icon": type_.icon,
        },
        "id": page.id,
        "rev": page.record["rev"],
        "api": f"/api/records/{type_.name}/{page.id}",
        "title": _title(page, number),
        "number": number,
        "subtitle": [page.full(field) for field in first],
        "status": _status(page),
        "transitions": _transitions(page),
        "facts": _facts(page, first),
        "notices": _notices(page),
        "sections": _sections(page),
        "related": panels,
        "panel": _panel(page, panels),
        "timeline": history,
        "comment_href": _comment_href(page),
        "files": _files(page),
        "side": "timeline",
        "unsettled": unsettled(page.session, _seen(page)),
    }  # fmt: skip


def _seen(page: Shown) -> list[Field]:
    """The fields that the reader may know of."""
    hidden = page.session.access.object(page.type.name).hidden
    return [field for field in page.type.fields.values() if field.name not in hidden]


def _comment_href(page: Shown) -> str:
    """Where comments go; nowhere for who may not write them, and on another day's page."""
    writes = comments.may_comment(page.session, page.type.name) and page.session.as_of is None
    return f"{page.href}/comments" if writes else ""


def _number(page: Shown) -> str:
    for field in page.type.own_fields:
        if face_of(field).lead and not empty(page.record.get(field.name)):
            return str(page.record[field.name])
    return ""


def _title(page: Shown, number: str) -> str:
    """The title without the number, which stands below it."""
    title = str(page.record["title"])
    rest = title.removeprefix(number).strip(" -,·:") if number else title
    return rest or title


def _first(page: Shown) -> list[Field]:
    """The look-up and the person that stand below the title."""
    fields = [f for f in page.layout.fields if not empty(page.record.get(f.name))]
    scope = (page.type.scope or "").partition(".")[0]
    look_ups = [f for f in fields if f.targets and not f.type.people and not f.many]
    look_ups.sort(key=lambda f: (f.name != scope, not f.required))
    people = [f for f in fields if f.type.people and not f.many]
    return [*look_ups[:1], *people[:1]]


def _status(page: Shown) -> Context | None:
    states = page.type.states
    if states is None or empty(page.record.get(states.field)):
        return None
    options = {o.name: o for o in page.type.fields[states.field].type.options}
    option = options.get(page.record[states.field])
    if option is None:
        return None
    return {"label": option.label, "tone": marks.tone_of(option)}


def _transitions(page: Shown) -> list[Context]:
    if not page.may_update or page.session.as_of is not None:
        return []
    return [
        {
            "name": way.transition.name,
            "label": way.transition.label,
            "href": f"{page.href}/actions/{way.transition.name}",
            "allowed": way.reason is None,
            "reason": way.reason or "",
        }
        for way in ways(page.session, page.type, page.values)
    ]


def _facts(page: Shown, told: list[Field]) -> list[Context]:
    names = {field.name for field in told}
    return [
        {
            "label": field.label,
            "html": explained(page.looks, field, page.record, page.full(field)),
        }
        for field in page.layout.facts
        if field.name not in names and not empty(page.record.get(field.name))
    ][:MAX_FACTS]


def _sections(page: Shown) -> list[Context]:
    found = []
    for section in resolve(page.session, page.layout, page.values):
        state = page.type.states.field if page.type.states else ""  # it stands in the head
        pairs = [_pair(page, f) for f in section.fields if f.visible and f.field.name != state]
        if section.visible and pairs:
            found.append(
                {
                    "name": section.section.name,
                    "label": section.section.label or "Details",
                    "folded": section.section.folded,
                    "pairs": pairs,
                }
            )
    return found


def _pair(page: Shown, shown_field: ShownField) -> Context:
    field = shown_field.field
    inline = not shown_field.read_only and bool(face_of(field).holds)
    inline = inline and not field.option("protected") and not field.option(LINK_FIELDS)
    inline = inline and page.session.as_of is None
    return {
        "name": field.name,
        "label": field.label,
        "html": _filled(page, field) or explained(page.looks, field, page.record, page.full(field)),
        "kind": field.kind.name,
        "edit_href": f"{page.href}/edit/{field.name}" if inline else "",
        "reveal_href": f"{page.href}/reveal/{field.name}" if _is_masked(page, field) else "",
        "wide": face_of(field).wide,
        "planned": page.planned.get(field.name, ()),
        "days_href": _days_href(page, field),
    }


def _filled(page: Shown, field: Field) -> Markup:
    """A text with the record's values in its places; nothing of other fields."""
    text = page.record.get(field.name)
    if empty(text) or not is_template(field):
        return Markup()
    try:
        said = filled(page.session, page.type, page.id, str(text))
    except TemplateFault as fault:
        words = Markup('<div class="prosevalue">{}</div><p class="small bad">{} {}</p>')
        return words.format(text, "It cannot be filled in.", fault)
    return Markup('<div class="prosevalue">{}</div>').format(said)


def _is_masked(page: Shown, field: Field) -> bool:
    masked = page.session.access.object(page.type.name).masked
    return field.name in masked and field.name not in page.record


def _days_href(page: Shown, field: Field) -> str:
    """Where a field's values are shown by day; a page of another day only shows."""
    hidden = page.session.access.object(page.type.name).hidden
    here = field.dated and page.session.as_of is None and field.name not in hidden
    return days_href(page.type, page.id, field.name) if here else ""


def _tabs(page: Shown, related: str) -> list[Context]:
    """The lists of records that point here, with how many there are."""
    tabs = []
    for inverse in page.layout.related:
        query = Query(
            inverse.source, (("id",),), equals=((inverse.field, page.id),), limit=1, total="capped",
            as_of=page.session.asked_day,
        )  # fmt: skip
        read = read_page(page.session, query)
        tabs.append((inverse, f"{read['total']:,}{'+' if read['capped'] else ''}", read["total"]))
    names = [inverse.name for inverse, _, _ in tabs]
    filled = [inverse.name for inverse, _, total in tabs if total]
    current = related if related in names else (filled or names or [""])[0]
    return [
        {
            "name": inverse.name,
            "label": inverse.label,
            "count": count,
            "href": with_query(page.href, related=inverse.name, as_of=page.looks.as_of),
            "current": inverse.name == current,
        }
        for inverse, count, _ in tabs
    ]


def _panel(page: Shown, tabs: list[Context]) -> Context | None:
    name = next((tab["name"] for tab in tabs if tab["current"]), None)
    if name is None:
        return None
    inverse = page.type.inverses[name]
    session = page.session
    other = session.catalog.objects[inverse.source]
    names = [n for n in _related_names(session, other) if not _says(n, inverse)]
    columns = columns_of(session.access, other, names[:RELATED_COLUMNS])
    columns = columns or columns_of(session.access, other, ["title"])
    query = Query(
        other.name,
        paths_of(columns),
        equals=((inverse.field, page.id),),
        sort=_related_sort(other),
        limit=RELATED,
        as_of=session.asked_day,
    )
    table = Table(other, columns, page.looks)
    rows = table.rows(read_page(session, query)["data"])
    label = other.label.lower()
    new = None
    if session.access.object(other.name).can("create") and session.as_of is None:
        address = with_query(f"/o/{other.name}/new", **{inverse.field: page.id})
        new = deed(f"New {label}", address, "plus")
    return {
        "columns": [
            {"label": column.label, "classes": head_classes(column, place - 1) if place else ""}
            for place, column in enumerate(table.heads)
        ],
        "rows": rows,
        "all_href": with_query(
            f"/o/{other.name}", view="all", as_of=page.looks.as_of, **{inverse.field: page.id}
        ),
        "new": new,
        "empty": f"No {other.plural.lower()} here yet.",
    }


def _says(name: str, inverse: Inverse) -> bool:
    """Whether a column would only repeat the record whose page it is on."""
    return name in (inverse.field, f"{inverse.field}.title", f"{inverse.field}.name")


def _related_names(session: Session, type_: ObjectType) -> list[str]:
    """The columns of the object's first view, which somebody chose, or the usual ones."""
    views = [d.body for d in session.catalog.of("view").values() if d.body["object"] == type_.name]
    views.sort(key=lambda body: (body.get("order", 50), "me" in body.get("where", "")))
    chosen = [c for body in views[:1] for c in body.get("columns", ())]
    return chosen or default_names(session.access, type_)


def _related_sort(type_: ObjectType) -> tuple[SortKey, ...]:
    name = type_.dated.from_ if type_.dated else "created_at"
    return (SortKey((name,), True),)


def _files(page: Shown) -> Context:
    items = [
        {
            "name": file.get("name", "file"),
            "href": file.get("url", ""),
            "preview": preview_href(file),
            "size": file_size(file.get("size", 0)),
            "field": field.label,
            "when": "",
        }
        for field in page.layout.fields
        if field.kind.uploads
        for file in page.record.get(field.name) or ()
    ]
    return {"items": items, "upload_href": ""}


def _notices(page: Shown) -> list[Context]:
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
        [(start, end) for start, end, _ in spans], today, page.looks, past=bool(session.as_of)
    )
    label = other.label.lower()
    when = f"on {page.looks.plain_day(today)}" if session.as_of else "today"
    if not now:
        return {
            "tone": "warn", "icon": "shield-off", "title": f"No {label} in effect {when}",
            "text": "", "deed": None, "strip": strip,
        }  # fmt: skip
    start, end, record = now[0]
    page.looks.names.want(r for n in names for r in references(other.fields[n], [record[n]]))
    page.looks.names.load()
    under = ", ".join(said(other.fields[n], record[n], page.looks) for n in names)
    link = marks.link(page.looks.href(other.name, record["id"]), under or record["title"])
    until = f"last day {page.looks.plain_day(last_day(end))}" if end else "no end date"
    since = f"From {page.looks.plain_day(start)}, {until}" if start else until.capitalize()
    return {
        "tone": "good",
        "icon": "shield-check",
        "title": Markup("{} in effect {}: {}").format(other.label, when, link),
        "text": f"{since}.",
        "deed": None,
        "strip": strip,
    }


def _day(value: Any) -> date | None:
    return date.fromisoformat(value[:10]) if value else None
