"""All pages of the engine, and what the application takes from them."""

from __future__ import annotations

from fluvial.engine import Engine
from fluvial.http.routes import Endpoint

from . import (
    bins,
    docs,
    documents,
    home,
    importing,
    inbox,
    lists,
    lookups,
    patterns,
    profile,
    revisions,
    search,
    sign_in,
    studio,
    studio_object,
)
from .problems import problem_page

ENDPOINTS: tuple[Endpoint, ...] = (
    *sign_in.ENDPOINTS,
    *home.ENDPOINTS,
    *lists.ENDPOINTS,
    *bins.ENDPOINTS,
    *search.ENDPOINTS,
    *lookups.ENDPOINTS,
    *inbox.ENDPOINTS,
    *profile.ENDPOINTS,
    *studio.ENDPOINTS,
    *studio_object.ENDPOINTS,
    *documents.ENDPOINTS,
    *revisions.ENDPOINTS,
    *importing.ENDPOINTS,
    *docs.ENDPOINTS,
    *patterns.ENDPOINTS,
)


def assemble(engine: Engine) -> tuple[Endpoint, ...]:
    """Let problems of pages be pages; the endpoints of the pages."""
    engine.problem_page = problem_page
    return ENDPOINTS
