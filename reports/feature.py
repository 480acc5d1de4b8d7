"""What printed documents and reports bring to the engine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from fluvial.auth.access import Access
from fluvial.http.routes import ENDPOINT
from fluvial.kernel.features import Feature
from fluvial.pages.designers import DESIGNER
from fluvial.pages.document_previews import DOCUMENT_PREVIEW
from fluvial.pages.navigation import NAVIGATION, NavigationItem
from fluvial.pages.object_tabs import OBJECT_TAB, SHARED_DOCUMENTS, ObjectTab, SharedDocuments
from fluvial.pages.pin_offers import PINS
from fluvial.pages.template_environment import TEMPLATES
from metamodel.catalog import Catalog

from .analysis import (
    dashboard_pages,
    report_designers,
    report_pages,
    report_pins,
    reports_api,
)
from .analysis.dashboards import DASHBOARD, visible_dashboards
from .analysis.report_documents import REPORT
from .analysis.report_model import may_see, reports_of
from .printed import kept_prints
from .printed.brings import BRINGS as PRINTED
from .printed.page_layouts import PAGE_LAYOUT


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


feature = Feature(
    "reports",
    kinds=(REPORT, DASHBOARD, PAGE_LAYOUT),
    tables=kept_prints.TABLES,
    brings=(
        *PRINTED,
        ENDPOINT(
            *reports_api.ENDPOINTS,
            *report_pages.ENDPOINTS,
            *report_pins.ENDPOINTS,
            *dashboard_pages.ENDPOINTS,
        ),
        TEMPLATES(Path(__file__).parent / "templates"),
        NAVIGATION(navigation),
        PINS(report_pins.report_pins),
        DESIGNER(*report_designers.DESIGNERS),
        DOCUMENT_PREVIEW(*report_designers.PREVIEWS),
        OBJECT_TAB(
            ObjectTab(
                "report",
                "Reports",
                "A report measures the records by groups, with totals and a chart.",
                position=75,
            )
        ),
        SHARED_DOCUMENTS(
            SharedDocuments(
                "dashboard", "Dashboards", "Reports and pins side by side on one page."
            ),
            SharedDocuments(
                "page_layout",
                "Page layouts",
                "What stands around printed documents: logo, address and footer.",
            ),
        ),
    ),
)
