"""What analytical reports and dashboards bring to the engine and to rules."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fluvial.auth.access import Access
from fluvial.http.routes import ENDPOINT
from fluvial.pages.designers import DESIGNER
from fluvial.pages.document_previews import DOCUMENT_PREVIEW
from fluvial.pages.navigation import NAVIGATION, NavigationItem
from fluvial.pages.object_tabs import OBJECT_TAB, SHARED_DOCUMENTS, ObjectTab, SharedDocuments
from fluvial.pages.pin_offers import PINS
from metamodel.catalog import Catalog
from rules.mail_attachments import ATTACHED

from . import (
    dashboard_pages,
    report_attachments,
    report_designers,
    report_pages,
    report_pins,
    reports_api,
)
from .dashboards import visible_dashboards
from .report_model import may_see, reports_of


def navigation(catalog: Catalog, access: Access) -> Sequence[NavigationItem]:
    """The list of reports, for those who may read any of them, and the dashboards."""
    return list(_entries(catalog, access))


def _entries(catalog: Catalog, access: Access) -> Iterator[NavigationItem]:
    boards = list(visible_dashboards(catalog, access))
    if boards or any(may_see(catalog, access, one) for one in reports_of(catalog).values()):
        yield NavigationItem("", "Reports", "chart-bar", "/reports", position=2, first=True)
    for at, one in enumerate(boards, 3):
        yield NavigationItem(
            "", one.label, one.icon, f"/dashboards/{one.name}", position=at, first=True
        )


BRINGS = (
    ENDPOINT(
        *reports_api.ENDPOINTS,
        *report_pages.ENDPOINTS,
        *report_pins.ENDPOINTS,
        *dashboard_pages.ENDPOINTS,
    ),
    NAVIGATION(navigation),
    PINS(report_pins.report_pins),
    DESIGNER(*report_designers.DESIGNERS),
    DOCUMENT_PREVIEW(*report_designers.PREVIEWS),
    ATTACHED(report_attachments.ATTACHMENT),
    OBJECT_TAB(
        ObjectTab(
            "report",
            "Reports",
            "A report measures the records by groups, with totals and a chart.",
            position=75,
        )
    ),
    SHARED_DOCUMENTS(
        SharedDocuments("dashboard", "Dashboards", "Reports and pins side by side on one page.")
    ),
)
