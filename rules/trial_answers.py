"""Answers to calls that the tests of apps give: nothing leaves the engine there."""

from __future__ import annotations

from fluvial.kernel.ids import new_id
from fluvial.runtime.session import Session
from fluvial.services.outbound import Response

from . import effects
from .calling import MAX_ANSWER, judged
from .deliveries import finish


def answer(session: Session, endpoint: str, status: int, body: bytes) -> bool:
    """Let the first call that waits for an endpoint be answered; whether there is one."""
    connection = session.connection
    claimed = effects.claim_due(connection, "call", endpoint, 1, new_id())
    for effect in claimed:
        reply = Response(status, body[:MAX_ANSWER], len(body) <= MAX_ANSWER)
        attempts = effect["attempts"]
        finish(
            session, effect, judged(reply, needed=effect["payload"]["needed"], attempts=attempts)
        )
        effects.hasten(connection, effect["id"])
    return bool(claimed)
