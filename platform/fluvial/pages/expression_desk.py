"""Expressions while they are written: their faults, kind, sentence and value; and the functions."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from fluvial.http.call import Answer, Call
from fluvial.http.perform import READ_SECONDS
from fluvial.http.routes import Endpoint, Policy
from fluvial.kernel.problems import Problem, fault
from fluvial.runtime.session import Session
from metamodel.catalog import ObjectType
from metamodel.errors import ExpressionError
from metamodel.expressions.compiler import compile_expression
from metamodel.expressions.expression import Expression
from metamodel.expressions.fault_words import type_words
from metamodel.expressions.functions import FUNCTIONS, PARTS
from metamodel.expressions.types import BOOLEAN, Type

from .asked_fields import Context
from .expression_scopes import ModelReach, expected, named_types, reach_of
from .expression_values import GONE, worked_out
from .reader_format import ReaderFormat, format_of
from .sample_records import NEWEST, sample_of
from .sentence_reading import read_sentence

_MEMBERS = (
    "object", "text", "expects", "names", "record", "outer", "change", "purpose",
)  # fmt: skip


def check(call: Call) -> Answer:
    """What is to be said of an expression: the same as when it is saved, or asked."""
    body = call.json_object(*_MEMBERS)
    for name in ("object", "text", "record", "outer", "purpose"):
        if not isinstance(body.get(name, ""), str | None):
            message = f"`{name}` is text."
            raise Problem(message, errors=[fault(f"/{name}", "not_text", message)])
    reach = reach_of(call, body.get("purpose") or "")
    type_ = reach.object(body["object"]) if body.get("object") else None
    outer = body.get("outer") or ""
    if outer:
        reach.object(outer)
    wanted = expected(reach, body.get("expects"), type_)
    scope = reach.scope(
        type_,
        named_types(reach, body.get("names")),
        record=outer,
        change=body.get("change") is True,
    )
    text = body.get("text") or ""
    answer: Context = {
        "faults": [], "value": None, "why_not": "", "answer": None, "record": None,
        "kind": "", "kind_label": "", "expects": _said(wanted), "sentence": None,
    }  # fmt: skip
    if not text.strip():
        return Answer.json(answer | {"sentence": {"joint": "and", "terms": []}})
    try:
        made = compile_expression(text, scope, wanted)
    except ExpressionError as error:
        return Answer.json(answer | {"faults": [_fault(error)]})
    with call.session.connection.limited(READ_SECONDS):
        return Answer.json(answer | _told(reach, type_, made, body.get("record") or ""))


def _said(type_: Type | None) -> str:
    return "" if type_ is None else type_words(type_)


def _fault(error: ExpressionError) -> Context:
    start = min(error.at, len(error.source))
    return {
        "message": f"{error.message} {error.hint}".strip(),
        "remedy": error.hint,
        "from": start,
        "to": min(start + error.length, len(error.source)),
        "at": error.source[start : start + error.length],
    }


def _told(reach: ModelReach, type_: ObjectType | None, made: Expression, record: str) -> Context:
    fmt = format_of(reach.session)
    told: Context = {"kind": made.type.name, "kind_label": type_words(made.type)}
    if type_ is not None and made.type.name == BOOLEAN.name and not made.outer:
        told["sentence"] = read_sentence(reach.session.catalog, type_, made, fmt)
    if type_ is not None and record:
        told |= _valued(reach.session, type_, made, record, fmt)
    return told


def _valued(
    session: Session, type_: ObjectType, made: Expression, record: str, fmt: ReaderFormat
) -> Context:
    """The value for a record, or why there is none to show."""
    sample = sample_of(session, type_, record, (("title",),))
    if sample is None:
        return {"why_not": "" if record == NEWEST else GONE}
    worked = worked_out(session, made, sample["id"], fmt)
    return {
        "value": worked.words or None,
        "why_not": worked.why_not,
        "answer": worked.answer,
        "record": {"id": sample["id"], "title": sample["title"]},
    }


def functions(call: Call) -> Answer:
    """The functions of expressions and the parts of values, as the documentation lists them."""
    call.only()
    groups = groupby(FUNCTIONS.values(), key=lambda one: one.group)
    listed: list[dict[str, Any]] = [
        {
            "label": group,
            "functions": [
                {
                    "name": one.name, "usage": one.usage, "about": one.about,
                    "example": one.example,
                }
                for one in members
            ],
        }
        for group, members in groups
    ]  # fmt: skip
    parts = [
        {"of": one.of.name, "name": one.name, "about": one.about, "example": one.example}
        for one in PARTS
    ]
    return Answer.json({"groups": listed, "parts": parts})


ENDPOINTS = (
    Endpoint(
        "POST", "/studio/expressions", check, Policy.SIGNED_IN,
        "What an expression means, while it is written.", page=True,
    ),
    Endpoint(
        "GET", "/studio/functions", functions, Policy.SIGNED_IN,
        "The functions of expressions, with examples.", page=True,
    ),
)  # fmt: skip
