"""The engine's own parts, which enter by the same seams as those of the features."""

from __future__ import annotations

from fluvial.auth import people, sign_in_links
from fluvial.database import rate_limits
from fluvial.events import apply_planned, due_timers, outbox
from fluvial.events.jobs import HOUSEKEEPING, JOB, Job, count_grown, keep_house
from fluvial.http import (
    approvals_api,
    change_sets_api,
    comments_api,
    decisions_api,
    files_api,
    health_api,
    idempotency,
    imports_api,
    jobs_api,
    meta_api,
    metadata_drafts_api,
    metrics_api,
    notifications_api,
    packages_api,
    people_api,
    records_api,
    retired_api,
    second_factor_api,
    segments_api,
)
from fluvial.http.routes import ENDPOINT, PROBLEM_PAGE
from fluvial.kernel.features import CORE, Feature
from fluvial.metadata_changes import changed_calendars, cutover, index_builds
from fluvial.metadata_changes.apply import CATALOG_CHANGED
from fluvial.metadata_changes.approvals import APPROVAL_HEARD
from fluvial.pages import (
    assigned_work,
    change_set_pages,
    colleague_pages,
    decision_pages,
    site,
    told_work,
)
from fluvial.pages.designers import DESIGNER, Designer
from fluvial.pages.document_previews import DOCUMENT_PREVIEW
from fluvial.pages.navigation import NAVIGATION
from fluvial.pages.object_tabs import OBJECT_TAB, SHARED_DOCUMENTS, ObjectTab, SharedDocuments
from fluvial.pages.people_exports import PEOPLE
from fluvial.pages.problem_pages import problem_page
from fluvial.pages.record_tabs import RECORD_TAB
from fluvial.pages.role_designer import role_context
from fluvial.pages.role_tabs import roles_tab
from fluvial.pages.view_designer import VIEW_DESIGNER, VIEW_PREVIEW
from fluvial.pages.work_items import WORK
from fluvial.records.calculated import (
    recalculation_job,
    recalculation_queue,
    timer_reasons,
    timer_values,
)
from fluvial.records.calculated.field_makers import FIELD_MAKER, FieldMaker
from fluvial.records.change_sets.applying import settle
from fluvial.records.change_sets.preview_items import CHANGE_SET_PREVIEW, READERS
from fluvial.records.drafts import tied_rows
from fluvial.records.drafts.seams import OBJECT_HOOK, STORED
from fluvial.records.drafts.user_accounts import UserHook
from fluvial.runtime import long_jobs
from fluvial.runtime.long_jobs import LONG_JOB_KIND
from fluvial.services import (
    bulk_deletions,
    bulk_edit_job,
    bulk_edit_rows,
    bulk_edit_undo,
    bulk_presses,
)
from fluvial.services.approval_notices import tell_of_approval
from fluvial.transfer import files
from fluvial.transfer.export_forms import EXPORT_FORM
from fluvial.transfer.imports import import_job, import_undo
from fluvial.transfer.spreadsheets import sheet_install
from metamodel.timers.timer_part import TIMERS

feature = Feature(
    CORE,
    brings=(
        OBJECT_HOOK(UserHook()),
        STORED(settle),
        CHANGE_SET_PREVIEW(*READERS),
        RECORD_TAB(change_set_pages.set_tabs),
        ENDPOINT(
            *people_api.ENDPOINTS,
            *second_factor_api.ENDPOINTS,
            *records_api.ENDPOINTS,
            *comments_api.ENDPOINTS,
            *notifications_api.ENDPOINTS,
            *segments_api.ENDPOINTS,
            *change_sets_api.ENDPOINTS,
            *decisions_api.ENDPOINTS,
            *files_api.ENDPOINTS,
            *imports_api.ENDPOINTS,
            *jobs_api.ENDPOINTS,
            *retired_api.ENDPOINTS,
            *approvals_api.ENDPOINTS,
            *metadata_drafts_api.ENDPOINTS,
            *meta_api.ENDPOINTS,
            *packages_api.ENDPOINTS,
            *health_api.ENDPOINTS,
            *metrics_api.ENDPOINTS,
            *decision_pages.ENDPOINTS,
            *change_set_pages.ENDPOINTS,
            *site.ENDPOINTS,
        ),
        PROBLEM_PAGE(problem_page),
        NAVIGATION(colleague_pages.entry),
        APPROVAL_HEARD(tell_of_approval),
        FIELD_MAKER(FieldMaker(TIMERS.name, timer_values.work_out, timer_reasons.reasons)),
        CATALOG_CHANGED(changed_calendars.plan_anew, tied_rows.refuse_tied_rows),
        EXPORT_FORM(PEOPLE),
        WORK(assigned_work.assigned, assigned_work.followed, told_work.decisions, told_work.told),
        DESIGNER(VIEW_DESIGNER),
        DOCUMENT_PREVIEW(VIEW_PREVIEW),
        DESIGNER(Designer("role", role_context)),
        OBJECT_TAB(
            ObjectTab(
                "view",
                "Views",
                "A view is a saved list: which records, in which columns and order.",
                position=20,
            ),
            ObjectTab(
                "decision",
                "Decisions",
                "A decision finds the most specific of these records for another one.",
                position=75,
            ),
            ObjectTab(
                "role",
                "Roles",
                "Roles define who may do what with these records.",
                position=80,
                content=roles_tab,
            ),
        ),
        SHARED_DOCUMENTS(
            SharedDocuments("role", "Roles", "Who may do what with which records and fields."),
            SharedDocuments("decision", "Decisions", "Tables of rows of which the best fit wins."),
        ),
        LONG_JOB_KIND(
            import_undo.UNDO,
            import_job.IMPORT_JOB,
            sheet_install.SHEETS_JOB,
            bulk_edit_job.EDIT.kind,
            bulk_deletions.DELETION.kind,
            bulk_presses.PRESS.kind,
            *bulk_edit_undo.KINDS,
        ),
        JOB(  # events first, then what they made
            Job(outbox.WORK, outbox.run),
            Job("dated", apply_planned.run),
            Job("due timers", due_timers.run),
            Job(recalculation_queue.WORK, recalculation_job.run),
            Job("changes", cutover.run),
            Job("indexes", index_builds.run),
            Job(long_jobs.WORK, long_jobs.run),
            Job("statistics", count_grown, every=15),
            Job("house", keep_house, every=600),
            Job("files", files.run, every=600),
        ),
        HOUSEKEEPING(
            idempotency.expire,
            people.end_expired_sessions,
            sign_in_links.expire,
            rate_limits.forget,
            long_jobs.forget,
            bulk_edit_rows.forget,
        ),
    ),
)
