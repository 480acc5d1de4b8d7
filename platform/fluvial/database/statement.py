"""Statements: SQLAlchemy clauses compiled once to text and positional binds.

SQLAlchemy makes the text; it never executes. `Statement` is for the engine's own tables and
encodes and decodes by the type of each column; plans of records bring their own converters.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.dialects.sqlite.base import SQLiteDialect

from fluvial.kernel.generated_code import Code
from metamodel.storage import POSTGRESQL, SQLITE

from .columns import Stored
from .connection import Connection, Row

_postgresql: Any = PGDialect

DIALECTS: Mapping[str, Any] = {
    SQLITE: SQLiteDialect(paramstyle="qmark"),
    POSTGRESQL: _postgresql(paramstyle="numeric_dollar"),
}

Encode = Callable[[Any], Any]


class Compiled:
    """The text of a clause on one database, its binds in order and their constant values."""

    compilations = 0  # since the process began; tests count with it

    def __init__(self, clause: sa.ClauseElement, dialect: str) -> None:
        Compiled.compilations += 1
        compiled = clause.compile(dialect=DIALECTS[dialect])
        self.sql = str(compiled)
        self.order: tuple[str, ...] = tuple(compiled.positiontup or ())  # type: ignore[attr-defined]
        self.constants: dict[str, Any] = dict(compiled.params)
        self.encoders: dict[str, Encode] = {}
        self.steady: bool | None = None  # whether one plan serves whatever values; None: either way
        self._cells: Callable[[Mapping[str, Any]], list[Any]] | None = None
        for bind, name in compiled.bind_names.items():  # type: ignore[attr-defined]
            if isinstance(bind.type, Stored):
                encoder = bind.type.storage.encoder(dialect)
                if encoder is not None:
                    self.encoders[name] = encoder

    def binds(self, values: Mapping[str, Any]) -> list[Any]:
        """The positional binds in their stored form, from canonical values by name."""
        if self._cells is None:
            self._cells = self._binder()
        return self._cells(values)

    def _binder(self) -> Callable[[Mapping[str, Any]], list[Any]]:
        """`binds` as generated code: one expression with a piece for each of them."""
        code, cells = Code("binds"), []
        for name in self.order:
            cell = f"v.get({code.key(name)}, {code.name(self.constants[name])})"
            if name in self.encoders:
                cell = f"(None if (x := {cell}) is None else {code.name(self.encoders[name])}(x))"
            cells.append(cell)
        return code.function("v", f"[{', '.join(cells)}]")  # type: ignore[no-any-return]


class Statement:
    """One clause of the engine's own tables, compiled at its first use on each database.

    One that is not `prepared` is planned at each use. PostgreSQL keeps the plan of a prepared one,
    which for a queue that was empty then looks through all of it for each of its rows.
    """

    def __init__(self, clause: Any, *, prepared: bool = True) -> None:
        self._clause = clause
        self._prepared = prepared
        self._compiled: dict[str, Compiled] = {}
        columns: Sequence[Any] = ()
        if isinstance(clause, sa.Select):
            columns = list(clause.selected_columns)
        elif getattr(clause, "_returning", ()):
            columns = list(clause._returning)
        self._types = [c.type for c in columns]
        self._decoders: dict[str, list[tuple[int, Any]]] = {}

    def on(self, dialect: str) -> Compiled:
        if dialect not in self._compiled:
            self._compiled[dialect] = Compiled(self._clause, dialect)
            self._decoders[dialect] = [
                (i, convert)
                for i, type_ in enumerate(self._types)
                if isinstance(type_, Stored) and (convert := type_.storage.decoder(dialect))
            ]
        return self._compiled[dialect]

    def run(self, connection: Connection, **values: Any) -> int:
        """The number of rows touched."""
        compiled = self.on(connection.dialect)
        return connection.execute(compiled.sql, compiled.binds(values))

    def run_many(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """The same for each of many."""
        compiled = self.on(connection.dialect)
        if rows:
            connection.execute_many(compiled.sql, [compiled.binds(values) for values in rows])

    def rows(self, connection: Connection, **values: Any) -> list[Row]:
        """The rows, with canonical values."""
        compiled = self.on(connection.dialect)
        ask = connection.query if self._prepared else connection.query_unprepared
        rows = ask(compiled.sql, compiled.binds(values))
        decoders = self._decoders[connection.dialect]
        if not decoders or not rows:
            return rows
        return [_decoded(row, decoders) for row in rows]

    def row(self, connection: Connection, **values: Any) -> Row | None:
        rows = self.rows(connection, **values)
        return rows[0] if rows else None


def _decoded(row: Row, decoders: Sequence[tuple[int, Any]]) -> Row:
    values = list(row)
    for i, convert in decoders:
        if values[i] is not None:
            values[i] = convert(values[i])
    return tuple(values)


def insert(table: sa.Table) -> Statement:
    """`INSERT` of one row, a bind for each column by its name."""
    return Statement(
        table.insert().values({c.name: sa.bindparam(c.name, type_=c.type) for c in table.c})
    )


def param(name: str, column: sa.Column[Any]) -> Any:
    """A bind of the type of a column."""
    return sa.bindparam(name, type_=column.type)
