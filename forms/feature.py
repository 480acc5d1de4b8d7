"""What layouts and web forms bring to the engine."""

from __future__ import annotations

from fluvial.apptests.playing import ANSWER
from fluvial.events.jobs import HOUSEKEEPING
from fluvial.http.routes import ENDPOINT
from fluvial.kernel.features import OBJECT_PART, Feature
from fluvial.pages.designers import DESIGNER
from fluvial.pages.document_previews import DOCUMENT_PREVIEW
from fluvial.pages.happenings import HAPPENINGS
from fluvial.pages.navigation import NAVIGATION
from fluvial.pages.new_fields import NEW_FIELDS
from fluvial.pages.object_tabs import OBJECT_TAB, ObjectTab
from fluvial.pages.record_offers import RECORD_OFFER
from fluvial.pages.record_tabs import RECORD_TAB
from fluvial.pages.template_environment import TEMPLATES
from fluvial.pages.top_bar import TOP_BAR
from fluvial.records.drafts.seams import STORED

from . import (
    action_pages,
    bulk_questions,
    comment_pages,
    form_previews,
    forms_api,
    held_answers,
    planned_days,
    public,
    quick_pages,
    record_clocks,
    record_pages,
    submission_pages,
    web_form_pages,
    webform_designer,
    why_page,
)
from .form_documents import FORM, WEBFORM
from .form_tables import TABLES
from .layout_designer import LAYOUT_DESIGNER, LAYOUT_PREVIEW
from .stopwatch import running_watches, stopwatch_api, stopwatch_pages
from .stopwatch.stopwatch_part import STOPWATCH
from .studio_layouts import LAYOUTS, place_new_fields
from .submissions import answer
from .time_in_states import state_tabs
from .weeks import week_api, week_pages
from .weeks.week_grids import WEEK_GRID

feature = Feature(
    "forms",
    kinds=(FORM, WEBFORM, WEEK_GRID),
    tables=TABLES,
    brings=(
        ENDPOINT(
            *forms_api.ENDPOINTS,
            *form_previews.ENDPOINTS,  # before the form itself, whose name would take all
            *public.ENDPOINTS,
            *planned_days.ENDPOINTS,
            *quick_pages.ENDPOINTS,
            *record_pages.ENDPOINTS,
            *action_pages.ENDPOINTS,
            *bulk_questions.ENDPOINTS,
            *comment_pages.ENDPOINTS,
            *why_page.ENDPOINTS,
            *submission_pages.ENDPOINTS,
            *stopwatch_api.ENDPOINTS,
            *stopwatch_pages.ENDPOINTS,
            *week_api.ENDPOINTS,
            *week_pages.ENDPOINTS,
        ),
        NAVIGATION(week_pages.navigation),
        RECORD_OFFER(week_pages.offers),
        OBJECT_PART(STOPWATCH),
        STORED(running_watches.stored),
        TOP_BAR(stopwatch_pages.in_top_bar),
        RECORD_OFFER(stopwatch_pages.offers),
        TEMPLATES(web_form_pages.TEMPLATES),
        DESIGNER(*webform_designer.DESIGNERS),
        NAVIGATION(submission_pages.entry),
        HAPPENINGS(record_clocks.happenings),
        ANSWER(answer),
        DESIGNER(LAYOUT_DESIGNER),
        DOCUMENT_PREVIEW(LAYOUT_PREVIEW),
        HOUSEKEEPING(held_answers.forget),
        NEW_FIELDS(place_new_fields),
        RECORD_TAB(state_tabs),
        OBJECT_TAB(
            LAYOUTS,
            ObjectTab(
                "week_grid",
                "Week grids",
                "A week grid enters the records of a person and a week as a table.",
                position=35,
            ),
            ObjectTab(
                "webform",
                "Web forms",
                "A web form lets people outside create a record.",
                position=60,
            ),
        ),
    ),
)
