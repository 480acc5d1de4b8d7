"""A decision: the rows of an object type, and what each of its inputs is in the records decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from metamodel.document import Document

DECISION = "decision"


@dataclass(frozen=True)
class DecisionTable:
    """As its document writes it; `metamodel.expressions.decide_call` compiles it where it is used.

    `inputs` are fields of the rows, in the order of their weight. An empty one fits any value.
    """

    name: str
    object: str  # the object type of the rows
    inputs: tuple[str, ...]
    days: Mapping[str, str] = field(default_factory=dict)  # by the object type that asks
    # By the object type that asks, and by input: expressions.
    subjects: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def decision_of(document: Document) -> DecisionTable:
    """Of a document that its schema has accepted."""
    body: Mapping[str, Any] = document.body
    subjects = {name: dict(inputs) for name, inputs in body["for"].items()}
    day = body.get("day", {})
    days = dict.fromkeys(subjects, day) if isinstance(day, str) else dict(day)
    return DecisionTable(document.name, body["object"], tuple(body["inputs"]), days, subjects)
