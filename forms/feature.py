"""What layouts and web forms bring to the engine."""

from __future__ import annotations

from fluvial.apptests.playing import ANSWER
from fluvial.http.routes import ENDPOINT
from fluvial.kernel.feature import Feature
from fluvial.pages.environment import TEMPLATES

from . import api, comment_pages, days, pages, public, record_pages, why_page
from .kinds import FORM, WEBFORM
from .submissions import TABLES, answer

feature = Feature(
    "forms",
    kinds=(FORM, WEBFORM),
    tables=TABLES,
    brings=(
        ENDPOINT(
            *api.ENDPOINTS,
            *public.ENDPOINTS,
            *days.ENDPOINTS,
            *record_pages.ENDPOINTS,
            *comment_pages.ENDPOINTS,
            *why_page.ENDPOINTS,
        ),
        TEMPLATES(pages.TEMPLATES),
        ANSWER(answer),
    ),
)
