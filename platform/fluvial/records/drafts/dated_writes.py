"""Keeping days: from which day on the dated fields of written records hold their values.

Noted in the transaction that writes their rows, for all of them at once: what is known of them,
what ends by it, and what is new, each in one statement.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from functools import cached_property
from typing import Any

import sqlalchemy as sa

from fluvial.database.engine_tables import DATED
from fluvial.database.id_lists import among_ids, id_list
from fluvial.database.statement import Statement, param
from fluvial.kernel.ids import new_id
from fluvial.records.reading.day_value import form_of
from metamodel.catalog import Field
from metamodel.kinds.multi_lookup import DatedLink, in_force
from metamodel.storage import POSTGRESQL, SQLITE

from .dated_fields import BEGINNING, Span, spans_of_all, stored_parts, value_on
from .draft import Draft
from .insertion import insert_rows

_d = DATED.c
_current = _d.ended_at.is_(None)


def _statements(make: Callable[[sa.ColumnElement[bool]], Any]) -> dict[str, Statement]:
    dialects = (SQLITE, POSTGRESQL)
    return {dialect: Statement(make(among_ids(_d.record, dialect))) for dialect in dialects}


_of_field = sa.and_(
    _d.field == param("the_field", _d.field), _d.form == param("the_form", _d.form), _current
)
_end = DATED.update().values(ended_at=param("the_now", _d.ended_at))
_KNOWN = _statements(
    lambda ours: sa.select(_d.record, _d.field, _d.form).where(ours, _current).distinct()
)
_END_ALL = _statements(lambda ours: _end.where(ours, _of_field))
_END_DAY = _statements(
    lambda ours: _end.where(ours, _of_field, _d.valid_from == param("the_day", _d.valid_from))
)


def keep_days(drafts: Sequence[Draft]) -> None:
    """Note from which day the values of drafts of one object type hold."""
    days = _Days(drafts)
    for draft in drafts:
        for field in draft.type.dated_fields:
            if field.name in draft.periods:
                days.keep_periods(draft, field)
            elif field.name in draft.changed and draft.before is not None:
                day = draft.days.get(field.name, draft.session.today)
                if day is not None:
                    days.set_from(draft, field, day, draft.values.get(field.name), planned=False)
    days.write()


def set_from(draft: Draft, field: Field, day: date, value: Any, *, planned: bool) -> None:
    """From a day on a field holds a value, until the next day for which another one is known.

    The draft's record before the change holds what the field had until its first change.
    """
    days = _Days([draft])
    days.set_from(draft, field, day, value, planned=planned)
    days.write()


class _Days:
    """What is to be noted of drafts of one object type."""

    def __init__(self, drafts: Sequence[Draft]) -> None:
        self._drafts = drafts
        self._session = drafts[0].session
        self._ends: dict[tuple[Field, date | None], list[str]] = {}  # None: all of the field's
        self._rows: list[dict[str, Any]] = []

    @cached_property
    def _known(self) -> set[tuple[str, str, str]]:
        """The records, fields and forms of which something is noted already."""
        connection = self._session.connection
        ids = id_list(connection.dialect, (draft.id for draft in self._drafts))
        return set(_KNOWN[connection.dialect].rows(connection, ids=ids))

    @cached_property
    def _spans(self) -> dict[str, list[Span]]:
        ids = [draft.id for draft in self._drafts if draft.periods]
        return spans_of_all(self._session, self._drafts[0].type, ids)

    def set_from(self, draft: Draft, field: Field, day: date, value: Any, *, planned: bool) -> None:
        assert draft.before is not None
        known = (draft.id, field.name, form_of(field)) in self._known
        if not known and day != BEGINNING:
            self._add(field, draft.id, BEGINNING, draft.before.get(field.name), planned=False)
        self._ends.setdefault((field, day), []).append(draft.id)
        self._add(field, draft.id, day, value, planned=planned)

    def keep_periods(self, draft: Draft, field: Field) -> None:
        """Note links that were written with their days.

        From today on they are what the list says; before today links that it does not name stay.
        """
        today, wanted = self._session.today, draft.periods[field.name]
        dated = [link for link in wanted if isinstance(link, DatedLink)]
        spans = [s for s in self._spans.get(draft.id, ()) if s.field == field.name]
        before = draft.before.get(field.name) if draft.before else None

        def on(day: date) -> list[str]:
            if draft.before is None or day >= today:
                return in_force(wanted, day)
            held = value_on(spans, day, before) or ()
            return [*(one for one in held if one not in dated), *in_force(dated, day)]

        days = {today, *(s.since for s in spans if s.since is not None and s.since < today)}
        for link in dated:
            days |= {day for day in (link.since, link.until) if day is not None}
        self._ends.setdefault((field, None), []).append(draft.id)
        last = on(BEGINNING)
        self._add(field, draft.id, BEGINNING, last, planned=False)
        for day in sorted(days):
            value = on(day)
            if value != last:
                self._add(field, draft.id, day, value, planned=day > today)
            last = value

    def _add(self, field: Field, record: str, day: date, value: Any, *, planned: bool) -> None:
        row: dict[str, Any] = {
            "id": new_id(),
            "object": field.object,
            "record": record,
            "field": field.name,
        }
        row |= {"form": form_of(field), "valid_from": day, "planned": planned}
        row["value"] = stored_parts(field, value, self._session.connection.dialect)
        row |= {"recorded_at": self._session.now, "recorded_by": self._session.actor.id}
        row["change_set"] = self._session.change_set
        self._rows.append(row)

    def write(self) -> None:
        connection, now = self._session.connection, self._session.now
        for (field, day), records in self._ends.items():
            known = {"the_field": field.name, "the_form": form_of(field), "the_now": now}
            known["ids"] = id_list(connection.dialect, records)
            if day is None:
                _END_ALL[connection.dialect].run(connection, **known)
            else:
                _END_DAY[connection.dialect].run(connection, **known, the_day=day)
        insert_rows(connection, DATED, self._rows)
