"""What processes bring to the engine."""

from __future__ import annotations

from pathlib import Path

from fluvial.events.jobs import JOB, Job
from fluvial.http.routes import ENDPOINT
from fluvial.kernel.features import Feature
from fluvial.metadata_changes.apply import CATALOG_CHANGED
from fluvial.pages.designers import DESIGNER
from fluvial.pages.document_previews import DOCUMENT_PREVIEW
from fluvial.pages.navigation import NAVIGATION
from fluvial.pages.object_tabs import OBJECT_TAB
from fluvial.pages.record_tabs import RECORD_TAB
from fluvial.pages.template_environment import TEMPLATES
from fluvial.pages.work_items import WORK
from fluvial.records.drafts.seams import BEFORE_BIN, BEFORE_SAVE, BUTTONS, STORED, Buttons
from fluvial.runtime.long_jobs import LONG_JOB_KIND
from rules.action_kinds import ACTION

from . import (
    bpmn_api,
    candidates,
    conditional_starts,
    control_panel,
    designed_processes,
    due_tasks,
    figures_api,
    figures_pages,
    kept_records,
    map_api,
    process_buttons,
    process_pages,
    process_places,
    processes_api,
    repeated_starts,
    task_pages,
)
from .process_documents import PROCESS_KIND
from .process_tables import TABLES
from .start_action import START_ACTION
from .versions import keep_versions

feature = Feature(
    "processes",
    kinds=(PROCESS_KIND,),
    tables=TABLES,
    brings=(
        CATALOG_CHANGED(keep_versions),
        BEFORE_SAVE(kept_records.before_save),
        BEFORE_BIN(kept_records.before_bin),
        STORED(conditional_starts.stored, candidates.stored),
        ENDPOINT(
            *processes_api.ENDPOINTS,
            *map_api.ENDPOINTS,
            *figures_api.ENDPOINTS,
            *task_pages.ENDPOINTS,
            *process_pages.ENDPOINTS,
            *figures_pages.ENDPOINTS,
            *control_panel.ENDPOINTS,
            *designed_processes.ENDPOINTS,
            *bpmn_api.ENDPOINTS,
        ),
        ACTION(START_ACTION),
        BUTTONS(
            Buttons(
                process_buttons.known,
                process_buttons.offered,
                process_buttons.press,
                process_buttons.check,
            )
        ),
        TEMPLATES(Path(__file__).parent / "templates"),
        NAVIGATION(process_places.navigation),
        WORK(process_places.work),
        RECORD_TAB(process_places.record_tabs),
        OBJECT_TAB(process_places.OBJECT_TABS),
        DESIGNER(process_places.DESIGNED),
        DOCUMENT_PREVIEW(process_places.PREVIEWS),
        JOB(
            Job(due_tasks.WORK, due_tasks.run),
            Job(repeated_starts.WORK, repeated_starts.run, every=60),
            Job(candidates.WORK, candidates.run, every=candidates.EVERY),
        ),
        LONG_JOB_KIND(repeated_starts.KIND),
    ),
)
