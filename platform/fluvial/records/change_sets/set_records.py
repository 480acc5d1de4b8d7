"""The records that are change sets: which one an id names, and how far it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from fluvial.database.change_set_tables import CHANGE_SET as TABLE
from fluvial.database.statement import Statement, insert, param
from fluvial.kernel.ids import is_id
from fluvial.kernel.problems import Conflict, Forbidden, NotFound
from fluvial.records.drafts.draft import Draft
from fluvial.records.drafts.record_locks import refuse_whole
from fluvial.records.drafts.rows import Values, load_row
from fluvial.runtime.session import Session
from metamodel.catalog import Catalog, ObjectType
from metamodel.change_sets.change_set_part import CHANGE_SET, ChangeSet

OPEN, APPLIED, REVERSED = "open", "applied", "reversed"

_t = TABLE.c
_this = _t.id == param("the_id", _t.id)
_FIND = Statement(
    sa.select(_t.applied_at, _t.applied_by, _t.reversed_at, _t.reversed_by).where(_this)
)
_APPLIED = insert(TABLE)
_REVERSED = Statement(
    TABLE.update()
    .where(_this, _t.reversed_at.is_(None))
    .values(
        reversed_at=param("the_now", _t.reversed_at), reversed_by=param("the_by", _t.reversed_by)
    )
)


@dataclass(frozen=True)
class SetState:
    """When a change set was applied and taken back, and by whom."""

    applied_at: datetime | None = None
    applied_by: str | None = None
    reversed_at: datetime | None = None
    reversed_by: str | None = None

    @property
    def name(self) -> str:
        if self.reversed_at is not None:
            return REVERSED
        return OPEN if self.applied_at is None else APPLIED


@dataclass(frozen=True)
class SetRecord:
    """A record that is a change set, as it is stored."""

    type: ObjectType
    spec: ChangeSet
    values: Values

    @property
    def id(self) -> str:
        return str(self.values["id"])

    @property
    def label(self) -> str:
        return self.type.label.lower()

    @property
    def name(self) -> str:
        """Its kind and its title."""
        return f"{self.label} {self.values.get('title') or ''}".strip()

    @property
    def day(self) -> date | None:
        """From which dated values hold; None is the day on which it is applied."""
        found: date | None = self.values.get(self.spec.effective) if self.spec.effective else None
        return found


def set_types(catalog: Catalog) -> Mapping[str, ChangeSet]:
    """The object types whose records are change sets."""
    return catalog.derive(_set_types)


def _set_types(catalog: Catalog) -> dict[str, ChangeSet]:
    found = {name: CHANGE_SET.of(type_) for name, type_ in catalog.objects.items()}
    return {name: spec for name, spec in found.items() if spec is not None}


def set_of(
    session: Session, id: str, action: str | None = "read", *, lock: bool = False
) -> SetRecord:
    """The change set with an id, as far as the actor may do that with it."""
    forbidden = ""
    for name, spec in set_types(session.catalog).items() if is_id(id) else ():
        type_ = session.catalog.objects[name]
        if action is not None and not session.access.object(name).can("read"):
            continue
        row = load_row(session, name, id, action, lock=lock)
        if row is not None:
            return SetRecord(type_, spec, row)
        if action not in (None, "read") and load_row(session, name, id, "read") is not None:
            forbidden = f"Your roles do not allow you to {action} this {type_.label.lower()}."
    if forbidden:
        raise Forbidden(forbidden)
    raise NotFound(f"There is no change set with the id `{id}`.")


def open_set(session: Session, id: str) -> SetRecord:
    """A change set that takes edits; it is held, so that they come one after another."""
    found = set_of(session, id, "update", lock=True)
    state = state_of(session, id)
    if state.name != OPEN:
        was = "taken back" if state.name == REVERSED else "applied"
        raise Conflict(
            f"This {found.label} has been {was}, so nothing can be kept in it any more. "
            "Make a new one."
        )
    refuse_whole(Draft(session, found.type, id, found.values, dict(found.values)))
    return found


def state_of(session: Session, id: str) -> SetState:
    row = _FIND.row(session.connection, the_id=id)
    return SetState() if row is None else SetState(*row)


def mark_applied(session: Session, set_: SetRecord) -> None:
    nothing: dict[str, Any] = dict.fromkeys(("reversed_at", "reversed_by"))
    _APPLIED.run(
        session.connection,
        id=set_.id,
        object=set_.type.name,
        applied_at=session.now,
        applied_by=session.actor.id,
        **nothing,
    )


def mark_reversed(session: Session, set_: SetRecord) -> None:
    _REVERSED.run(session.connection, the_id=set_.id, the_now=session.now, the_by=session.actor.id)
