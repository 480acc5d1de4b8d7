"""The pages of dashboards, and what the API says of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fluvial.database.connection import SlowError
from fluvial.http.call import Answer, Call
from fluvial.http.routes import Endpoint, Policy
from fluvial.kernel.problems import Problem
from fluvial.pages.frame import Context, action, page
from fluvial.pages.home_arrangement import offered_pins
from fluvial.pages.pin_offers import OfferedPin
from fluvial.pages.reader_format import format_of
from fluvial.runtime.session import Session

from .dashboards import Dashboard, DashboardItem, find_dashboard, visible_dashboards
from .report_model import may_see, reports_of
from .report_pages import chart_context, figures_of, table_context
from .report_reader import ReportWish, read_report
from .report_table import ReportTable

ROWS = 12  # of a report that has no chart
UNSEEN = "This uses something that is gone, or that you may not read."


def list_dashboards(call: Call) -> Answer:
    call.only()
    shown = visible_dashboards(call.session.catalog, call.session.access)
    rows = [{"name": one.name, "label": one.label, "icon": one.icon} for one in shown]
    return Answer.json({"data": rows})


def read_dashboard(call: Call) -> Answer:
    """What it shows, each with the address of its values."""
    call.only()
    session = call.session
    dashboard = find_dashboard(session, call.params["name"])
    items = [
        {item.kind: item.name, "width": item.width, "href": f"/api/{item.kind}s/{item.name}"}
        for item in dashboard.items
        if _is_there(session, item)
    ]
    return Answer.json({"name": dashboard.name, "label": dashboard.label, "items": items})


def _is_there(session: Session, item: DashboardItem) -> bool:
    if item.kind == "pin":
        return any(pin.name == item.name for pin in offered_pins(session))
    report = reports_of(session.catalog).get(item.name)
    return report is not None and may_see(session.catalog, session.access, report)


def show_dashboard(call: Call) -> Answer:
    call.only()
    session = call.session
    dashboard = find_dashboard(session, call.params["name"])
    menu = []
    if "read" in session.access.meta:
        studio = f"/studio/dashboard/{dashboard.name}"
        menu.append(action("Change this dashboard", studio, "adjustments-horizontal"))
    return page(
        call,
        "dashboard.html",
        dashboard.label,
        crumbs=[("Reports", "/reports")],
        here=f"/dashboards/{dashboard.name}",
        menu=menu,
        dashboard=dashboard_context(session, dashboard),
    )


def dashboard_context(session: Session, dashboard: Dashboard) -> Context:
    return {
        "label": dashboard.label,
        "help": dashboard.help,
        "items": list(_items(session, dashboard)),
    }


def _items(session: Session, dashboard: Dashboard) -> Iterator[Context]:
    """What the reader may see; what cannot be shown says so, and costs nobody the page."""
    pins = {pin.name: pin for pin in offered_pins(session)}
    for item in dashboard.items:
        if item.kind == "pin" and item.name in pins:
            yield {"width": item.width, "pin": _pin(pins[item.name]), "report": None}
        elif item.kind == "report" and _is_there(session, item):
            yield {"width": item.width, "pin": None, "report": _report(session, item.name)}


def _pin(pin: OfferedPin) -> Context:
    shown: dict[str, Any] = pin.show()
    return shown


def _report(session: Session, name: str) -> Context:
    report = reports_of(session.catalog)[name]
    head: Context = {
        "label": report.label, "href": f"/reports/{name}", "error": "", "omitted": 0, "chart": None,
        "figures": [], "table": None, "more_href": "",
    }  # fmt: skip
    try:
        read = read_report(session, report, ReportWish())
    except (Problem, SlowError):
        return head | {"error": UNSEEN}
    table = ReportTable(read, format_of(session))
    chart, figures = chart_context(table), figures_of(table)
    if chart is None and not figures:
        rows = list(read.walk())
        head["table"] = table_context(table, rows[:ROWS])
        head["more_href"] = head["href"] if rows[ROWS:] else ""
    return head | {"omitted": read.omitted, "chart": chart, "figures": figures}


ENDPOINTS = (
    Endpoint("GET", "/api/dashboards", list_dashboards, Policy.SIGNED_IN, "The dashboards."),
    Endpoint(
        "GET", "/api/dashboards/{name}", read_dashboard, Policy.SIGNED_IN,
        "What a dashboard shows.",
    ),
    Endpoint(
        "GET", "/dashboards/{name}", show_dashboard, Policy.SIGNED_IN, "A dashboard.", page=True
    ),
)  # fmt: skip
