"""All pages of the engine."""

from __future__ import annotations

from fluvial.http.assets import asset
from fluvial.http.call import Answer, Call
from fluvial.http.routes import Endpoint, Policy

from . import (
    access_pages,
    approval_pages,
    bins,
    confirm_pages,
    data_model,
    docs,
    document_exchange,
    document_names,
    document_pages,
    expression_desk,
    field_order,
    history_pages,
    home,
    home_arrangement,
    importing,
    inbox,
    job_pages,
    list_choices,
    lists,
    lookup_choices,
    made_names,
    my_work,
    new_package,
    package_pages,
    password_pages,
    patterns,
    people_invites,
    people_pages,
    profile,
    rights_of_people,
    saved_views,
    search_pages,
    sign_in,
    slow_question_pages,
    spreadsheet_pages,
    studio,
    studio_kind,
    studio_object,
    translation_pages,
)


def favicon(_: Call) -> Answer:
    """Where browsers look for the icon of what is no page, such as JSON."""
    return Answer.redirect(asset("favicon.svg"))


ENDPOINTS: tuple[Endpoint, ...] = (
    *sign_in.ENDPOINTS,
    *password_pages.ENDPOINTS,
    *home.ENDPOINTS,
    *home_arrangement.ENDPOINTS,
    *my_work.ENDPOINTS,
    *lists.ENDPOINTS,
    *list_choices.ENDPOINTS,
    *made_names.ENDPOINTS,
    *saved_views.ENDPOINTS,
    *bins.ENDPOINTS,
    *search_pages.ENDPOINTS,
    *lookup_choices.ENDPOINTS,
    *inbox.ENDPOINTS,
    *profile.ENDPOINTS,
    *studio.ENDPOINTS,
    *spreadsheet_pages.ENDPOINTS,
    *people_pages.ENDPOINTS,
    *people_invites.ENDPOINTS,
    *access_pages.ENDPOINTS,
    *rights_of_people.ENDPOINTS,
    *studio_object.ENDPOINTS,
    *studio_kind.ENDPOINTS,
    *data_model.ENDPOINTS,
    *confirm_pages.ENDPOINTS,
    *document_exchange.ENDPOINTS,
    *document_names.ENDPOINTS,
    *document_pages.ENDPOINTS,
    *expression_desk.ENDPOINTS,
    *field_order.ENDPOINTS,
    *package_pages.ENDPOINTS,
    *new_package.ENDPOINTS,
    *translation_pages.ENDPOINTS,
    *history_pages.ENDPOINTS,
    *approval_pages.ENDPOINTS,
    *slow_question_pages.ENDPOINTS,
    *importing.ENDPOINTS,
    *job_pages.ENDPOINTS,
    *docs.ENDPOINTS,
    *patterns.ENDPOINTS,
    Endpoint("GET", "/favicon.ico", favicon, Policy.PUBLIC, "The icon.", page=True),
)
