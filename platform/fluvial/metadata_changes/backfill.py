"""Copies the values of a retyped field into the columns of its new kind, a batch at a time.

A marker column notes the revision of the record that was copied, so that a copy that was cut off
goes on where it was, and records that change meanwhile are copied again. Small tables are copied
at once, inside the transaction of the change, without a marker.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

import orjson

from fluvial.database.connection import Connection, Row
from fluvial.database.object_tables import link_name
from fluvial.records.drafts.codec import packed
from fluvial.records.drafts.rows import empty
from fluvial.records.reading.canonical import reader
from metamodel.catalog import Field
from metamodel.errors import ValueFault
from metamodel.kinds.kind import ConversionStep
from metamodel.retyping import convert
from metamodel.storage import POSTGRESQL

from .backfill_days import DaysCopier
from .related_records import FoundRecords
from .retype import Retype

BATCH = 500
EXAMPLES = 20
MARKER = "__rev"  # behind the name of the new columns


@dataclass
class Tally:
    """What became of the values so far."""

    converts: int = 0
    refuses: int = 0
    examples: list[dict[str, Any]] = field(default_factory=list)

    def add(
        self, row: _Value, old: Field, fault: ValueFault | None, since: date | None = None
    ) -> None:
        """Count a value of today, or of another day; the first that are refused are shown."""
        if fault is None:
            self.converts += 1
            return
        self.refuses += 1
        if len(self.examples) < EXAMPLES:
            day = {} if since is None else {"from": since.isoformat()}
            self.examples.append(example(row, old, fault) | day)


@dataclass(frozen=True)
class _Value:
    id: str
    rev: int
    title: str
    value: Any  # in the old kind
    kept: Any  # in the new kind: what it was before it was retyped the last time


def example(row: _Value, old: Field, fault: ValueFault) -> dict[str, Any]:
    return {
        "id": row.id,
        "title": row.title,
        "value": old.kind.wire(old, row.value),
        "reason": fault.message,
    }


class FieldReader:
    """Reads a field of many records from its columns or link table, in use or retired."""

    def __init__(self, field: Field, dialect: str) -> None:
        self.field = field
        visible = [c for c in field.columns if not c.hidden]
        self.columns = [f't."{field.base}{c.suffix}"' for c in visible]
        self._read: Callable[[Sequence[Any]], Any] | None = (
            None if field.kind.linked else reader(field, dialect)
        )

    def values(self, connection: Connection, ids: Sequence[str], parts: Sequence[Row]) -> list[Any]:
        """The canonical values; `parts` are the cells of `columns`, for each id."""
        if self._read is not None:
            return [self._read(cells) for cells in parts]
        if not ids:
            return []
        links: dict[str, list[str]] = {id: [] for id in ids}
        for source, target in _among(
            connection,
            f'SELECT source, target FROM "{link_name(self.field)}" WHERE source ',
            ids,
            " ORDER BY source, position",
        ):
            links[source].append(target)
        return [links[id] for id in ids]


def _among(connection: Connection, head: str, ids: Sequence[str], tail: str = "") -> list[Row]:
    if connection.dialect == POSTGRESQL:
        return connection.query(f"{head}= ANY(CAST($1 AS UUID[])){tail}", [_array(ids)])
    names = orjson.dumps(list(ids)).decode()
    return connection.query(f"{head}IN (SELECT value FROM json_each(?)){tail}", [names])


def _array(ids: Sequence[str]) -> str:
    return "{" + ",".join(ids) + "}"


class Copier:
    """Copies one retyped field."""

    def __init__(self, connection: Connection, retype: Retype, world: FoundRecords) -> None:
        self.connection = connection
        self.retype = retype
        self.step = ConversionStep(retype.old, retype.new, world)
        self._back = ConversionStep(retype.new, retype.old, world)
        self._old = FieldReader(retype.old, connection.dialect)
        self._new = FieldReader(retype.new, connection.dialect)
        self.marker = f"{retype.new.base}{MARKER}"
        self.days: DaysCopier | None = None
        if retype.old.dated and retype.new.dated:
            self.days = DaysCopier(connection, retype, self.step, self._back)

    def preview(self) -> Tally:
        """What would become of all values; nothing is written."""
        tally = Tally()
        for rows in self._pages(""):
            for row in rows:
                if empty(row.value) or (self.retype.reused and self._still(row)):
                    continue
                _, fault = self._converted(row)
                tally.add(row, self.retype.old, fault)
            if self.days is not None:
                by_id = {row.id: row for row in rows}
                values = {id: row.value for id, row in by_id.items()}
                for id, since, value, fault in self.days.preview(values):
                    tally.add(replace(by_id[id], value=value), self.retype.old, fault, since)
        return tally

    def refused(self, after: str, limit: int) -> Iterator[dict[str, Any]]:
        """The records whose value has no meaning in the new kind and that have no other yet."""
        count = 0
        for rows in self._pages(self._open(), after):
            for row in rows:
                if empty(row.value):
                    continue
                _, fault = self._converted(row)
                if fault is not None:
                    yield example(row, self.retype.old, fault)
                    count += 1
                    if count == limit:
                        return

    def copy_all(self) -> None:
        """All records, inside a transaction that keeps the others from writing."""
        for rows in self._pages(""):
            self._write(rows, marked=False)

    def copy_batch(self, after: str) -> str:
        """The next records behind an id that are not copied as they are now; the last id, or ""."""
        rows = self._page(self._stale(), after, BATCH)
        if not rows:
            return ""
        with self.connection.transaction():
            self._write(rows, marked=True)
        return rows[-1].id

    def copy_rest(self) -> None:
        """What is still to be copied, inside the transaction that switches."""
        for rows in self._pages(self._stale()):
            self._write(rows, marked=True)

    def switch(self, now: datetime) -> None:
        """What is left to do when everything is copied, and the new kind comes into force."""
        if self.days is not None:
            self.days.switch(now)

    def waiting(self) -> int:
        """How many records are not copied as they are now."""
        table = self.retype.new.object
        sql = f'SELECT count(*) FROM "{table}" t WHERE {self._stale()}'
        return int(self.connection.query(sql)[0][0])

    def _stale(self) -> str:
        unlike = "IS DISTINCT FROM" if self.connection.dialect == POSTGRESQL else "IS NOT"
        return f't."{self.marker}" {unlike} t.rev'

    def _open(self) -> str:
        """Records that may have a value in the old columns and have none in the new ones."""
        conditions = []
        for reading, wanted in ((self._old, "IS NOT NULL"), (self._new, "IS NULL")):
            if reading.columns:
                conditions.append(f"{reading.columns[0]} {wanted}")
            else:
                there = "EXISTS" if wanted == "IS NOT NULL" else "NOT EXISTS"
                link = link_name(reading.field)
                conditions.append(f'{there} (SELECT 1 FROM "{link}" l WHERE l.source = t.id)')
        return " AND ".join([*conditions, "t.deleted_at IS NULL"])

    def _pages(self, condition: str, after: str = "") -> Iterator[list[_Value]]:
        while True:
            rows = self._page(condition, after, BATCH)
            if rows:
                yield rows
            if len(rows) < BATCH:
                return
            after = rows[-1].id

    def _page(self, condition: str, after: str, limit: int) -> list[_Value]:
        reads = (self._old, self._new) if self.retype.reused else (self._old,)
        columns = [c for reading in reads for c in reading.columns]
        sign = "$1" if self.connection.dialect == POSTGRESQL else "?"
        conditions = [c for c in (condition, f"t.id > {sign}" if after else "") if c]
        where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        names = ", ".join(["t.id", "t.rev", "t.title", *columns])
        sql = f'SELECT {names} FROM "{self.retype.new.object}" t{where} ORDER BY t.id LIMIT {limit}'
        rows = self.connection.query(sql, [after] if after else [])
        ids = [row[0] for row in rows]
        split = 3 + len(self._old.columns)
        old = self._old.values(self.connection, ids, [row[3:split] for row in rows])
        kept: list[Any] = [None] * len(rows)
        if self.retype.reused:
            kept = self._new.values(self.connection, ids, [row[split:] for row in rows])
        return [
            _Value(row[0], row[1], row[2] or "", value, was)
            for row, value, was in zip(rows, old, kept, strict=True)
        ]

    def _converted(self, row: _Value) -> tuple[Any, ValueFault | None]:
        try:
            return convert(self.step, row.value), None
        except ValueFault as fault:
            return None, fault

    def _still(self, row: _Value) -> bool:
        """Whether what the new columns hold from before is still what the value means."""
        if empty(row.kept):
            return False
        try:
            meant = convert(self._back, row.kept)
        except ValueFault:
            return empty(row.value)
        return bool(meant == row.value) or (empty(meant) and empty(row.value))

    def _write(self, rows: Sequence[_Value], *, marked: bool) -> None:
        values: dict[str, Any] = {}
        revs: dict[str, int] = {}
        for row in rows:
            revs[row.id] = row.rev
            if not (self.retype.reused and self._still(row)):
                values[row.id] = self._converted(row)[0]
        if self.retype.new.kind.linked:
            self._write_links(values, revs, marked)
        else:
            kept = {id: rev for id, rev in revs.items() if id not in values}
            self._write_columns(values, revs, marked)
            if marked and kept:
                self._mark(kept)
        if self.days is not None:
            self.days.copy(list(revs))

    def _write_links(
        self, values: Mapping[str, Any], revs: Mapping[str, int], marked: bool
    ) -> None:
        ids = self._mark(revs) if marked else set(revs)
        link = link_name(self.retype.new)
        wanted = [id for id in values if id in ids]
        if not wanted:
            return
        _among(self.connection, f'DELETE FROM "{link}" WHERE source ', wanted, " RETURNING source")
        postgresql = self.connection.dialect == POSTGRESQL
        signs = "$1, $2, $3" if postgresql else "?, ?, ?"
        sql = f'INSERT INTO "{link}" (source, target, position) VALUES ({signs})'
        for id in wanted:
            for position, target in enumerate(values[id] or ()):
                self.connection.execute(sql, [id, target, position])

    def _mark(self, revs: Mapping[str, int]) -> set[str]:
        """Note the records as copied; those that have changed meanwhile are not."""
        return self._update({id: {} for id in revs}, revs, {}, True)

    def _write_columns(
        self, values: Mapping[str, Any], revs: Mapping[str, int], marked: bool
    ) -> None:
        new, dialect = self.retype.new, self.connection.dialect
        stored = {}
        for id, value in values.items():
            cells = packed(new, value, dialect)
            stored[id] = {new.base + name[len(new.name) :]: cell for name, cell in cells.items()}
        types = {new.base + c.suffix: c.storage.type(dialect) for c in new.columns}
        self._update(stored, revs, types, marked)

    def _update(
        self,
        rows: Mapping[str, Mapping[str, Any]],
        revs: Mapping[str, int],
        types: Mapping[str, str],
        marked: bool,
    ) -> set[str]:
        """Write cells where the record is still at its revision; the ids that were written."""
        names = list(types)
        if not rows or not (names or marked):
            return set(rows)
        table = self.retype.new.object
        if self.connection.dialect == POSTGRESQL:
            parts = [f'"c{i}" TEXT' for i in range(len(names))]
            sets = [
                f'"{name}" = CAST(v."c{i}" AS {types[name].partition(" COLLATE")[0]})'
                for i, name in enumerate(names)
            ]
            if marked:
                sets.append(f'"{self.marker}" = v.r')
            sql = (
                f'UPDATE "{table}" t SET {", ".join(sets)} FROM jsonb_to_recordset($1::jsonb) '
                f"AS v({', '.join(['id UUID', 'r BIGINT', *parts])}) "
                "WHERE t.id = v.id AND t.rev = v.r RETURNING t.id"
            )
            body = [
                {"id": id, "r": revs[id], **{f"c{i}": cells[n] for i, n in enumerate(names)}}
                for id, cells in rows.items()
            ]
            return {row[0] for row in self.connection.query(sql, [orjson.dumps(body).decode()])}
        sets = [f'"{name}" = ?' for name in names]
        if marked:
            sets.append(f'"{self.marker}" = rev')
        sql = f'UPDATE "{table}" SET {", ".join(sets)} WHERE id = ? AND rev = ?'
        return {
            id
            for id, cells in rows.items()
            if self.connection.execute(sql, [*(cells[n] for n in names), id, revs[id]])
        }
