"""Schema changes: from one catalog's tables to the next one's, as planned operations.

Each operation says what it does in words that people read before it is applied: its class
(instant, scan, rewrite or destructive), the rows it touches, and how it is undone.
"""

from __future__ import annotations

import io
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations

from fluvial.kernel.problems import Conflict
from metamodel.catalog import Catalog, Field, ObjectType
from metamodel.storage import POSTGRESQL

from .connection import Connection
from .exclusion import BACKWARDS, OVERLAP, backwards, drop_exclusion, exclusion, overlapping
from .inspection import column_types
from .object_tables import field_columns, link_name, tables_of
from .statement import DIALECTS


@dataclass
class SchemaOperation:
    """One step of a plan. `statements` are DDL without binds."""

    op: str  # add_object, add_field, retire_field, add_index, ...
    target: str  # "book", "book.title"
    class_: str = "instant"
    rows: int = 0
    uses: list[str] = field(default_factory=list)
    undo: str = ""
    statements: list[str] = field(default_factory=list)
    seconds: float = 0.0  # about how long it takes
    more: dict[str, Any] = field(default_factory=dict)  # what only some operations say

    def wire(self) -> dict[str, Any]:
        return {
            "op": self.op,
            "target": self.target,
            "class": self.class_,
            "rows": self.rows,
            "seconds": self.seconds,
            "uses": self.uses,
            "undo": self.undo,
            **self.more,
        }


# Rows a second, as they are usual on a small server: a plan says about how long it takes. An
# instant step depends on how soon it gets its lock.
ABOUT_ROWS = 50_000  # from here on PostgreSQL's own estimate will do
RATES = {
    "sqlite": {"scan": 900_000, "rewrite": 60_000},
    "postgresql": {"scan": 700_000, "rewrite": 20_000},
}
INSTANT = 0.02  # seconds


def estimate(operation: SchemaOperation, dialect: str) -> None:
    """Say about how long an operation takes."""
    rate = RATES[dialect].get(operation.class_)
    operation.seconds = round(INSTANT + (operation.rows / rate if rate else 0), 2)


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
    old: Catalog | None,
    new: Catalog,
    connection: Connection,
    columns: Columns,
    retyped: Collection[str] = (),
) -> list[SchemaOperation]:
    """The operations that lead from the tables of one catalog to those of the next.

    `retyped` are the fields (`book.price`) whose values are copied into new columns.
    """
    operations = list(_Difference(old, new, connection, columns, retyped).operations())
    for operation in operations:
        estimate(operation, connection.dialect)
    return operations


@dataclass(frozen=True)
class Columns:
    """What is in the database now: also columns of retired fields."""

    tables: dict[str, set[str]]

    @staticmethod
    def read(connection: Connection) -> Columns:
        return Columns({name: set(types) for name, types in column_types(connection).items()})


def count_rows(connection: Connection, table: str) -> int:
    """How many records there are; of large tables on PostgreSQL about how many."""
    if connection.dialect == POSTGRESQL:
        sql = "SELECT reltuples::bigint FROM pg_class WHERE oid = to_regclass($1)"
        known = connection.query(sql, [f'"{table}"'])
        if known and known[0][0] > ABOUT_ROWS:
            return int(known[0][0])
    return int(connection.query(f'SELECT count(*) FROM "{table}"')[0][0])


class _Difference:
    def __init__(
        self,
        old: Catalog | None,
        new: Catalog,
        connection: Connection,
        columns: Columns,
        retyped: Collection[str],
    ) -> None:
        self.retyped = retyped
        self.counted: dict[str, int] = {}
        self.old = old.objects if old else {}
        self.new = new
        self.connection = connection
        self.columns = columns
        self.ddl = Ddl(connection.dialect)
        self.tables = tables_of(new)
        self.old_tables = tables_of(old) if old else None

    def operations(self) -> Iterator[SchemaOperation]:
        for name, type_ in self.new.objects.items():
            if name not in self.columns.tables:
                yield from self._add_object(type_)
            elif self.old.get(name) is not type_:
                yield from self._change_object(self.old.get(name), type_)
        for name in self.old:
            if name not in self.new.objects:
                yield SchemaOperation(
                    "retire_object",
                    name,
                    class_="destructive",
                    rows=self._rows(name),
                    undo="Add the object again with the same fields: its records are kept.",
                )

    def _rows(self, table: str) -> int:
        if table not in self.counted:
            self.counted[table] = count_rows(self.connection, table)
        return self.counted[table]

    def _add_object(self, type_: ObjectType) -> Iterator[SchemaOperation]:
        table = self.tables.objects[type_.name]
        self.ddl.operations.create_table(type_.name, *(c._copy() for c in table.columns))
        for index in sorted(table.indexes, key=lambda i: str(i.name)):
            self._create_index(index)
        for field_ in type_.linked_fields:
            self._create_link(field_)
        statements = self.ddl.take()
        if type_.dated is not None and self.connection.dialect == POSTGRESQL:
            statements.append(exclusion(type_))
        yield SchemaOperation(
            "add_object", type_.name, undo="Delete the object.", statements=statements
        )

    def _create_index(self, index: sa.Index) -> None:
        self.ddl.operations.execute(sa.schema.CreateIndex(index, if_not_exists=True))

    def _create_link(self, field_: Field) -> None:
        table = self.tables.links[field_.object, field_.name]
        if table.name in self.columns.tables:
            return
        self.ddl.operations.create_table(table.name, *(c._copy() for c in table.columns))
        for index in table.indexes:
            self._create_index(index)

    def _change_object(self, old: ObjectType | None, new: ObjectType) -> Iterator[SchemaOperation]:
        known = old.fields if old else {}
        for field_ in (*new.stored_fields, *new.linked_fields):
            before = known.get(field_.name)
            if before is None or not _lasts(before, field_):
                yield self._add_field(field_)
        for field_ in new.moving_fields:
            if field_.name not in known:
                yield SchemaOperation(
                    "add_field", f"{new.name}.{field_.name}", undo="Delete the field."
                )
        for before in known.values():
            if not before.system and _is_left(before, new.fields.get(before.name)):
                yield SchemaOperation(
                    "retire_field",
                    f"{new.name}.{before.name}",
                    class_="destructive",
                    rows=self._rows(new.name) if before.stored else 0,
                    undo="Add the field again as it was: its values are kept.",
                )
        yield from self._indexes(old, new)
        if exclusion(old) != exclusion(new):
            yield self._exclusion(new)

    def _exclusion(self, new: ObjectType) -> SchemaOperation:
        """That no periods overlap is a constraint of the table."""
        statements: list[str] = []
        if new.dated is not None:
            self._refuse_periods(new)
        if self.connection.dialect == POSTGRESQL:
            statements.append(drop_exclusion(new.name))
            if new.dated is not None:
                statements.append(exclusion(new))
        return SchemaOperation(
            "change_periods",
            new.name,
            class_="scan",
            rows=self._rows(new.name),
            undo="Write `dated` as it was.",
            statements=statements,
        )

    def _refuse_periods(self, new: ObjectType) -> None:
        """Periods that are none, which PostgreSQL cannot even compare; there it finds overlaps."""
        assert new.dated is not None
        names = (new.dated.from_, new.dated.until, *new.dated.per)
        columns = {f"{new.fields[n].base}{c.suffix}" for n in names for c in new.fields[n].columns}
        if not columns <= self.columns.tables[new.name]:
            return
        if self.connection.query(backwards(new)):
            raise Conflict(f"{new.name}: {BACKWARDS}. Fix them first.")
        if self.connection.dialect != POSTGRESQL and self.connection.query(overlapping(new)):
            raise Conflict(f"{new.name}: {OVERLAP}. Fix them first.")

    def _add_field(self, field_: Field) -> SchemaOperation:
        target = f"{field_.object}.{field_.name}"
        there = self.columns.tables[field_.object]
        if field_.kind.linked:
            again = link_name(field_) in self.columns.tables
            self._create_link(field_)
        else:
            missing = [c for c in field_columns(field_) if c.name not in there]
            again = not missing
            for column in missing:
                self.ddl.operations.add_column(field_.object, column)
        operation = SchemaOperation(
            "restore_field" if again else "add_field",
            target,
            undo="Delete the field.",
            statements=self.ddl.take(),
        )
        if target in self.retyped:
            operation.op, operation.class_ = "retype_field", "rewrite"
            operation.rows = self._rows(field_.object)
            operation.undo = (
                "Change the field back to its old kind: values that could not be "
                "converted come back."
            )
        return operation

    def _indexes(self, old: ObjectType | None, new: ObjectType) -> Iterator[SchemaOperation]:
        there = self.old_tables.objects[old.name].indexes if self.old_tables and old else ()
        before = {str(i.name): i for i in there}
        after = {str(i.name): i for i in self.tables.objects[new.name].indexes}
        for name, index in sorted(after.items()):
            if name in before:
                continue
            self._create_index(index)
            yield SchemaOperation(
                "add_unique_key" if index.unique else "add_index",
                f"{new.name}.{name}",
                class_="scan",
                rows=self._rows(new.name),
                undo=_undo(index),
                statements=self.ddl.take(),
                more={"for": list(index.info["places"])} if "places" in index.info else {},
            )
        for name in sorted(before):
            if name not in after:
                yield SchemaOperation(
                    "drop_unique_key" if before[name].unique else "drop_index",
                    f"{new.name}.{name}",
                    undo="" if "places" in before[name].info else "Add the key again.",
                    statements=[f'DROP INDEX IF EXISTS "{name}"'],
                )


def _undo(index: sa.Index) -> str:
    if "places" in index.info:
        return "Write `index_questions: false` in the object: it then has its declared keys only."
    return "Remove the key again."


def _lasts(before: Field, after: Field) -> bool:
    """Whether a field goes on with the columns that it has."""
    if after.kept:
        return before.columns == after.columns and before.base == after.base
    return before.stored and before.base == after.base


def _is_left(before: Field, after: Field | None) -> bool:
    """Whether a field's own values go out of use without becoming those of another kind."""
    if after is None:
        return True
    return before.stored and before.formula is None and after.formula is not None
