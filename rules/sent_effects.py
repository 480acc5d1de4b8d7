"""What rules did and what they would send, for the tests of apps."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import sqlalchemy as sa

from fluvial.database.statement import Statement
from fluvial.runtime.session import Session

from .deliveries import deliveries_of
from .effects import SENT
from .rule_tables import EFFECT

_e = EFFECT.c
_ALL = Statement(
    sa.select(_e.rule, _e.kind, _e.target, _e.payload)
    .where(_e.rule != sa.literal_column("''"))  # letters of the product are of no rule
    .order_by(_e.at, _e.event, _e.action, _e.id)
)


def effects_of(session: Session) -> list[dict[str, Any]]:
    """Every effect so far, in order; `words` makes the words of a message when asked."""
    return [
        {"rule": rule, **_effect(session, kind, target, payload)}
        for rule, kind, target, payload in _ALL.rows(session.connection)
    ]


def _effect(session: Session, kind: str, target: str, payload: dict[str, Any]) -> dict[str, Any]:
    if kind not in SENT:
        return {"do": kind, "object": payload.get("object", ""), "record": target}
    if kind == "webhook":
        return {"do": "webhook", "to": target, "body": payload["message"]["data"]}
    if kind == "call":
        return {"do": "call", "to": target, "body": payload["message"]}
    words: Callable[[], tuple[str, str]] = partial(deliveries_of(session.engine).words, payload)
    if kind == "document":
        return {"do": "document", "to": target, "body": {}}
    template = payload.get("template") or ""
    return {
        "do": "notify", "by": kind, "person": payload["to"], "template": template, "words": words,
    }  # fmt: skip
