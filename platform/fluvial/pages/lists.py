"""The list of an object: views, filter, columns, sort, pages, and what is done with many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fluvial.http.call import Answer, Call
from fluvial.http.routes import Endpoint, Policy
from fluvial.kernel.problems import NotFound, Problem
from fluvial.records.drafts.record_locks import Hold, holds_on
from fluvial.records.reading.reader import read_page
from metamodel.catalog import ObjectType

from .clock_cells import clock_cells
from .filter_sentences import sentence
from .frame import Context, page, render, with_query
from .list_offers import offers_of
from .list_request import ListRequest, listing
from .list_tools import bulk_of, chooser_of, empty_of, menu_of, save_options, sorts_of
from .navigation import brought_entries
from .reader_format import ReaderFormat, format_of, record_href
from .recalculation_marks import recalculating
from .record_tables import RecordTable, TableColumn, column_of, head_classes
from .view_lists import ALL, View


def show_list(call: Call) -> Answer:
    asked = listing(call)
    if call.query.get("columns") is not None:
        return Answer.redirect(asked.href())  # the choice is kept; the address need not say it
    fmt = format_of(asked.session)
    table = RecordTable(asked.type, asked.columns, fmt, asked.editable)
    cursor = call.query.get("cursor", "")
    try:
        read = read_page(asked.session, asked.query(cursor))
    except Problem as problem:
        if not asked.where or cursor:
            raise
        asked.error = problem.detail
        read = read_page(asked.session, asked.query())
    rows = _rows(asked, table, read["data"])
    next_href = asked.href(cursor=read["next"]) if read["next"] else ""
    listed: Context = {
        "object": {"name": asked.type.name, "label": asked.type.label, "plural": asked.type.plural},
        "rows": rows,
        "next_href": next_href,
        "bulk": bulk_of(asked),
    }
    if "hx-request" in call.headers or call.query.get("part") == "rows":
        return Answer.html(render(call, "_rows.html", list=listed))
    listed |= _head(asked, table, fmt, read, len(rows)) | {"row_href": asked.row_href}
    if listed["bulk"]:
        listed["bulk"]["total"] = listed["count"]["total"]
    return page(
        call,
        "list.html",
        asked.type.plural,
        crumbs=[(asked.type.group, "")] if asked.type.group else [],
        here=asked.path,
        primary=listed["empty"]["new"],
        menu=menu_of(asked),
        topics=f"object:{asked.type.name}",
        keys=keys_of(call, asked.type),
        list=listed,
    )


def _rows(
    asked: ListRequest, table: RecordTable, records: Sequence[Mapping[str, Any]]
) -> list[Context]:
    fields = [column.field for column in asked.columns if not column.linked]
    clocks = clock_cells(asked.session, asked.type, fields, records)
    return table.rows(records, _holds(asked, records), clocks)


def _holds(asked: ListRequest, records: Sequence[Mapping[str, Any]]) -> Mapping[str, Hold]:
    """The locks of the records that are shown, where they could be changed from the list."""
    if not asked.may_change:
        return {}
    return holds_on(asked.session, asked.type, [record["id"] for record in records])


def keys_of(call: Call, type_: ObjectType) -> dict[str, str]:
    """Where the keyboard leads from pages of an object."""
    keys = {"list": f"/o/{type_.name}"}
    if call.session.access.object(type_.name).can("create"):
        keys["new"] = f"/o/{type_.name}/new"
    for item in brought_entries(call.session):
        if item.object == type_.name:
            keys.setdefault("board", item.href)
    return keys


def _head(
    asked: ListRequest, table: RecordTable, fmt: ReaderFormat, read: Mapping[str, Any], count: int
) -> Context:
    """Everything of the list but its rows."""
    type_ = asked.type
    clear = asked.href(
        view=ALL, where=None, search=None, **dict.fromkeys(n for n, _ in asked.equals)
    )
    heads = [_column(asked, column, place - 1) for place, column in enumerate(table.heads)]
    filter_ = sentence(
        asked.session.access, type_, asked.where, fmt, clear=clear, error=asked.error
    )
    return {
        "title": type_.plural,
        "action": asked.path,
        "count": _count(asked, read, count),
        "views": [_tab(asked, view, read) for view in asked.views],
        "counts_href": with_query(f"{asked.path}/counts", as_of=fmt.as_of),
        "save_view": f"{asked.path}/views",
        "save_options": save_options(asked),
        "search": asked.given.get("search", ""),
        "kept": [
            {"name": name, "value": asked.given[name]}
            for name in ("view", "where", "sort", "as_of", *(n for n, _ in asked.equals))
            if name in asked.given
        ],
        "filter": filter_,
        "equals": _equals(asked, fmt),
        "columns": heads,
        "chooser": chooser_of(asked),
        "sort": sorts_of(asked),
        "offers": [one for one in offers_of(asked) if one["first"]],
        "as_of": asked.as_of_control(fmt),
        "note": asked.note,
        "recalculating": recalculating(asked.session, (column.field for column in table.heads)),
        "export": [],
        "empty": empty_of(asked, clear),
    }


def _count(asked: ListRequest, read: Mapping[str, Any], count: int) -> Context:
    total = read.get("total", count)
    more = read["next"] is not None
    text = f"{total:,}{'+' if read.get('capped') else ''}"
    return {
        "shown": f"{count:,}" if more else text,
        "total": text if more else "",
        "exact_href": asked.href(total="exact") if read.get("capped") else "",
    }


def _tab(asked: ListRequest, view: View, read: Mapping[str, Any]) -> Context:
    """A view as a tab. Only the count of the open one is known; a script asks for the others."""
    current, count = view is asked.view, ""
    if current and asked.where == view.where and not asked.equals and not asked.given.get("search"):
        count = f"{read.get('total', 0):,}{'+' if read.get('capped') else ''}"
    return {
        "name": view.name,
        "label": view.label,
        "href": with_query(asked.path, view=view.name, as_of=asked.given.get("as_of")),
        "current": current,
        "count": count,
        "shared": view.shared,
    }


def _equals(asked: ListRequest, fmt: ReaderFormat) -> list[Context]:
    """What the address says with FIELD=VALUE, in words."""
    found = []
    for name, text in asked.equals:
        column = column_of(asked.session.access, asked.type, name)
        label = text
        if column.field.to is not None:
            fmt.names.want([(column.field.to, text)])
            fmt.names.load()
            label = fmt.names.title(column.field.to, text) or "a record you may not see"
        options = {option.name: option.label for option in column.field.type.options}
        shown = options.get(text, label) or "empty"
        found.append(
            {"label": column.label.lower(), "value": shown, "href": asked.href(**{name: None})}
        )
    return found


def _column(asked: ListRequest, column: TableColumn, place: int) -> Context:
    ascending, descending = asked.sort == column.name, asked.sort == f"-{column.name}"
    order = "ascending" if ascending else "descending" if descending else "none"
    next_sort = f"-{column.name}" if ascending else column.name
    return {
        "name": column.name,
        "label": column.label,
        "classes": head_classes(column, place) if place >= 0 else "",
        "sort": order,
        "href": asked.href(sort=next_sort, cursor=None) if column.sorts else "",
    }


def old_address(call: Call) -> Answer:
    """Links in mails and notifications name records so."""
    if call.params["object"] not in call.session.catalog.objects:
        raise NotFound(f"There is no object `{call.params['object']}`.")
    return Answer.redirect(record_href(call.params["object"], call.params["id"]))


ENDPOINTS = (
    Endpoint("GET", "/o/{object}", show_list, Policy.SIGNED_IN, "A list of records.", page=True),
    Endpoint(
        "GET", "/records/{object}/{id}", old_address, Policy.SIGNED_IN, "A record.", page=True
    ),
)
