"""The functions of the state log over many logs: the databases count as Python does."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
import sqlalchemy as sa

from metamodel.expressions.compiler import compile_expression
from metamodel.expressions.python import evaluate
from metamodel.state_times import Spans, StateSpan, as_of
from tests.metamodel.expressions import library
from tests.metamodel.expressions.engines import NOW, Database, Record
from tests.metamodel.expressions.test_corpus import connection, written

__all__ = ["connection"]

BOOKS = [library.identity(name) for name in ("emma", "heights", "blank")]
STATES = ("good", "worn", "lost")
ASKED = [
    "since(condition)",
    *(f"{function}(condition, '{state}')" for state in STATES for function in ("reached", "times")),
    *(f"spent(condition, '{state}'{calendar})" for state in STATES
      for calendar in ("", ", 'lunch'", ", 'nights'", ", 'always'")),
]  # fmt: skip


def some_log(chance: random.Random) -> list[StateSpan]:
    """Stays of all lengths, with gaps and without, around changes of the clocks and of now."""
    at = NOW - timedelta(seconds=chance.choice([600, 86_400, 10**7]) * chance.random() * 2)
    spans = []
    for _ in range(chance.randint(0, 8)):
        ended = at + timedelta(seconds=chance.choice([0, 0.5, 60, 3_600, 86_400, 10**6]))
        spans.append(StateSpan(chance.choice(STATES), at, ended))
        at = ended + timedelta(seconds=chance.choice([0, 0, 0, 3_600]))
    if spans and chance.random() < 0.7:
        spans[-1] = spans[-1]._replace(ended=None)
    return spans


class Logged(Record):
    """A record with a log of its own."""

    def __init__(self, id: str, log: Spans) -> None:
        super().__init__("book", id)
        self.log = log

    def spans(self, field: object) -> Spans:
        return self.log


@pytest.mark.parametrize("past", [False, True])
def test_databases_agree(connection: sa.Connection, past: bool) -> None:
    chance = random.Random(f"logs {past}")
    database = Database(connection)
    database.fresh = past  # as of another day what came later is not there
    try:
        for _ in range(12):
            logs = {id: some_log(chance) for id in BOOKS}
            library.fill_log(connection, database.dialect, logs)
            for ask in ASKED:
                expression = compile_expression(ask, library.scope("book"))
                answers = database.both(expression, "book", BOOKS)
                for id, log in logs.items():
                    there = evaluate(expression, Logged(id, as_of(log, NOW) if past else log))
                    assert written(answers[id][0]) == written(there), (ask, log)
    finally:
        library.fill_log(connection, database.dialect, library.LOG)
