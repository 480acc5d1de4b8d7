"""Views as they are designed: their first rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fluvial.http.call import Call
from fluvial.http.parameters import sort_keys
from fluvial.records.reading.query import Query
from fluvial.records.reading.reader import read_page
from metamodel.document import Document

from .designers import Designer
from .document_previews import DocumentPreview
from .frame import render
from .reader_format import format_of
from .record_tables import RecordTable, columns_of, default_names, head_classes, paths_of

ROWS = 6


def _first_rows(call: Call, document: Document, record: str) -> dict[str, Any]:
    session, body = call.session, document.body
    type_ = session.object(body["object"])
    names = body.get("columns") or default_names(session.access, type_)
    columns = columns_of(session.access, type_, names) or columns_of(
        session.access, type_, ["title"]
    )
    query = Query(
        type_.name, paths_of(columns, type_), body.get("where", ""),
        sort=sort_keys(",".join(body.get("sort", ())) or "-created_at"), limit=ROWS, total="capped",
    )  # fmt: skip
    read = read_page(session, query)
    table = RecordTable(type_, columns, format_of(session))
    listed = {
        "object": {"name": type_.name, "label": type_.label, "plural": type_.plural},
        "rows": table.rows(read["data"]),
        "next_href": "",
        "bulk": None,
        "columns": [
            {"name": column.name, "label": column.label, "sort": "none", "href": "",
             "classes": head_classes(column, at - 1) if at else ""}
            for at, column in enumerate(table.heads)
        ],
    }  # fmt: skip
    count = f"{read['total']:,}{'+' if read['capped'] else ''}"
    return {"html": render(call, "_table.html", list=listed), "count": count}


def _nothing(call: Call, body: Mapping[str, Any]) -> Mapping[str, Any]:
    return {}


VIEW_PREVIEW = DocumentPreview("view", _first_rows)
VIEW_DESIGNER = Designer("view", _nothing)
