"""Letters of the product itself wait in the same ledger as the mails of rules."""

from __future__ import annotations

from typing import Any

from fluvial.kernel.ids import new_id
from fluvial.runtime.session import Session
from fluvial.services.letters import Letter

from . import effects

MEMBER = "letter"  # of a payload


def enter(session: Session, letter: Letter) -> None:
    event = new_id()
    payload = {MEMBER: {"purpose": letter.purpose, "name": letter.name, "by": letter.by}}
    effects.add_all(
        session.connection,
        [effects.EffectEntry(f"letter|{event}", 0, "email", letter.email, payload)],
        event=event,
        rule="",
        object_name="user",
        record=letter.user,
        rev=0,
        at=session.now,
    )
    session.engine.woken(session.connection, effects.WORK)


def letter_of(effect: dict[str, Any]) -> Letter | None:
    """The letter of an effect, if it is one."""
    told = effect["payload"].get(MEMBER)
    if told is None:
        return None
    return Letter(effect["record"], effect["target"], told["name"], told["purpose"], told["by"])
