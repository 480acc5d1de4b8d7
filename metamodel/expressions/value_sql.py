"""Values in SQL: one method for each part of the tree that has a value."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import case, collate, func, literal_column, null

from metamodel.currencies import MOST_DECIMALS, minor_units, of_decimals
from metamodel.expressions.nodes import (
    Choose,
    Coalesce,
    Collection,
    CountOf,
    Decide,
    Extreme,
    Find,
    Gather,
    Join,
    Literal,
    Logged,
    Moment,
    MoneyCall,
    Node,
    OperationCall,
    Part,
    PartDay,
    Read,
    Recast,
    Rounded,
    Spread,
)
from metamodel.expressions.sql_value import (
    EXACT,
    Element,
    SqlContext,
    SqlValue,
    boolean,
    bound,
    exact,
    integer,
    same_form,
    scale_of,
    storage_of,
    typed,
)
from metamodel.expressions.types import (
    BOOLEAN,
    DATE,
    MONEY,
    NUMBER,
    PERSON,
    RECORD,
    ROLE,
    SETS,
    TEXT,
    Type,
    number,
)
from metamodel.storage import INTEGER, JSON, POSTGRESQL, USUAL, UUID, decimal
from metamodel.storage import TEXT as TEXT_STORAGE

from . import operations as op

NOTHING: Element = literal_column("''")


class Values:
    """Builds values. Where rows and conditions come from is the builder's."""

    def __init__(self, sql: SqlContext) -> None:
        self.sql = sql
        self.postgresql = sql.dialect == POSTGRESQL
        self._values: Mapping[type[Node], Callable[[Any], SqlValue]] = {
            Literal: self._literal_value,
            Read: self.read,
            Part: self._part,
            Recast: self._recast,
            Rounded: self._rounded,
            OperationCall: self._call,
            MoneyCall: self._money,
            Join: self._join,
            Coalesce: self._coalesce,
            Extreme: self._extreme,
            Choose: self._choose,
            CountOf: self._tally,
            Gather: self._gathered,
            Spread: self._gathered,
            Find: self._gathered,
            Decide: self.decide,
            PartDay: self.part_day,
            Logged: self.logged,
            Moment: self._moment,
        }

    @abstractmethod
    def literal(self, node: Literal) -> SqlValue: ...

    @abstractmethod
    def read(self, node: Read) -> SqlValue: ...

    @abstractmethod
    def gather(self, node: Gather) -> SqlValue: ...

    @abstractmethod
    def logged(self, node: Logged) -> SqlValue: ...

    @abstractmethod
    def decide(self, node: Decide) -> SqlValue: ...

    @abstractmethod
    def part_day(self, node: PartDay) -> SqlValue: ...

    @abstractmethod
    def condition(self, node: Node, exact: bool) -> Element: ...

    @abstractmethod
    def is_empty(self, node: Node) -> Element: ...

    def value(self, node: Node) -> SqlValue:
        make = self._values.get(type(node))
        if make is None or (isinstance(node, Gather) and node.function == "exists"):
            return self._answer(node)
        return make(node)

    def _answer(self, node: Node) -> SqlValue:
        """A condition as a value."""
        if node.type.name != BOOLEAN.name or isinstance(node, Collection):
            raise TypeError(f"{type(node).__name__} has no value in SQL")
        yes, no = boolean(self.sql, True), boolean(self.sql, False)
        answer = case((self.condition(node, False), yes), else_=no)
        return SqlValue(answer, storage_of(BOOLEAN), nullable=False)

    def _literal_value(self, node: Literal) -> SqlValue:
        storage = storage_of(node.type)
        if isinstance(node.value, bool):
            element = boolean(self.sql, node.value)
            return SqlValue(element, storage, nullable=False, plain=True)
        if not node.lifted and isinstance(node.value, int):
            return SqlValue(integer(node.value), storage, nullable=False, plain=True)
        return self.literal(node)

    def text(self, value: str) -> Element:
        return bound(self.sql, value, TEXT_STORAGE).element

    def ordering(self, value: SqlValue) -> Element:
        """An element that orders in the same way on both databases: text by its code points."""
        if self.postgresql and value.storage.name == TEXT_STORAGE.name:
            return collate(value.element, "C")
        return value.element

    def _part(self, node: Part) -> SqlValue:
        operand = self.value(node.operand)
        if node.name == "amount":
            return SqlValue(operand.element, operand.storage, plain=operand.plain)
        if node.name == "role":  # beside it may stand the id of a team, which is no role's name
            second = bound(self.sql, None, TEXT_STORAGE).element
            return SqlValue(second if operand.second is None else operand.second, TEXT_STORAGE)
        if node.name == "currency":
            named = self.currency(operand, node.operand.type)
            there = case((operand.element.is_not(null()), named))
            return SqlValue(there if operand.second is None else named, TEXT_STORAGE)
        options = node.operand.type.options
        if node.name == "closed":
            answers = [(o.name, boolean(self.sql, o.closed)) for o in options]
        else:
            words = [(o.name, getattr(o, node.name)) for o in options]
            answers = [(name, self.text(word)) for name, word in words if word]
        storage = storage_of(node.type)
        if not answers:
            return bound(self.sql, None, storage)
        cases = [(self.text(name), answer) for name, answer in answers]
        return SqlValue(case(*cases, value=operand.element), storage)

    def currency(self, value: SqlValue, type: Type) -> Element:
        """The currency of an amount; where that is empty, it may be any."""
        return self.text(type.currency or "") if value.second is None else value.second

    def _recast(self, node: Recast) -> SqlValue:
        value = self.value(node.operand)
        given, wanted = node.operand.type, node.type
        if wanted.name == TEXT.name and given.name == RECORD.name:
            text = typed(self.sql, value.element, TEXT_STORAGE)
            return SqlValue(text, TEXT_STORAGE, nullable=value.nullable)
        if wanted.name == PERSON.name:
            return self._somebody(value, given, wanted)
        if given.name == PERSON.name and wanted.name == RECORD.name:
            return SqlValue(value.element, value.storage)
        if wanted.name == RECORD.name and len(wanted.objects) > 1 and value.second is None:
            named = case((value.element.is_not(null()), self.text(given.objects[0])))
            return SqlValue(value.element, value.storage, named)
        return value

    def _somebody(self, value: SqlValue, given: Type, wanted: Type) -> SqlValue:
        """A user, a team, a group or the name of a role as a person."""
        nobody = bound(self.sql, None, UUID).element
        if given.name == TEXT.name:
            return SqlValue(nobody, UUID, value.element, TEXT_STORAGE)
        if given.objects in SETS:
            value = SqlValue(nobody, UUID, value.element, UUID)
        if ROLE in wanted.objects and value.second is not None:
            second = typed(self.sql, value.second, TEXT_STORAGE)
            return replace(value, second=second, second_storage=TEXT_STORAGE)
        return value

    def _rounded(self, node: Rounded) -> SqlValue:
        if node.type.scale is None:
            return self._in_minor_units(self.value(node.operand), node.type)
        return self.settled(self.value(node.operand), node.operand.type, node.type)

    def _units(self, currency: Element) -> Element:
        """The decimals of a currency that only the row knows."""
        odd = {units: of_decimals(units) for units in range(MOST_DECIMALS + 1) if units != USUAL}
        cases = (
            (currency.in_([self.text(code) for code in codes]), integer(units))
            for units, codes in odd.items()
            if codes
        )
        return case(*cases, else_=integer(USUAL))

    def _in_minor_units(self, value: SqlValue, type: Type) -> SqlValue:
        """An amount in any currency as a field stores it."""
        known = type.currency
        units = integer(minor_units(known)) if known else self._units(self.currency(value, type))
        rounded = func.fluvial_round(exact(self.sql, value), units)
        function = func.fluvial_fix if self.postgresql else func.fluvial_settle
        settled = function(rounded, integer(MOST_DECIMALS))
        return replace(value, element=settled, storage=decimal(MOST_DECIMALS))

    def settled(self, value: SqlValue, given: Type, wanted: Type) -> SqlValue:
        """A number or an amount with the scale of a field, as the field would store it."""
        if wanted.name == MONEY.name and not wanted.currency and value.second is None:
            # The field has a column for the currency that the formula's type tells.
            there = case((value.element.is_not(null()), self.currency(value, given)))
            value = replace(value, second=there, second_storage=TEXT_STORAGE)
        if wanted.name not in (NUMBER.name, MONEY.name) or wanted.scale is None:
            return value
        if scale_of(value.storage) == wanted.scale and value.storage.name != INTEGER.name:
            return value
        function = func.fluvial_fix if self.postgresql else func.fluvial_settle
        settled = function(exact(self.sql, value), integer(wanted.scale))
        return SqlValue(settled, decimal(wanted.scale), value.second, value.second_storage)

    def _call(self, node: OperationCall) -> SqlValue:
        return SqlValue(self.operation(node), storage_of(node.operation.gives))

    def operation(self, node: OperationCall) -> Element:
        """The call itself: of a yes/no, NULL where it is empty."""
        operation = node.operation
        arguments = [
            self._argument(argument, type)
            for argument, type in zip(node.arguments, operation.takes, strict=True)
        ]
        native = operation.native.get(self.sql.dialect)
        if native is not None:
            return native(*arguments)
        made: Element = getattr(func, operation.function)(*arguments)
        return made

    def _argument(self, node: Node, type: Type) -> Element:
        value = self.value(node)
        return exact(self.sql, value) if type == NUMBER else value.element

    def amounts(self, operation: op.Operation, *values: SqlValue) -> Element:
        """An operation on numbers."""
        arguments = [
            exact(self.sql, value) if type == NUMBER else value.element
            for value, type in zip(values, operation.takes, strict=True)
        ]
        made: Element = getattr(func, operation.function)(*arguments)
        return made

    def _money(self, node: MoneyCall) -> SqlValue:
        left, right = self.value(node.left), self.value(node.right)
        element = self.amounts(node.operation, left, right)
        sides = [
            (value, side.type)
            for value, side in ((left, node.left), (right, node.right))
            if side.type.name == MONEY.name
        ]
        currencies = [self.currency(value, type) for value, type in sides]
        fixed = {type.currency for _, type in sides}
        if len(fixed) > 1 or fixed == {None}:
            if len(currencies) == 2:
                element = case((currencies[0] == currencies[1], element))
        if node.type.name != MONEY.name or node.type.currency:
            return SqlValue(element, EXACT)
        return SqlValue(element, EXACT, currencies[0], TEXT_STORAGE)

    def _join(self, node: Join) -> SqlValue:
        texts = []
        for item in node.items:
            value = self.value(item)
            element = value.element
            texts.append(func.coalesce(element, NOTHING) if value.nullable else element)
        joined = texts[0]
        for text in texts[1:]:
            joined = joined.concat(text)
        short = func.fluvial_short(joined)
        return SqlValue(func.nullif(short, NOTHING), TEXT_STORAGE)

    def forms(self, values: Sequence[SqlValue], type: Type) -> list[SqlValue]:
        """The values in one form, so that either may be the result."""
        if type.name == MONEY.name and not type.currency:
            # Each tells its currency: the type does not.
            assert all(value.second is not None for value in values)
        alike = same_form(self.sql, *values)
        if self.postgresql:  # they compare as they are, but are read by the decimals of one
            alike = len({value.storage.name for value in values}) == 1
        if alike or type.name not in (NUMBER.name, MONEY.name):
            return list(values)
        return [
            SqlValue(exact(self.sql, value), EXACT, value.second, value.second_storage)
            for value in values
        ]

    def _told(self, node: Node, type: Type) -> SqlValue:
        """A value that names its currency where the type of the whole does not."""
        value = self.value(node)
        if type.name == MONEY.name and not type.currency and value.second is None:
            currency = self.currency(value, node.type)
            return SqlValue(value.element, value.storage, currency, TEXT_STORAGE)
        return value

    def _coalesce(self, node: Coalesce) -> SqlValue:
        values = self.forms([self._told(item, node.type) for item in node.items], node.type)
        if all(value.second is None for value in values):
            elements = [value.element for value in values]
            nullable = all(value.nullable for value in values)
            return SqlValue(func.coalesce(*elements), values[0].storage, nullable=nullable)
        there = [~self.is_empty(item) for item in node.items]
        return self._pick(list(zip(there, values, strict=True)), None)

    def _choose(self, node: Choose) -> SqlValue:
        """One CASE for a chain of `if`: a parser goes only so deep."""
        chain: list[Choose] = []
        rest: Node = node
        while isinstance(rest, Choose) and rest.type == node.type:
            chain.append(rest)
            rest = rest.otherwise
        ends = [*(one.then for one in chain), rest]
        *values, other = self.forms([self._told(one, node.type) for one in ends], node.type)
        asked = [self.condition(one.condition, False) for one in chain]
        return self._pick(list(zip(asked, values, strict=True)), other)

    def _pick(
        self, choices: Sequence[tuple[Element, SqlValue]], other: SqlValue | None
    ) -> SqlValue:
        first = choices[0][1]
        element = case(
            *((asked, value.element) for asked, value in choices),
            else_=None if other is None else other.element,
        )
        every = [value for _, value in choices] + ([] if other is None else [other])
        seconds = [value for value in every if value.second is not None]
        if not seconds:
            return SqlValue(element, first.storage)
        second = case(
            *((asked, _second(value)) for asked, value in choices),
            else_=None if other is None else _second(other),
        )
        return SqlValue(element, first.storage, second, seconds[0].second_storage)

    def _extreme(self, node: Extreme) -> SqlValue:
        values = self.forms([self.value(item) for item in node.items], node.type)
        storage = values[0].storage
        elements = [self.ordering(value) for value in values]
        if len(elements) == 1:
            return values[0]
        if self.postgresql:
            function = func.least if node.function == "min" else func.greatest
            return SqlValue(function(*elements), storage)
        kind = "_number" if storage is EXACT else ""
        return SqlValue(getattr(func, f"fluvial_{node.function}{kind}")(*elements), storage)

    def _tally(self, node: CountOf) -> SqlValue:
        value = self.value(node.operand)
        if value.storage.name != JSON.name:
            raise TypeError("only fields that hold many values are counted")
        size = func.jsonb_array_length if self.postgresql else func.json_array_length
        count = func.coalesce(size(value.element), integer(0))
        return SqlValue(count, storage_of(number(0)), nullable=False)

    def _gathered(self, node: Gather) -> SqlValue:
        return self.gather(node)

    def _moment(self, node: Moment) -> SqlValue:
        storage = storage_of(node.type)
        name = "today" if node.type.name == DATE.name else "now"
        element = typed(self.sql, self.sql.parameter(name, storage), storage)
        return SqlValue(element, storage, nullable=False, plain=True)


def _second(value: SqlValue) -> Any:
    return null() if value.second is None else value.second
