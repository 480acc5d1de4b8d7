"""Copies what a retyped dated field holds on other days than today."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from fluvial.database.connection import Connection
from fluvial.database.engine_tables import DATED
from fluvial.database.id_lists import among_ids, id_list
from fluvial.database.statement import Statement, insert, param
from fluvial.kernel.ids import new_id
from fluvial.records.drafts.dated_fields import BEGINNING, read_stored, stored_parts
from fluvial.records.drafts.rows import empty
from fluvial.records.reading.day_value import form_of
from metamodel.catalog import Field
from metamodel.errors import ValueFault
from metamodel.kinds.kind import ConversionStep
from metamodel.retyping import convert
from metamodel.storage import POSTGRESQL, SQLITE

from .retype import Retype

_d = DATED.c
_of_field = sa.and_(
    _d.object == param("the_object", _d.object),
    _d.field == param("the_field", _d.field),
    _d.form == param("the_form", _d.form),
    _d.ended_at.is_(None),
)
_rows = sa.select(
    _d.record, _d.valid_from, _d.value, _d.planned, _d.recorded_at, _d.recorded_by
).where(_of_field)
_OF = {
    dialect: Statement(
        _rows.where(among_ids(_d.record, dialect)).order_by(_d.record, _d.valid_from)
    )
    for dialect in (SQLITE, POSTGRESQL)
}
_PLANNED = Statement(_rows.where(_d.planned).order_by(_d.record, _d.valid_from))
_CLEAR = {
    dialect: Statement(DATED.delete().where(_of_field, among_ids(_d.record, dialect)))
    for dialect in (SQLITE, POSTGRESQL)
}
_ADD = insert(DATED)
_PLAN = Statement(
    DATED.update()
    .where(
        _of_field,
        _d.record == param("the_record", _d.record),
        _d.valid_from == param("the_day", _d.valid_from),
    )
    .values(planned=True)
)
_UNPLAN = Statement(DATED.update().where(_of_field, _d.planned).values(planned=False))


@dataclass(frozen=True)
class Day:
    """What a field of a record holds from a day on."""

    record: str
    since: date
    value: Any  # canonical
    planned: bool
    at: datetime
    by: str | None


class DaysCopier:
    """Copies the days of one field, beside the copier of its values of today.

    The days of the old kind stay for the way back. What is copied is not planned before the new
    kind is in force, as its day may come earlier.
    """

    def __init__(
        self, connection: Connection, retype: Retype, step: ConversionStep, back: ConversionStep
    ) -> None:
        self.connection = connection
        self.retype = retype
        self._step, self._back = step, back

    def preview(
        self, values: Mapping[str, Any]
    ) -> Iterator[tuple[str, date | None, Any, ValueFault | None]]:
        """What would become of what records hold on other days than today, by their ids."""
        for record, days in self._days(self.retype.old, values).items():
            for day in days:
                if not empty(day.value) and day.value != values[record]:
                    since = None if day.since == BEGINNING else day.since
                    yield record, since, day.value, self._meant(day.value, None)[1]

    def copy(self, ids: Sequence[str]) -> None:
        """The days of some records, in place of what was copied of them before."""
        new = self.retype.new
        days = self._days(self.retype.old, ids)
        kept = self._days(new, ids) if self.retype.reused else {}
        dialect = self.connection.dialect
        _CLEAR[dialect].run(self.connection, **_known(new), ids=id_list(dialect, ids))
        for record, found in days.items():
            held = {day.since: day.value for day in kept.get(record, ())}
            for day in found:
                value, fault = self._meant(day.value, held.get(day.since))
                if fault is None or not day.planned:
                    self._add(day, stored_parts(new, value, dialect))

    def switch(self, now: datetime) -> None:
        """Plan what was planned; what does not convert is told where it was planned."""
        old, new = self.retype.old, self.retype.new
        nothing = stored_parts(new, None, self.connection.dialect)
        for day in self._read(old, _PLANNED.rows(self.connection, **_known(old))):
            place = {"the_record": day.record, "the_day": day.since}
            if not _PLAN.run(self.connection, **_known(new), **place):
                error = f"{new.label} now has another kind, and this value cannot be converted."
                self._add(day, nothing, ended_at=now, error=error)
        _UNPLAN.run(self.connection, **_known(old))

    def _meant(self, value: Any, kept: Any) -> tuple[Any, ValueFault | None]:
        """The value in the new kind: the one from before, where it still means the same."""
        try:
            if not empty(kept) and convert(self._back, kept) == value:
                return kept, None
        except ValueFault:
            if empty(value):
                return kept, None
        try:
            return convert(self._step, value), None
        except ValueFault as fault:
            return None, fault

    def _days(self, field: Field, ids: Iterable[str]) -> dict[str, list[Day]]:
        dialect = self.connection.dialect
        rows = _OF[dialect].rows(self.connection, **_known(field), ids=id_list(dialect, ids))
        found: dict[str, list[Day]] = {}
        for day in self._read(field, rows):
            found.setdefault(day.record, []).append(day)
        return found

    def _read(self, field: Field, rows: Iterable[Sequence[Any]]) -> Iterator[Day]:
        for record, since, stored, planned, at, by in rows:
            value = read_stored(field, stored, self.connection.dialect)
            yield Day(record, since, value, planned, at, by)

    def _add(self, day: Day, parts: list[Any], **ended: Any) -> None:
        new = self.retype.new
        _ADD.run(
            self.connection,
            id=new_id(),
            object=new.object,
            record=day.record,
            field=new.name,
            form=form_of(new),
            valid_from=day.since,
            value=parts,
            planned=False,
            recorded_at=day.at,
            recorded_by=day.by,
            **({"ended_at": None, "error": None} | ended),
        )


def _known(field: Field) -> dict[str, str]:
    return {"the_object": field.object, "the_field": field.name, "the_form": form_of(field)}
