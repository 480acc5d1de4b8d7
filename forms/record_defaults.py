"""What the form of a new record holds before anybody types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fluvial.records.drafts.completion import apply_defaults
from fluvial.records.drafts.draft import Draft
from fluvial.runtime.session import Session
from metamodel.catalog import ObjectType


def defaults_of_new(
    session: Session, type_: ObjectType, given: Mapping[str, Any]
) -> dict[str, Any]:
    """What the fields of a new record hold before anybody writes."""
    values = {f.name: f.kind.absent(f) for f in type_.fields.values() if f.stored}
    draft = Draft(session, type_, "", None, values)
    draft.take(given)
    apply_defaults(draft)
    return {f.name: draft.wire(f.name) for f in type_.own_fields if f.stored}
