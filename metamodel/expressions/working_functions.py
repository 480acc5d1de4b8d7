"""Functions of working time: which calendar they mean, and the operations behind them."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping

from metamodel.calendars.calendar import Calendar
from metamodel.expressions.fault_words import nearest, node_words
from metamodel.expressions.fitting import fit
from metamodel.expressions.literals import call, constant
from metamodel.expressions.nodes import Choose, Compare, Empty, Literal, Node
from metamodel.expressions.part_checker import PartChecker
from metamodel.expressions.types import (
    BOOLEAN,
    CALENDAR,
    CHOICE,
    DATE,
    DATETIME,
    DAYS,
    DURATION,
    TEXT,
)

from . import operations as op

MOST_CALENDARS = 20  # among which a field may choose


class WorkingTime:
    """Checks working_time(), add_working_time() and is_working() on behalf of a checker."""

    def __init__(self, checker: PartChecker) -> None:
        self.checker = checker
        self.syntax = checker.syntax
        self.calendars = checker.scope.calendars
        self.rules: Mapping[str, Callable[[ast.Call], Node]] = {
            "working_time": self._between,
            "add_working_time": self._add,
            "is_working": self._is_working,
        }

    def _between(self, node: ast.Call) -> Node:
        start, end = (self.checker.fitted(one, DATETIME) for one in node.args[:2])
        return call(op.WORKING_TIME, (start, end, self.calendar(node, 2)), DURATION)

    def _add(self, node: ast.Call) -> Node:
        moment = self.checker.fitted(node.args[0], DATETIME)
        given, calendar = self.checker.check(node.args[1]), self.calendar(node, 2)
        if given.type.name == DAYS.name:
            # Two days of work are two of the calendar's days, not 48 hours.
            by = call(op.WORKING_DAYS, (given, calendar), DURATION)
        else:
            zone = self.checker.scope.zone
            by = self.checker.attempt(node.args[1], lambda: fit(given, DURATION, zone))
        return call(op.ADD_WORKING_TIME, (moment, by, calendar), DATETIME)

    def _is_working(self, node: ast.Call) -> Node:
        made, calendar = self.checker.check(node.args[0]), self.calendar(node, 1)
        if made.type.name == DATE.name:
            return call(op.IS_WORKING_DAY, (made, calendar), BOOLEAN)
        zone = self.checker.scope.zone
        fitted = self.checker.attempt(node.args[0], lambda: fit(made, DATETIME, zone))
        return call(op.IS_OPEN, (fitted, calendar), BOOLEAN)

    def calendar(self, node: ast.Call, at: int) -> Node:
        """The calendar of an argument, or the business's own."""
        if len(node.args) <= at:
            if self.calendars.default is None:
                known = ", ".join(self.calendars.named)
                self.syntax.fail(
                    node,
                    "There is no default calendar.",
                    f"Name one of {known}, or write `default: true` in one of them."
                    if known
                    else "Define a calendar with `default: true`.",
                )
            return _literal(self.calendars.default)
        argument = node.args[at]
        made = self.checker.check(argument)
        if isinstance(made, Literal) and isinstance(made.value, str):
            return self._named(argument, made.value)
        if made.type.name not in (TEXT.name, CHOICE.name):
            hint = "Write its name in quotes, or a field that holds the name."
            self.syntax.fail(argument, f"{node_words(made)}, not a calendar.", hint)
        return self._chosen(argument, made)

    def _named(self, node: ast.expr, name: str) -> Node:
        calendar = self.calendars.named.get(name)
        if calendar is None:
            hint = nearest(name, self.calendars.named) or "Define it in calendars/."
            self.syntax.fail(node, f"There is no calendar `{name}`.", hint)
        return _literal(calendar)

    def _chosen(self, node: ast.expr, made: Node) -> Node:
        """The calendar that a field names; empty where it names none that there is."""
        options = [option.name for option in made.type.options]
        for name in options:
            self._named(node, name)
        named = {n: c for n, c in sorted(self.calendars.named.items()) if n in (options or [n])}
        if len(named) > MOST_CALENDARS:
            self.syntax.fail(
                node,
                f"A field can choose among at most {MOST_CALENDARS} calendars.",
                "Use a choice whose options are the calendars needed.",
            )
        chosen: Node = constant(None, CALENDAR)
        for name, calendar in named.items():
            zone = self.checker.scope.zone
            option = fit(constant(name, TEXT), made.type, zone)
            found = Compare("==", made, option)
            chosen = Choose(found, _literal(calendar), chosen, type=CALENDAR)
        if self.calendars.default is None:
            return chosen
        return Choose(Empty(made), _literal(self.calendars.default), chosen, type=CALENDAR)


def _literal(calendar: Calendar) -> Literal:
    return constant(calendar, CALENDAR)
