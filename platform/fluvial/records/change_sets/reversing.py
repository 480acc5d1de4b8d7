"""Reversing: what applying a change set wrote is taken back, edit by edit, the last one first.

History says what that was: each revision of the change set has the values from before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from fluvial.database.engine_tables import DATED, HISTORY
from fluvial.database.statement import Statement, param
from fluvial.kernel.problems import Problem, Unprocessable, fault
from fluvial.records.drafts.dated_fields import BEGINNING, spans_of
from fluvial.records.drafts.draft import Draft
from fluvial.records.drafts.rows import empty
from fluvial.records.over_time.planned_values import set_on, withdraw
from fluvial.records.writing import bin
from fluvial.records.writing.new_drafts import existing
from fluvial.records.writing.writer import store_changed
from fluvial.runtime.session import Session
from metamodel.catalog import Field, ObjectType
from metamodel.errors import ValueFault

from .base_conflicts import conflicts_of, refuse_conflicts
from .kept_edits import Edit
from .seen_edits import seen_edits
from .set_records import SetRecord, SetState

_h, _d = HISTORY.c, DATED.c
_ROWS = Statement(
    sa.select(_h.object, _h.record, _h.rev, _h.event, _h.at, _h.changes)
    .where(_h.change_set == param("the_set", _h.change_set))
    .order_by(_h.record, _h.rev.desc())
)
_DAYS = Statement(
    sa.select(_d.record, _d.field, _d.valid_from).where(
        _d.change_set == param("the_set", _d.change_set),
        _d.recorded_at == param("the_moment", _d.recorded_at),
        _d.object == param("the_object", _d.object),
    )
)
_ENDED = Statement(
    sa.select(_d.id).where(
        _d.record == param("the_record", _d.record),
        _d.field == param("the_field", _d.field),
        _d.valid_from == param("the_day", _d.valid_from),
        _d.ended_at == param("the_moment", _d.ended_at),
        sa.or_(_d.change_set.is_(None), _d.change_set != param("the_set", _d.change_set)),
    )
)


@dataclass(frozen=True)
class Written:
    """One revision that a change set wrote."""

    object: str
    record: str
    rev: int
    event: str
    at: datetime
    changes: Mapping[str, Sequence[Any]]

    @property
    def day(self) -> date | None:
        """Of a value from another day on."""
        _, _, day = self.event.partition(":")
        return date.fromisoformat(day) if day else None


def take_back(session: Session, set_: SetRecord, edits: Sequence[Edit], state: SetState) -> None:
    """Write the inverse of all edits, inside the caller's transaction."""
    rows = [Written(*row) for row in _ROWS.rows(session.connection, the_set=set_.id)]
    of_record: dict[str, list[Written]] = {}
    for row in rows:
        of_record.setdefault(row.record, []).append(row)
    written = {edit.id: _of_edit(edit, of_record) for edit in edits}
    names = {id: {name for row in found for name in row.changes} for id, found in written.items()}
    found = conflicts_of(session, edits, set_.id, names)
    if found:
        refuse_conflicts(session, set_.label, found, seen_edits(session, set_, edits))
    back = _Reversal(session, set_, state, rows)
    for edit in reversed(edits):
        try:
            for row in written[edit.id]:
                back.undo(row)
        except Problem as problem:
            problem.extra = {**problem.extra, "edits": [edit.id]}
            raise
    # What followed from them in other records, such as look-ups that let go of what was deleted.
    own = {edit.record for edit in edits}
    for row in rows:
        if row.record not in own and row.at == state.applied_at and row.event == "updated":
            back.undo(row)


def _of_edit(edit: Edit, of_record: Mapping[str, Sequence[Written]]) -> list[Written]:
    """The revisions that an edit made, the last one first."""
    first, last = edit.made_after, edit.made_until
    if first is None or last is None:
        return []
    return [row for row in of_record.get(edit.record, ()) if first < row.rev <= last]


class _Reversal:
    """A change set on its way back."""

    def __init__(
        self, session: Session, set_: SetRecord, state: SetState, rows: Sequence[Written]
    ) -> None:
        self._session = session
        self._set = set_
        # Of several values from one day on, the first one knows what held from it before.
        self._first: dict[tuple[str, str, date], int] = {}
        for row in rows:  # the last revisions come first
            if row.day is not None:
                self._first |= {(row.record, name, row.day): row.rev for name in row.changes}
        self._applied_at = state.applied_at
        self._days: dict[str, dict[tuple[str, str], date]] = {}  # by object

    def undo(self, row: Written) -> None:
        type_ = self._session.catalog.objects.get(row.object)
        if type_ is None:
            return  # nothing of it is left
        event = row.event.partition(":")[0]
        if event == "created" or event == "restored":
            bin.delete(self._session, row.object, row.record)
        elif event == "deleted":
            bin.restore(self._session, row.object, row.record)
        elif row.day is not None:
            self._undo_day(type_, row, row.day)
        elif row.changes:
            self._undo_values(type_, row)

    def _undo_values(self, type_: ObjectType, row: Written) -> None:
        session = self._session
        dated = {field.name for field in type_.dated_fields}
        plain = {name: pair[0] for name, pair in row.changes.items() if name not in dated}
        if plain:
            stored = existing(session, type_, row.record, "update")
            draft = Draft(session, type_, row.record, stored, dict(stored), inverse=True)
            for name, old in plain.items():
                field = type_.fields.get(name)
                if field is not None and field.kind.editable:  # a number that was given stays
                    draft.set(name, _parsed(field, old))
            store_changed(draft)
        for name in sorted(dated.intersection(row.changes)):
            day = self._held_since(row, name)
            set_on(session, row.object, row.record, {name: row.changes[name][0]}, day)

    def _held_since(self, row: Written, name: str) -> date:
        """The day from which a value held that was in force when it was applied."""
        if row.object not in self._days:
            known = {"the_set": self._set.id, "the_object": row.object}
            found: dict[tuple[str, str], date] = {}
            last = self._session.engine.clock.day_of(row.at)
            for record, field, day in _DAYS.rows(
                self._session.connection, **known, the_moment=self._applied_at
            ):
                if BEGINNING < day <= last:
                    found[record, field] = max(day, found.get((record, field), BEGINNING))
            self._days[row.object] = found
        return self._days[row.object].get((row.record, name), self._session.today)

    def _undo_day(self, type_: ObjectType, row: Written, day: date) -> None:
        """A value from a day on: what held from that day before, or nothing of its own."""
        session = self._session
        for name, (old, _) in row.changes.items():
            if self._first[row.record, name, day] != row.rev:
                continue
            span = next(
                (
                    one
                    for one in spans_of(session, type_, row.record)
                    if one.field == name and one.since == day and one.planned and not one.error
                ),
                None,
            )
            if span is not None and not self._stood_there(row, name, day):
                withdraw(session, row.object, row.record, span.id)
            else:
                set_on(session, row.object, row.record, {name: old}, day)

    def _stood_there(self, row: Written, name: str, day: date) -> bool:
        """Whether another value had been planned for the same day."""
        known = {"the_record": row.record, "the_field": name, "the_day": day}
        found = _ENDED.row(
            self._session.connection, **known, the_moment=row.at, the_set=self._set.id
        )
        return found is not None


def _parsed(field: Field, old: Any) -> Any:
    """The value from before, which the field may not take any more."""
    try:
        return None if empty(old) else field.kind.parse(field, old)
    except ValueFault as error:
        message = f"{field.label} cannot be what it was before the change set. {error.message}"
        raise Unprocessable(
            message, errors=[fault(f"/{field.name}", error.code, message)]
        ) from error
