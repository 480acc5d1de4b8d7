"""What a reader may do with one record, as pages offer it."""

from __future__ import annotations

from fluvial.records.drafts.rows import load_row
from fluvial.runtime.session import Session
from metamodel.catalog import ObjectType


def may_do(session: Session, type_: ObjectType, record: str, action: str) -> bool:
    """Whether the reader may do that with this record, as the conditions of their grants say."""
    where = session.access.object(type_.name).where
    if action not in where or where[action] is None:
        return action in where
    return load_row(session, type_.name, record, action) is not None
