"""What became of the effects of runs: a mail that was refused stands in its run as failed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from fluvial.database.connection import Connection
from fluvial.database.id_lists import among_ids, id_list
from fluvial.database.statement import Statement
from fluvial.runtime.session import Session
from metamodel.storage import POSTGRESQL, SQLITE

from .effects import DEAD, DONE, FAILED, PENDING
from .rule_tables import EFFECT

_e = EFFECT.c
_STATES = {
    dialect: Statement(sa.select(_e.id, _e.state, _e.error).where(among_ids(_e.id, dialect)))
    for dialect in (SQLITE, POSTGRESQL)
}
_WORDS = {
    "email": "The e-mail to",
    "in_app": "The notification for",
    "webhook": "The post to",
    "call": "The call of",
}
_ENDED = {FAILED: "failed", DEAD: "was given up", PENDING: "is tried again"}

WENT_ON = ("done", "waiting")  # as far as the rule itself is concerned

Run = dict[str, Any]


def tell_effects(connection: Connection, runs: Iterable[Run]) -> None:
    """Give the effects of some runs their states, and their lines what went wrong."""
    listed = [(run, effect) for run in runs for effect in run["trace"]["effects"]]
    if not listed:
        return
    ids = id_list(connection.dialect, (effect["id"] for _, effect in listed))
    rows = _STATES[connection.dialect].rows(connection, ids=ids)
    found = {id: (state, error) for id, state, error in rows}
    for run, effect in listed:
        state, error = found.get(effect["id"], (DONE, None))
        effect["state"] = state
        if error is not None and state in _ENDED:
            words = _WORDS.get(effect["kind"], effect["kind"])
            run["trace"]["lines"].append(f"{words} {effect['target']} {_ENDED[state]}: {error}")


def settle(session: Session, runs: Sequence[Run]) -> None:
    """Say what became of what they sent: where something was refused for good, they failed."""
    tell_effects(session.connection, runs)
    for run in runs:
        states = {one["state"] for one in run["trace"]["effects"]}
        if run["outcome"] in WENT_ON and states & {FAILED, DEAD}:
            run["outcome"] = "failed"
