"""Calls of functions: those with signatures by the table, the others by rules of their own."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import NoReturn

from metamodel.currencies import currencies
from metamodel.expressions.alike import common, is_simple, is_twofold, unify_all
from metamodel.expressions.chronology import UNITS
from metamodel.expressions.decide_call import decide
from metamodel.expressions.decimals import MAX_SCALE
from metamodel.expressions.evaluate_call import evaluate
from metamodel.expressions.fault_words import nearest, node_words
from metamodel.expressions.find_call import find
from metamodel.expressions.fitting import ORDERED, Misfit, fit, is_null
from metamodel.expressions.found_by_call import found_by
from metamodel.expressions.functions import FUNCTIONS, ZONE, Function, Signature
from metamodel.expressions.literals import call, constant, pinned
from metamodel.expressions.log_functions import StateLog
from metamodel.expressions.mine import mine
from metamodel.expressions.name_resolution import Frame
from metamodel.expressions.nodes import (
    ChangeTest,
    Coalesce,
    Collection,
    CountOf,
    Empty,
    Extreme,
    Gather,
    Literal,
    Moment,
    MoneyCall,
    Node,
    Not,
    Read,
    Recast,
    Root,
)
from metamodel.expressions.operations import INTEGER
from metamodel.expressions.part_checker import PartChecker
from metamodel.expressions.segment_sums import segment_sum
from metamodel.expressions.strings import pattern_fault
from metamodel.expressions.syntax import MAX_NESTING
from metamodel.expressions.text_of_values import as_text
from metamodel.expressions.tiered_call import tiered
from metamodel.expressions.timer_functions import TimeLeft
from metamodel.expressions.types import (
    BOOLEAN,
    CHOICES,
    DATE,
    DATETIME,
    DAYS,
    DURATION,
    FILES,
    MONEY,
    NUMBER,
    PERSONS,
    RECORD,
    RECORDS,
    TEXT,
    Type,
    money,
    number,
)
from metamodel.expressions.working_functions import WorkingTime

from . import operations as op

_HELD = frozenset({CHOICES.name, PERSONS.name, FILES.name})  # many values in one field
_ADDED = frozenset({NUMBER.name, MONEY.name, DURATION.name, DAYS.name})
_STEPS: Mapping[str, Type] = {
    NUMBER.name: NUMBER, MONEY.name: NUMBER, DATE.name: DURATION, DATETIME.name: DURATION,
    DURATION.name: DURATION, DAYS.name: DURATION,
}  # fmt: skip

_READERS = (op.READ_NUMBER, op.READ_DATE, op.READ_MOMENT)

Arguments = Sequence[ast.expr]
Rule = Callable[[ast.expr], Node]


class Calls:
    """Checks calls on behalf of a checker, which checks their arguments."""

    def __init__(self, checker: PartChecker) -> None:
        self.checker = checker
        self.syntax = checker.syntax
        self.scope = checker.scope
        working = WorkingTime(checker)
        self._rules: Mapping[str, Callable[[ast.Call], Node]] = {
            **working.rules,
            **StateLog(checker, working).rules,
            **TimeLeft(checker).rules,
            "segment_sum": self._segments,
            "find": self._found,
            "tiered": self._tiered,
            "decide": partial(decide, checker),
            "evaluate": partial(evaluate, checker),
            "find_by": partial(found_by, checker),
            "matches": self._matches,
            "text": self._text,
            "round": self._round,
            "money": self._money,
            "coalesce": self._coalesce,
            "empty": self._empty,
            "mine": partial(mine, checker),
            "today": lambda node: Moment(type=DATE),
            "now": lambda node: Moment(type=DATETIME),
            "start_of": partial(self._edge, op.START_OF_DATE, op.START_OF_MOMENT),
            "end_of": partial(self._edge, op.END_OF_DATE, op.END_OF_MOMENT),
            "exists": partial(self._asked, "exists"),
            "count": partial(self._asked, "count"),
            "sum": partial(self._gathered, "sum"),
            "avg": partial(self._gathered, "avg"),
            "min": partial(self._extreme, "min"),
            "max": partial(self._extreme, "max"),
            "first": partial(self._gathered, "first"),
            "last": partial(self._gathered, "last"),
            "list": partial(self._gathered, "list"),
            "was": partial(self._change, "was"),
            "changed": partial(self._change, "changed"),
            "increased": partial(self._change, "increased"),
            "decreased": partial(self._change, "decreased"),
        }

    def call(self, node: ast.Call) -> Node:
        assert isinstance(node.func, ast.Name)
        function = FUNCTIONS.get(node.func.id)
        if function is None:
            hint = nearest(node.func.id, FUNCTIONS)
            self.syntax.fail(node.func, f"There is no function `{node.func.id}`.", hint)
        rule = self._rules.get(function.name)
        if rule is None:
            made = self._signed(function, node)
        else:
            if not function.least <= len(node.args) <= function.most:
                self._refuse_count(function, node)
            made = rule(node)
        return replace(made, place=self.syntax.place(node))

    def _refuse_count(self, function: Function, node: ast.Call) -> NoReturn:
        given = len(node.args)
        self.syntax.fail(
            node,
            f"{function.name}() does not accept {given} argument{'' if given == 1 else 's'}.",
            f"Write {function.usage}.",
        )

    def _signed(self, function: Function, node: ast.Call) -> Node:
        if all(len(one.takes) != len(node.args) for one in function.signatures):
            self._refuse_count(function, node)
        given = [self.checker.check(argument) for argument in node.args]
        types = [one.type.name for one in given]
        signatures = [one for one in function.signatures if len(one.takes) == len(given)]
        for signature in signatures:
            if types == [type.name for type in signature.takes]:
                return self._called(node, signature, given)
        fault: Misfit | None = None
        for signature in signatures:
            try:
                fitted = [
                    self._taken(one, type) for one, type in zip(given, signature.takes, strict=True)
                ]
            except Misfit as misfit:
                fault = fault or misfit
                continue
            # What did not fit before might fit with another value.
            return self._called(node, signature, [pinned(one) if fault else one for one in fitted])
        assert fault is not None
        self.syntax.fail(node, fault.message, fault.hint or f"Write {function.usage}.")

    def _taken(self, node: Node, type: Type) -> Node:
        if (node.type.name, type.name) == (DATETIME.name, DATE.name):
            zone = constant(self.scope.zone, TEXT)
            return call(op.LOCAL_DATE, (node, zone), DATE, node)
        return fit(node, type, self.scope.zone)

    def _called(self, node: ast.Call, signature: Signature, given: Sequence[Node]) -> Node:
        added = [
            constant(self.scope.zone, TEXT) if one == ZONE else constant(one, INTEGER)
            for one in signature.adds
        ]
        made = call(signature.operation, (*given, *added), signature.gives)
        if isinstance(made, Literal) and made.value is None and signature.operation in _READERS:
            self.syntax.fail(
                node.args[0],
                f"This is not a {signature.gives.name}.",
                "Write date('2026-06-15') or datetime('2026-06-15T08:00:00Z')."
                if signature.gives.name != NUMBER.name
                else "Write the number itself.",
            )
        return made

    def _matches(self, node: ast.Call) -> Node:
        text, pattern = self.checker.fitted(node.args[0], TEXT), self._word(node.args[1])
        fault = pattern_fault(pattern)
        if fault:
            self.syntax.fail(node.args[1], fault, "Write one such as '[A-Z]-\\d+'.")
        return call(op.MATCHES, (text, constant(pattern, TEXT)), BOOLEAN)

    def _word(self, node: ast.expr) -> str:
        """An argument that must stand in the text."""
        made = self.checker.check(node)
        if not isinstance(made, Literal) or not isinstance(made.value, str):
            self.syntax.fail(node, "This must be a literal value.", "Write it in quotes.")
        return made.value

    def _text(self, node: ast.Call) -> Node:
        made = self.checker.check(node.args[0])
        if made.type.name == RECORD.name and len(made.type.objects) == 1:
            return Recast(made, type=TEXT)
        return self.checker.attempt(node, lambda: as_text(made))

    def _round(self, node: ast.Call) -> Node:
        made = self.checker.check(node.args[0])
        digits = 0
        if len(node.args) == 2:
            second = self.checker.check(node.args[1])
            written = second.value if isinstance(second, Literal) else None
            if second.type.name != NUMBER.name or written is None or written != int(written):
                self.syntax.fail(node.args[1], "This must be a whole number.", "Write 2.")
            digits = int(written)
        if not 0 <= digits <= MAX_SCALE:
            self.syntax.fail(node.args[-1], f"Round to 0 to {MAX_SCALE} decimals.")
        by = constant(digits, INTEGER)
        if made.type.name == MONEY.name:
            return MoneyCall(op.ROUND, made, by, type=money(made.type.currency, digits))
        fitted = self.checker.attempt(node.args[0], lambda: fit(made, NUMBER, self.scope.zone))
        return call(op.ROUND, (fitted, by), number(digits))

    def _money(self, node: ast.Call) -> Node:
        amount, currency = self.checker.fitted(node.args[0], NUMBER), self._word(node.args[1])
        if currency not in currencies():
            hint = nearest(currency.upper(), currencies()) or "Write a code such as EUR."
            self.syntax.fail(node.args[1], f"The currency `{currency}` is not known.", hint)
        return Recast(amount, type=money(currency))

    def _coalesce(self, node: ast.Call) -> Node:
        items = self._alike(node, [self.checker.check(one) for one in node.args])
        type = common(items)
        if is_twofold(type) and not all(map(is_simple, items)):
            self.syntax.fail(node, "This accepts only fields.", "Name fields, or use `if`.")
        return items[0] if len(items) == 1 else Coalesce(items, type=type)

    def _alike(self, node: ast.Call, items: Sequence[Node]) -> tuple[Node, ...]:
        return self.checker.attempt(node, lambda: unify_all(items, self.scope.zone))

    def _empty(self, node: ast.Call) -> Node:
        made = self.checker.check(node.args[0])
        if isinstance(made, Collection) and made.field is not None:
            return Not(Gather("exists", made, None, None, type=BOOLEAN))
        return Empty(made)

    def _edge(self, of_date: op.Operation, of_moment: op.Operation, node: ast.Call) -> Node:
        made, unit = self.checker.check(node.args[0]), self._word(node.args[1])
        moment = made.type.name == DATETIME.name
        known = UNITS if moment else UNITS[:-1]
        if unit not in known:
            hint = nearest(unit, known) or f"Write one of {', '.join(known)}."
            self.syntax.fail(node.args[1], f"`{unit}` is not a unit.", hint)
        if moment:
            words = (constant(unit, TEXT), constant(self.scope.zone, TEXT))
            return call(of_moment, (made, *words), DATETIME)
        fitted = self.checker.attempt(node.args[0], lambda: fit(made, DATE, self.scope.zone))
        return call(of_date, (fitted, constant(unit, TEXT)), DATE)

    def _collection(self, function: str, node: ast.expr, made: Node) -> Collection:
        if not isinstance(made, Collection):
            hint = f"Write {FUNCTIONS[function].usage}."
            self.syntax.fail(node, f"{node_words(made)}, not a collection.", hint)
        return made

    def _asked(self, function: str, node: ast.Call) -> Node:
        """exists() and count()."""
        made = self.checker.check(node.args[0])
        if len(node.args) == 1 and made.type.name in _HELD:
            return Not(Empty(made)) if function == "exists" else CountOf(made, type=number(0))
        collection = self._collection(function, node.args[0], made)
        where = self._inside(collection, node, node.args[1:], self.checker.condition)
        type = BOOLEAN if function == "exists" else number(0)
        return Gather(function, collection, None, where[0] if where else None, type=type)

    def _inside(
        self, collection: Collection, node: ast.Call, arguments: Arguments, *rules: Rule
    ) -> list[Node]:
        """Arguments whose bare names are the collection's."""
        names = self.checker.names
        outer = names.frame
        if outer.depth >= MAX_NESTING:
            self.syntax.fail(
                node,
                f"Collection functions can be nested at most {MAX_NESTING} deep.",
                "Move the inner one into a calculated field.",
            )
        names.frame = Frame(self.scope.objects[collection.source], outer.depth + 1)
        made = [rule(argument) for rule, argument in zip(rules, arguments, strict=False)]
        names.frame = outer
        return made

    def _segments(self, node: ast.Call) -> Node:
        collection = self._rows("segment_sum", node)

        def inside(make: Callable[[], Node]) -> Node:
            return self._inside(collection, node, node.args[:1], lambda _: make())[0]

        return segment_sum(self.checker, node, collection, inside)

    def _rows(self, function: str, node: ast.Call, at: int = 0) -> Collection:
        """Those of a record: nobody can ask the database about rows that have only a name."""
        given = node.args[at]
        collection = self._collection(function, given, self.checker.check(given))
        if collection.root is Root.NAME:
            hint = "Move it into a calculated field, and name that."
            self.syntax.fail(given, f"{function}() takes a collection of a record.", hint)
        return collection

    def _found(self, node: ast.Call) -> Node:
        collection = self._rows("find", node)
        rules = [self.checker.condition, *[self.checker.check] * (len(node.args) - 2)]
        return find(self.checker, node, collection, partial(self._inside, collection, node), rules)

    def _tiered(self, node: ast.Call) -> Node:
        collection = self._rows("tiered", node, 1)
        return tiered(self.checker, node, collection, partial(self._inside, collection, node))

    def _gathered(self, function: str, node: ast.Call) -> Node:
        return self._over(function, node, self.checker.check(node.args[0]))

    def _over(self, function: str, node: ast.Call, first: Node) -> Node:
        collection = self._collection(function, node.args[0], first)
        item = partial(self._item, function)
        inner = self._inside(collection, node, node.args[1:], item, self.checker.condition)
        type = inner[0].type
        if function in ("sum", "avg") and type.name == NUMBER.name:
            type = NUMBER
        elif function == "avg" and type.name == MONEY.name:
            type = money(type.currency)
        where = inner[1] if len(inner) > 1 else None
        return Gather(function, collection, inner[0], where, type=type)

    def _item(self, function: str, node: ast.expr) -> Node:
        made = self.checker.check(node)
        if function == "list":
            return self.checker.attempt(node, lambda: as_text(made))
        fits = {"sum": _ADDED, "avg": _ADDED, "min": ORDERED, "max": ORDERED}.get(function)
        if (fits is not None and made.type.name not in fits) or made.type.name in _HELD:
            self.syntax.fail(node, f"{node_words(made)}, which has no {function}().")
        if isinstance(made, Collection) or is_null(made):
            self.syntax.fail(node, f"{node_words(made)}, not a single value.")
        return made

    def _extreme(self, function: str, node: ast.Call) -> Node:
        """min() and max(): over a collection when the first argument is one, else of values."""
        first = self.checker.check(node.args[0])
        if first.type.name == RECORDS.name:
            if not 2 <= len(node.args) <= 3:
                self._refuse_count(FUNCTIONS[function], node)
            return self._over(function, node, first)
        items = self._alike(node, [first, *map(self.checker.check, node.args[1:])])
        type = common(items)
        if type.name not in ORDERED or type.name == MONEY.name:
            hint = "Write the amounts." if type.name == MONEY.name else ""
            self.syntax.fail(node, f"{node_words(items[0])}, which has no {function}().", hint)
        return Extreme(function, items, type=type)

    def _change(self, function: str, node: ast.Call) -> Node:
        if not self.scope.change or self.checker.names.frame.depth:
            self.syntax.fail(node, f"{function}() is only for rules, about the record itself.")
        if function in ("was", "changed") and len(node.args) != 1:
            self._refuse_count(FUNCTIONS[function], node)
        field = self.checker.check(node.args[0])
        if isinstance(field, Collection) and field.field is None and function == "changed":
            path = (*field.path, field.name)
            field = Read(field.root, field.object, path, type=field.type)
        own = isinstance(field, Read) and field.root is Root.ROW and len(field.path) == 1
        if not own:
            self.syntax.fail(
                node.args[0], f"{function}() takes a field of the record.", "Name the field."
            )
        assert isinstance(field, Read)
        if function == "was":
            return ChangeTest(function, field, type=field.type)
        return ChangeTest(function, field, self._step(function, field, node), type=BOOLEAN)

    def _step(self, function: str, field: Read, node: ast.Call) -> Node | None:
        if function == "changed":
            return None
        step = _STEPS.get(field.type.name)
        if step is None:
            self.syntax.fail(
                node.args[0],
                f"{node_words(field)}, which cannot increase or decrease.",
                "Write changed(...).",
            )
        return self.checker.fitted(node.args[1], step) if len(node.args) == 2 else None
