"""The control of a page that shows another day, and the banner that says so."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fluvial.runtime.session import Session
from metamodel.catalog import ObjectType

from .frame import with_query
from .reader_format import ReaderFormat


def as_of_control(
    session: Session, fmt: ReaderFormat, types: Iterable[ObjectType], href: str, /, **kept: str
) -> dict[str, Any] | None:
    """The control, where days make a difference to records of the types, or one is shown."""
    if session.as_of is None and not any(map(_timely, types)):
        return None
    return as_of_context(session, fmt, href, **kept)


def _timely(type_: ObjectType) -> bool:
    return bool(type_.dated or type_.dated_fields or type_.calculated_fields)


def as_of_context(session: Session, fmt: ReaderFormat, href: str, /, **kept: str) -> dict[str, Any]:
    """For `_as_of.html`. `href` is the page, `kept` what its address says beside the day."""
    day = session.as_of
    return {
        "day": session.today.isoformat(),
        "label": f"As of {fmt.plain_day(day)}" if day else "As of today",
        "said": fmt.plain_day(day) if day else "",
        "other": day is not None,
        "asked": session.asked_text,
        "href": href,
        "kept": [{"name": name, "value": value} for name, value in kept.items()],
        "back": with_query(href, **kept),
    }
