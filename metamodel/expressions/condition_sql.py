"""Conditions in SQL, with two truth values: what is empty is never met."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    ARRAY,
    Select,
    Text,
    Uuid,
    and_,
    case,
    cast,
    false,
    func,
    literal_column,
    not_,
    null,
    or_,
    select,
    true,
)
from sqlalchemy import exists as exists_

from metamodel.expressions.nodes import (
    And,
    Collection,
    Compare,
    Empty,
    Gather,
    Literal,
    Member,
    Node,
    Not,
    OperationCall,
    Or,
    Part,
    Read,
    Root,
    Within,
)
from metamodel.expressions.scope import USER
from metamodel.expressions.sql_value import (
    Element,
    SqlContext,
    SqlValue,
    boolean,
    integer,
    same_form,
    typed,
)
from metamodel.expressions.sql_value import exact as exact_form
from metamodel.expressions.types import (
    BOOLEAN,
    CHOICES,
    MONEY,
    NUMBER,
    PERSON,
    RECORD,
    ROLE,
    SETS,
    Type,
)
from metamodel.expressions.value_sql import Values
from metamodel.storage import JSON
from metamodel.storage import TEXT as TEXT_STORAGE

_NEVER_EMPTY = (Compare, Empty, Within, Member, And, Or, Not)


class Conditions(Values):
    """Builds conditions.

    With `exact` they are never NULL, so that they can be negated; else NULL may stand for no.
    Comparisons of plain columns stay plain, so that indexes serve them.
    """

    def __init__(self, sql: SqlContext) -> None:
        super().__init__(sql)
        self._conditions: Mapping[type[Node], Callable[[Any, bool], Element]] = {
            Compare: self._comparison,
            Empty: lambda node, exact: self.is_empty(node.operand),
            Within: self._within,
            Member: self._member,
            And: lambda node, exact: and_(*(self.condition(one, exact) for one in node.items)),
            Or: lambda node, exact: or_(*(self.condition(one, exact) for one in node.items)),
            Not: self._negation,
            OperationCall: self._asked,
            Literal: lambda node, exact: true() if node.value else false(),
        }

    @property
    @abstractmethod
    def takes_joins(self) -> bool: ...

    @abstractmethod
    def enclosed(self, node: Node, make: Callable[[Conditions], Element]) -> Element: ...

    @abstractmethod
    def owner(self, node: Collection) -> Element: ...

    @abstractmethod
    def given_ids(self, node: Collection) -> list[Element] | None: ...

    def condition(self, node: Node, exact: bool) -> Element:
        if not self.takes_joins and not isinstance(node, (And, Or, Not)):
            return self.enclosed(node, lambda builder: builder.condition(node, exact))
        if isinstance(node, Gather) and node.function == "exists":
            return self.gather(node).element
        make = self._conditions.get(type(node))
        return self._holds(node, True, exact) if make is None else make(node, exact)

    def _holds(self, node: Node, wanted: bool, exact: bool) -> Element:
        """Whether a yes/no has a value."""
        if isinstance(node, Part) and node.name == "closed":
            operand = self.value(node.operand)
            names = [o.name for o in node.operand.type.options if o.closed is wanted]
            found = operand.element.in_([self.text(name) for name in names]) if names else false()
            return self._guarded(found, exact, operand)
        value = self.value(node)
        return self._guarded(value.element == boolean(self.sql, wanted), exact, value)

    def _guarded(self, condition: Element, exact: bool, *values: SqlValue) -> Element:
        """The condition, and false where it would be NULL."""
        nullable = [value for value in values if value.nullable]
        if not exact or not nullable:
            return condition
        if all(value.plain for value in nullable):
            return and_(condition, *(value.element.is_not(null()) for value in nullable))
        return case((condition, boolean(self.sql, True)), else_=boolean(self.sql, False)) == (
            boolean(self.sql, True)
        )

    def _asked(self, node: OperationCall, exact: bool) -> Element:
        made = self.value(node)
        return self._guarded(made.element == boolean(self.sql, True), exact, made)

    def _negation(self, node: Not, exact: bool) -> Element:
        operand = node.operand
        if isinstance(operand, Not):
            return self.condition(operand.operand, exact)
        if isinstance(operand, Compare) and operand.operator == "==" and self.takes_joins:
            return self._unequal(operand)
        return not_(self.condition(operand, True))

    def _unequal(self, node: Compare) -> Element:
        """`a != b`, which is met where either is empty. Its sides are made once: they nest."""
        if node.left.type.name in (RECORD.name, PERSON.name, MONEY.name, BOOLEAN.name):
            return not_(self.condition(node, True))
        left, right = self.value(node.left), self.value(node.right)
        plain = all(value.plain or not value.nullable for value in (left, right))
        if not plain or not same_form(self.sql, left, right):
            return not_(self._matched(node, left, right, True))
        empties = [value.element.is_(null()) for value in (left, right) if value.nullable]
        return or_(left.element != right.element, *empties)

    def _comparison(self, node: Compare, exact: bool) -> Element:
        if node.left.type.name == BOOLEAN.name:
            return self._same_answer(node, exact)
        return self._matched(node, self.value(node.left), self.value(node.right), exact)

    def _matched(self, node: Compare, left: SqlValue, right: SqlValue, exact: bool) -> Element:
        if {node.left.type.name, node.right.type.name} <= {RECORD.name, PERSON.name}:
            found = self.same_record(left, node.left.type, right, node.right.type)
            return self._guarded(found, exact, _whole(left), _whole(right))
        condition = self.compared(node.operator, left, right, node.left.type)
        if node.left.type.name == MONEY.name:
            one, two = node.left.type, node.right.type
            if one.currency is None or one.currency != two.currency:
                same = self.currency(left, one) == self.currency(right, two)
                return self._guarded(and_(condition, same), exact, _whole(left), _whole(right))
        return self._guarded(condition, exact, left, right)

    def _same_answer(self, node: Compare, exact: bool) -> Element:
        for one, other in ((node.left, node.right), (node.right, node.left)):
            if isinstance(other, Literal) and other.value is not None:
                if isinstance(one, _NEVER_EMPTY):
                    return self.condition(one if other.value else Not(one), exact)
                return self._holds(one, bool(other.value), exact)
        left, right = self.value(node.left), self.value(node.right)
        return self._guarded(left.element == right.element, exact, left, right)

    def compared(self, operator: str, left: SqlValue, right: SqlValue, type: Type) -> Element:
        """A comparison that is NULL where a side is."""
        if not same_form(self.sql, left, right) and type.name in (NUMBER.name, MONEY.name):
            found = func.fluvial_compare(exact_form(self.sql, left), exact_form(self.sql, right))
            return _operator(operator, found, integer(0))
        if operator == "==":
            return left.element == right.element
        return _operator(operator, self.ordering(left), self.ordering(right))

    def same_record(
        self, left: SqlValue, left_type: Type, right: SqlValue, right_type: Type
    ) -> Element:
        ones, others = _references(left, left_type), _references(right, right_type)
        named_roles = ROLE in (*left_type.objects, *right_type.objects)
        found = []
        for one, one_id, one_named in ones:
            for other, other_id, other_named in others:
                if one_named is not None and other_named is not None:
                    found.append(and_(one_named == other_named, one_id == other_id))
                elif one_named is not None or other_named is not None:
                    named = one_named if one_named is not None else other_named
                    object = other if one_named is not None else one
                    assert named is not None
                    found.append(and_(named == self.text(object), one_id == other_id))
                elif one == other and named_roles and one != USER:
                    # Beside the names of roles ids are text.
                    ids = [typed(self.sql, id, TEXT_STORAGE) for id in (one_id, other_id)]
                    found.append(ids[0] == ids[1])
                elif one == other:
                    found.append(one_id == other_id)
        return or_(*found) if found else false()

    def _within(self, node: Within, exact: bool) -> Element:
        if not node.items:
            return false()
        item = self.value(node.item)
        others = [self.value(other) for other in node.items]
        simple = node.item.type.name != MONEY.name and item.second is None
        simple = simple and all(other.second is None for other in others)
        if simple and node.item.type.name in (RECORD.name, PERSON.name):
            simple = len({node.item.type.objects, *(one.type.objects for one in node.items)}) == 1
        if simple and not same_form(self.sql, item, *others) and node.item.type.name == NUMBER.name:
            # Equal numbers have one text.
            found = exact_form(self.sql, item).in_(
                [exact_form(self.sql, other) for other in others]
            )
            return self._found(found, exact, item, others)
        if simple and same_form(self.sql, item, *others):
            found = item.element.in_([other.element for other in others])
            return self._found(found, exact, item, others)
        compares = (Compare("==", node.item, other) for other in node.items)
        return or_(*(self.condition(one, exact) for one in compares))

    def _found(
        self, found: Element, exact: bool, item: SqlValue, others: Sequence[SqlValue]
    ) -> Element:
        """Whether an item is in a list; false where that would be NULL.

        It may be in the list though another member is empty, so members guard nothing.
        """
        if exact and any(other.nullable for other in others):
            return func.coalesce(found, false())
        return self._guarded(found, exact, item)

    def is_empty(self, node: Node) -> Element:
        if isinstance(node, Collection):
            return not_(self.gather(Gather("exists", node, None, None, type=BOOLEAN)).element)
        if isinstance(node, _NEVER_EMPTY) or (
            isinstance(node, Gather) and node.function == "exists"
        ):
            return false()
        value = self.value(node)
        if value.storage.name == JSON.name:
            none = typed(self.sql, literal_column("'[]'"), JSON)
            return or_(value.element.is_(null()), value.element == none)
        empty = value.element.is_(null())
        if node.type.name == PERSON.name and value.second is not None:
            return and_(empty, value.second.is_(null()))
        return empty

    def _member(self, node: Member, exact: bool) -> Element:
        item, held = self.value(node.item), node.collection
        # Beside the names of roles the ids of teams are text.
        text = held.type.objects in SETS and ROLE in node.item.type.objects
        if isinstance(held, (Read, Collection)) and held.root is Root.ME:
            name = held.name if isinstance(held, Collection) else held.path[-1]
            names = self.sql.me_set(name) if len(held.path) < 2 else None
            if names is not None:
                element = self._side(item, node.item.type, held.type)
                if self.postgresql:  # said each time: one bind may be asked for in both ways
                    ids = bool(node.item.type.objects) and not text
                    names = cast(names, ARRAY(Uuid) if ids else ARRAY(Text))
                return self._guarded(self._in_set(element, names), exact, _whole(item))
        if isinstance(held, Collection):
            return self._linked(self._side(item, node.item.type, held.type), held, text)
        column = self.value(held).element
        if held.type.name == CHOICES.name:
            return self._guarded(self._in_json(column, item.element, None), exact, item, _COLUMN)
        found = or_(*self._held(column, item, node.item.type, held.type))
        return self._guarded(found, exact, _whole(item), _COLUMN)

    def _side(self, value: SqlValue, type: Type, wanted: Type) -> Element:
        """The id of a person, who may be several users, as the one that is asked for."""
        if type.name == PERSON.name and wanted.objects in SETS and value.second is not None:
            return value.second
        if value.second is not None and type.name == RECORD.name:
            return case((value.second == self.text(wanted.objects[0]), value.element))
        return value.element

    def _held(self, column: Element, item: SqlValue, type: Type, held: Type) -> Iterator[Element]:
        """In which of its forms a record may be among the people of a JSON list."""
        for object, id, named in _references(item, type):
            if named is None:
                yield self._in_json(column, id, object)
                continue
            for one in held.objects:
                if one in type.objects:
                    yield and_(named == self.text(one), self._in_json(column, id, one))

    def _in_set(self, element: Element, names: Element) -> Element:
        if self.postgresql:
            return element == func.any(names)
        each = func.json_each(names).table_valued("value")
        return element.in_(select(each.c.value).correlate_except(each))

    def _linked(self, element: Element, held: Collection, text: bool = False) -> Element:
        """Whether it is linked; `text` where it may also be the name of a role."""
        ids = self.given_ids(held)
        if ids is not None:
            ids = [typed(self.sql, one, TEXT_STORAGE) for one in ids] if text else ids
            return element.in_(ids) if ids else false()
        link = self.sql.link(held.object, held.name).alias()
        target = typed(self.sql, link.c.target, TEXT_STORAGE) if text else link.c.target
        found = exists_(select(literal_column("1")).select_from(link).where(
            link.c.source == self.owner(held), target == element
        ).correlate_except(link))  # fmt: skip
        return found

    def _in_json(self, column: Element, element: Element, object: str | None) -> Element:
        """Whether a JSON list holds a text, or a person under the word for its type."""
        if self.postgresql:
            text = typed(self.sql, element, TEXT_STORAGE)
            if object is not None:
                text = func.jsonb_build_object(literal_column(f"'{object}'"), text)
            return column.op("@>", is_comparison=True)(func.jsonb_build_array(text))
        each = func.json_each(column).table_valued("value")
        value: Element = each.c.value
        if object is not None:
            value = func.json_extract(value, literal_column(f"'$.{object}'"))
        query: Select[Any] = select(literal_column("1")).select_from(each).where(value == element)
        return exists_(query.correlate_except(each))


# Stands for a JSON column: where it is empty, the condition on it may be NULL.
_COLUMN = SqlValue(null(), JSON)


def _whole(value: SqlValue) -> SqlValue:
    """A value of which either half may be empty."""
    if value.second is None:
        return value
    return SqlValue(value.element, value.storage, value.second, value.second_storage)


def _references(value: SqlValue, type: Type) -> Sequence[tuple[str, Element, Element | None]]:
    """The object types that a value may refer to: with the id, and where it says which it is."""
    if type.name == PERSON.name:
        users = [("user", value.element, None)] if "user" in type.objects else []
        if value.second is None:
            return users
        second = value.second
        return [*users, *((kind, second, None) for kind in type.objects if kind != "user")]
    if value.second is not None:
        return [("", value.element, value.second)]
    return [(type.objects[0], value.element, None)]


def _operator(operator: str, left: Element, right: Element) -> Element:
    if operator == "==":
        return left == right
    if operator == "<":
        return left < right
    if operator == "<=":
        return left <= right
    return left > right if operator == ">" else left >= right
