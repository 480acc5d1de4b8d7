"""Filling state logs: what records went through before their states were logged, from history."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from fluvial.database.columns import Stored
from fluvial.database.engine_tables import HISTORY, STATE_SPAN
from fluvial.database.id_lists import among_ids, id_list
from fluvial.database.object_tables import tables_of
from fluvial.database.statement import Statement, param
from fluvial.records.drafts.insertion import insert_rows
from fluvial.records.reading.plan_cache import plans_of
from fluvial.records.reading.state_spans import LoggedSpan
from fluvial.runtime.session import Session
from metamodel.catalog import Catalog, Field
from metamodel.cycles import Place
from metamodel.storage import JSON, POSTGRESQL, SQLITE

from .calculations import lock
from .dependency_routes import NOBODY, every

PORTION = 500  # records of which the histories are read together

_h, _s = HISTORY.c, STATE_SPAN.c
_PLAIN = _h.event.not_like(sa.literal_column("'%:%'"))  # not of values of another day
_GONE = {
    dialect: Statement(
        STATE_SPAN.delete().where(
            among_ids(_s.record, dialect), _s.field == param("the_field", _s.field)
        )
    )
    for dialect in (SQLITE, POSTGRESQL)
}


def newly_logged(old: Catalog, new: Catalog, made: Collection[str]) -> Iterator[Place]:
    """The fields that keep a log from now on, of object types that may have records."""
    for name, type_ in sorted(new.objects.items()):
        before = old.objects.get(name)
        if name in made or before is type_ or before is None:
            continue
        there = {field.name for field in before.logged_fields}
        yield from ((name, field.name) for field in type_.logged_fields if field.name not in there)


def fill_log(session: Session, field: Field) -> None:
    """Fill the log of a field of all records, those in the bin among them."""
    after = NOBODY
    while ids := every(session, field.object, PORTION, after=after):
        fill_spans(session, field, ids)
        after = ids[-1]


def fill_spans(session: Session, field: Field, records: Sequence[str]) -> None:
    """Make the spans of these records anew; what was noted since they are logged is in history."""
    dialect = session.connection.dialect
    lock(session, field.object, records)
    ids = id_list(dialect, records)
    spans = [s for record in _recorded(session, field, ids) for s in record.spans()]
    _GONE[dialect].run(session.connection, ids=ids, the_field=field.name)
    rows = [{**vars(s), "object": field.object, "from": s.begun, "until": s.ended} for s in spans]
    insert_rows(session.connection, STATE_SPAN, rows)


@dataclass
class _Recorded:
    """One record: what it holds, and what its history tells of the field, in order."""

    state: str | None
    made: LoggedSpan  # all its time in one state, where history tells nothing
    changed_at: datetime
    entries: list[LoggedSpan]  # the state "" is none

    def spans(self) -> Iterator[LoggedSpan]:
        """What it holds now is certain; options may have had other names than now."""
        entries = self.entries
        if self.state is not None:
            last = entries.pop() if entries and entries[-1].state else self.made
            entries.append(replace(last, state=self.state))
        elif entries and entries[-1].state:
            entries.append(replace(entries[-1], state="", begun=self.changed_at))
        for at, entry in enumerate(entries):
            if entry.state:
                ended = entries[at + 1].begun if at + 1 < len(entries) else None
                yield replace(entry, ended=ended)


def _recorded(session: Session, field: Field, ids: str) -> list[_Recorded]:
    asked = _questions(session, field)
    found: dict[str, _Recorded] = {}
    for record, at, by, changed, state in asked.rows.rows(session.connection, ids=ids):
        made = LoggedSpan(record, field.name, 1, state or "", at, None, by, None)
        found[record] = _Recorded(state or None, made, changed, [])
    was = {option["was"]: option["name"] for option in _renamed(field)}
    for record, rev, at, by, rule, pair in asked.entries.rows(session.connection, ids=ids):
        state = pair[1] if isinstance(pair[1], str) else ""
        entry = LoggedSpan(record, field.name, rev, was.get(state, state), at, None, by, rule)
        if record in found:
            found[record].entries.append(entry)
    return list(found.values())


def _renamed(field: Field) -> Iterator[Any]:
    return (option for option in field.option("options", ()) if "was" in option)


class _Questions(NamedTuple):
    rows: Statement
    entries: Statement


def _questions(session: Session, field: Field) -> _Questions:
    dialect = session.connection.dialect

    def make() -> _Questions:
        table = tables_of(session.catalog).objects[field.object].c
        columns = [table[n] for n in ("id", "created_at", "created_by", "updated_at", field.name)]
        # Names of fields are small letters, digits and _, so they need no quoting.
        if dialect == POSTGRESQL:
            told: Any = _h.changes.op("->")(sa.literal_column(f"'{field.name}'"))
        else:
            told = sa.func.json_extract(_h.changes, sa.literal_column(f"'$.{field.name}'"))
        entries = (
            sa.select(_h.record, _h.rev, _h.at, _h.by, _h.rule, sa.type_coerce(told, Stored(JSON)))
            .where(among_ids(_h.record, dialect), _PLAIN, told.is_not(None))
            .order_by(_h.record, _h.rev)
        )
        rows = sa.select(*columns).where(among_ids(table.id, dialect))
        return _Questions(Statement(rows), Statement(entries))

    key = ("state log", field.object, field.name)
    found: _Questions = plans_of(session.catalog).get(key, make)
    return found
