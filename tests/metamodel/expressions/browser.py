"""The browser's evaluator as one process of Node: a line of JSON for each question and answer."""

import json
import subprocess
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from typing import Any

from metamodel.expressions.browser import asks, calendars_of, compact, letter, wire_json
from metamodel.expressions.expression import Expression
from metamodel.storage import timestamp_wire
from scripts.assets import system_node, wheel_node
from tests.metamodel.calendars.samples import CALENDARS
from tests.metamodel.expressions.engines import NOW, TODAY, Record
from tests.metamodel.expressions.library import NAMES, OBJECTS

PROGRAM = Path(__file__).parent / "evaluator.mjs"


def question(expression: Expression, record: Record) -> dict[str, Any]:
    """What the browser is told: the values of the record, and of the look-ups that it asks for."""
    tree = compact(expression.tree, expression.object, OBJECTS)
    fields = OBJECTS[record.object].fields
    return {
        "tree": tree,
        "letter": letter(expression.type),
        "values": {path: _value(record, path) for path in _paths(tree)},
        "before": record.before
        and {name: wire_json(value, fields[name].type) for name, value in record.before.items()},
        "today": TODAY.isoformat(),
        "now": timestamp_wire(NOW),
        "calendars": {name: json.loads(CALENDARS.named[name].text) for name in calendars_of(tree)},
    }


def _paths(tree: Any) -> Iterable[str]:
    if isinstance(tree, list):
        if tree[:1] == ["get"]:
            yield tree[1]
        elif tree[0] in ("was", "changed", "increased", "decreased"):
            yield tree[1]
        for part in tree:
            yield from _paths(part)


def _value(record: Record, path: str) -> Any:
    words = path.split(".")
    if words[0] == "me":
        if record.me is None:
            return None
        value = record.read(tuple(words)) if len(words) > 1 else record.me["id"]
        object, words = "user", words[1:] or ["id"]
    else:
        value, object = record.read(tuple(words)), record.object
    if words[0] == "record":
        words = words[1:] or ["id"]
    for name in words[:-1]:
        field = OBJECTS[object].fields[name]
        object = "user" if field.type.name == "person" else field.targets[0]
    return wire_json(value, OBJECTS[object].fields[words[-1]].type)


def may_ask(expression: Expression) -> bool:
    """Whether only the server can know it."""
    return asks(compact(expression.tree, expression.object, OBJECTS))


class Browser:
    """One process of Node, which answers line by line."""

    def __init__(self) -> None:
        node = (system_node() or wheel_node())[0]
        self.process = subprocess.Popen(
            [*node, str(PROGRAM)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def answer(self, question: dict[str, Any]) -> dict[str, Any]:
        given, taken = self.process.stdin, self.process.stdout
        assert given is not None and taken is not None
        given.write(json.dumps(question, default=_text) + "\n")
        given.flush()
        answer: dict[str, Any] = json.loads(taken.readline())
        return answer

    def __enter__(self) -> "Browser":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.communicate()


def _text(value: date | datetime) -> str:
    return value.isoformat()


def named(value: Any) -> Any:
    """Ids as the corpus writes them."""
    if isinstance(value, list):
        return [named(one) for one in value]
    if isinstance(value, str):
        object, colon, id = value.rpartition(":")
        if id.startswith("00000000-0000-7000"):
            return f"{object}{colon}{NAMES[int(id[-12:])]}"
    return value
