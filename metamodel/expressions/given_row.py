"""A record whose values are at hand, saved or not, in a statement: its reads become parameters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from metamodel.expressions.nodes import Read
from metamodel.expressions.sql_value import (
    Element,
    SqlContext,
    SqlValue,
    assembled,
    bound,
    id_of,
    storage_of,
    typed,
)
from metamodel.expressions.types import MONEY
from metamodel.storage import TEXT, UUID, Storage

Reader = Callable[[tuple[str, ...]], Any]
Part = tuple[Any, Storage]  # a value for each column


class Question(NamedTuple):
    """One read of the record: of its id behind a path, of a field, or of a name of the scope."""

    how: str
    path: tuple[str, ...]
    node: Read | None = None


class Given:
    def __init__(self, sql: SqlContext, read: Reader) -> None:
        self.sql = sql
        self.read = read

    def id(self, path: tuple[str, ...]) -> Element:
        return self._made(Question("id", path)).element

    def value(self, node: Read) -> SqlValue:
        return self._made(Question("value", node.path, node))

    def named(self, node: Read) -> SqlValue:
        """What stands beside the record under a name of the scope."""
        if node.object and len(node.path) > 1:
            return self.value(node)
        return self._made(Question("named", node.path, node))

    def links(self, path: tuple[str, ...]) -> Sequence[Element]:
        """The ids of the records that a field with several look-ups leads to."""
        return [bound(self.sql, one, UUID).element for one in self.read(path) or ()]

    def parts(self, asked: Question) -> list[Part]:
        """What a read gives, as parts of its columns."""
        node, path = asked.node, asked.path
        if node is None:
            return [(id_of(self.read(path or ("id",))), UUID)]
        if asked.how == "named":
            return self._parts_of_name(node)
        value = self.read(path or ("id",))
        field = self.sql.objects[node.object].fields[path[-1]] if path else None
        if field is None:
            return [(value, UUID)]
        columns = [column for column in field.kind.columns(field) if not column.hidden]
        parts = field.kind.pack(field, value) if value is not None else [None] * len(columns)
        return [(part, c.storage) for part, c in zip(parts, columns, strict=False)]

    def _parts_of_name(self, node: Read) -> list[Part]:
        value, storage = self.read(node.path), storage_of(node.type)
        if node.type.name == MONEY.name:
            parts = (None, None) if value is None else (value.amount, value.currency)
            return list(zip(parts, (storage, TEXT), strict=True))
        return [(id_of(value), storage)]

    def _made(self, asked: Question) -> SqlValue:
        made = [self._bound(value, storage) for value, storage in self.parts(asked)]
        return made[0] if len(made) == 1 else assembled(self.sql, made)

    def _bound(self, value: Any, storage: Storage) -> SqlValue:
        return bound(self.sql, value, storage)


class GivenAgain(Given):
    """The same for a statement that is asked again for other records: it notes what it reads, and
    its parameters are `g0`, `g1`, ... What is empty stands in the text: which values are is a part
    of its shape, as is how many links there are.
    """

    def __init__(self, sql: SqlContext, read: Reader) -> None:
        super().__init__(sql, read)
        self.asked: list[Question] = []
        self.several = False  # whether it holds a list of links, which are as many as they are
        self._count = 0

    def links(self, path: tuple[str, ...]) -> Sequence[Element]:
        self.several = True
        return super().links(path)

    def _made(self, asked: Question) -> SqlValue:
        self.asked.append(asked)
        return super()._made(asked)

    def _bound(self, value: Any, storage: Storage) -> SqlValue:
        if value is None:
            return bound(self.sql, None, storage)
        element = self.sql.parameter(f"g{self._count}", storage)
        self._count += 1
        return SqlValue(typed(self.sql, element, storage), storage, nullable=False, plain=True)
