"""Schema changes: from one catalog's tables to the next one's, as planned operations.

Each operation says what it does in words that people read before it is applied: its class
(instant, scan, rewrite or destructive), the rows it touches, and how it is undone.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations

from fluvial.errors import Conflict
from metamodel.catalog import Catalog, Field, ObjectType
from metamodel.storage import POSTGRESQL

from .connection import Connection
from .exclusion import OVERLAP, drop_exclusion, exclusion, overlapping
from .objects import field_columns, object_indexes, tables_of
from .statement import DIALECTS


@dataclass
class Operation:
    """One step of a plan. `statements` are DDL without binds."""

    op: str  # add_object, add_field, retire_field, add_index, ...
    target: str  # "book", "book.title"
    class_: str = "instant"
    rows: int = 0
    uses: list[str] = field(default_factory=list)
    undo: str = ""
    statements: list[str] = field(default_factory=list)

    def wire(self) -> dict[str, Any]:
        return {
            "op": self.op,
            "target": self.target,
            "class": self.class_,
            "rows": self.rows,
            "uses": self.uses,
            "undo": self.undo,
        }


class Ddl:
    """Alembic's operations as a maker of text: nothing is executed by it."""

    def __init__(self, dialect: str) -> None:
        self._text = io.StringIO()
        context = MigrationContext.configure(
            dialect=DIALECTS[dialect], opts={"as_sql": True, "output_buffer": self._text}
        )
        self.operations = Operations(context)

    def take(self) -> list[str]:
        """The statements since the last take."""
        text = self._text.getvalue()
        self._text.seek(0)
        self._text.truncate()
        return [part.strip() for part in text.split(";\n") if part.strip(" ;\n")]


def difference(
    old: Catalog | None, new: Catalog, connection: Connection, columns: Columns
) -> list[Operation]:
    """The operations that lead from the tables of one catalog to those of the next."""
    return list(_Difference(old, new, connection, columns).operations())


@dataclass(frozen=True)
class Columns:
    """What is in the database now: also columns of retired fields."""

    tables: dict[str, set[str]]

    @staticmethod
    def read(connection: Connection) -> Columns:
        tables: dict[str, set[str]] = {}
        for name, column in connection.query(_CATALOGUE[connection.dialect]):
            tables.setdefault(name, set()).add(column)
        return Columns(tables)


_CATALOGUE = {
    "sqlite": "SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c "
    "WHERE m.type = 'table'",
    "postgresql": "SELECT table_name::text, column_name::text FROM information_schema.columns "
    "WHERE table_schema = current_schema()",
}


class _Difference:
    def __init__(
        self, old: Catalog | None, new: Catalog, connection: Connection, columns: Columns
    ) -> None:
        self.old = old.objects if old else {}
        self.new = new
        self.connection = connection
        self.columns = columns
        self.ddl = Ddl(connection.dialect)
        self.tables = tables_of(new)

    def operations(self) -> Iterator[Operation]:
        for name, type_ in self.new.objects.items():
            if name not in self.columns.tables:
                yield from self._add_object(type_)
            elif self.old.get(name) is not type_:
                yield from self._change_object(self.old.get(name), type_)
        for name in self.old:
            if name not in self.new.objects:
                yield Operation(
                    "retire_object",
                    name,
                    rows=self._rows(name),
                    undo="Add the object again with the same fields: its records are kept.",
                )

    def _rows(self, table: str) -> int:
        quoted = '"' + table.replace('"', "") + '"'
        return int(self.connection.query(f"SELECT count(*) FROM {quoted}")[0][0])

    def _add_object(self, type_: ObjectType) -> Iterator[Operation]:
        table = self.tables.objects[type_.name]
        self.ddl.operations.create_table(type_.name, *(c._copy() for c in table.columns))
        for index in sorted(table.indexes, key=lambda i: str(i.name)):
            self._create_index(index)
        for field_ in type_.linked_fields:
            self._create_link(field_)
        statements = self.ddl.take()
        if type_.dated is not None and self.connection.dialect == POSTGRESQL:
            statements.append(exclusion(type_))
        yield Operation("add_object", type_.name, undo="Delete the object.", statements=statements)

    def _create_index(self, index: sa.Index) -> None:
        self.ddl.operations.execute(sa.schema.CreateIndex(index, if_not_exists=True))

    def _create_link(self, field_: Field) -> None:
        table = self.tables.links[field_.object, field_.name]
        if table.name in self.columns.tables:
            return
        self.ddl.operations.create_table(table.name, *(c._copy() for c in table.columns))
        for index in table.indexes:
            self._create_index(index)

    def _change_object(self, old: ObjectType | None, new: ObjectType) -> Iterator[Operation]:
        rows: int | None = None
        for field_ in (*new.stored_fields, *new.linked_fields):
            before = old.fields.get(field_.name) if old else None
            if before is not None and before.stored:
                continue
            if rows is None:
                rows = self._rows(new.name)
            yield self._add_field(field_, rows)
        for field_ in new.calculated_fields:
            if old is None or field_.name not in old.fields:
                yield Operation("add_field", f"{new.name}.{field_.name}", undo="Delete the field.")
        for before in old.fields.values() if old else ():
            if before.name not in new.fields and not before.system:
                rows = self._rows(new.name) if rows is None else rows
                yield Operation(
                    "retire_field",
                    f"{new.name}.{before.name}",
                    rows=rows,
                    undo="Add the field again as it was: its values are kept.",
                )
        yield from self._indexes(old, new)
        if exclusion(old) != exclusion(new):
            yield self._exclusion(new)

    def _exclusion(self, new: ObjectType) -> Operation:
        """That no periods overlap is a constraint of the table."""
        statements: list[str] = []
        if self.connection.dialect == POSTGRESQL:
            statements.append(drop_exclusion(new.name))
            if new.dated is not None:
                statements.append(exclusion(new))
        elif new.dated is not None:
            self._refuse_overlaps(new)
        return Operation(
            "change_periods",
            new.name,
            class_="scan",
            rows=self._rows(new.name),
            undo="Write `dated` as it was.",
            statements=statements,
        )

    def _refuse_overlaps(self, new: ObjectType) -> None:
        assert new.dated is not None
        names = (new.dated.from_, new.dated.until, *new.dated.per)
        columns = {f"{n}{c.suffix}" for n in names for c in new.fields[n].columns}
        if columns <= self.columns.tables[new.name] and self.connection.query(overlapping(new)):
            raise Conflict(f"{new.name}: {OVERLAP}. Mend them first.")

    def _add_field(self, field_: Field, rows: int) -> Operation:
        target = f"{field_.object}.{field_.name}"
        there = self.columns.tables[field_.object]
        if field_.kind.linked:
            again = f"{field_.object}__{field_.name}" in self.columns.tables
            self._create_link(field_)
        else:
            missing = [c for c in field_columns(field_) if c.name not in there]
            again = not missing
            for column in missing:
                self.ddl.operations.add_column(field_.object, column)
        return Operation(
            "restore_field" if again else "add_field",
            target,
            rows=0,
            undo="Delete the field.",
            statements=self.ddl.take(),
        )

    def _indexes(self, old: ObjectType | None, new: ObjectType) -> Iterator[Operation]:
        before = _index_names(old) if old else {}
        after = {str(i.name): i for i in self.tables.objects[new.name].indexes}
        for name, index in sorted(after.items()):
            if name in before:
                continue
            self._create_index(index)
            yield Operation(
                "add_unique_key" if index.unique else "add_index",
                f"{new.name}.{name}",
                class_="scan",
                rows=self._rows(new.name),
                undo="Take the key out again.",
                statements=self.ddl.take(),
            )
        for name in sorted(before):
            if name not in after:
                yield Operation(
                    "drop_unique_key" if before[name].unique else "drop_index",
                    f"{new.name}.{name}",
                    undo="Add the key again.",
                    statements=[f'DROP INDEX IF EXISTS "{name}"'],
                )


def _index_names(type_: ObjectType) -> dict[str, sa.Index]:
    metadata = sa.MetaData()
    table = sa.Table(
        type_.name, metadata, *(c for f in type_.stored_fields for c in field_columns(f))
    )
    return {str(index.name): index for index in object_indexes(type_, table)}
