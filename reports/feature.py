"""What printed documents and reports bring to the engine."""

from __future__ import annotations

from fluvial.http.routes import ENDPOINT
from fluvial.kernel.features import Feature
from fluvial.pages.object_tabs import SHARED_DOCUMENTS, SharedDocuments
from rules.template_channels import TEMPLATE_CHANNEL

from .analysis import reports_api
from .analysis.report_documents import REPORT
from .printed import documents_api, kept_prints
from .printed.document_channel import CHANNEL
from .printed.page_layouts import PAGE_LAYOUT

feature = Feature(
    "reports",
    kinds=(REPORT, PAGE_LAYOUT),
    tables=kept_prints.TABLES,
    brings=(
        TEMPLATE_CHANNEL(CHANNEL),
        ENDPOINT(*reports_api.ENDPOINTS, *documents_api.ENDPOINTS),
        SHARED_DOCUMENTS(
            SharedDocuments(
                "page_layout",
                "Page layouts",
                "What stands around printed documents: logo, address and footer.",
            )
        ),
    ),
)
