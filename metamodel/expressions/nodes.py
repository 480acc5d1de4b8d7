"""The typed tree of an expression, from which every target is made."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields, replace
from typing import Any

from metamodel.expressions.operations import Operation
from metamodel.expressions.syntax import Place
from metamodel.expressions.types import BOOLEAN, Type


class Root(enum.Enum):
    """Where a path starts."""

    ROW = "row"  # the record at hand; inside a collection function, the collection's
    RECORD = "record"  # the word `record`, where it is another one than the row
    ME = "me"
    NAME = "name"  # a name that the scope brings; the first part of the path


@dataclass(frozen=True)
class Node:
    """A part of an expression. Two parts are equal wherever they stand."""

    type: Type = field(kw_only=True)
    place: Place = field(default=Place(), compare=False, repr=False, kw_only=True)

    def children(self) -> Iterator[Node]:
        for one in fields(self):
            value = getattr(self, one.name)
            if isinstance(value, Node):
                yield value
            elif isinstance(value, tuple):
                yield from (item for item in value if isinstance(item, Node))

    def walk(self) -> Iterator[Node]:
        """This part and those in it, in the order of the text."""
        yield self
        for child in self.children():
            yield from child.walk()


@dataclass(frozen=True)
class Slot:
    """Where the value of a literal is written, and how another one that stands there is read.

    `read` takes what is written, text or a number, and gives the value; None where that would not
    be taken, or would make another tree.
    """

    place: Place
    read: Callable[[Any], Any]

    def then(self, read: Callable[[Any], Any]) -> Slot:
        """The same place, read on."""
        first = self.read

        def both(written: Any) -> Any:
            value = first(written)
            return None if value is None else read(value)

        return Slot(self.place, both)


@dataclass(frozen=True)
class Literal(Node):
    """A value that stands in the text. Lifted ones become parameters of a query."""

    value: Any
    lifted: bool = True
    # None where the tree depends on more than the type of the value.
    slot: Slot | None = field(default=None, compare=False, repr=False, kw_only=True)

    def read_on(self, read: Callable[[Any], Any]) -> Slot | None:
        """The slot of what is read from the value."""
        return None if self.slot is None else self.slot.then(read)


@dataclass(frozen=True)
class Read(Node):
    """The value of a field; an empty path is the record itself."""

    root: Root
    object: str  # the type of the record that the last part of the path belongs to
    path: tuple[str, ...]


@dataclass(frozen=True)
class Collection(Node):
    """The records of an inverse or of a multi_lookup, at the end of a path of look-ups."""

    root: Root
    object: str  # the type of the record that has the collection
    path: tuple[str, ...]  # to that record
    name: str  # of the inverse, or of the multi_lookup field
    source: str  # the type of the records in it
    field: str | None  # the look-up of the source, None for a multi_lookup


@dataclass(frozen=True)
class Part(Node):
    """A part of a value: label, closed, category of a choice; amount, currency of money; the role
    that a person is."""

    operand: Node
    name: str


@dataclass(frozen=True)
class Recast(Node):
    """The same value as another type: a choice as its name, a user as a person."""

    operand: Node


@dataclass(frozen=True)
class Rounded(Node):
    """A number or an amount with the scale of its type; empty where that is too large.

    Without a scale it is an amount in any currency, as a field holds it: with the decimals of its
    currency.
    """

    operand: Node


@dataclass(frozen=True)
class OperationCall(Node):
    """An operation on values."""

    operation: Operation
    arguments: tuple[Node, ...]


@dataclass(frozen=True)
class MoneyCall(Node):
    """Arithmetic with money: `operation` on the amounts, in one currency."""

    operation: Operation
    left: Node
    right: Node


@dataclass(frozen=True)
class Join(Node):
    """Text after text; what is empty adds nothing."""

    items: tuple[Node, ...]


@dataclass(frozen=True)
class Coalesce(Node):
    """The first value that is not empty."""

    items: tuple[Node, ...]


@dataclass(frozen=True)
class Extreme(Node):
    """The least or greatest of those that are not empty."""

    function: str  # min, max
    items: tuple[Node, ...]


@dataclass(frozen=True)
class ListValue(Node):
    """Several values, for a field that holds many."""

    items: tuple[Node, ...]


@dataclass(frozen=True)
class Compare(Node):
    """Two values of one type: `==`, `<`, `<=`, `>`, `>=`. Never empty."""

    operator: str
    left: Node
    right: Node
    type: Type = field(default=BOOLEAN, kw_only=True)


@dataclass(frozen=True)
class Empty(Node):
    operand: Node
    type: Type = field(default=BOOLEAN, kw_only=True)


@dataclass(frozen=True)
class Within(Node):
    """Whether a value is one of some others."""

    item: Node
    items: tuple[Node, ...]
    type: Type = field(default=BOOLEAN, kw_only=True)


@dataclass(frozen=True)
class Member(Node):
    """Whether a value is among those of a field that holds many."""

    item: Node
    collection: Node  # Read or Collection
    type: Type = field(default=BOOLEAN, kw_only=True)


@dataclass(frozen=True)
class And(Node):
    items: tuple[Node, ...]
    type: Type = field(default=BOOLEAN, kw_only=True)


@dataclass(frozen=True)
class Or(Node):
    items: tuple[Node, ...]
    type: Type = field(default=BOOLEAN, kw_only=True)


@dataclass(frozen=True)
class Not(Node):
    operand: Node
    type: Type = field(default=BOOLEAN, kw_only=True)


@dataclass(frozen=True)
class Choose(Node):
    """`then if condition else otherwise`."""

    condition: Node
    then: Node
    otherwise: Node


@dataclass(frozen=True)
class CountOf(Node):
    """How many values a field holds."""

    operand: Node


@dataclass(frozen=True)
class Gather(Node):
    """A function over a collection. In `item` and `where` the row is the collection's."""

    function: str
    collection: Collection
    item: Node | None
    where: Node | None


@dataclass(frozen=True)
class Spread(Gather):
    """A sum over a period, in parts where what it reads changes from a day on.

    `item` is what a record counts in the whole period, `daily` what it does in one part.
    """

    daily: Node
    first: Node
    after: Node
    record: str | None  # the object type of `record`


@dataclass(frozen=True)
class Find(Gather):
    """The first record of a collection in an order, or a field behind it: the `item`."""

    order: tuple[Node, ...]  # fields of the collection's records
    downwards: tuple[bool, ...]  # for each of them, whether the greatest comes first


@dataclass(frozen=True)
class DecisionRows:
    """What a decision asks of its rows; all of it is about one of them, so it is no part of what
    is asked of the record."""

    decision: str
    object: str
    keys: tuple[Node, ...]  # its inputs, in the order of their weight; an empty one fits any value
    spans: tuple[Node, Node] | None  # from when until when it holds
    item: Node  # the row itself, or a field behind it


@dataclass(frozen=True)
class Decide(Node):
    """The row of a decision that wins for a record, or a field behind it."""

    rows: DecisionRows
    values: tuple[Node, ...]  # what the inputs have to equal
    day: Node | None


def node_of_row(node: Decide, path: tuple[str, ...] = ()) -> Decide:
    """The row itself that wins, whatever is asked of it; or what a path from it leads to."""
    type = Type("record", (node.rows.object,))
    item = Read(Root.ROW, node.rows.object, path, type=type)
    return replace(node, rows=replace(node.rows, item=item), type=type)


@dataclass(frozen=True)
class Evaluate(Node):
    """The value of the expression that a field holds, for the record at hand.

    What it is is known only when the field is read, so there is none of it in SQL.
    """

    given: Node  # the text
    over: str  # the object type of that record


@dataclass(frozen=True)
class FoundBy(Node):
    """The one record of an object type that has a value in a field."""

    object: str
    field: str
    given: Node  # the value


@dataclass(frozen=True)
class PartDay(Node):
    """The first day of a part of a period, or the first one after it."""

    name: str  # day, next


@dataclass(frozen=True)
class ChangeTest(Node):
    """was(), changed(), increased() and decreased() of a field."""

    function: str
    field: Read
    by: Node | None = None


@dataclass(frozen=True)
class Logged(Node):
    """since(), reached(), times() and spent(): a question about the log of a choice."""

    function: str
    field: Read
    state: str = ""  # the option; of since() whichever it is
    now: Node | None = None  # until when a running span counts
    calendar: Node | None = None  # in whose hours


@dataclass(frozen=True)
class Moment(Node):
    """today() and now(): of the business's zone and of the moment that is asked about."""
