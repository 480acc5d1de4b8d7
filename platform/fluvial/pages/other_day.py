"""The control of a page that shows another day, and the banner that says so."""

from __future__ import annotations

from typing import Any

from fluvial.session import Session

from .frame import with_query
from .looks import Looks


def as_of_context(session: Session, looks: Looks, href: str, **kept: str) -> dict[str, Any]:
    """For `_other_day.html`. `href` is the page, `kept` what its address says beside the day."""
    day = session.as_of
    return {
        "day": session.today.isoformat(),
        "label": f"As of {looks.plain_day(day)}" if day else "As of today",
        "said": looks.plain_day(day) if day else "",
        "other": day is not None,
        "href": href,
        "kept": [{"name": name, "value": value} for name, value in kept.items()],
        "back": with_query(href, **kept),
    }
