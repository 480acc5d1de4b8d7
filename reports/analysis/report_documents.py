"""The document kind of analytical reports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson

from metamodel.catalog import Catalog, ObjectType
from metamodel.documents import Document, DocumentKind
from metamodel.index_questions import IndexQuestion, fixed

from .report_check import check_report
from .report_model import report_from

SCHEMAS = Path(__file__).parent / "schemas"


def schema_named(name: str) -> Mapping[str, Any]:
    loaded: Mapping[str, Any] = orjson.loads((SCHEMAS / f"{name}.json").read_bytes())
    return loaded


def start_report(object: ObjectType) -> Mapping[str, Any]:
    """How many records there are in each state, or by the month in which they were made."""
    state = object.states.field if object.states else ""
    return {"group": [state or "month(created_at)"], "measures": ["count()"], "show": "bar"}


def report_questions(document: Document, catalog: Catalog) -> Iterator[IndexQuestion]:
    """The records that a condition with fixed values chooses."""
    report = report_from(document)
    for part in report.parts:
        where = part.where or part.meant(report.where)
        equal = fixed(catalog, part.object, where)
        if equal:
            yield IndexQuestion(part.object, equal, ordered=False)


REPORT = DocumentKind(
    name="report",
    folder="reports",
    schema=schema_named("report"),
    check=check_report,
    start=start_report,
    asks=report_questions,
    label="Report",
    removable={
        "/object": "",
        "/group/*": "/group/*",
        "/columns/*": "/columns/*",
        "/measures/*": "/measures/*",
        "/steps/log": "/steps",
        "/period/by": "/period",
        "/union/*/measures/*": "/union/*/measures/*",
    },
    about="Measures of records by groups, with subtotals, columns, steps and a chart.",
    example={
        "kind": "report",
        "name": "loans_by_branch",
        "label": "Loans by branch",
        "object": "loan",
        "group": ["branch", "month(due)"],
        "measures": ["count()", "sum(fee)"],
        "show": "bar",
    },
)
