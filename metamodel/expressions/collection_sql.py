"""Collections in SQL: correlated subqueries over the rows that look a record up."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Protocol

from sqlalchemy import (
    FromClause,
    Select,
    and_,
    case,
    exists,
    func,
    literal_column,
    null,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by

from metamodel.expressions.condition_sql import Conditions
from metamodel.expressions.decision_sql import decided
from metamodel.expressions.log_sql import logged
from metamodel.expressions.needed import needed_paths
from metamodel.expressions.nodes import (
    Collection,
    Decide,
    Find,
    Gather,
    Logged,
    Node,
    Read,
    Root,
    Spread,
)
from metamodel.expressions.reads import Place, places_by_day
from metamodel.expressions.sql_value import (
    EXACT,
    Element,
    SqlValue,
    integer,
    scale_of,
    storage_of,
    typed,
)
from metamodel.expressions.types import (
    BOOLEAN,
    CHOICE,
    DAYS,
    DURATION,
    MONEY,
    PERSON,
    RECORD,
    RECORDS,
    Type,
    number,
)
from metamodel.storage import INTEGER
from metamodel.storage import TEXT as TEXT_STORAGE

from . import operations as op

_HALF = 10**9  # sums are split at this place, so that they never leave 64 bits
_LENGTHS = (DURATION.name, DAYS.name)


class Joined(Protocol):
    """One FROM with its outer joins."""

    alias: FromClause
    added: list[tuple[FromClause, Element]]

    def column(self, name: str, suffix: str = "") -> Element: ...

    def joined(self, to: FromClause | None = None, on: Element | None = None) -> FromClause: ...

    def require(self, paths: Iterable[tuple[str, ...]]) -> None: ...


class Collections(Conditions):
    """Builds the values of collection functions. Where the rows come from is the builder's."""

    part: FromClause | None  # of a period: `day` and `next`

    @abstractmethod
    def over(self, object: str, *, trusted: bool = False) -> tuple[Joined, Collections]:
        """The rows of an object type, and the same expression with them at hand.

        With `trusted` as they are for everybody.
        """

    @abstractmethod
    def in_part(self, part: FromClause, record: str | None) -> tuple[Joined | None, Collections]:
        """The same expression as of the day of each part of a period, and `record` as of it."""

    @abstractmethod
    def id(self) -> Element | None:
        """The id of `record`."""

    def logged(self, node: Logged) -> SqlValue:
        """The answer of a state log."""
        return logged(self, node)

    def decide(self, node: Decide) -> SqlValue:
        return decided(self, node)

    def gather(self, node: Gather) -> SqlValue:
        """The value of a collection function."""
        if isinstance(node, Spread):
            places = places_by_day(node, self.sql.objects)
            if places:
                return _spread(self, node, places)
        rows = Rows(self, node.collection).meeting(node.where)
        if node.function == "exists":
            query = rows.select(literal_column("1"))
            return SqlValue(exists(query), storage_of(BOOLEAN), nullable=False)
        if node.function == "count":
            query = rows.select(func.count())
            return SqlValue(query.scalar_subquery(), storage_of(number(0)), nullable=False)
        assert node.item is not None
        item = rows.builder.value(node.item)
        if isinstance(node, Find):
            return _first(rows, item, [*found_order(rows, node), rows.source.column("id")])
        if node.function in ("first", "last"):
            return _edge(rows, node, item)
        if node.function == "list":
            return _listed(rows, item)
        return _summed(rows, node, item)


class Rows:
    """The rows of a collection: those that are not in the bin and may be seen."""

    def __init__(
        self,
        outer: Collections,
        node: Collection,
        parts: FromClause | None = None,
        record: tuple[Joined, Element] | None = None,
    ) -> None:
        """With the parts of a period each row is there as of every part, as is the outer record."""
        self.sql = outer.sql
        self.outer = outer
        self.parts = parts
        self.record = record
        self.source, self.builder = outer.over(node.source)
        self.link: tuple[FromClause, Element] | None = None
        self.found: list[Element] = []
        self.found.append(self._hangs(node))
        if "deleted_at" in self.source.alias.c:
            self.found.append(self.source.column("deleted_at").is_(null()))
        seen = self.sql.restrict(node.source, self.source.alias)
        if seen is not None:
            self.found.append(seen)

    def meeting(self, where: Node | None) -> Rows:
        """Only those that meet a condition."""
        if where is not None:
            self.found.append(self.builder.condition(where, False))
            self.source.require(needed_paths(where))
        return self

    def _hangs(self, node: Collection) -> Element:
        """How the rows hang on the record that has the collection."""
        ids = self.outer.given_ids(node) if self.outer.part is None else None
        if ids is not None:
            return self.source.column("id").in_(ids) if ids else literal_column("1") == 0
        owner = self.outer.owner(node)
        if node.field is None:
            return self._linked(node.object, node.name, "target", "source", owner)
        field = self.sql.objects[node.source].fields[node.field]
        if field.type.name == RECORDS.name:
            return self._linked(node.source, node.field, "source", "target", owner)
        if field.type.name == PERSON.name:
            suffix = "" if node.object == "user" else f"__{node.object}"
            return self.source.column(node.field, suffix) == owner
        condition = self.source.column(node.field) == owner
        if field.type.name == RECORD.name and len(field.type.objects) > 1:
            named = self.source.column(node.field, "__object")
            condition = and_(condition, named == self.outer.text(node.object))
        return condition

    def _linked(self, object: str, field: str, inner: str, outer: str, owner: Element) -> Element:
        link = self.sql.link(object, field).alias()
        self.link = link, link.c[inner] == self.source.column("id")
        if self.outer.part is not None and "since" in link.c:
            day = self.outer.part.c.day
            self.found += [link.c.since <= day, or_(link.c.until.is_(null()), link.c.until > day)]
        return link.c[outer] == owner

    def select(self, *elements: Element) -> Select[Any]:
        """A query over the rows, correlated with everything that is not its own."""
        clause = self.parts
        own: list[FromClause] = [self.source.alias, *(alias for alias, _ in self.source.added)]
        if self.record is not None:
            source, id = self.record
            clause = source.joined(clause, source.column("id") == id)
            own += [source.alias, *(alias for alias, _ in source.added)]
        clause = self.source.joined(clause)
        if self.parts is not None:
            own.append(self.parts)
        if self.link is not None:
            clause = clause.join(*self.link)
            own.append(self.link[0])
        return select(*elements).select_from(clause).where(*self.found).correlate_except(*own)

    def ids(self) -> Select[Any]:
        return self.select(self.source.column("id")).order_by(self.source.column("id"))


def _spread(outer: Collections, node: Spread, places: frozenset[Place]) -> SqlValue:
    """A sum over the parts of a period, each with the values of its first day."""
    first, after = (outer.value(day).element for day in (node.first, node.after))
    part = outer.sql.parts(first, after, places)
    id = outer.id()
    source, inner = outer.in_part(part, None if id is None else node.record)
    record = None if source is None or id is None else (source, id)
    rows = Rows(inner, node.collection, part, record)
    return _summed(rows, node, rows.builder.value(node.daily))


def _summed(rows: Rows, node: Gather, item: SqlValue) -> SqlValue:
    assert node.item is not None
    item = _own(rows, item, node.daily if isinstance(node, Spread) else node.item)
    made = _aggregated(rows, node, item)
    second = None
    if node.type.name == MONEY.name and not node.type.currency:
        made, second = _one_currency(rows, node.item.type, item, made)
    return SqlValue(
        rows.select(made.element).scalar_subquery(),
        made.storage,
        None if second is None else rows.select(second).scalar_subquery(),
    )


def _own(rows: Rows, item: SqlValue, tree: Node) -> SqlValue:
    """The value as one of the collection's rows.

    Databases take an aggregate of what only the outer record gives as one of the outer query.
    SQLite does so, too, where all that is asked of its own row is whether its id is empty.
    """
    if _reads_own(tree):
        return item
    id = rows.source.column("id")
    element = case((id == id, item.element))
    return replace(item, element=element, nullable=True, plain=False)


def _reads_own(tree: Node) -> bool:
    if isinstance(tree, Read):
        return tree.root is Root.ROW
    if isinstance(tree, Gather):  # what stands in it is about rows of its own
        return False
    return any(_reads_own(child) for child in tree.children())


def _aggregated(rows: Rows, node: Gather, item: SqlValue) -> SqlValue:
    if node.function in ("min", "max"):
        return _extreme(rows, node.function, item)
    if node.type.name in _LENGTHS:
        total: Element = func.sum(item.element)
        if node.function == "sum":
            some = func.coalesce(total, integer(0))
            return SqlValue(typed(rows.sql, some, INTEGER), INTEGER)
        count = SqlValue(func.count(item.element), storage_of(number(0)))
        whole = SqlValue(typed(rows.sql, total, INTEGER), INTEGER)
        return SqlValue(rows.outer.amounts(op.SPLIT_DURATION, whole, count), INTEGER)
    total = _total(rows, item)
    if node.function == "avg":
        count = SqlValue(func.count(item.element), storage_of(number(0)))
        return SqlValue(rows.outer.amounts(op.DIVIDE, SqlValue(total, EXACT), count), EXACT)
    if node.type.name == MONEY.name and not node.type.currency:
        return SqlValue(total, EXACT)
    zero = integer(0) if rows.outer.postgresql else literal_column("'0'")
    return SqlValue(func.coalesce(total, zero), EXACT)


def _total(rows: Rows, item: SqlValue) -> Element:
    """The exact sum."""
    if rows.outer.postgresql:
        return func.fluvial_digits(func.sum(item.element))
    scale = scale_of(item.storage)
    if scale is None:
        return func.fluvial_sum(item.element)
    half: Element = literal_column(str(_HALF))
    high = func.sum(item.element.op("/", precedence=8)(half))
    low = func.sum(item.element.op("%", precedence=8)(half))
    return func.fluvial_total(high, low, integer(scale))


def _extreme(rows: Rows, function: str, item: SqlValue) -> SqlValue:
    element = rows.outer.ordering(item)
    if not rows.outer.postgresql and item.storage.name == EXACT.name:
        return SqlValue(getattr(func, f"fluvial_{function}_of")(element), item.storage)
    return SqlValue(getattr(func, function)(element), item.storage)


def _one_currency(
    rows: Rows, type: Type, item: SqlValue, made: SqlValue
) -> tuple[SqlValue, Element]:
    """Amounts of several currencies have no sum: it is empty."""
    there = case((item.element.is_not(null()), rows.outer.currency(item, type)))
    one, other = func.min(there), func.max(there)
    return SqlValue(case((one == other, made.element)), made.storage), one


def _edge(rows: Rows, node: Gather, item: SqlValue) -> SqlValue:
    """Ids grow with time: the first is the one that was created first."""
    id = rows.source.column("id")
    return _first(rows, item, [id.asc() if node.function == "first" else id.desc()])


def _first(rows: Rows, item: SqlValue, order: Sequence[Element]) -> SqlValue:
    def found(element: Element) -> Element:
        return rows.select(element).order_by(*order).limit(literal_column("1")).scalar_subquery()

    second = None if item.second is None else found(item.second)
    return SqlValue(found(item.element), item.storage, second, item.second_storage)


def found_order(rows: Rows, node: Find) -> Iterator[Element]:
    """The order in which a record is looked for; those without a value come last."""
    for tree, down in zip(node.order, node.downwards, strict=True):
        value = rows.builder.value(tree)
        element = _rank(rows, tree.type, value)
        if value.nullable:
            yield case((value.element.is_(null()), integer(1)), else_=integer(0))
        yield element.desc() if down else element.asc()


def _rank(rows: Rows, type: Type, value: SqlValue) -> Element:
    """What rows are ordered by: options in the order of their field, the rest by its values."""
    if type.name != CHOICE.name or not type.options:
        return rows.outer.ordering(value)
    ranks = ((rows.outer.text(one.name), integer(at)) for at, one in enumerate(type.options))
    return case(*ranks, value=value.element, else_=integer(len(type.options)))


def _listed(rows: Rows, item: SqlValue) -> SqlValue:
    id = rows.source.column("id")
    if rows.outer.postgresql:
        ordered = aggregate_order_by(rows.outer.text(", "), id)
        joined = func.fluvial_short(func.string_agg(item.element, ordered))
    else:
        joined = func.fluvial_list(id, item.element)
    return SqlValue(rows.select(joined).scalar_subquery(), TEXT_STORAGE)
