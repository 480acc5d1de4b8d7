"""The records that somebody chose where a button asks for some: seen by them, and fitting."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fluvial.kernel.problems import Unprocessable, fault
from fluvial.records.drafts.record_environment import RecordEnvironment
from fluvial.records.drafts.rows import load_row
from fluvial.runtime.session import Session
from metamodel.catalog import Field
from metamodel.expressions.python import truth


def refuse_others(
    session: Session,
    pressed: RecordEnvironment,
    asks: Sequence[Field],
    answers: Mapping[str, Any],
) -> None:
    """Refuse chosen records that are not there for the person, or that may not be chosen."""
    faults = [
        fault(f"/{field.name}", code, f"{field.label}: {message}")
        for field in asks
        if field.to
        for code, message in _faults(session, pressed, field, answers.get(field.name))
    ]
    if faults:
        count, first = len(faults), faults[0]["message"]
        detail = first if count == 1 else f"{count} answers are not valid. The first: {first}"
        raise Unprocessable(detail, errors=faults)


def _faults(
    session: Session, pressed: RecordEnvironment, field: Field, chosen: Any
) -> Iterator[tuple[str, str]]:
    target = str(field.to)
    type_ = session.catalog.objects[target]
    label = type_.label.lower() if session.access.object(target).can("read") else "record"
    for id in chosen if isinstance(chosen, list) else [chosen] if chosen else []:
        row = load_row(session, target, id, "read")
        if row is None:
            yield "unknown_record", f"There is no {label} with the id `{id}`."
        elif field.pick is not None:
            asking = RecordEnvironment(session, type_, row, record=pressed)
            if not truth(field.pick, asking):
                title = row.get("title") or f"this {label}"
                yield "may_not_pick", f"{title} cannot be chosen here ({field.pick.source})."
