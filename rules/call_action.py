"""The action `call`: another system is asked, and the run goes on with its answer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import orjson

from fluvial.kernel.problems import Unprocessable
from fluvial.records.reading.reader import find_one
from metamodel.expressions.types import GIVEN
from metamodel.reach import Reach

from .action_kinds import ACTIONS, ActionKind, read_action
from .action_reader import ActionReader
from .effect_kinds import EffectKind
from .execution import Execution
from .halts import Halt
from .model import Action, Rule
from .rule_tables import NOBODY
from .telling_actions import data_of
from .waiting_runs import CALLING

MAX_BODY = 1_000_000  # bytes
ANSWER = "answer"  # what an answer is called unless the action says otherwise
MAX_THEN = 20


@dataclass(frozen=True)
class CallOut(Action):
    endpoint: str
    body: Any  # expressions in objects and lists
    name: str  # of the answer, in the actions behind it
    then: tuple[tuple[str, Action], ...]  # done with the answer, each with its place
    method: str = "POST"
    path: tuple[Any, ...] = ()  # expressions of what is added to the address
    query: Any = None

    @property
    def steps(self) -> tuple[tuple[str, Action], ...]:
        return self.then


SCHEMA: Mapping[str, Any] = {
    "title": "Call",
    "type": "object",
    "properties": {
        "to": {
            "title": "Endpoint",
            "$ref": "#/$defs/name",
            "description": "The endpoint that is called.",
            "x-editor": {"is": "document", "kind": "endpoint"},
        },
        "method": {
            "title": "Method",
            "enum": ["POST", "GET", "PUT", "PATCH", "DELETE"],
            "description": "How it is called; POST by default. GET sends no content.",
            "x-editor": {"more": True},
        },
        "path": {
            "title": "Behind the address",
            "type": "array",
            "items": {"$ref": "#/$defs/value"},
            "minItems": 1,
            "maxItems": 10,
            "description": "Parts of the path after the address: each is an expression.",
            "x-editor": {"more": True},
        },
        "query": {
            "title": "Parameters",
            "$ref": "#/$defs/body",
            "description": "Parameters of the address: an object of expressions.",
            "x-editor": {"more": True},
        },
        "body": {
            "title": "Content",
            "$ref": "#/$defs/body",
            "description": "What is sent: expressions in objects and lists; the record if omitted.",
        },
        "as": {
            "title": "Name of the answer",
            "$ref": "#/$defs/name",
            "description": "What the answer is called in later actions; `answer` by default.",
            "x-editor": {"more": True},
        },
        "then": {
            "title": "With the answer",
            "type": ["array", "object"],
            "items": {"$ref": "#/$defs/action"},
            "minItems": 1,
            "maxItems": MAX_THEN,
            "description": "Actions that are done with the answer, before those that follow.",
            "x-editor": {"words": {"array": "Actions", "object": "One action"}},
        },
    },
    "required": ["to"],
    "additionalProperties": False,
}


def _read(reader: ActionReader, pointer: str, action: Mapping[str, Any]) -> Action | None:
    spec = action["call"]
    place = f"{pointer}/call"
    reader.check.reference(f"{place}/to", "endpoint", spec["to"])
    body = reader.body(f"{place}/body", spec["body"]) if "body" in spec else None
    method = spec.get("method", "POST")
    if method == "GET" and "body" in spec:
        what = "A call by GET sends no content."
        reader.check.fault(f"{place}/body", "no_content", what, "Use `query`, or another method.")
    if "query" in spec and not isinstance(spec["query"], Mapping):
        what = "Parameters are an object of expressions."
        reader.check.fault(f"{place}/query", "no_object", what, 'Write {page: "1"}.')
    query = reader.body(f"{place}/query", spec["query"]) if "query" in spec else None
    path = reader.body(f"{place}/path", spec.get("path", []))
    name = spec.get("as", ANSWER)
    own = reader.type
    if own is not None and name in own.fields:
        reader.check.fault(
            f"{place}/as" if "as" in spec else place,
            "taken_name",
            f"{own.label} has a field `{name}`, so an answer cannot be called that.",
            "Give the answer another name with `as`, such as `as: reply`.",
        )
    given = spec.get("then", ())
    several = not isinstance(given, Mapping)
    listed = list(given) if several else [given]
    then: list[tuple[str, Action]] = []
    inner = reader.naming(**{name: GIVEN})
    for at, one in enumerate(listed):
        where = f"{place}/then/{at}" if several else f"{place}/then"
        made = read_action(inner, where, one)
        if made is None:
            continue
        then.append((where, made))
        names = ACTIONS[made.verb].names
        inner = inner if names is None else names(inner, made)
    return CallOut("call", spec["to"], body, name, tuple(then), method, tuple(path), query)


def _names(reader: ActionReader, action: CallOut) -> ActionReader:
    """What comes behind a call sees its answer, and what its `then` has made."""
    reader = reader.naming(**{action.name: GIVEN})
    for _, one in action.then:
        names = ACTIONS[one.verb].names
        reader = reader if names is None else names(reader, one)
    return reader


def _perform(execution: Execution, at: int, action: CallOut) -> None:
    session, event = execution.acting, execution.event
    if action.method == "GET":
        message: Any = {}
    elif action.body is not None:
        message = data_of(action.body, execution)
    elif execution.type is not None and event.record != NOBODY:
        message = find_one(session, event.object, event.record)
    else:
        message = {}
    if len(orjson.dumps(message)) > MAX_BODY:
        raise Unprocessable("The body of the call has more than a million bytes.")
    payload = {
        "message": message,
        "cause": session.cause.wire(),
        "as": action.name,
        "needed": _needed(execution.rule, action.name),
    }
    if action.method != "POST" or action.path or action.query:
        payload |= {"method": action.method, "address": _behind(execution, action)}
    effect = execution.effect(at, "call", action.endpoint, payload)
    execution.run.say(f"It calls {action.endpoint} and waits for the answer.")
    execution.halt = Halt(CALLING, effect)


def _behind(execution: Execution, action: CallOut) -> str:
    """What is added to the address of the endpoint. No value leads out of its place in it."""
    parts = [_text(one) for one in data_of(list(action.path), execution)]
    if any(part in ("", ".", "..") for part in parts):
        raise Unprocessable("A part of the path of the call is empty. It needs a value.")
    values = data_of(action.query, execution) if action.query is not None else {}
    given = {name: _text(value) for name, value in values.items() if value is not None}
    query = f"?{urlencode(given)}" if given else ""
    return "".join(f"/{quote(part, safe='')}" for part in parts) + query


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _needed(rule: Rule, name: str) -> bool:
    """Whether anything in the rule reads the answer: what cannot be read is then a fault."""
    written = orjson.dumps(rule.source.get("do", [])).decode()
    return re.search(rf"\b{name}\.", written) is not None


def _acts(pointer: str, rule: Rule, action: CallOut) -> Iterator[Reach]:
    for place, one in action.then:
        acts = ACTIONS[one.verb].acts
        if acts is not None:
            yield from acts(place, rule, one)


CALL = ActionKind(
    "call",
    "Call another system and use its answer",
    SCHEMA,
    _read,
    _perform,
    acts=_acts,
    effects=(EffectKind("call", "send", "Calls", "Calls", "Call", "endpoints"),),
    says="call {to|endpoint} and use its answer",
    icon="send",
    names=_names,
    halts=True,
)
