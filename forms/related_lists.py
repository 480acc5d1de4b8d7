"""The lists of records that point at the record of a page."""

from __future__ import annotations

from fluvial.pages.clock_cells import clock_cells
from fluvial.pages.field_addresses import list_address, new_address
from fluvial.pages.frame import action, with_query
from fluvial.pages.record_tables import (
    RecordTable,
    columns_of,
    default_names,
    head_classes,
    paths_of,
)
from fluvial.records.reading.query import Query, SortKey
from fluvial.records.reading.reader import read_page
from fluvial.runtime.session import Session
from metamodel.catalog import Inverse, ObjectType

from .shown_record import Context, Shown

RELATED = 10  # rows of a related list
RELATED_COLUMNS = 6


def related_tabs(page: Shown, related: str) -> list[Context]:
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
            "href": with_query(page.href, related=inverse.name, as_of=page.fmt.as_of),
            "current": inverse.name == current,
        }
        for inverse, count, _ in tabs
    ]


def related_panel(page: Shown, tabs: list[Context]) -> Context | None:
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
    table = RecordTable(other, columns, page.fmt)
    records = read_page(session, query)["data"]
    fields = [column.field for column in columns if not column.linked]
    rows = table.rows(records, clocks=clock_cells(session, other, fields, records))
    label = other.label.lower()
    new = None
    owned = other.fields[inverse.field].option("owned")
    closed = owned and page.hold is not None and page.hold.parts
    if session.access.object(other.name).can("create") and session.as_of is None and not closed:
        address = new_address(other, {inverse.field: page.id})
        new = action(f"New {label}", address, "plus")
    return {
        "columns": [
            {"label": column.label, "classes": head_classes(column, place - 1) if place else ""}
            for place, column in enumerate(table.heads)
        ],
        "rows": rows,
        "all_href": list_address(other, {inverse.field: page.id}, view="all", as_of=page.fmt.as_of),
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
