"""What layouts and web forms bring to the engine."""

from __future__ import annotations

from fluvial.kernel.feature import Feature

from . import api, comment_pages, days, public, record_pages, why_page
from .kinds import FORM, WEBFORM
from .pages import TEMPLATES
from .submissions import TABLES, answer

feature = Feature(
    name="forms",
    kinds=(FORM, WEBFORM),
    tables=TABLES,
    routes=(
        *api.ENDPOINTS,
        *public.ENDPOINTS,
        *days.ENDPOINTS,
        *record_pages.ENDPOINTS,
        *comment_pages.ENDPOINTS,
        *why_page.ENDPOINTS,
    ),
    templates=TEMPLATES,
    answer=answer,
)
