"""What workloads and Gantt charts bring to the engine."""

from __future__ import annotations

from fluvial.http.routes import ENDPOINT
from fluvial.pages.navigation import NAVIGATION
from fluvial.pages.object_tabs import OBJECT_TAB, ObjectTab
from fluvial.pages.record_tabs import RECORD_TAB

from . import gantt_pages, workload_pages

BRINGS = (
    ENDPOINT(*workload_pages.ENDPOINTS, *gantt_pages.ENDPOINTS),
    NAVIGATION(workload_pages.navigation),
    RECORD_TAB(gantt_pages.tabs),
    OBJECT_TAB(
        ObjectTab(
            "workload",
            "Workloads",
            "A workload shows who is free when: people by days, with leave and what is planned.",
            position=36,
        ),
        ObjectTab(
            "gantt",
            "Gantt charts",
            "A Gantt chart shows the records below one record as bars over days.",
            position=37,
        ),
    ),
)
