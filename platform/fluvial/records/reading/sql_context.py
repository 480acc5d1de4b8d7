"""What the SQL target of expressions asks of the engine, for one plan."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from fluvial.auth.access import Access
from fluvial.database.columns import Qualified, Stored
from fluvial.database.connection import Row
from fluvial.database.engine_tables import STATE_SPAN
from fluvial.database.object_tables import tables_of
from fluvial.database.statement import Compiled
from fluvial.kernel.problems import Problem
from fluvial.runtime.session import Session
from metamodel.catalog import Catalog, Field, ObjectType
from metamodel.expressions.expression import Expression
from metamodel.expressions.nodes import Or
from metamodel.expressions.sql import Source, predicate
from metamodel.expressions.sql_value import SqlContext
from metamodel.storage import TEXT, Storage

from .day_value import links_by_day, links_on_day, on_day, parts_of
from .reader_title import TITLE, reader_title

LARGEST = 2**63 - 1


def stored(dialect: str, value: Any, storage: Storage) -> Any:
    """A value of an expression in its stored form, as a bind takes it."""
    held = storage.encode(dialect, value)
    if isinstance(held, int) and not -LARGEST <= held <= LARGEST:
        raise Problem(f"The number {value} is too large to be stored.")
    return held


class PlanContext:
    """Collects the constants of a plan and gives tables, parameters and row permissions.

    Constants become binds `c0`, `c1`, ... in the order in which they are met, so that two
    expressions of one shape make the same text with other binds.
    """

    def __init__(
        self, catalog: Catalog, access: Access, dialect: str, *, as_of: bool = False
    ) -> None:
        self.dialect = dialect
        self.as_of = as_of  # whether dated fields have the value of the bind `today`
        self.fresh = as_of  # formulas are worked out: the values that are stored are today's
        self.objects: Mapping[str, ObjectType] = catalog.objects
        self.access = access
        self.constants: list[Any] = []  # in their stored form
        self._coming: deque[str] = deque()
        self._tables = tables_of(catalog)
        self.search = self._tables.search

    def works_out(self, field: Field) -> bool:
        """Whether the value of a field is made in the query, from its formula."""
        return field.formula is not None and (self.fresh or not field.kept)

    def table(self, object_name: str) -> sa.Table:
        return self._tables.objects[object_name]

    def link_table(self, object_name: str, field_name: str) -> sa.Table:
        return self._tables.links[object_name, field_name]

    def link(self, object_name: str, field_name: str) -> sa.FromClause:
        table = self.link_table(object_name, field_name)
        if self.as_of:
            field = self.objects[object_name].fields[field_name]
            if field.dated:
                return links_on_day(table, field, self.dialect)
        return table

    def spans(self) -> sa.FromClause:
        return STATE_SPAN

    def column(
        self, object_name: str, alias: Any, field_name: str, suffix: str
    ) -> sa.ColumnElement[Any]:
        if field_name == TITLE and object_name in self.access.withheld_titles:
            return reader_title(self, self.access, object_name, alias, suffix)
        return self.stored(object_name, alias, field_name, suffix)

    def stored(
        self, object_name: str, alias: Any, field_name: str, suffix: str
    ) -> sa.ColumnElement[Any]:
        """A column as it is for everybody: also a title of which the actor sees a part."""
        if self.as_of:
            field = self.objects[object_name].fields.get(field_name)
            if field is not None and field.dated and field.columns:
                return on_day(self, alias, field, suffix)
        element: sa.ColumnElement[Any] = alias.c[field_name + suffix]
        return element

    def of_part(self, part: sa.FromClause) -> SqlContext:
        return _OfPart(self, part, trusted=False)

    def parts(
        self,
        first: sa.ColumnElement[Any],
        after: sa.ColumnElement[Any],
        places: Iterable[tuple[str, str]],
    ) -> sa.FromClause:
        return parts_of(first, after, places)

    def constant(self, value: Any, storage: Storage) -> sa.ColumnElement[Any]:
        if self._coming:
            return self._bind(self._coming.popleft(), storage)
        name = f"c{len(self.constants)}"
        self.constants.append(stored(self.dialect, value, storage))
        return self._bind(name, storage)

    def expect(self, names: Iterable[str]) -> None:
        """The next constants are those of a request, which brings them under these names."""
        self._coming.extend(names)

    def compiled(self, statement: sa.ClauseElement, *, steady: bool | None = False) -> Compiled:
        """A finished statement, with the constants that were met in it.

        `steady`: one way to run it is right for all values (see `steady`). None, where it is by
        ids: it does not matter.
        """
        made = Compiled(statement, self.dialect)
        made.steady = steady
        made.constants.update((f"c{at}", one) for at, one in enumerate(self.constants))
        return made

    def parameter(self, name: str, storage: Storage) -> sa.ColumnElement[Any]:
        return self._bind(name, storage)

    def me_set(self, field_name: str) -> sa.ColumnElement[Any] | None:
        """The ids, or roles, that a many-field of the actor's own record holds, as one bind."""
        if field_name not in ("groups", "teams", "roles"):
            return None
        return sa.bindparam(f"me_{field_name}", type_=Stored(TEXT), unique=False)

    def _bind(self, name: str, storage: Storage) -> sa.ColumnElement[Any]:
        return sa.bindparam(name, type_=Stored(storage), unique=False)

    def restrict(self, object_name: str, alias: Any) -> sa.ColumnElement[bool] | None:
        """Which rows of a joined or collected object the actor may see; None is all."""
        return self._allowed(object_name, "read", alias)

    def trusted(self) -> SqlContext:
        """For formulas and row permissions: they mean the same whoever asks."""
        return _Trusted(self)

    def allowed(
        self, object_name: str, action: str, source: Source
    ) -> sa.ColumnElement[bool] | None:
        """The row permission of an action on a source; None where every row is allowed."""
        return self._allowed(object_name, action, source.alias)

    def allowed_of_written(self, object_name: str, action: str) -> sa.ColumnElement[bool]:
        """The row permission of an action on the row that a statement writes, for `RETURNING`."""
        allowed = self._allowed(object_name, action, _Written(self.table(object_name)))
        return sa.true() if allowed is None else Qualified(allowed)

    def allowed_by_joins(
        self, object_name: str, action: str, source: Source
    ) -> sa.ColumnElement[bool] | None:
        """The same, whose look-ups become joins of the query.

        For a page that an index serves, which looks up the records behind its few rows. An EXISTS
        that stands in an OR is answered by PostgreSQL from all records that may be seen, which it
        collects first: better for a count or a sum, but of a page it was nine tenths of the cost
        with a million records.
        """
        return self._allowed_of(object_name, action, source.trusted)

    def _allowed(self, object_name: str, action: str, alias: Any) -> sa.ColumnElement[bool] | None:
        def bare() -> Source:
            return Source(self.trusted(), object_name, alias, joins=False)

        return self._allowed_of(object_name, action, bare)

    def _allowed_of(
        self, object_name: str, action: str, source: Callable[[], Source]
    ) -> sa.ColumnElement[bool] | None:
        where = self.access.object(object_name).where
        if action not in where:
            return sa.false()
        conditions = where[action]
        if conditions is None:
            return None
        row = source()
        return sa.or_(*(predicate(c, row, exact=False) for c in _needed(conditions)))


def _needed(conditions: Sequence[Expression]) -> Iterator[Expression]:
    """Those that are no part of another one: roles often say the same twice."""
    ways = [c.tree.items if isinstance(c.tree, Or) else (c.tree,) for c in conditions]
    for at, (condition, own) in enumerate(zip(conditions, ways, strict=True)):
        # The longer one stays, or of two the first.
        others = (way for i, way in enumerate(ways) if (len(way), -i) > (len(own), -at))
        if not any(all(one in way for one in own) for way in others):
            yield condition


class _Written:
    """The row that a statement writes: columns that need no FROM."""

    def __init__(self, table: sa.Table) -> None:
        self.c = {
            key: sa.literal_column(f'"{table.name}"."{column.name}"', column.type)
            for key, column in table.c.items()
        }


class _Within:
    """A context that collects into another one's plan."""

    def __init__(self, context: PlanContext) -> None:
        self.dialect = context.dialect
        self.fresh = context.fresh
        self.objects = context.objects
        self.table = context.table
        self.spans = context.spans
        self.constant = context.constant
        self.parameter = context.parameter
        self.parts = context.parts
        self.me_set = context.me_set
        self._context = context


class _Trusted(_Within):
    """The same, which sees every record."""

    def __init__(self, context: PlanContext) -> None:
        super().__init__(context)
        self.link = context.link
        self.column = context.stored

    def of_part(self, part: sa.FromClause) -> SqlContext:
        return _OfPart(self._context, part, trusted=True)

    def restrict(self, object_name: str, alias: Any) -> sa.ColumnElement[bool] | None:
        return None

    def trusted(self) -> SqlContext:
        return self


class _OfPart(_Within):
    """The same, which reads dated fields and links as of the day of a part of a period."""

    def __init__(self, context: PlanContext, part: sa.FromClause, *, trusted: bool) -> None:
        super().__init__(context)
        self.fresh = True
        self._part = part
        self._sees_all = trusted

    def link(self, object_name: str, field_name: str) -> sa.FromClause:
        table = self._context.link_table(object_name, field_name)
        field = self.objects[object_name].fields[field_name]
        return links_by_day(table, field, self.dialect) if field.dated else table

    def column(
        self, object_name: str, alias: Any, field_name: str, suffix: str
    ) -> sa.ColumnElement[Any]:
        field = self.objects[object_name].fields.get(field_name)
        if field is not None and field.dated and field.columns:
            return on_day(self, alias, field, suffix, self._part)
        column = self._context.stored if self._sees_all else self._context.column
        return column(object_name, alias, field_name, suffix)

    def restrict(self, object_name: str, alias: Any) -> sa.ColumnElement[bool] | None:
        return None if self._sees_all else self._context.restrict(object_name, alias)

    def of_part(self, part: sa.FromClause) -> SqlContext:
        return _OfPart(self._context, part, trusted=self._sees_all)

    def trusted(self) -> SqlContext:
        return _OfPart(self._context, self._part, trusted=True)


def ask(session: Session, plan: Compiled, **binds: Any) -> list[Row]:
    """The rows of a plan, with binds in their stored form beside those of the session."""
    values = {**plan.constants, **session.binds, **binds}
    cells = [values[name] for name in plan.order]
    return session.connection.query(plan.sql, cells, steady=plan.steady)
