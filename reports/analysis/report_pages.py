"""The pages of reports: the list of them, and one with its filter, pickers, chart and table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fluvial.http.call import Answer, Call
from fluvial.http.parameters import session_of_day
from fluvial.http.routes import Endpoint, Policy
from fluvial.kernel.problems import Problem
from fluvial.pages.as_of_bar import as_of_control
from fluvial.pages.filter_sentences import sentence
from fluvial.pages.frame import Context, action, page, with_query
from fluvial.pages.reader_format import ReaderFormat, format_of
from fluvial.runtime.session import Session

from .chart_series import MOST_COLUMNS, drawn_measures, series_of
from .dashboards import visible_dashboards
from .group_choices import pickers
from .page_wishes import GROUPS, KNOWN, MEASURES, chosen, page_wish
from .report_charts import chart_of, funnel_of
from .report_model import ReportModel, find_report, visible_reports
from .report_reader import ReadReport, ReportWish, read_report
from .report_table import ReportTable
from .union_filters import dimension_questions, union_sentence
from .value_words import value_words

ROWS = 300  # of the table at once
CHARTS = ("bar", "line", "area", "pie")


def list_reports_page(call: Call) -> Answer:
    session, cards = call.session, []
    for one in visible_reports(session):
        objects = [session.catalog.objects[part.object].plural for part in one.parts]
        cards.append(
            {
                "label": one.label,
                "href": f"/reports/{one.name}",
                "icon": one.icon,
                "about": one.help or ", ".join(dict.fromkeys(objects)),
            }
        )
    boards = [
        {"label": one.label, "href": f"/dashboards/{one.name}", "icon": one.icon, "about": one.help}
        for one in visible_dashboards(session.catalog, session.access)
    ]
    new = None
    if "write" in session.access.meta:
        new = action("New report", "/studio/report/new", "plus")
    return page(
        call,
        "reports.html",
        "Reports",
        here="/reports",
        primary=new,
        reports=cards,
        dashboards=boards,
    )


def show_report_page(call: Call) -> Answer:
    call.only(*KNOWN)
    session = session_of_day(call)
    report = find_report(session, call.params["name"])
    given, error = dict(call.query), ""
    report = chosen(report, given)
    try:
        read = read_report(session, report, page_wish(report, given))
    except Problem as problem:
        if problem.status == 404 or not _asked(given):
            raise
        error = problem.detail
        read = read_report(session, report, ReportWish())
    context = report_context(session, read, given, error)
    crumbs = [("Reports", "/reports")]
    return page(
        call, "report.html", report.label, crumbs=crumbs, here="/reports",
        menu=_menu(session, report, given), report=context, list=context["list"],
    )  # fmt: skip


def _asked(given: Mapping[str, str]) -> bool:
    return any(name in given for name in ("where", "columns", *GROUPS, *MEASURES))


def _menu(session: Session, report: ReportModel, given: Mapping[str, str]) -> list[Context]:
    menu = []
    if session.actor.id is not None and "as_of" not in given:
        query = {n: t for n, t in given.items() if t and n not in ("cursor", "view")}
        pinned = with_query(f"/reports/{report.name}/pins", **query)
        menu.append(action("Pin this", pinned, "pin", post=True))
    if "read" in session.access.meta:
        studio = f"/studio/report/{report.name}"
        menu.append(action("Change this report", studio, "adjustments-horizontal"))
    return menu


def report_context(
    session: Session, read: ReadReport, given: Mapping[str, str], error: str = ""
) -> Context:
    """Everything that the template of a report shows."""
    fmt, report = format_of(session), read.report
    table = ReportTable(read, fmt)
    path = f"/reports/{report.name}"
    first = int(given["cursor"]) if given.get("cursor", "").isdecimal() else 0
    kept = {name: given[name] for name in KNOWN if given.get(name) and name != "cursor"}
    rows = list(read.walk())
    shown = rows[first : first + ROWS]
    more = with_query(path, **{**kept, "cursor": first + ROWS}) if rows[first + ROWS :] else ""
    api = {name: text for name, text in kept.items() if name in ("where", "columns", "as_of")}
    api |= {
        "group": ",".join(one.of.group.text for one in read.groups),
        "measures": "" if report.is_union else ",".join(one.key for one in report.measures),
    }
    if not any(name in given for name in MEASURES):
        api.pop("measures")
    return {
        "name": report.name,
        "label": report.label,
        "help": report.help,
        "error": error,
        "list": _filter(session, read, given, fmt, path),
        "pickers": pickers(session, read, given, path),
        "table": table_context(table, shown),
        "rows": len(rows),
        "more_href": more,
        "chart": chart_context(table),
        "figures": figures_of(table),
        "omitted": read.omitted,
        "exports": [
            {"label": form.upper(), "href": with_query(f"/api{path}", format=form, **api)}
            for form in ("csv", "xlsx", "pdf")
        ],
        "as_of": _as_of(session, read, fmt, path, kept),
    }


def _as_of(
    session: Session, read: ReadReport, fmt: ReaderFormat, path: str, kept: Mapping[str, str]
) -> Any:
    types = tuple(session.catalog.objects[part.object] for part in read.report.parts)
    others = {name: text for name, text in kept.items() if name != "as_of"}
    return as_of_control(session, fmt, types, path, **others)


def table_context(table: ReportTable, rows: list[Any]) -> Context:
    groups = [words.label for words in table.read.groups]
    return {
        "first": groups[0] if len(groups) == 1 else " › ".join(groups) or "All",
        "heads": table.heads(),
        "rows": [table.row(row) for row in rows],
        "total": table.row(()),
        "compares": table.read.compares,
    }


def chart_context(table: ReportTable) -> Context | None:
    """The chart of a report, if it has one and there is something to draw."""
    read, show = table.read, table.read.report.show
    if show == "funnel" and read.report.funnel:
        return funnel_of(table.steps(()))
    if show not in CHARTS or not read.groups or not read.values.shown:
        return None
    group, drawn = read.groups[0], drawn_measures(read.values.shown, read.report.chart)
    about = f"{', '.join(one.label for one in drawn)} by {group.label}"
    rest = max(len(read.column_keys) - MOST_COLUMNS, 0)
    return chart_of(show, series_of(table), about, dated=group.of.type.timed, rest=rest)


def figures_of(table: ReportTable) -> list[Context]:
    """The totals in large figures, where the report is shown so."""
    if table.read.report.show != "number":
        return []
    values = table.read.measured(table.read.cube.cell(()))
    return [
        {"label": one.label, "value": value_words(one, values[one.key], table.fmt),
         "href": table.opens((), (), one)}
        for one in table.read.values.shown
    ]  # fmt: skip


def _filter(
    session: Session, read: ReadReport, given: Mapping[str, str], fmt: ReaderFormat, path: str
) -> Context:
    """The filter bar, as lists have it; that of a union asks about its dimensions."""
    report, where = read.report, given.get("where", "")
    type_ = session.catalog.objects[report.parts[0].object]
    clear = with_query(path, **{n: t for n, t in given.items() if n not in ("where", "cursor")})
    if report.is_union:
        return {
            "object": {"name": "", "label": "Row", "plural": "Rows"},
            "filter": union_sentence(session, report, where, fmt, clear),
            "fields": list(dimension_questions(session, report)),
            "equals": [],
            "search": "",
            "action": path,
        }
    return {
        "object": {"name": type_.name, "label": type_.label, "plural": type_.plural},
        "filter": sentence(session.access, type_, where, fmt, clear=clear),
        "equals": [],
        "search": "",
        "action": path,
    }


ENDPOINTS = (
    Endpoint("GET", "/reports", list_reports_page, Policy.SIGNED_IN, "The reports.", page=True),
    Endpoint("GET", "/reports/{name}", show_report_page, Policy.SIGNED_IN, "A report.", page=True),
)
