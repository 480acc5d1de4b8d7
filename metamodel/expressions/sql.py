"""The SQL target: conditions and values of one query, from the same tree as everywhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from sqlalchemy import FromClause, Select, case, literal_column, select

from metamodel.catalog import Field
from metamodel.expressions.collection_sql import Collections, Rows
from metamodel.expressions.condition_sql import Conditions
from metamodel.expressions.expression import Expression
from metamodel.expressions.given_row import Given, Reader
from metamodel.expressions.needed import needed_paths
from metamodel.expressions.nodes import (
    Collection,
    Compare,
    Gather,
    Literal,
    Member,
    Node,
    PartDay,
    Read,
    Root,
    Within,
)
from metamodel.expressions.scope import USER
from metamodel.expressions.sql_value import (
    Element,
    SqlContext,
    SqlValue,
    assembled,
    bound,
    storage_of,
    typed,
)
from metamodel.expressions.types import PERSON
from metamodel.storage import UUID

_ONE: Element = literal_column("1")


class Source:
    """One FROM with its outer joins, shared by a query's fields, conditions and order.

    Without `joins` it stays as it is: conditions that follow a look-up become EXISTS. That is
    the form of row permissions, which stand in the ON of other queries' joins.
    """

    def __init__(
        self,
        sql: SqlContext,
        object: str,
        alias: FromClause | None = None,
        *,
        joins: bool = True,
        root: Source | None = None,
    ) -> None:
        self.sql = sql
        self.object = object
        self.alias: FromClause = sql.table(object).alias() if alias is None else alias
        self.joins = joins
        self.root = self if root is None else root
        self.added: list[tuple[FromClause, Element]] = []  # of the root: every join
        self._required: set[FromClause] = set()  # of the root: joins without which no row is found
        self._steps: dict[str, Source] = {}
        self._trusted: Source | None = None

    def column(self, name: str, suffix: str = "") -> Element:
        return self.sql.column(self.object, self.alias, name, suffix)

    def through(self, path: tuple[str, ...]) -> Source:
        """The record at the end of a path of look-ups, joined once per path."""
        source = self
        for name in path:
            source = source._steps.get(name) or source.along(name, *source._held(name))
        return source

    def along(self, step: str, target: str, held: Element | None) -> Source:
        """The record of `target` whose id is held, joined once per step."""
        if step not in self._steps:
            self._steps[step] = joined = Source(self.sql, target, root=self.root)
            found = joined.alias.c.id == held
            seen = self.sql.restrict(target, joined.alias)
            self.root.added.append((joined.alias, found if seen is None else found & seen))
        return self._steps[step]

    def _held(self, name: str) -> tuple[str, Element | None]:
        field = self.sql.objects[self.object].fields[name]
        held, objects = Builder(self.sql, self, self).field(self, name), field.type.objects
        person = field.type.name == PERSON.name
        target = USER if person and USER in objects else objects[0]
        return target, held.second if person and target != USER else held.element

    def joined(self, to: FromClause | None = None, on: Element | None = None) -> FromClause:
        """The FROM with all joins that were asked for so far, perhaps joined to another one."""
        clause = self.root.alias
        if to is not None:
            clause = to.join(clause, literal_column("1") == 1 if on is None else on)
        for alias, found in self.root.added:
            outer = alias not in self.root._required
            clause = clause.join(alias, found, isouter=outer)
        return clause

    def require(self, paths: Iterable[tuple[str, ...]]) -> None:
        """Find no row whose look-ups lead nowhere: the database may begin with what they lead to.

        Databases see that for one look-up by themselves, and not all of them for several.
        """
        for path in paths:
            source = self
            for name in path:
                if name not in source._steps:
                    break  # it was asked for in an EXISTS of its own
                source = source._steps[name]
                self.root._required.add(source.alias)

    def trusted(self) -> Source:
        """The same row of the same query for a formula, which has the value that it has for all."""
        if self._trusted is None:
            self._trusted = Source(self.sql.trusted(), self.object, self.alias, root=self.root)
        return self._trusted

    @property
    def at_root(self) -> bool:
        """Whether it is the row of the query itself, and no look-up that may be empty."""
        return self.alias is self.root.alias

    def view(self) -> Source:
        """The same row, with joins of its own."""
        return Source(self.sql, self.object, self.alias)


Row: TypeAlias = "Source | Given"


class Builder(Collections):
    """Builds the elements of one expression over one row."""

    def __init__(
        self,
        sql: SqlContext,
        row: Row | None,
        record: Row | None,
        lifted: Mapping[int, Element] | None = None,
        part: FromClause | None = None,
    ) -> None:
        super().__init__(sql)
        self.row = row
        self.record = record
        self.lifted = dict(lifted or {})
        self.part = part  # of a period: `day` and `next`

    def lift(self, expression: Expression) -> Builder:
        """Ask for the parameters of the text first, so that their order is known."""
        for literal in expression.literals:
            storage = storage_of(literal.type)
            self.lifted[id(literal)] = self.sql.constant(literal.value, storage)
        return self

    def over(self, object: str, *, trusted: bool = False) -> tuple[Source, Builder]:
        source = Source(self.sql.trusted() if trusted else self.sql, object)
        return source, Builder(source.sql, source, self.record, self.lifted, self.part)

    def in_part(self, part: FromClause, record: str | None) -> tuple[Source | None, Builder]:
        sql = self.sql.of_part(part)
        source = None if record is None else Source(sql, record)
        return source, Builder(sql, self.row, source, self.lifted, part)

    def part_day(self, node: PartDay) -> SqlValue:
        assert self.part is not None
        return SqlValue(self.part.c[node.name], storage_of(node.type), nullable=False, plain=True)

    def literal(self, node: Literal) -> SqlValue:
        storage = storage_of(node.type)
        if id(node) not in self.lifted:
            return bound(self.sql, node.value, storage)
        element = typed(self.sql, self.lifted[id(node)], storage)
        return SqlValue(element, storage, nullable=False, plain=True)

    def read(self, node: Read) -> SqlValue:
        if node.root is Root.ME:
            return self._of_me(node)
        if node.root is Root.NAME and isinstance(self.record, Given):
            return self.record.named(node)
        row = self._row(node.root)
        if isinstance(row, Given):
            return row.value(node)
        if row is None:
            words = ("record",) if node.root is Root.RECORD else ()
            storage = storage_of(node.type)
            name = ".".join((*words, *(node.path or ("id",))))
            return SqlValue(
                typed(self.sql, self.sql.parameter(name, storage), storage), storage, plain=True
            )
        if not node.path:
            return SqlValue(row.column("id"), UUID, nullable=not row.at_root, plain=True)
        return self.field(row.through(node.path[:-1]), node.path[-1])

    def id(self) -> Element | None:
        if isinstance(self.record, Given):
            return self.record.id(())
        return None if self.record is None else self.record.column("id")

    def _row(self, root: Root) -> Row | None:
        if root is Root.NAME:
            return None
        return self.record if root is Root.RECORD else self.row

    def field(self, source: Source, name: str) -> SqlValue:
        """A field of a source's record: its columns, or its formula in place."""
        field = self.sql.objects[source.object].fields[name]
        if field.formula is not None and (self.sql.fresh or not field.kept):
            return self.calculated(source, field)
        made = []
        for column in field.columns:
            if not column.hidden:
                element = source.column(name, column.suffix)
                nullable = not source.at_root or getattr(element, "nullable", True)
                made.append(SqlValue(element, column.storage, nullable=nullable, plain=True))
        return assembled(self.sql, made)

    def calculated(self, source: Source, field: Field) -> SqlValue:
        """What the formula of a field gives now."""
        assert field.formula is not None
        trusted = source.trusted()
        inner = Builder(trusted.sql, trusted, trusted).lift(field.formula)
        value = inner.settled(inner.value(field.formula.tree), field.formula.type, field.type)
        if source.at_root:
            return value
        # Of a look-up that is empty, also a count is empty.
        there = source.column("id").is_not(None)
        second = None if value.second is None else case((there, value.second))
        return SqlValue(case((there, value.element)), value.storage, second, value.second_storage)

    def me(self) -> SqlValue:
        return SqlValue(typed(self.sql, self.sql.parameter("me", UUID), UUID), UUID, plain=True)

    def _of_me(self, node: Read) -> SqlValue:
        if not node.path:
            return self.me()
        source = Source(self.sql, USER)
        value = self.field(source.through(node.path[:-1]), node.path[-1])
        found = source.column("id") == self.me().element
        own = [source.alias, *(alias for alias, _ in source.added)]

        def asked(element: Element) -> Element:
            query = select(element).select_from(source.joined()).where(found)
            return query.correlate_except(*own).scalar_subquery()

        second = None if value.second is None else asked(value.second)
        return SqlValue(asked(value.element), value.storage, second, value.second_storage)

    def owner(self, node: Collection) -> Element:
        """The id of the record that has a collection."""
        if node.root is Root.ME:
            reads = Read(Root.ME, node.object, node.path, type=node.type)
            return self._of_me(reads).element
        row = self._row(node.root)
        if isinstance(row, Given):
            return row.id(node.path)
        if row is None:  # of another record: its values are parameters
            return self.read(Read(node.root, node.object, node.path, type=node.type)).element
        return row.through(node.path).column("id")

    def given_ids(self, node: Collection) -> list[Element] | None:
        """The links of a record whose values are at hand."""
        row = self._row(node.root) if node.root is not Root.ME else None
        if not isinstance(row, Given) or node.field is not None:
            return None
        return list(row.links((*node.path, node.name)))

    def enclosed(self, node: Node, make: Callable[[Conditions], Element]) -> Element:
        """A condition on a row that takes no joins: those that it needs stand in an EXISTS."""
        assert isinstance(self.row, Source)
        view = self.row.view()
        record = view if self.record is self.row else self.record
        condition = make(Builder(self.sql, view, record, self.lifted, self.part))
        if not view.added:
            return condition
        return _exists_over(view, condition, _strict_hop(node))

    @property
    def takes_joins(self) -> bool:
        return not isinstance(self.row, Source) or self.row.root.joins


def _exists_over(view: Source, condition: Element, hop: str | None) -> Element:
    (first, found), *others = view.added
    own = [alias for alias, _ in view.added]
    if hop is not None:
        clause: FromClause = first
        query = select(_ONE).where(found, condition)
    else:
        # A row to hang the outer joins on.
        start = select(_ONE.label("one")).subquery()
        own.append(start)
        clause = start.outerjoin(first, found)
        query = select(_ONE).where(condition)
    for alias, on in others:
        clause = clause.outerjoin(alias, on)
    return query.select_from(clause).correlate_except(*own).exists()


def _strict_hop(node: Node) -> str | None:
    """The one look-up of the row without which a condition cannot be met, if it is that simple."""
    hops = set()
    if not isinstance(node, (Compare, Member, Within)):
        return None
    for child in node.children():
        if isinstance(node, Within) and child is not node.item and list(_deep_paths(child)):
            return None
        if isinstance(child, Read) and child.root is Root.ROW and len(child.path) > 1:
            hops.add(child.path[0])
        elif any(len(path) > 1 for path in _deep_paths(child)):
            return None
    return hops.pop() if len(hops) == 1 else None


def _deep_paths(node: Node) -> Iterator[tuple[str, ...]]:
    for part in node.walk():
        if isinstance(part, Read):
            yield part.path
        elif isinstance(part, Collection):
            yield (*part.path, part.name)


def predicate(expression: Expression, source: Source, *, exact: bool = True) -> Element:
    """A condition that is never NULL. With exact=False NULL counts as no, as it does in WHERE."""
    builder = Builder(source.sql, source, _record(expression, source)).lift(expression)
    return builder.condition(expression.tree, exact)


def wanted(expression: Expression, source: Source) -> Element:
    """A condition that every row of the query of a source has to meet: a part of its WHERE."""
    made = predicate(expression, source, exact=False)
    source.require(needed_paths(expression.tree))
    return made


def value(expression: Expression, source: Source) -> SqlValue:
    """A value of each row, with the storages that decode it."""
    builder = Builder(source.sql, source, _record(expression, source)).lift(expression)
    return builder.value(expression.tree)


def _record(expression: Expression, source: Source) -> Source | None:
    return None if expression.outer else source


def collected(node: Gather | Collection, given: Given) -> SqlValue:
    """A collection function of a record whose values are at hand: select it without a FROM."""
    return Builder(given.sql, given, given).value(node)


def collected_ids(
    node: Collection, sql: SqlContext, read: Reader, where: Node | None = None
) -> Select[Any]:
    """The ids in a collection of a record whose values are at hand, of those that meet `where`."""
    given = Given(sql, read)
    return Rows(Builder(sql, given, given), node).meeting(where).ids()
