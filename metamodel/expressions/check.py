"""Type-checking: from the syntax tree to the typed tree, with faults that help."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeVar

from metamodel.errors import ExpressionError
from metamodel.expressions.alike import alike, common, is_simple, is_twofold
from metamodel.expressions.arithmetic import SIGNS, arithmetic, negative
from metamodel.expressions.calls import Calls
from metamodel.expressions.fault_words import MANY, node_words
from metamodel.expressions.fitting import (
    ORDERED,
    REFERENCES,
    Misfit,
    fit,
    is_null,
    stored,
    taken_as_it_is,
    unify,
)
from metamodel.expressions.literals import scaled_literal
from metamodel.expressions.name_resolution import NameResolver
from metamodel.expressions.nodes import (
    And,
    Choose,
    Collection,
    Compare,
    Empty,
    Gather,
    Join,
    ListValue,
    Literal,
    Member,
    Node,
    Not,
    OperationCall,
    Or,
    Part,
    Read,
    Root,
    Slot,
    Within,
)
from metamodel.expressions.scope import Scope
from metamodel.expressions.syntax import MAX_DIGITS, Syntax, parse
from metamodel.expressions.text_of_values import as_text
from metamodel.expressions.types import (
    BOOLEAN,
    CHOICE,
    CHOICES,
    MONEY,
    NULL,
    NUMBER,
    PERSON,
    PERSONS,
    RECORDS,
    ROLE,
    TEXT,
    Type,
)

from . import operations as op

T = TypeVar("T")

_COMPARISONS: Mapping[type[ast.cmpop], str] = {
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
}  # fmt: skip


class Checker:
    """Checks one expression. Each method takes a part of the syntax and gives its typed node."""

    def __init__(self, syntax: Syntax, scope: Scope) -> None:
        self.syntax = syntax
        self.scope = scope
        self.names = NameResolver(syntax, scope)
        self.calls = Calls(self)
        self._rules: Mapping[type[ast.expr], Callable[[ast.expr], Node]] = {
            ast.Constant: self._constant,
            ast.Name: self._name,
            ast.Attribute: self._attribute,
            ast.BoolOp: self._boolean,
            ast.UnaryOp: self._unary,
            ast.BinOp: self._binary,
            ast.Compare: self._comparison,
            ast.IfExp: self._choice,
            ast.Call: self._call,
            ast.List: self._listing,
            ast.Tuple: self._listing,
        }

    def check(self, node: ast.expr) -> Node:
        return self._rules[type(node)](node)

    def apart(self, source: str, scope: Scope) -> tuple[Node, NameResolver]:
        """Another expression, in a scope of its own; raises ExpressionError."""
        return checked(parse(source), scope, None)

    def attempt(self, node: ast.AST, make: Callable[[], T]) -> T:
        """The result of `make`; a misfit becomes a fault at this place."""
        try:
            return make()
        except Misfit as misfit:
            place = misfit.place if misfit.place.length else self.syntax.place(node)
            self.syntax.fail_at(place, misfit.message, misfit.hint)

    def fitted(self, node: ast.expr, type: Type) -> Node:
        return self.attempt(node, lambda: fit(self.check(node), type, self.scope.zone))

    def condition(self, node: ast.expr) -> Node:
        """A part that is a yes/no; what is empty counts as no."""
        made = self.check(node)
        if made.type.name != BOOLEAN.name:
            return self.attempt(node, lambda: fit(made, BOOLEAN, self.scope.zone))
        return made

    def _constant(self, node: ast.expr) -> Node:
        assert isinstance(node, ast.Constant)
        place = self.syntax.place(node)
        if node.value is None or isinstance(node.value, bool):
            type = NULL if node.value is None else BOOLEAN
            return Literal(node.value, False, type=type, place=place)
        if isinstance(node.value, str):
            # Text without a character is empty, here as everywhere.
            text = self.syntax.string(node)
            if not text:
                return Literal(None, False, type=NULL, place=place)
            return Literal(text, type=TEXT, place=place, slot=Slot(place, _as_written))
        value = self.syntax.number(node)
        if len(value.as_tuple().digits) > MAX_DIGITS:
            self.syntax.fail(node, f"A number has at most {MAX_DIGITS} digits.")
        literal = Literal(value, type=NUMBER, place=place)
        literal = scaled_literal(literal, max(-int(value.normalize().as_tuple().exponent), 0))
        return replace(literal, slot=Slot(place, _as_written))

    def _name(self, node: ast.expr) -> Node:
        assert isinstance(node, ast.Name)
        return self.names.name(node)

    def _attribute(self, node: ast.expr) -> Node:
        assert isinstance(node, ast.Attribute)
        dotted = self.names.dotted(node)
        return self.names.member(self.check(node.value), node) if dotted is None else dotted

    def _call(self, node: ast.expr) -> Node:
        assert isinstance(node, ast.Call)
        return self.calls.call(node)

    def _listing(self, node: ast.expr) -> Node:
        assert isinstance(node, (ast.List, ast.Tuple))
        items = tuple(self.check(item) for item in node.elts)
        return ListValue(items, type=Type("list"), place=self.syntax.place(node))

    def _boolean(self, node: ast.expr) -> Node:
        assert isinstance(node, ast.BoolOp)
        items = tuple(self.condition(value) for value in node.values)
        kind = And if isinstance(node.op, ast.And) else Or
        return kind(items, place=self.syntax.place(node))

    def _unary(self, node: ast.expr) -> Node:
        assert isinstance(node, ast.UnaryOp)
        if isinstance(node.op, ast.Not):
            return Not(self.condition(node.operand), place=self.syntax.place(node))
        operand = self.check(node.operand)
        made = self.attempt(node, lambda: negative(operand))
        return operand if isinstance(node.op, ast.UAdd) else made

    def _binary(self, node: ast.expr) -> Node:
        assert isinstance(node, ast.BinOp)
        place = self.syntax.place(node)
        if isinstance(node.op, ast.BitAnd):
            items: list[Node] = []
            for side in (node.left, node.right):
                made = self._text(side)
                items += made.items if isinstance(made, Join) else [made]
            return Join(tuple(items), type=TEXT, place=place)
        left, right = self.check(node.left), self.check(node.right)
        sign = SIGNS[type(node.op)]
        made = self.attempt(node, lambda: arithmetic(sign, left, right, self.scope.zone))
        return replace(made, place=place)

    def _text(self, node: ast.expr) -> Node:
        made = self.check(node)
        return self.attempt(node, lambda: as_text(made))

    def _choice(self, node: ast.expr) -> Node:
        assert isinstance(node, ast.IfExp)
        condition = self.condition(node.test)
        then, other = self.check(node.body), self.check(node.orelse)
        then, other = self.attempt(node, lambda: alike(then, other, self.scope.zone))
        type = common([then, other])
        if is_twofold(type) and any(is_twofold(part.type) for part in condition.walk()):
            if any(isinstance(part, Choose) for part in condition.walk()):
                self.syntax.fail(
                    node, "`if` is nested in the condition of another `if`.", "Split it."
                )
        return Choose(condition, then, other, type=type, place=self.syntax.place(node))

    def _comparison(self, node: ast.expr) -> Node:
        assert isinstance(node, ast.Compare)
        made: list[Node] = []
        one = self.check(node.left)
        for sign, right in zip(node.ops, node.comparators, strict=True):
            two = self.check(right)
            pair = replace(self._pair(node, sign, one, two), place=self.syntax.place(node))
            made.append(pair)
            if len(node.ops) > 1 and right is not node.comparators[-1] and not is_simple(two):
                self.syntax.fail(
                    right, "Comparisons cannot be chained.", "Write `a < b and b < c`."
                )
            one = two
        return made[0] if len(made) == 1 else And(tuple(made), place=self.syntax.place(node))

    def _pair(self, node: ast.expr, sign: ast.cmpop, left: Node, right: Node) -> Node:
        if isinstance(sign, (ast.In, ast.NotIn)):
            found = self.attempt(node, lambda: self._within(left, right))
            return found if isinstance(sign, ast.In) else Not(found)
        return self.attempt(
            node, lambda: compare(_COMPARISONS[type(sign)], left, right, self.scope.zone)
        )

    def _within(self, left: Node, right: Node) -> Node:
        if is_null(left):
            raise Misfit("`null` cannot be tested with `in`.", "Write `x == null`.")
        if isinstance(right, ListValue):
            return self._in_list(left, right)
        if right.type.name in (TEXT.name, CHOICE.name):
            texts = fit(right, TEXT, self.scope.zone), fit(left, TEXT, self.scope.zone)
            return OperationCall(op.CONTAINS, texts, type=BOOLEAN)
        if right.type.name == CHOICES.name:
            if ROLE in left.type.objects and _is_my_roles(right):
                return Member(Part(left, "role", type=CHOICE), right)
            item = (
                left
                if left.type.name == CHOICE.name
                else fit(left, Type(CHOICE.name, options=right.type.options), self.scope.zone)
            )
            return Member(item, right)
        if right.type.name in (RECORDS.name, PERSONS.name):
            return self._in_collection(left, right)
        raise Misfit(
            f"{node_words(right)}, which `in` cannot search.", "Write a list: x in ['a', 'b']."
        )

    def _in_list(self, left: Node, right: ListValue) -> Node:
        if left.type.name in MANY:
            raise Misfit(f"{node_words(left)}.", "Ask for one at a time: 'a' in x or 'b' in x.")
        if left.type.name in (*REFERENCES, MONEY.name) and not is_simple(left):
            raise Misfit("Only a field can be compared with a list.", "Compare with `==` and `or`.")
        items = []
        for item in right.items:
            if is_null(item):
                raise Misfit("`null` in a list never matches.", "Write `or x == null`.")
            pair = compare("==", left, item, self.scope.zone)
            assert isinstance(pair, Compare)
            items.append(pair)
        # One type for all: where they differ, each is compared for itself.
        if all(pair.left == items[0].left for pair in items):
            first = items[0].left if items else left
            return Within(first, tuple(pair.right for pair in items))
        if not is_simple(left):
            raise Misfit("The list holds values of several types.", "Compare with `==` and `or`.")
        return Or(tuple(items))

    def _in_collection(self, left: Node, right: Node) -> Node:
        objects = set(right.type.objects)
        if isinstance(left, Literal) and right.type.name == PERSONS.name:
            left = fit(left, Type(PERSON.name, right.type.objects), self.scope.zone)
        elif isinstance(left, Literal) and len(objects) == 1:
            (name,) = objects
            left = fit(left, Type("record", (name,)), self.scope.zone)
        if left.type.name not in REFERENCES or not objects & set(left.type.objects):
            raise Misfit(f"{node_words(left)}, but {node_words(right)}.")
        if isinstance(right, Collection) and right.field is not None:
            return self._in_inverse(left, right)
        if not isinstance(right, (Read, Collection)):
            raise Misfit(f"{node_words(right)}, which `in` cannot search.")
        return Member(left, right)

    def _in_inverse(self, left: Node, right: Collection) -> Node:
        """`x in author.books` asks whether the author of x is that one."""
        if not isinstance(left, Read) or left.type.objects != (right.source,):
            raise Misfit(f"{node_words(left)}, but {node_words(right)}.")
        assert right.field is not None
        owner = Read(right.root, right.object, right.path, type=Type("record", (right.object,)))
        field = self.scope.objects[right.source].fields[right.field]
        if field.type.name == RECORDS.name:
            links = Collection(
                left.root, right.source, left.path, right.field, right.object, None,
                type=field.type,
            )  # fmt: skip
            return Member(owner, links)
        there = Read(left.root, right.source, (*left.path, right.field), type=field.type)
        return Compare("==", there, owner)


def compare(sign: str, left: Node, right: Node, zone: str) -> Node:
    """A comparison of two nodes; raises Misfit."""
    if is_null(left) or is_null(right):
        if sign not in ("==", "!="):
            raise Misfit("Nothing is greater or less than empty.", "Write `== null` or `!= null`.")
        asked = Empty(left if is_null(right) else right)
        if isinstance(asked.operand, Collection) and asked.operand.field is not None:
            some: Node = Gather("exists", asked.operand, None, None, type=BOOLEAN)
            return Not(some) if sign == "==" else some
        return asked if sign == "==" else Not(asked)
    for one in (left, right):
        if one.type.name in MANY or isinstance(one, ListValue):
            raise Misfit(
                f"{node_words(one)} and cannot be compared as a whole.",
                "Write `x in ...`, count(...), or `== null`.",
            )
    chosen = CHOICE.name in (left.type.name, right.type.name)
    left, right = unify(left, right, zone)
    if sign in ("==", "!="):
        same = Compare("==", left, right)
        return same if sign == "==" else Not(same)
    if chosen or left.type.name not in ORDERED:
        raise Misfit(f"{node_words(left)}, which has no order.", "Compare with `==` or `!=`.")
    return Compare(sign, left, right)


def checked(syntax: Syntax, scope: Scope, expect: Type | None) -> tuple[Node, NameResolver]:
    """The typed tree of an expression and the names that it uses; raises ExpressionError."""
    checker = Checker(syntax, scope)
    tree = checker.check(syntax.root)
    if expect is not None and not taken_as_it_is(tree):
        tree = checker.attempt(syntax.root, lambda: stored(fit(tree, expect, scope.zone), expect))
    elif isinstance(tree, ListValue):
        raise ExpressionError("A list is allowed only after `in`.", source=syntax.source)
    return tree, checker.names


def _as_written(value: T) -> T:
    return value


def _is_my_roles(node: Node) -> bool:
    return isinstance(node, Read) and node.root is Root.ME and node.path == ("roles",)
