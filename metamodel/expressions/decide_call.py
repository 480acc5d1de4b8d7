"""decide(): the row of a decision that wins for a record, as a link to it."""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace
from typing import NoReturn

from metamodel.catalog import ObjectType
from metamodel.decisions.decision import DecisionTable
from metamodel.errors import ExpressionError
from metamodel.expressions.fault_words import nearest, node_words, type_words
from metamodel.expressions.fitting import Misfit, fit, unify
from metamodel.expressions.literals import call, constant
from metamodel.expressions.nodes import Decide, DecisionRows, Moment, Node, Read, Root
from metamodel.expressions.part_checker import PartChecker
from metamodel.expressions.types import DATE, DATETIME, TEXT, record

from . import operations as op


def decide(checker: PartChecker, node: ast.Call) -> Node:
    """The typed node of a call. The inputs are worked out of the record at hand."""
    decision = _named(checker, node.args[0])
    subject = checker.names.frame.object
    if subject is None or subject.name not in decision.subjects:
        words = "something that is not a record" if subject is None else subject.name
        hint = f"Add {words} to `for` of the decision, with its inputs." if subject else ""
        message = f"The decision `{decision.name}` does not decide for {words}."
        checker.syntax.fail(node, message, hint)
    rows = checker.scope.objects.get(decision.object)
    needed = decision.inputs if rows is None else (*decision.inputs, *_span_names(rows))
    if rows is None or any(name not in rows.fields for name in needed):
        checker.syntax.fail(node, f"The decision `{decision.name}` has a fault of its own.")
    return _Inputs(checker, node, decision, subject, rows).made()


def _named(checker: PartChecker, node: ast.expr) -> DecisionTable:
    decisions = checker.scope.decisions
    if not isinstance(node, ast.Name):
        checker.syntax.fail(node, "This is not the name of a decision.", "Write decide(rate).")
    if node.id not in decisions:
        hint = nearest(node.id, decisions) or "Define it as a document of kind `decision`."
        checker.syntax.fail(node, f"There is no decision `{node.id}`.", hint)
    deciding = checker.scope.deciding
    if node.id in deciding:
        way = " -> ".join((*deciding[deciding.index(node.id) :], node.id))
        hint = "Take decide() out of the inputs of one of them."
        checker.syntax.fail(node, f"`{node.id}` depends on itself: {way}.", hint)
    checker.names.decisions.add(node.id)
    return decisions[node.id]


def _span_names(rows: ObjectType) -> tuple[str, ...]:
    return () if rows.dated is None else (rows.dated.from_, rows.dated.until)


@dataclass(frozen=True)
class _Inputs:
    """Compiles what a decision asks of the record at hand, beside the fields of its rows."""

    checker: PartChecker
    node: ast.Call
    decision: DecisionTable
    subject: ObjectType
    rows: ObjectType

    def made(self) -> Decide:
        pairs = [self._pair(name) for name in self.decision.inputs]
        spans = self._spans()
        type = record(self.rows.name)
        item = Read(Root.ROW, self.rows.name, (), type=type)
        keys = tuple(key for key, _ in pairs)
        rows = DecisionRows(self.decision.name, self.rows.name, keys, spans, item)
        day = None if spans is None else self._day(spans[0])
        return Decide(rows, tuple(value for _, value in pairs), day, type=type)

    def _pair(self, name: str) -> tuple[Node, Node]:
        """A field of the rows and what it has to equal, as values of one type."""
        key = self._key(name)
        source = self.decision.subjects[self.subject.name].get(name)
        if source is None:
            return key, constant(None, key.type)
        value = self._compiled(source)
        try:
            return unify(key, value, self.checker.scope.zone)
        except Misfit as misfit:
            words = f"`{name}` is {type_words(key.type)}, and `{source}` is "
            self._fail(f"{words}{type_words(value.type)}. {misfit.message}", misfit.hint)

    def _key(self, name: str) -> Read:
        if not self.checker.scope.shows(self.rows.name, name):
            self._fail("")
        self.checker.names.uses.add((self.rows.name, name))
        return Read(Root.ROW, self.rows.name, (name,), type=self.rows.fields[name].type)

    def _spans(self) -> tuple[Node, Node] | None:
        """From when until when a row holds."""
        names = _span_names(self.rows)
        return (self._key(names[0]), self._key(names[1])) if names else None

    def _day(self, start: Node) -> Node:
        """The day that is asked about, or the moment."""
        zone, source = self.checker.scope.zone, self.decision.days.get(self.subject.name)
        if source is None:
            return Moment(type=start.type)
        made = self._compiled(source)
        if (made.type.name, start.type.name) == (DATETIME.name, DATE.name):
            return call(op.LOCAL_DATE, (made, constant(zone, TEXT)), DATE, made)
        if made.type.name not in (DATE.name, DATETIME.name):
            self._fail(f"{node_words(made)}, not a day.", "Write a date for `day`.")
        return fit(made, start.type, zone)

    def _compiled(self, source: str) -> Node:
        """An input of the record at hand, whatever stands around the call."""
        names = self.checker.names
        scope = replace(
            self.checker.scope,
            object=self.subject.name,
            names={},
            change=False,
            record=None,
            deciding=(*self.checker.scope.deciding, self.decision.name),
        )
        try:
            tree, inner = self.checker.apart(source, scope)
        except ExpressionError as error:
            self._fail(error.message, error.hint)
        if names.frame.depth and any(one.root is Root.RECORD for one in _reads(tree)):
            hint = f"Give {self.subject.name} a calculated field with decide({self.decision.name})."
            self._fail(f"inside a collection `record` is another one than in `{source}`.", hint)
        names.uses |= inner.uses
        names.decisions |= inner.decisions
        return tree

    def _fail(self, message: str, hint: str = "") -> NoReturn:
        if self.checker.scope.hidden is not None:
            message, hint = "it is not made for this, or reads what you may not.", ""
        where = f"The decision `{self.decision.name}` cannot be used here: "
        self.checker.syntax.fail(self.node, where + message, hint)


def _reads(tree: Node) -> list[Read]:
    return [one for one in tree.walk() if isinstance(one, Read)]
