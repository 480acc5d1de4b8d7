"""The Python target: evaluates one record, on simpleeval's evaluator and plain frozen data."""

from __future__ import annotations

import operator
import threading
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Protocol

from simpleeval import EvalWithCompoundTypes  # type: ignore[import-untyped]

from metamodel import state_times
from metamodel.currencies import Amount
from metamodel.expressions.expression import Expression
from metamodel.expressions.given_values import GivenText
from metamodel.expressions.growth import grown
from metamodel.expressions.nodes import (
    And,
    ChangeTest,
    Choose,
    Coalesce,
    Collection,
    Compare,
    CountOf,
    Decide,
    Empty,
    Evaluate,
    Extreme,
    Find,
    FoundBy,
    Gather,
    Join,
    ListValue,
    Literal,
    Logged,
    Member,
    Moment,
    MoneyCall,
    Node,
    Not,
    OperationCall,
    Or,
    Part,
    Read,
    Recast,
    Root,
    Rounded,
    Spread,
    Within,
)
from metamodel.expressions.types import DATE, MONEY, NUMBER, PERSON, RECORD, ROLE, TEXT, Type
from metamodel.expressions.work import spend

from . import chronology, decimals, strings


class Environment(Protocol):
    """What an expression may read: canonical values, and nothing that lives."""

    @property
    def values(self) -> Mapping[str, Any]:
        """Of the record's fields, and of the names of the scope."""

    @property
    def before(self) -> Mapping[str, Any] | None:
        """The record before the change."""

    @property
    def now(self) -> datetime: ...

    @property
    def today(self) -> date: ...

    @property
    def me(self) -> Mapping[str, Any] | None: ...

    def read(self, path: tuple[str, ...]) -> Any:
        """The value through look-ups. Paths of `me` and of another record begin with that word."""

    def collect(self, node: Gather | Collection) -> Any:
        """The value of a collection function, or the ids of a collection."""

    def spans(self, field: Read) -> state_times.Spans:
        """The log of a choice of the record, or of one that it looks up; empty without one."""

    def decided(self, node: Decide, values: Sequence[Any], day: Any) -> Any:
        """What the row of a decision gives that wins for these values on a day, or at a moment."""

    def evaluated(self, node: Evaluate | FoundBy, value: Any) -> Any:
        """What only rules may ask: the value of an expression that a field holds, or a record."""


def evaluate(expression: Expression, environment: Environment) -> Any:
    """The canonical value; empty is None."""
    return run(expression.tree, environment)


def run(tree: Node, environment: Environment) -> Any:
    """The canonical value of a part of an expression."""
    return _evaluator().run(tree, environment)


def truth(expression: Expression, environment: Environment) -> bool:
    """The value of a condition: what is empty counts as no, and so does a text that says true."""
    value = evaluate(expression, environment)
    return value is True or (isinstance(value, GivenText) and value.wire is True)


_local = threading.local()


def _evaluator() -> Evaluator:
    try:
        return _local.evaluator  # type: ignore[no-any-return]
    except AttributeError:
        _local.evaluator = Evaluator()
        return _local.evaluator  # type: ignore[no-any-return]


ORDER = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


def is_empty(value: Any) -> bool:
    return value is None or value == []


class Evaluator(EvalWithCompoundTypes):  # type: ignore[misc]
    """simpleeval's evaluator over the typed tree: its table of nodes is ours, and ours alone."""

    environment: Environment

    def __init__(self) -> None:
        super().__init__(operators={}, functions={}, names={})
        self.functions: dict[str, Any] = {}
        self.nodes = {
            Literal: self._literal,
            Read: self._read,
            Collection: self._collection,
            Part: self._part,
            Recast: self._recast,
            Rounded: self._rounded,
            OperationCall: self._operation,
            MoneyCall: self._money,
            Join: self._join,
            Coalesce: self._coalesce,
            Extreme: self._extreme,
            ListValue: self._list,
            Compare: self._comparison,
            Empty: self._empty,
            Within: self._within,
            Member: self._member,
            And: self._and,
            Or: self._or,
            Not: self._not,
            Choose: self._choose,
            CountOf: self._tally,
            Gather: self._gather,
            Spread: self._gather,
            Find: self._gather,
            Decide: self._decide,
            Evaluate: self._evaluate,
            FoundBy: self._evaluate,
            ChangeTest: self._change,
            Logged: self._logged,
            Moment: self._moment,
        }

    def run(self, tree: Node, environment: Environment) -> Any:
        # Reading a path may evaluate another expression on the way.
        outer = getattr(self, "environment", environment)
        self.environment = environment
        try:
            return self._eval(tree)
        finally:
            self.environment = outer

    def _literal(self, node: Literal) -> Any:
        return node.value

    def _read(self, node: Read) -> Any:
        value = self._value(node.root, node.path)
        if node.type.name == NUMBER.name and isinstance(value, int):
            return Decimal(value)
        if node.root is Root.ME and not node.path:
            return value
        return None if value == "" else value

    def _value(self, root: Root, path: tuple[str, ...]) -> Any:
        environment = self.environment
        if root is Root.RECORD:
            return environment.read(("record", *(path or ("id",))))
        if root is Root.ME:
            if environment.me is None:
                return None
            if len(path) < 2:
                return environment.me.get(path[0] if path else "id")
            return environment.read(("me", *path))
        if root is Root.NAME:
            return environment.read(path)
        if len(path) < 2:
            return environment.values.get(path[0] if path else "id")
        return environment.read(path)

    def _collection(self, node: Collection) -> Any:
        if node.field is None:
            return self._value(node.root, (*node.path, node.name))
        return self.environment.collect(node)

    def _part(self, node: Part) -> Any:
        value = self._eval(node.operand)
        if value is None:
            return None
        if isinstance(value, Amount):
            return getattr(value, node.name)
        if node.name == ROLE:
            return value[1] if value[0] == ROLE else None
        for option in node.operand.type.options:
            if option.name == value:
                return (
                    getattr(option, node.name)
                    if node.name == "closed"
                    else (getattr(option, node.name) or None)
                )
        return None

    def _recast(self, node: Recast) -> Any:
        value = self._eval(node.operand)
        given, wanted = node.operand.type, node.type
        if value is None:
            return None
        if wanted.name == MONEY.name and not isinstance(value, Amount):
            return Amount(value, wanted.currency or "")
        if wanted.name == PERSON.name or (wanted.name == RECORD.name and len(wanted.objects) > 1):
            return reference(value, given)
        if wanted.name == RECORD.name and isinstance(value, tuple):
            return value[1] if value[0] in wanted.objects else None
        return value

    def _rounded(self, node: Rounded) -> Any:
        value, scale = self._eval(node.operand), node.type.scale
        if isinstance(value, Amount):
            amount = decimals.settled(value, scale)
            return None if amount is None else Amount(amount, value.currency)
        if value is None or scale is None:
            return value
        return decimals.fix(value, scale)

    def _operation(self, node: OperationCall) -> Any:
        arguments = [self._eval(argument) for argument in node.arguments]
        spend(1)
        if any(argument is None for argument in arguments):
            return None
        return node.operation.run(*arguments)

    def _money(self, node: MoneyCall) -> Any:
        values = [self._eval(node.left), self._eval(node.right)]
        if None in values:
            return None
        currencies = {value.currency for value in values if isinstance(value, Amount)}
        if len(currencies) != 1:
            return None
        amounts = [value.amount if isinstance(value, Amount) else value for value in values]
        result = node.operation.run(*amounts)
        if result is None or node.type.name != MONEY.name:
            return result
        return Amount(result, currencies.pop())

    def _join(self, node: Join) -> Any:
        return strings.joined([self._eval(item) or "" for item in node.items])

    def _coalesce(self, node: Coalesce) -> Any:
        values = (self._eval(item) for item in node.items)
        return next((value for value in values if value is not None), None)

    def _extreme(self, node: Extreme) -> Any:
        values = [value for item in node.items if (value := self._eval(item)) is not None]
        if not values:
            return None
        return min(values) if node.function == "min" else max(values)

    def _list(self, node: ListValue) -> list[Any]:
        return [value for item in node.items if (value := self._eval(item)) is not None]

    def _comparison(self, node: Compare) -> bool:
        left, right = self._eval(node.left), self._eval(node.right)
        if left is None or right is None:
            return False
        if isinstance(left, Amount):
            if left.currency != right.currency:
                return False
            left, right = left.amount, right.amount
        if node.operator == "==":
            return same(left, node.left.type, right, node.right.type)
        return bool(ORDER[node.operator](left, right))

    def _empty(self, node: Empty) -> bool:
        return is_empty(self._eval(node.operand))

    def _within(self, node: Within) -> bool:
        item = self._eval(node.item)
        if item is None:
            return False
        others = ((self._eval(other), other.type) for other in node.items)
        return any(
            value is not None and same(item, node.item.type, value, type) for value, type in others
        )

    def _member(self, node: Member) -> bool:
        item, collection = self._eval(node.item), self._eval(node.collection)
        if item is None or not collection:
            return False
        type = Type(RECORD.name, node.collection.type.objects)
        return any(same(item, node.item.type, value, type) for value in collection)

    def _and(self, node: And) -> bool:
        return all(self._eval(item) is True for item in node.items)

    def _or(self, node: Or) -> bool:
        return any(self._eval(item) is True for item in node.items)

    def _not(self, node: Not) -> bool:
        return self._eval(node.operand) is not True

    def _choose(self, node: Choose) -> Any:
        return self._eval(node.then if self._eval(node.condition) is True else node.otherwise)

    def _tally(self, node: CountOf) -> Decimal:
        return Decimal(len(self._eval(node.operand) or ()))

    def _gather(self, node: Gather) -> Any:
        return self.environment.collect(node)

    def _decide(self, node: Decide) -> Any:
        values = [self._eval(value) for value in node.values]
        day = None if node.day is None else self._eval(node.day)
        return self.environment.decided(node, values, day)

    def _evaluate(self, node: Evaluate | FoundBy) -> Any:
        given = self._eval(node.given)
        spend(1)
        return None if given is None else self.environment.evaluated(node, given)

    def _moment(self, node: Moment) -> date | datetime:
        day = node.type.name == DATE.name
        return self.environment.today if day else self.environment.now

    def _logged(self, node: Logged) -> Any:
        spans = self.environment.spans(node.field)
        spend(1 + len(spans))
        if node.function == "since":
            return state_times.since(spans)
        if node.function == "reached":
            return state_times.reached(spans, node.state)
        if node.function == "times":
            return Decimal(state_times.times(spans, node.state))
        between, calendar = _elapsed, None
        if node.calendar is not None:
            calendar = self._eval(node.calendar)
            if calendar is None:
                return None
            between = calendar.between
        assert node.now is not None
        return state_times.spent(spans, node.state, self._eval(node.now), between)

    def _change(self, node: ChangeTest) -> Any:
        name = node.field.path[0] if node.field.path else "id"
        old = (self.environment.before or {}).get(name)
        if node.function == "was":
            return None if is_empty(old) else old
        new = self._eval(node.field)
        if node.function == "changed":
            return (None if is_empty(old) else old) != (None if is_empty(new) else new)
        if node.function == "decreased":
            old, new = new, old
        step = None if node.by is None else self._eval(node.by)
        if old is None or new is None or (node.by is not None and step is None):
            return False
        return grown(old, new, step)


def _elapsed(start: datetime, end: datetime) -> int:
    return chronology.seconds_between(end, start)


def reference(value: Any, type: Type) -> tuple[str, str]:
    """A record as its type and id, however its field holds it; a text is the name of a role."""
    if type.name == TEXT.name:
        return ROLE, value
    return tuple(value) if isinstance(value, (tuple, list)) else (type.objects[0], value)


def same(left: Any, left_type: Type, right: Any, right_type: Type) -> bool:
    """Whether two values that are not empty are one."""
    if isinstance(left, tuple) or isinstance(right, tuple):
        return reference(left, left_type) == reference(right, right_type)
    return bool(left == right)
