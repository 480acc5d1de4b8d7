"""What processes bring to the engine."""

from __future__ import annotations

from fluvial.events.jobs import JOB, Job
from fluvial.http.routes import ENDPOINT
from fluvial.kernel.features import Feature
from fluvial.metadata_changes.apply import CATALOG_CHANGED
from fluvial.records.drafts.seams import BEFORE_BIN, BEFORE_SAVE, STORED

from . import conditional_starts, due_tasks, kept_records, processes_api
from .process_documents import PROCESS_KIND
from .process_tables import TABLES
from .versions import keep_versions

feature = Feature(
    "processes",
    kinds=(PROCESS_KIND,),
    tables=TABLES,
    brings=(
        CATALOG_CHANGED(keep_versions),
        BEFORE_SAVE(kept_records.before_save),
        BEFORE_BIN(kept_records.before_bin),
        STORED(conditional_starts.stored),
        ENDPOINT(*processes_api.ENDPOINTS),
        JOB(Job(due_tasks.WORK, due_tasks.run)),
    ),
)
