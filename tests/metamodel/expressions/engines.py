"""The evaluators that the corpus is run against: Python, and a database."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from metamodel.currencies import Amount
from metamodel.expressions import decimals
from metamodel.expressions.expression import Expression
from metamodel.expressions.given_row import Given
from metamodel.expressions.nodes import Collection, Decide, Find, Gather, Node, Read, Root
from metamodel.expressions.postgresql_functions import FUNCTIONS
from metamodel.expressions.python import evaluate, run
from metamodel.expressions.sql import Source, collected, predicate, value, wanted
from metamodel.expressions.sql_value import Element, SqlContext, SqlValue
from metamodel.expressions.sqlite_functions import register
from metamodel.expressions.types import BOOLEAN, DURATION, MONEY, Type
from metamodel.state_times import Spans, as_of
from metamodel.storage import BOOLEAN as BOOLEAN_STORAGE
from metamodel.storage import JSON, UUID, Storage
from tests.metamodel.expressions.library import (
    LOG,
    OBJECTS,
    RECORDS,
    fill,
    identity,
    log_table,
    tables,
)

TODAY = date(2026, 6, 15)
NOW = datetime(2026, 6, 15, 8, 30, tzinfo=UTC)


class Values(Mapping[str, Any]):
    """The values of a record, the calculated ones among them."""

    def __init__(self, environment: "Record") -> None:
        self.environment = environment

    def __getitem__(self, name: str) -> Any:
        record = self.environment
        field = OBJECTS[record.object].fields[name]
        if field.formula is not None:
            return evaluate(field.formula, record)
        return RECORDS[record.object][record.id][name]

    def __iter__(self) -> Iterator[str]:
        return iter(OBJECTS[self.environment.object].fields)

    def __len__(self) -> int:
        return len(OBJECTS[self.environment.object].fields)


class Record:
    """One record as the environment of an expression; collections are walked through."""

    def __init__(
        self,
        object: str,
        id: str,
        *,
        me: str | None = "ann",
        outer: "Record | None" = None,
        given: "Record | None" = None,
        before: Mapping[str, Any] | None = None,
        values: Mapping[str, Any] | None = None,
    ) -> None:
        self.object = object
        self.id = id
        self.user = me
        self.outer = outer or given or self
        self.given = given
        self.before = before
        self.now = NOW
        self.today = TODAY
        self.values: Mapping[str, Any] = Values(self) if values is None else values
        self.me: Mapping[str, Any] | None = (
            None if me is None else Values(Record("user", identity(me), me=None, values={}))
        )

    def read(self, path: tuple[str, ...]) -> Any:
        if path[0] == "record" and len(path) > 1:
            return self.outer.read(path[1:])
        if path[0] == "me" and self.user is not None:
            return Record("user", identity(self.user)).read(path[1:])
        found: Any = self.values[path[0]]
        record: Record | None = self
        for at, name in enumerate(path):
            if record is None:
                return [] if OBJECTS[self.object].fields[path[0]].many else None
            found = record.values[name]
            record = record.follow(name, found) if at < len(path) - 1 else None
        return found

    def follow(self, name: str, found: Any) -> "Record | None":
        if found is None:
            return None
        field = OBJECTS[self.object].fields[name]
        object, id = found if isinstance(found, tuple) else (field.targets[0], found)
        return None if object in ("team", "role") else Record(object, id, me=self.user)

    def collect(self, node: Gather | Collection) -> Any:
        if isinstance(node, Collection):
            return [row.id for row in self.rows(node)]
        rows = [
            row for row in self.rows(node.collection) if node.where is None or run(node.where, row)
        ]
        if node.function in ("count", "exists"):
            return Decimal(len(rows)) if node.function == "count" else bool(rows)
        assert node.item is not None
        if isinstance(node, Find):
            rows = in_order(node, rows)[:1]
            return run(node.item, rows[0]) if rows else None
        found = [run(node.item, row) for row in rows]
        if node.function in ("first", "last"):
            return (found[0] if node.function == "first" else found[-1]) if found else None
        known = [one for one in found if one is not None]
        if node.function == "list":
            return ", ".join(known) or None
        return aggregate(node, known)

    def evaluated(self, node: Any, value: Any) -> Any:
        raise AssertionError("nothing here holds expressions")

    def decided(self, node: Decide, values: Sequence[Any], day: Any) -> Any:
        """By the rule as it is told: of the rows that fit, the one with the weightiest inputs."""
        best: tuple[list[bool], Record] | None = None
        for id, row in RECORDS[node.rows.object].items():
            one = Record(node.rows.object, id, me=self.user)
            keys = [run(key, one) for key in node.rows.keys]
            fits = all(key is None or key == value for key, value in zip(keys, values, strict=True))
            if node.rows.spans is not None:
                start, until = (run(end, one) for end in node.rows.spans)
                there = None not in (day, start) and start <= day
                fits = fits and there and (until is None or day < until)
            filled = [key is not None for key in keys]
            if fits and row["deleted_at"] is None and (best is None or filled > best[0]):
                best = filled, one
        return None if best is None else run(node.rows.item, best[1])

    def spans(self, field: Read) -> Spans:
        start = self.start(field)
        return [] if start is None else as_of(LOG.get(start.id, ()), NOW)

    def start(self, node: Read | Collection) -> "Record | None":
        """The record that has a field or a collection."""
        start: Any = {Root.ROW: self, Root.RECORD: self.outer}.get(node.root)
        if node.root is Root.ME:
            start = None if self.user is None else Record("user", identity(self.user))
        for name in node.path[:-1] if isinstance(node, Read) else node.path:
            start = None if start is None else start.follow(name, start.values[name])
        return start  # type: ignore[no-any-return]

    def rows(self, node: Collection) -> list["Record"]:
        start = self.start(node)
        if start is None:
            return []
        made = []
        for id, values in RECORDS[node.source].items():
            if node.field is None:
                there = id in start.values[node.name]
            else:
                held = values[node.field]
                owner = (start.object, start.id) if isinstance(held, tuple) else start.id
                there = owner in held if isinstance(held, list) else held == owner
            if there and values["deleted_at"] is None:
                made.append(Record(node.source, id, me=self.user, outer=self.outer))
        return made


def in_order(node: Find, rows: list[Record]) -> list[Record]:
    """Sorted by the last field first, as sorting keeps the order of what is equal."""
    for tree, down in reversed([*zip(node.order, node.downwards, strict=True)]):
        options = [option.name for option in tree.type.options]
        known = [(run(tree, row), row) for row in rows]
        ranked = [
            (options.index(value) if options else value, row)
            for value, row in known
            if value is not None
        ]
        ranked.sort(key=lambda pair: pair[0], reverse=down)
        rows = [row for _, row in ranked] + [row for value, row in known if value is None]
    return rows


def aggregate(node: Gather, known: list[Any]) -> Any:
    if node.function in ("min", "max"):
        if node.type.name == MONEY.name:
            return _of_money(node, known, lambda amounts: choose(node.function, amounts))
        return choose(node.function, known)
    if node.type.name == MONEY.name:
        return _of_money(node, known, lambda amounts: total(node, amounts))
    return total(node, known)


def choose(function: str, known: list[Any]) -> Any:
    if not known:
        return None
    return min(known) if function == "min" else max(known)


def total(node: Gather, known: list[Any]) -> Any:
    whole = node.type.name in (DURATION.name, "days")
    summed: Any = sum(known, 0 if whole else Decimal(0))
    if node.function == "sum":
        return summed if whole else decimals.CONTEXT.plus(summed)
    count = Decimal(len(known))
    return decimals.split_duration(summed, count) if whole else decimals.divide(summed, count)


def _of_money(node: Gather, known: list[Any], make: Callable[[list[Any]], Any]) -> Any:
    currencies = {one.currency for one in known} or {node.type.currency}
    if len(currencies) > 1 or None in currencies:
        return None
    amount = make([one.amount for one in known])
    return None if amount is None else Amount(amount, currencies.pop())


class Database:
    """A database that holds the library, and what the SQL target asks of it."""

    def __init__(self, connection: sa.Connection, me: str | None = "ann") -> None:
        self.connection = connection
        self.dialect = connection.dialect.name
        self.objects = OBJECTS
        self.fresh = True  # its tables hold no values of formulas
        self.user = me
        self.given: Record | None = None
        self.constants: list[Any] = []
        _, self._tables, self._links = tables(self.dialect)

    def table(self, object: str) -> sa.Table:
        return self._tables[object]

    def link(self, object: str, field: str) -> sa.FromClause:
        return self._links[object, field]

    def spans(self) -> sa.FromClause:
        return log_table(self.dialect)

    def of_part(self, part: sa.FromClause) -> SqlContext:
        raise AssertionError("nothing in the library changes from a day on")

    def parts(
        self, first: Element, after: Element, places: Iterable[tuple[str, str]]
    ) -> sa.FromClause:
        raise AssertionError("nothing in the library changes from a day on")

    def column(self, object: str, alias: sa.FromClause, field: str, suffix: str) -> Element:
        return alias.c[field + suffix]

    def constant(self, value: Any, storage: Storage) -> Element:
        self.constants.append(value)
        return self._bind(value, storage)

    def _bind(self, value: Any, storage: Storage) -> Element:
        stored = storage.encode(self.dialect, value)
        return sa.bindparam(None, stored, unique=True, type_=sa.types.NullType())

    def parameter(self, name: str, storage: Storage) -> Element:
        if name.startswith("record."):
            assert self.given is not None
            return self._bind(self.given.read(tuple(name.split(".")[1:])), storage)
        me = None if self.user is None else identity(self.user)
        return self._bind({"me": me, "today": TODAY, "now": NOW}[name], storage)

    def me_set(self, field: str) -> Element | None:
        if self.user is None or field == "roles":
            return None  # asked of the tables, as without a set
        held = RECORDS["user"][identity(self.user)][field]
        if self.dialect == "sqlite":
            return self._bind(held, JSON)
        return sa.cast(sa.bindparam(None, held, unique=True), sa.ARRAY(sa.UUID(as_uuid=False)))

    def restrict(self, object: str, alias: sa.FromClause) -> Element | None:
        return None

    def trusted(self) -> SqlContext:
        return self

    def _shown(self, element: Element, storage: Storage) -> Element:
        if self.dialect == "sqlite" or storage is BOOLEAN_STORAGE:
            return element
        return sa.cast(element, sa.Text)

    def decode(self, found: SqlValue, row: tuple[Any, ...], type: Type) -> Any:
        values: list[Any] = []
        for stored, (_, storage) in zip(row, found.parts, strict=True):
            made = storage.decode(self.dialect, stored)
            values.append(str(made) if made is not None and storage is UUID else made)
        first = values[0]
        if isinstance(first, datetime):
            first = first.astimezone(UTC)
        if type.name == MONEY.name and first is not None:
            return Amount(first, type.currency or values[1])
        if type.name == "person" and (first is not None or len(values) > 1):
            other = "team" if len(str(values[-1])) == 36 else "role"
            return ("user", first) if first else (other, values[1]) if values[1] else None
        if type.name == "record" and len(type.objects) > 1:
            return None if first is None else (values[1], first)
        if type.name == "persons":
            return [next(iter(one.items())) for one in first or ()]
        if type.name in ("choices", "files"):
            return first or []
        return first

    def select(self, found: SqlValue, type: Type, source: Source | None, id: str) -> Any:
        query = sa.select(*(self._shown(*part) for part in found.parts))
        if source is not None:
            where = source.column("id") == self._bind(id, UUID)
            query = query.select_from(source.joined()).where(where)
        return self.decode(found, tuple(self.connection.execute(query).one()), type)

    def evaluate(self, expression: Expression, object: str, id: str) -> Any:
        source = Source(self, object)
        return self.select(value(expression, source), expression.type, source, id)

    def both(
        self, expression: Expression, object: str, ids: Sequence[str]
    ) -> dict[str, tuple[Any, list[bool]]]:
        """What it is of several records, and in every form whether a condition holds: one query."""
        source = Source(self, object)
        found = value(expression, source)
        columns = [self._shown(*part) for part in found.parts]
        if expression.type.name == BOOLEAN.name:
            columns += self._forms(expression, source)
        columns.append(self._shown(source.column("id"), UUID))
        among = source.column("id").in_([self._bind(id, UUID) for id in ids])
        query = sa.select(*columns).select_from(source.joined()).where(among)
        width = len(found.parts)
        return {
            str(row[-1]): (
                self.decode(found, tuple(row[:width]), expression.type),
                [bool(one) for one in row[width:-1]],
            )
            for row in self.connection.execute(query)
        }

    def _forms(self, expression: Expression, source: Source) -> list[Element]:
        """A condition in every form in which it may stand; with one that refuses it, turned."""
        made: list[Element] = []
        for one in (source, Source(self, source.object, source.alias, joins=False)):
            for exact in (True, False):
                condition = predicate(expression, one, exact=exact)
                made.append(sa.case((condition, 1), else_=0))
            refused = sa.not_(predicate(expression, one))
            made.append(sa.case((refused, 0), else_=1))
        return made

    def collected(self, node: Node, object: str, id: str) -> Any:
        assert isinstance(node, Gather)
        record = Record(object, id, me=self.user)
        return self.select(collected(node, Given(self, record.read)), node.type, None, id)

    def holds(self, expression: Expression, object: str, id: str) -> list[bool]:
        """The condition in every form in which it may stand."""
        source = Source(self, object)
        forms = self._forms(expression, source)
        where = source.column("id") == self._bind(id, UUID)
        query = sa.select(*forms).select_from(source.joined()).where(where)
        answers = [bool(one) for one in self.connection.execute(query).one()]
        source = Source(self, object)  # what is wanted may leave records out as it joins
        return [*answers, self._meets(source, wanted(expression, source), id)]

    def _meets(self, source: Source, condition: Element, id: str) -> bool:
        where = source.column("id") == self._bind(id, UUID)
        query = sa.select(sa.func.count()).select_from(source.joined()).where(where, condition)
        return bool(self.connection.execute(query).scalar_one())


@contextmanager
def opened(url: str) -> Iterator[sa.Connection]:
    """A connection to a database that holds the library."""
    engine = sa.create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", lambda raw, _: register(raw))
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("set time zone 'UTC'")
            for function in FUNCTIONS:
                connection.exec_driver_sql(function.replace("%", "%%"))
        fill(connection, engine.dialect.name)
        yield connection
    engine.dispose()
