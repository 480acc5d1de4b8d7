"""left(): what is left of a timer, as an ordinary expression over the fields that it makes."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from metamodel.catalog import ObjectType
from metamodel.errors import ExpressionError
from metamodel.expressions.fault_words import nearest
from metamodel.expressions.nodes import Choose, Node, Read
from metamodel.expressions.part_checker import PartChecker
from metamodel.expressions.types import DURATION
from metamodel.syntax_trees import expression_tree


class TimeLeft:
    """Checks left() on behalf of a checker."""

    def __init__(self, checker: PartChecker) -> None:
        self.checker = checker
        self.syntax = checker.syntax
        self.rules: Mapping[str, Callable[[ast.Call], Node]] = {"left": self._left}

    def _left(self, node: ast.Call) -> Node:
        """While it is paused what was kept then, else the time until it is due, in its hours."""
        name, spec = self._timer(node)
        due = self._read(f"{name}_due", node)
        assert isinstance(due, Read)
        kept = replace(due, path=(*due.path[:-1], f"{name}__left"), type=DURATION)
        paused = self._read(f"{name}_state == 'paused'", node)
        runs = f"{name}_state in ['running', 'missed'] and empty({name}_met)"
        counted = self._counted(f"({_until(name, spec)}) if {runs} else null", node)
        return Choose(paused, kept, counted, type=DURATION, place=due.place)

    def _timer(self, node: ast.Call) -> tuple[str, Mapping[str, Any]]:
        argument, object = node.args[0], self.checker.names.frame.object
        timers = _timers(object) if object is not None else {}
        if not isinstance(argument, ast.Name):
            hint = "Write its name, such as left(resolve)."
            self.syntax.fail(argument, "left() takes a timer of the record itself.", hint)
        if argument.id not in timers:
            where = f" of {object.name}" if object is not None else ""
            hint = nearest(argument.id, timers) or "Define it under `timers` of the object."
            self.syntax.fail(argument, f"`{argument.id}` is not a timer{where}.", hint)
        return argument.id, timers[argument.id]

    def _counted(self, source: str, node: ast.Call) -> Node:
        """What reads the calendar: which fields that takes is nothing for who may not read them."""
        try:
            return self._read(source, node)
        except ExpressionError:
            if self.checker.scope.hidden is None:
                raise
            self.syntax.fail(node, "What is left of this timer depends on what you may not read.")

    def _read(self, source: str, node: ast.Call) -> Node:
        """What the call stands for, with faults at the place of the call."""
        made = expression_tree(source).body
        for part in ast.walk(made):
            if "lineno" in part._attributes:
                ast.copy_location(part, node)
        return self.checker.check(made)


def _timers(object: ObjectType) -> Mapping[str, Mapping[str, Any]]:
    """The timers as the document says them: they may be compiled later than this."""
    listed = object.spec.get("timers")
    named = (one for one in listed if isinstance(one, Mapping)) if isinstance(listed, list) else ()
    return {str(one["name"]): one for one in named if f"{one.get('name')}_due" in object.fields}


def _until(name: str, spec: Mapping[str, Any]) -> str:
    calendar, elapsed = spec.get("calendar"), f"{name}_due - now()"
    if not isinstance(calendar, str):
        return elapsed
    worked = f"working_time(now(), {name}_due, {calendar})"
    if calendar.strip()[:1] in "'\"":
        return worked
    return f"{elapsed} if empty({calendar}) else {worked}"
