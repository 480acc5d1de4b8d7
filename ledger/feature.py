"""What ledgers bring to the engine."""

from __future__ import annotations

from fluvial.apptests.playing import LEDGER_RUN
from fluvial.commands.doctor import CHECKUP
from fluvial.http.routes import ENDPOINT
from fluvial.kernel.features import Feature
from fluvial.pages.navigation import NAVIGATION
from fluvial.pages.object_tabs import OBJECT_TAB, ObjectTab
from fluvial.pages.record_tabs import RECORD_TAB
from fluvial.pages.template_environment import TEMPLATES
from fluvial.records.change_sets.preview_items import CHANGE_SET_PREVIEW
from fluvial.records.drafts.seams import BEFORE_BIN, BEFORE_SAVE, DAY_NOTED, STORED
from fluvial.runtime.long_jobs import LONG_JOB_KIND
from rules.action_kinds import ACTION

from . import ledger_pages, ledgers_api, marks, rule_runs, run_tab
from .change_set_figures import FIGURES
from .entry_locks import keep_entries, keep_in_place
from .ledger_doctor import CHECKUP_OF_LEDGERS
from .ledger_documents import LEDGER
from .ledger_tables import TABLES
from .post_action import POST
from .story_runs import run_in_story

feature = Feature(
    "ledger",
    kinds=(LEDGER,),
    tables=TABLES,
    brings=(
        ACTION(POST),
        CHECKUP(CHECKUP_OF_LEDGERS),
        LEDGER_RUN(run_in_story),
        ENDPOINT(*ledgers_api.ENDPOINTS, *ledger_pages.ENDPOINTS),
        TEMPLATES(ledger_pages.TEMPLATES),
        NAVIGATION(ledger_pages.navigation),
        RECORD_TAB(run_tab.run_tabs),
        LONG_JOB_KIND(*rule_runs.KINDS),
        BEFORE_SAVE(keep_entries),
        BEFORE_BIN(keep_in_place),
        STORED(marks.stored),
        DAY_NOTED(marks.day_noted),
        CHANGE_SET_PREVIEW(FIGURES),
        OBJECT_TAB(
            ObjectTab(
                "ledger",
                "Ledgers",
                "A ledger posts what should have been charged and is not.",
                position=60,
            )
        ),
    ),
)
