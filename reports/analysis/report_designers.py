"""Reports and dashboards as they are designed: what they would show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fluvial.http.call import Call
from fluvial.pages.designers import Designer
from fluvial.pages.document_previews import DocumentPreview
from fluvial.pages.frame import render
from metamodel.document import Document

from .dashboard_pages import dashboard_context
from .dashboards import dashboard_from
from .report_model import report_from
from .report_pages import report_context
from .report_reader import ReportWish, read_report


def _report(call: Call, document: Document, record: str) -> dict[str, Any]:
    read = read_report(call.session, report_from(document), ReportWish())
    context = report_context(call.session, read, {})
    context["table"]["rows"] = context["table"]["rows"][:20]
    context["more_href"] = ""
    return {"html": render(call, "_report_preview.html", report=context)}


def _dashboard(call: Call, document: Document, record: str) -> dict[str, Any]:
    shown = dashboard_context(call.session, dashboard_from(document))
    return {"html": render(call, "_dashboard_preview.html", dashboard=shown)}


def nothing(call: Call, body: Mapping[str, Any]) -> Mapping[str, Any]:
    """The generated form knows all that these designers ask for."""
    return {}


DESIGNERS = (Designer("report", nothing), Designer("dashboard", nothing))
PREVIEWS = (DocumentPreview("report", _report), DocumentPreview("dashboard", _dashboard))
