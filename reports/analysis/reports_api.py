"""Reports over HTTP."""

from __future__ import annotations

from fluvial.http.call import Answer, Call
from fluvial.http.parameters import refuse, session_of_day
from fluvial.http.routes import Endpoint, Policy
from fluvial.pages.reader_format import format_of
from fluvial.records.reading.caller_paths import condition
from fluvial.runtime.session import Session

from .groupings import Grouping, grouping, split_groups
from .report_answers import MOST_ROWS, ROWS, answer
from .report_files import TYPES, file_of
from .report_model import ReportModel, find_report, report_measure, visible_reports
from .report_prints import PDF, answered_slowly, pdf_of
from .report_reader import ReadReport, ReportWish, read_report

FORMATS = ("json", "csv", "xlsx", "pdf")
MOST_GROUPS, MOST_PIVOTS, MOST_MEASURES, MOST_WHERE = 4, 2, 10, 600


def list_reports(call: Call) -> Answer:
    call.only()
    rows = [
        {
            "name": one.name,
            "label": one.label,
            "icon": one.icon,
            "show": one.show,
            "objects": [part.object for part in one.parts],
        }
        for one in visible_reports(call.session)
    ]
    return Answer.json({"data": rows})


def show_report(call: Call) -> Answer:
    call.only("where", "group", "columns", "measures", "format", "limit", "cursor", "as_of")
    session = session_of_day(call)
    report = find_report(session, call.params["name"])
    format_ = call.query.get("format", "json")
    if format_ not in FORMATS:
        raise refuse("format", "unknown_format", f"`format` is one of {', '.join(FORMATS)}.")
    read = read_report(session, report, wish_of(call, session, report))
    if format_ != "json":
        return _file(call, session, read, format_)
    first = call.whole("cursor", 0, 0, 10**8)
    return Answer.json(answer(read, call.whole("limit", ROWS, 1, MOST_ROWS), first))


def _file(call: Call, session: Session, read: ReadReport, format_: str) -> Answer:
    name = f'attachment; filename="{read.report.name}.{format_}"'
    headers, fmt = [("content-disposition", name)], format_of(session)
    if format_ == "pdf":
        make = pdf_of(read, fmt, call.query.get("where", ""))
        return answered_slowly(Answer(200, b"", PDF, headers), make)
    for part in read.report.parts:
        session.object(part.object, "export")
    return Answer(200, file_of(read, fmt, format_), TYPES[format_], headers)


def wish_of(call: Call, session: Session, report: ReportModel) -> ReportWish:
    """What the address asks of a report; Problem where it cannot be."""
    where = call.query.get("where", "")
    if len(where) > MOST_WHERE:
        raise refuse("where", "too_long", f"`where` has more than {MOST_WHERE} characters.")
    if where:
        for part in report.parts:
            condition(session.access, session.object(part.object), part.meant(where))
    measures = None
    if "measures" in call.query:
        if report.is_union:
            raise refuse("measures", "not_in_a_union", "The measures of a union are its own.")
        measures = tuple(report_measure(one) for one in _split(call, "measures", MOST_MEASURES))
    return ReportWish(
        where,
        _groups(call, report, "group", MOST_GROUPS),
        _groups(call, report, "columns", MOST_PIVOTS),
        measures,
    )


def _split(call: Call, name: str, most: int) -> list[str]:
    texts = [one for one in split_groups(call.query[name]) if one]
    if len(texts) > most:
        raise refuse(name, "too_many", f"`{name}` accepts at most {most}.")
    return list(dict.fromkeys(texts))


def _groups(call: Call, report: ReportModel, name: str, most: int) -> tuple[Grouping, ...] | None:
    """The groups of the address; None where they are those of the report."""
    if name not in call.query:
        return None
    known = {one.text: one for one in (*report.groups, *report.columns)}
    groups = [known.get(text) or grouping(text) for text in _split(call, name, most)]
    for one in groups if report.is_union else ():
        first = one.inner.partition(".")[0]
        if any(first not in (part.dimensions or {}) for part in report.parts):
            raise refuse(name, "unknown_dimension", f"`{first}` is not a dimension of the report.")
    return tuple(groups)


ENDPOINTS = (
    Endpoint("GET", "/api/reports", list_reports, Policy.SIGNED_IN, "The reports."),
    Endpoint(
        "GET", "/api/reports/{name}", show_report, Policy.SIGNED_IN, "A report with its totals."
    ),
)
