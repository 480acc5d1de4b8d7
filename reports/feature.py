"""What printed documents, reports, workloads and charts bring to the engine."""

from __future__ import annotations

from pathlib import Path

from fluvial.kernel.features import Feature
from fluvial.pages.object_tabs import SHARED_DOCUMENTS, SharedDocuments
from fluvial.pages.template_environment import TEMPLATES

from .analysis.dashboards import DASHBOARD
from .analysis.report_brings import BRINGS as REPORTS
from .analysis.report_documents import REPORT
from .planned.gantts import GANTT
from .planned.planned_brings import BRINGS as PLANNED
from .planned.workloads import WORKLOAD
from .printed import kept_prints
from .printed.brings import BRINGS as PRINTED
from .printed.page_layouts import PAGE_LAYOUT

feature = Feature(
    "reports",
    kinds=(REPORT, DASHBOARD, PAGE_LAYOUT, WORKLOAD, GANTT),
    tables=kept_prints.TABLES,
    brings=(
        *PRINTED,
        *REPORTS,
        *PLANNED,
        TEMPLATES(Path(__file__).parent / "templates"),
        SHARED_DOCUMENTS(
            SharedDocuments(
                "page_layout",
                "Page layouts",
                "What stands around printed documents: logo, address and footer.",
            ),
        ),
    ),
)
