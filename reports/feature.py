"""What printed documents and reports bring to the engine."""

from __future__ import annotations

from fluvial.http.routes import ENDPOINT
from fluvial.kernel.features import Feature

from .analysis import reports_api
from .analysis.report_documents import REPORT

feature = Feature(
    "reports",
    kinds=(REPORT,),
    brings=(ENDPOINT(*reports_api.ENDPOINTS),),
)
