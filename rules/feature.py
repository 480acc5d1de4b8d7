"""What this folder brings: rules, endpoints, templates, and the workers' jobs for them."""

from __future__ import annotations

from collections.abc import Iterator

from fluvial.apptests.effects_seen import EFFECTS
from fluvial.apptests.playing import CALLED, CLOCK_SET
from fluvial.apptests.story import UNSENT
from fluvial.events.jobs import HOUSEKEEPING, JOB, Job
from fluvial.http.metrics_api import MEASURES
from fluvial.http.routes import ENDPOINT
from fluvial.kernel.features import Feature
from fluvial.kernel.metrics import Family, gauges
from fluvial.metadata_changes.apply import CATALOG_CHANGED
from fluvial.pages.designers import DESIGNER
from fluvial.pages.happenings import HAPPENINGS
from fluvial.pages.navigation import NAVIGATION
from fluvial.pages.object_tabs import OBJECT_TAB, SHARED_DOCUMENTS, ObjectTab, SharedDocuments
from fluvial.pages.template_environment import TEMPLATES
from fluvial.records.calculated.timer_values import TIMERS_WORKED
from fluvial.records.drafts.listeners import LISTENER, EventListener
from fluvial.records.drafts.seams import BEFORE_BIN, BEFORE_SAVE, BUTTONS, STORED, Buttons
from fluvial.runtime.session import Session
from fluvial.services.letters import LETTER_BOX

from . import (
    buttons,
    continuing,
    deliveries,
    delivery_pages,
    due_moments,
    effects,
    endpoint_addresses,
    endpoint_pauses,
    filled,
    letter_box,
    letter_trials,
    receiving,
    record_runs,
    rule_designer,
    rule_notes,
    rule_trials,
    rules_api,
    run_pages,
    runs,
    template_designer,
    timer_moments,
    trial_answers,
    waiting_api,
    waiting_runs,
)
from .before_save import before_bin, before_save
from .effects import open_by_state
from .index import listened
from .rule_documents import KINDS
from .rule_tables import TABLES, WORK
from .running import happened
from .sent_effects import effects_of


def measures(session: Session) -> Iterator[Family]:
    counts = open_by_state(session.connection)
    yield gauges(
        "fluvial_deliveries", "Deliveries of rules that are not finished.", "state", counts
    )
    waiting = waiting_runs.counts(session.connection)
    yield gauges("fluvial_waiting_runs", "Runs of rules that go on later.", "state", waiting)


feature = Feature(
    "rules",
    kinds=KINDS,
    tables=TABLES,
    brings=(
        ENDPOINT(
            *rules_api.ENDPOINTS,
            *receiving.ENDPOINTS,
            *filled.ENDPOINTS,
            *letter_trials.ENDPOINTS,
            *run_pages.ENDPOINTS,
            *waiting_api.ENDPOINTS,
            *delivery_pages.ENDPOINTS,
            *rule_designer.ENDPOINTS,
            *rule_trials.ENDPOINTS,
        ),
        TEMPLATES(run_pages.TEMPLATES),
        rule_designer.BRINGS,
        NAVIGATION(run_pages.entry),
        HAPPENINGS(record_runs.happenings),
        OBJECT_TAB(
            ObjectTab(
                "rule",
                "Rules",
                "A rule does something when a record changes or a date arrives.",
                position=40,
            ),
            ObjectTab(
                "template",
                "Templates",
                "A template is the text of a mail, a notification or a printed document.",
                position=50,
            ),
        ),
        SHARED_DOCUMENTS(
            SharedDocuments(
                "template", "Templates", "The text of mails, notifications and printed documents."
            ),
            SharedDocuments(
                "endpoint",
                "Endpoints",
                "The addresses that webhooks are sent to, with their secrets.",
            ),
        ),
        DESIGNER(template_designer.DESIGNER),
        BEFORE_SAVE(before_save),
        BEFORE_BIN(before_bin),
        STORED(due_moments.stored),
        TIMERS_WORKED(timer_moments.worked),
        BUTTONS(Buttons(buttons.known, buttons.offered, buttons.press, buttons.check_answers)),
        LISTENER(
            EventListener(happened, listened),
            EventListener(continuing.happened, continuing.watched),
        ),
        rule_notes.BRINGS,
        CATALOG_CHANGED(endpoint_addresses.check_addresses, due_moments.changed),
        MEASURES(measures),
        EFFECTS(effects_of),
        CALLED(trial_answers.answer),
        CLOCK_SET(due_moments.plan_schedules),
        LETTER_BOX(letter_box.enter),
        UNSENT(effects.forget_unsent),
        JOB(
            Job(WORK, due_moments.run),
            Job(effects.WORK, deliveries.run, sends=True),
            Job(waiting_runs.WORK, continuing.run),
        ),
        HOUSEKEEPING(waiting_runs.forget, runs.forget, receiving.forget, endpoint_pauses.expire),
    ),
)
