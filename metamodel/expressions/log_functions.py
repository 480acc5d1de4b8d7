"""Functions of the state log: which choice and which state they mean."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping

from metamodel.expressions.fault_words import nearest, node_words
from metamodel.expressions.literals import pinned
from metamodel.expressions.nodes import Literal, Logged, Moment, Node, Read, Root
from metamodel.expressions.part_checker import PartChecker
from metamodel.expressions.types import CHOICE, DATETIME, DURATION, number
from metamodel.expressions.working_functions import WorkingTime
from metamodel.folding import listed


class StateLog:
    """Checks since(), reached(), times() and spent() on behalf of a checker."""

    def __init__(self, checker: PartChecker, working: WorkingTime) -> None:
        self.checker = checker
        self.syntax = checker.syntax
        self.working = working
        self.rules: Mapping[str, Callable[[ast.Call], Node]] = {
            "since": lambda node: Logged("since", self._field(node), type=DATETIME),
            "reached": self._reached,
            "times": self._times,
            "spent": self._spent,
        }

    def _reached(self, node: ast.Call) -> Node:
        field = self._field(node)
        return Logged("reached", field, self._state(node, field), type=DATETIME)

    def _times(self, node: ast.Call) -> Node:
        field = self._field(node)
        return Logged("times", field, self._state(node, field), type=number(0))

    def _spent(self, node: ast.Call) -> Node:
        field = self._field(node)
        state, now = self._state(node, field), Moment(type=DATETIME)
        calendar = pinned(self.working.calendar(node, 2)) if len(node.args) == 3 else None
        return Logged("spent", field, state, now, calendar, type=DURATION)

    def _field(self, node: ast.Call) -> Read:
        made = self.checker.check(node.args[0])
        if not isinstance(made, Read) or made.type.name != CHOICE.name or made.root is Root.NAME:
            hint = "Name a choice that keeps a log, such as the field of `states`."
            self.syntax.fail(node.args[0], f"{node_words(made)}, not a choice of a record.", hint)
        logged = self.checker.scope.objects[made.object].logged_fields
        if made.path[-1] not in {field.name for field in logged}:
            self.syntax.fail(
                node.args[0],
                f"`{'.'.join(made.path)}` keeps no log of its states.",
                f"Write `log: true` in the field `{made.path[-1]}` of {made.object}.",
            )
        return made

    def _state(self, node: ast.Call, field: Read) -> str:
        argument = node.args[1]
        made = self.checker.check(argument)
        names = [option.name for option in field.type.options]
        if not isinstance(made, Literal) or not isinstance(made.value, str):
            self.syntax.fail(
                argument, "The state must be a literal value.", f"Write '{names[0]}' in quotes."
            )
        if made.value not in names:
            hint = nearest(made.value, names) or f"Write one of {listed(names)}."
            message = f"`{made.value}` is not a state of `{'.'.join(field.path)}`."
            self.syntax.fail(argument, message, hint)
        return made.value
