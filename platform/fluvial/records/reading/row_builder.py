"""What a plan selects and how a row of it becomes a JSON object."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
import sqlalchemy as sa

from fluvial.database.columns import Stored
from fluvial.kernel.generated_code import Code
from metamodel.catalog import Field, ObjectType
from metamodel.expressions.sql import Builder, Source
from metamodel.expressions.sql_value import SqlValue
from metamodel.kinds.kind import Kind
from metamodel.kinds.link_fields import OPTION as LINK_FIELDS
from metamodel.kinds.link_fields import stored_links, wire_links
from metamodel.storage import JSON, POSTGRESQL, TEXT, Storage

from .day_titles import MAX_DEPTH, DayTitle, moving_titles
from .link_values import said_of
from .query import Path
from .sql_context import PlanContext

RowBuilder = Callable[[Sequence[Any]], dict[str, Any]]


@dataclass
class _Node:
    """A member of the JSON object that is made: a value, or an object through a look-up."""

    expression: str = ""  # Python source of the value, over the row `r`
    guard: str = ""  # column that is empty where the look-up is
    held: str = ""  # Python source of the link itself, where that says more than its id
    members: dict[str, _Node] = field(default_factory=dict)


class Output:
    """The selected columns of a plan, and the builder of its JSON objects.

    The builder is generated source: a dict display with constant keys and one converter call for
    each column that needs one, which is what a hand-written handler would have.
    """

    def __init__(
        self, context: PlanContext, source: Source, type_: ObjectType, *, nulls: bool = False
    ) -> None:
        """With `nulls` every empty value is null, also of kinds that read as an empty list."""
        self._nulls = nulls
        self.columns: list[sa.ColumnElement[Any]] = []
        self._context = context
        self._source = source
        self._type = type_
        self._root = _Node()
        self._code = Code(f"show {type_.name}")

    def add(self, path: Path) -> None:
        """Select a path and place it, nested, in the object."""
        node, source, type_ = self._root, self._source, self._type
        for i, name in enumerate(path[:-1]):
            node = node.members.setdefault(name, _Node())
            before, field = source, type_.fields[name]
            source = self._source.through(path[: i + 1])
            type_ = self._context.objects[field.targets[0]]
            if not node.guard:
                self._open(node, before, source, field)
        existing = node.members.get(path[-1])
        if existing is not None and existing.members:
            return
        if path[1:] and path[-1] == "title" and len(field.targets) > 1:
            node.members["title"] = _Node(self._title_of_any(before, field))
        else:
            node.members[path[-1]] = _Node(self._value(source, type_.fields[path[-1]]))

    def _open(self, node: _Node, before: Source, source: Source, field_: Field) -> None:
        """The object of a look-up: one to several object types says where it leads."""
        if len(field_.targets) < 2 or self._context.works_out(field_):
            node.guard = self.select(source.column("id"))
            node.members["id"] = _Node(node.guard)
            return
        node.guard = node.held = self._value(before, field_)
        dialect = self._context.dialect
        parts = [
            self._converted(self.select(element), storage.wire(dialect))
            for element, storage in self.parts(before, field_)
        ]
        # The first column is the id, or those of the kinds of people are ids one beside the other.
        node.members["id"] = _Node(f"({' or '.join(parts) if field_.type.people else parts[0]})")

    def _title_of_any(self, before: Source, field_: Field) -> str:
        """Python source of the title of whichever record a look-up leads to."""
        found = "None"
        for target in reversed(field_.targets):
            columns = [c for c in field_.columns if c.references == target] or field_.columns
            held = before.column(field_.name, columns[0].suffix)
            source = before.along(f"{field_.name}:{target}", target, held)
            title = self.title(source, self._context.objects[target])
            found = f"({title} if {title} is not None else {found})"
        return found

    def select(self, column: sa.ColumnElement[Any]) -> str:
        """Select a column; Python source of its cell."""
        self.columns.append(column.label(f"v{len(self.columns)}"))
        return f"r[{len(self.columns) - 1}]"

    def title(self, source: Source, type_: ObjectType, depth: int = 0) -> str:
        """Python source of a record's title, which may be another one on another day, and which
        leaves out what is not for the reader."""
        context = self._context
        withheld = type_.name in context.access.withheld_titles
        moves = context.as_of and type_.name in context.access.catalog.derive(moving_titles)
        if not (moves or withheld) or self._nulls or depth > MAX_DEPTH:
            return self.select(source.column("title"))
        made = DayTitle(self, context.access).expression(source, type_, depth)
        if source.at_root or depth:
            return made
        return f"({made} if {self.select(source.column('id'))} is not None else None)"

    def _value(self, source: Source, field_: Field) -> str:
        dialect = self._context.dialect
        if field_.name == "title":
            return self.title(source, self._context.objects[field_.object])
        if field_.kind.linked:
            column = linked_ids(self._context, source, field_)
            read = _said_reader(field_) if field_.option(LINK_FIELDS) else JSON.wire(dialect)
            return self._converted(self.select(column), read, "[]")
        absent = "None" if self._nulls else self._code.literal(field_.kind.absent(field_))
        plain = type(field_.kind).wire_parts is Kind.wire_parts
        cells, parts = [], []
        for element, storage in self.parts(source, field_):
            cells.append(self.select(element))
            wire = storage.wire(dialect)
            parts.append(self._converted(cells[-1], wire, absent if plain else "None"))
        if plain:
            return parts[0]
        whole = field_.kind.wire_source(field_, parts)
        if whole is None:
            whole = f"{self.name(_assembler(field_))}(({', '.join(parts)},))"
        empty = " and ".join(f"{cell} is None" for cell in cells)
        return f"({absent} if {empty} else {whole})"

    def parts(
        self, source: Source, field_: Field
    ) -> Iterable[tuple[sa.ColumnElement[Any], Storage]]:
        """The columns of a field, or what its formula makes of the row."""
        if self._context.works_out(field_):
            return [
                (as_stored(element, storage, self._context.dialect), storage)
                for element, storage in field_value(source, field_.name).parts
            ]
        shown = [c for c in field_.columns if not c.hidden]
        elements = [source.column(field_.name, column.suffix) for column in shown]
        if self._nulls and field_.many:
            elements = [_null_of_nothing(element) for element in elements]
        return [(e, column.storage) for e, column in zip(elements, shown, strict=True)]

    def _converted(self, cell: str, convert: Any, absent: str = "None") -> str:
        if convert is None:
            return cell if absent == "None" else f"({absent} if {cell} is None else {cell})"
        return f"({absent} if {cell} is None else {self.name(convert)}({cell}))"

    def name(self, function: Any) -> str:
        """What Python source calls a function."""
        return self._code.name(function)

    def builder(self) -> RowBuilder:
        return self._code.function("r", self._display(self._root))  # type: ignore[no-any-return]

    def _display(self, node: _Node) -> str:
        members = ", ".join(
            f"{self._code.key(name)}: "
            f"{self._display(member) if member.members else member.expression}"
            for name, member in node.members.items()
        )
        if node.held:
            members = f"**{node.held}, {members}"
        if node.guard:
            return f"(None if {node.guard} is None else {{{members}}})"
        return f"{{{members}}}"


def _null_of_nothing(element: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """A list, or null where it is empty."""
    text: sa.ColumnElement[Any] = sa.cast(element, Stored(TEXT))
    return sa.case((text == sa.literal_column("'[]'"), sa.null()), else_=element)


def field_value(source: Source, name: str) -> SqlValue:
    """A field of a source's record; a calculated one has the form of its result."""
    return Builder(source.sql, source, source).field(source, name)


def as_stored(
    element: sa.ColumnElement[Any], storage: Storage, dialect: str
) -> sa.ColumnElement[Any]:
    """PostgreSQL's counts are integers; the stored form of a number is numeric text."""
    if dialect == POSTGRESQL and storage.name.startswith("decimal"):
        return sa.cast(element, Stored(storage))
    return element


def _assembler(field_: Field) -> Callable[[Sequence[Any]], Any]:
    return lambda parts: field_.kind.wire_parts(field_, parts)


def _said_reader(field_: Field) -> Callable[[Any], Any]:
    return lambda held: wire_links(field_, stored_links(field_, orjson.loads(held)))


def linked_ids(context: PlanContext, source: Source, field_: Field) -> sa.ColumnElement[Any]:
    """The targets of a many-look-up as one JSON list, in order: no query for each row."""
    link = context.link(field_.object, field_.name).alias()
    record = source.column("id")
    target, joined = link.c.target, link
    if field_.option(LINK_FIELDS):
        target, joined = said_of(field_, link, context.dialect)
    chosen = (
        sa.select(target.label("target"))
        .select_from(joined)
        .where(link.c.source == record)
        .order_by(link.c.position)
        .correlate(record.table)
        .subquery()
    )
    if context.dialect == POSTGRESQL:
        gathered: sa.ColumnElement[Any] = sa.func.json_agg(chosen.c.target)
    else:
        each = chosen.c.target
        gathered = sa.func.json_group_array(
            sa.func.json(each) if field_.option(LINK_FIELDS) else each
        )
    return sa.select(gathered).scalar_subquery()
