"""The pages of a change set: what it keeps, what is in the way, and what it would change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from fluvial.http.call import Answer, Call
from fluvial.http.change_sets_api import preview_answer
from fluvial.http.routes import Endpoint, Policy
from fluvial.kernel.problems import Problem
from fluvial.records.change_sets.kept_edits import CREATE, DELETE, edits_of
from fluvial.records.change_sets.set_records import OPEN, SetRecord, set_of, state_of
from fluvial.records.change_sets.told_edits import accept_edit, told_set, withdraw_edit
from fluvial.records.reading.query import Query, SortKey
from fluvial.records.reading.reader import read_one, read_page
from fluvial.runtime.session import Session
from metamodel.catalog import ObjectType
from metamodel.change_sets.change_set_part import CHANGE_SET

from .change_set_words import TAB, set_href, sets_for
from .frame import Context, page, with_query
from .presenters import references, said
from .reader_format import ReaderFormat, format_of, parse_moment, record_href
from .record_tabs import RecordTab, ShownOn

ACTIONS = {"create": "New", "update": "Changed", "delete": "Deleted", "restore": "Restored"}
TONES = {"create": "good", "delete": "bad"}
SETS = 50  # open ones that are offered


def set_tabs(shown: ShownOn) -> Sequence[RecordTab]:
    """The tab of a record that is a change set."""
    if CHANGE_SET.of(shown.type) is None or shown.session.as_of is not None:
        return []
    kept = len(edits_of(shown.session, shown.id))
    count = f"{kept:,}" if kept else ""

    def panel() -> Context:
        return _panel(shown, told_set(shown.session, shown.id))

    return [RecordTab(TAB, "Changes", "_change_set.html", panel, count=count)]


def _panel(shown: ShownOn, told: Mapping[str, Any]) -> Context:
    session, fmt = shown.session, shown.fmt
    open_ = told["state"] == OPEN
    writes = session.access.object(shown.type.name).can("update")
    conflicts = {one["edit"]: one for one in told["conflicts"]}
    for edit in told["edits"]:
        _want(session, fmt, edit, conflicts.get(edit["id"]))
    fmt.names.load()
    may = open_ and writes
    rows = [_row(shown, edit, conflicts.get(edit["id"]), may) for edit in told["edits"]]
    return {
        "label": shown.type.label.lower(),
        "said": _said(told, fmt),
        "open": open_,
        "rows": rows,
        "unseen": told["unseen"],
        "conflicts": len(conflicts),
        "new": list(_new(shown)) if may else [],
        "preview": f"/change-sets/{shown.id}/preview" if open_ and told["edits"] else "",
    }


def _new(shown: ShownOn) -> Iterable[Context]:
    """The ways to records that are made in the set."""
    session, spec = shown.session, CHANGE_SET.of(shown.type)
    for name in sorted(spec.of) if spec else ():
        if session.access.object(name).can("create"):
            href = with_query(f"/o/{name}/new", change_set=shown.id)
            yield {"label": f"New {session.catalog.objects[name].label.lower()}", "href": href}


def _said(told: Mapping[str, Any], fmt: ReaderFormat) -> str:
    """What has become of it."""
    if told["reversed"]:
        return f"Taken back {fmt.moment(parse_moment(told['reversed']['at']))}"
    if told["applied"]:
        return f"Applied {fmt.moment(parse_moment(told['applied']['at']))}"
    return ""


def _want(
    session: Session, fmt: ReaderFormat, edit: Mapping[str, Any], conflict: Mapping[str, Any] | None
) -> None:
    fields = session.catalog.objects[edit["object"]].fields
    for name, pair in edit["changes"].items():
        fmt.names.want(references(fields[name], pair))
    if edit["by"]:
        fmt.names.want([("user", edit["by"]["user"])])
    for one in conflict["fields"] if conflict else ():
        if one["field"] in fields:
            fmt.names.want(references(fields[one["field"]], [one["base"], one["theirs"]]))
        if one["by"]:
            fmt.names.want([("user", one["by"]["user"])])


def _row(
    shown: ShownOn, edit: Mapping[str, Any], conflict: Mapping[str, Any] | None, may: bool
) -> Context:
    session, fmt = shown.session, shown.fmt
    type_ = session.catalog.objects[edit["object"]]
    href = record_href(type_.name, edit["record"])
    path = f"/change-sets/{shown.id}/edits/{edit['id']}"
    by = edit["by"]["user"] if edit["by"] else ""
    return {
        "title": edit["title"] or type_.label,
        "object": type_.label,
        "href": "" if edit["action"] == DELETE else with_query(href, change_set=shown.id),
        "action": ACTIONS[edit["action"]],
        "tone": TONES.get(edit["action"], ""),
        "changes": _changes(type_, edit, fmt),
        "by": fmt.names.title("user", by) if by else "",
        "when": fmt.ago(parse_moment(edit["at"])),
        "conflicts": list(_conflicts(type_, conflict, fmt)) if conflict else [],
        "withdraw": f"{path}/withdraw" if may else "",
        "accept": f"{path}/accept" if may and conflict and "deleted" not in conflict else "",
    }


def _changes(type_: ObjectType, edit: Mapping[str, Any], fmt: ReaderFormat) -> list[Context]:
    if edit["action"] == DELETE:
        return []
    new = edit["action"] == CREATE
    return [
        {
            "label": type_.fields[name].label,
            "before": "" if new else said(type_.fields[name], before, fmt),
            "after": said(type_.fields[name], after, fmt),
        }
        for name, (before, after) in edit["changes"].items()
    ]


def _conflicts(
    type_: ObjectType, conflict: Mapping[str, Any], fmt: ReaderFormat
) -> Iterable[Context]:
    if "deleted" in conflict:
        yield {"label": "", "theirs": "The record has been deleted.", "who": ""}
    for one in conflict["fields"]:
        field = type_.fields.get(one["field"])
        if field is None:
            continue
        who = fmt.names.title("user", one["by"]["user"]) if one["by"] else ""
        when = fmt.ago(parse_moment(one["at"]))
        yield {
            "label": field.label,
            "theirs": said(field, one["theirs"], fmt),
            "who": f"{who or one['rule'] or 'The system'}, {when}",
        }


def show_preview(call: Call) -> Answer:
    """What applying it would change, as a table."""
    set_ = set_of(call.session, call.params["id"])
    return preview_answer(call, lambda told: _preview(call, set_, told))


def _preview(call: Call, set_: SetRecord, told: Mapping[str, Any]) -> Answer:
    fmt = format_of(call.session)
    href = record_href(set_.type.name, set_.id)
    items = [_item(call.session, set_, one, fmt) for one in told["items"] if "unseen" not in one]
    return page(
        call, "change_set_preview.html", "Preview", here=f"/o/{set_.type.name}",
        crumbs=[(set_.type.plural, f"/o/{set_.type.name}"), (str(set_.values["title"]), href)],
        preview={
            "title": f"Preview of {set_.name}",
            "day": fmt.plain_day(set_.day) if set_.day else "",
            "count": told["edits"],
            "figures": [one for one in items if "rows" not in one],
            "views": [one for one in items if "rows" in one],
            "unseen": len(told["items"]) - len(items),
            "back_href": set_href(set_),
        },
    )  # fmt: skip


def _item(session: Session, set_: SetRecord, one: Mapping[str, Any], fmt: ReaderFormat) -> Context:
    made: Context = {"label": one.get("label", ""), "difference": _plain(one.get("difference"))}
    made |= {"before": _plain(one.get("before")), "after": _plain(one.get("after"))}
    made["lines"] = [
        {"label": _line_label(line, fmt)}
        | {name: _plain(line.get(name)) for name in ("before", "after", "difference")}
        for line in one.get("lines", ())
    ]
    if "rows" in one:
        object_name = str(one["object"])
        made["rows"] = [
            {
                "title": row["title"] or "",
                "href": ""
                if row["change"] == "goes"
                else with_query(record_href(object_name, row["id"]), change_set=set_.id),
                "change": row["change"],
                "values": _values(session, object_name, row["values"], fmt),
            }
            for row in one["rows"]
        ]
        made["more"] = one["more"]
    return made


def _line_label(line: Mapping[str, Any], fmt: ReaderFormat) -> str:
    """What a line of a figure is about: a record, and a period of it."""
    period = line.get("period")
    if not period:
        return str(line["title"])
    first, after = (date.fromisoformat(period[name]) for name in ("from", "until"))
    last = fmt.plain_day(after - timedelta(days=1))
    return f"{line['title']}, {fmt.plain_day(first)} to {last}"


def _values(
    session: Session, object_name: str, values: Mapping[str, Any], fmt: ReaderFormat
) -> list[Context]:
    fields = session.catalog.objects[object_name].fields
    known = [name for name in values if name in fields]
    for name in known:
        fmt.names.want(references(fields[name], values[name]))
    fmt.names.load()
    return [
        {
            "label": fields[name].label,
            "before": said(fields[name], values[name][0], fmt),
            "after": said(fields[name], values[name][1], fmt),
        }
        for name in known
    ]


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_plain, value))
    if isinstance(value, Mapping) and "currency" in value:
        return f"{value['amount']} {value['currency']}"
    if isinstance(value, bool):
        return "Yes" if value else "No"
    return "–" if value is None else str(value)


def withdraw(call: Call) -> Answer:
    withdraw_edit(call.session, call.params["id"], call.params["edit"])
    return Answer.redirect(set_href(set_of(call.session, call.params["id"])))


def accept(call: Call) -> Answer:
    accept_edit(call.session, call.params["id"], call.params["edit"])
    return Answer.redirect(set_href(set_of(call.session, call.params["id"])))


def choose(call: Call) -> Answer:
    """The open change sets in which a record can be changed."""
    session = call.session
    type_ = session.object(call.params["object"])
    record = read_one(session, type_.name, call.params["id"], (("id",), ("title",)))
    href = record_href(type_.name, record["id"])
    fmt = format_of(session)
    groups = [
        {
            "label": one.plural,
            "new": f"/o/{one.name}/new" if session.access.object(one.name).can("create") else "",
            "new_label": f"New {one.label.lower()}",
            "rows": list(_open(session, one, href, fmt)),
        }
        for one in sets_for(session, type_)
    ]
    if not groups:
        raise Problem(f"Nothing keeps changes of {type_.plural.lower()} for you.")
    return page(
        call, "change_set_choice.html", "Change it by", here=f"/o/{type_.name}",
        crumbs=[(type_.plural, f"/o/{type_.name}"), (str(record["title"]), href)],
        choice={"title": f"Change {record['title']} by", "groups": groups, "back_href": href},
    )  # fmt: skip


def _open(session: Session, type_: ObjectType, href: str, fmt: ReaderFormat) -> Iterable[Context]:
    query = Query(
        type_.name,
        (("title",), ("updated_at",)),
        sort=(SortKey(("updated_at",), True),),
        limit=SETS,
    )
    for row in read_page(session, query)["data"]:
        if state_of(session, row["id"]).name == OPEN:
            yield {
                "title": row["title"],
                "when": fmt.ago(parse_moment(row["updated_at"])),
                "href": with_query(f"{href}/edit", change_set=row["id"]),
                "set_href": with_query(record_href(type_.name, row["id"]), related=TAB),
            }


_ONE = "/change-sets/{id}"

ENDPOINTS = (
    Endpoint(
        "GET", f"{_ONE}/preview", show_preview, Policy.SIGNED_IN,
        "What a change set would change.", page=True,
    ),
    Endpoint(
        "POST", f"{_ONE}/edits/{{edit}}/withdraw", withdraw, Policy.SIGNED_IN,
        "Withdraw a kept change.", page=True, form=True,
    ),
    Endpoint(
        "POST", f"{_ONE}/edits/{{edit}}/accept", accept, Policy.SIGNED_IN,
        "Let a kept change hold.", page=True, form=True,
    ),
    Endpoint(
        "GET", "/o/{object}/{id}/change-sets", choose, Policy.SIGNED_IN,
        "The change sets in which a record can be changed.", page=True,
    ),
)  # fmt: skip
