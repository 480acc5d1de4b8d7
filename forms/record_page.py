"""A record's own page: head, facts, sections, related lists, timeline and files."""

from __future__ import annotations

from datetime import datetime

from markupsafe import Markup

from fluvial.pages import reader_format as marks
from fluvial.pages.frame import with_query
from fluvial.pages.presenters import empty, face_of, file_size, preview_href, references
from fluvial.pages.recalculation_marks import recalculating
from fluvial.pages.record_tabs import ShownOn, tabs_of
from fluvial.pages.record_talk import Composer, composer_of
from fluvial.records.writing.transitions import ways
from fluvial.services import comments
from fluvial.services.templates import TemplateFault
from metamodel.catalog import Field
from metamodel.kinds.link_fields import OPTION as LINK_FIELDS
from rules.filled import filled, is_template

from .in_force import notices
from .planned_days import days_href
from .record_clocks import clocks
from .related_lists import related_panel, related_tabs
from .shown_record import Context, Shown
from .time_in_states import state_strip
from .timeline import timeline
from .visibility import ShownField, resolve
from .why_page import explained

MAX_FACTS = 6


def record_context(
    page: Shown, related: str, before: int = 2**31 - 1, until: datetime = comments.LAST
) -> Context:
    """The context of `record.html`."""
    type_ = page.type
    for field in type_.fields.values():
        page.fmt.names.want(references(field, [page.record.get(field.name)]))
    panels = related_tabs(page, related)
    tabs, tab = _tabs(page, related, panels)
    history = timeline(page.session, type_, page.id, page.fmt, before, until)  # loads all names
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
        "clocks": clocks(page),
        "notices": [*_lock(page), *notices(page)],
        "sections": _sections(page),
        "states": state_strip(page),
        "related": [*panels, *tabs],
        "panel": related_panel(page, panels),
        "tab": tab,
        "timeline": history,
        "comment_href": _comment_href(page),
        "composer": _composer(page),
        "replies": comments.may_choose_who_reads(page.session, type_.name),
        "files": _files(page),
        "side": "timeline",
        "recalculating": recalculating(page.session, _seen(page)),
    }  # fmt: skip


def _tabs(page: Shown, asked: str, lists: list[Context]) -> tuple[list[Context], Context | None]:
    """The tabs of features, behind the lists; what the one holds that was asked for."""
    found = list(tabs_of(ShownOn(page.session, page.type, page.id, page.fmt)))
    listed = {panel["name"] for panel in lists}
    current = next((one for one in found if one.name == asked and asked not in listed), None)
    if current is None and not lists:
        current = next(iter(found), None)
    elif current is not None:
        for panel in lists:
            panel["current"] = False
    tabs: list[Context] = [
        {
            "name": one.name,
            "label": one.label,
            "count": one.count,
            "href": with_query(page.href, related=one.name, as_of=page.fmt.as_of),
            "current": one is current,
        }
        for one in found
    ]
    shown = {"template": current.template, "context": current.panel()} if current else None
    return tabs, shown


def _seen(page: Shown) -> list[Field]:
    """The fields that the reader may know of."""
    hidden = page.session.access.object(page.type.name).hidden
    return [field for field in page.type.fields.values() if field.name not in hidden]


def _comment_href(page: Shown) -> str:
    """Where comments go; nowhere for who may not write them, and on another day's page."""
    writes = comments.may_comment(page.session, page.type.name) and page.session.as_of is None
    return f"{page.href}/comments" if writes else ""


def _composer(page: Shown) -> Composer | None:
    if not _comment_href(page):
        return None
    return composer_of(ShownOn(page.session, page.type, page.id, page.fmt))


def _number(page: Shown) -> str:
    for field in page.type.own_fields:
        if face_of(field).lead and not empty(page.record.get(field.name)):
            return str(page.record[field.name])
    return ""


def _lock(page: Shown) -> list[Context]:
    """That a record is locked, and why."""
    hold = page.hold
    if hold is None:
        return []
    open_ = [f.label for f in _seen(page) if f.name in hold.open]
    left = f"Still open: {', '.join(open_)}." if open_ else ""
    text = " ".join(part for part in (hold.lock.message, left) if part)
    return [
        {
            "tone": "",
            "icon": "lock",
            "title": hold.what,
            "text": text,
            "action": None,
            "strip": None,
        }
    ]


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
            "ask_href": with_query(f"{page.href}/ask", action=way.transition.name)
            if way.asks
            else "",
            "allowed": way.reason is None,
            "reason": way.reason or "",
        }
        for way in ways(page.session, page.type, page.values, page.hold)
    ]


def _facts(page: Shown, told: list[Field]) -> list[Context]:
    names = {field.name for field in told}
    return [
        {
            "label": field.label,
            "html": explained(page.fmt, field, page.record, page.full(field)),
        }
        for field in page.layout.facts
        if field.name not in names and not empty(page.record.get(field.name))
    ][:MAX_FACTS]


def _sections(page: Shown) -> list[Context]:
    found = []
    for section in resolve(page.session, page.layout, page.values, hold=page.hold):
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
    inline = inline and page.may_update and page.session.as_of is None
    return {
        "name": field.name,
        "label": field.label,
        "html": _filled(page, field) or explained(page.fmt, field, page.record, page.full(field)),
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
