"""Which of the fields that a page shows are being recalculated."""

from __future__ import annotations

from collections.abc import Iterable

from fluvial.records.calculated.recalculation_queue import unsettled_places
from fluvial.runtime.session import Session
from metamodel.catalog import Field
from metamodel.dependencies import TITLE


def recalculating(session: Session, fields: Iterable[Field]) -> str:
    """The labels of those whose values may be out of date until the workers are done, as one text.

    Of another day all values are worked out when they are read; only titles are stored.
    """
    waiting = unsettled_places(session)
    if not waiting:
        return ""
    labels = {
        field.label: None
        for field in fields
        if (field.object, field.name) in waiting and (session.as_of is None or field.name == TITLE)
        if field not in session.catalog.objects[field.object].logged_fields  # its log is filled
    }
    return ", ".join(labels)
