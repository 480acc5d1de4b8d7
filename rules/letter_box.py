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
    effects.add(
        session.connection,
        key=f"letter|{event}",
        event=event,
        rule="",
        action=0,
        kind="email",
        target=letter.email,
        object_name="user",
        record=letter.user,
        rev=0,
        payload={MEMBER: {"purpose": letter.purpose, "name": letter.name, "by": letter.by}},
        at=session.now,
    )
    session.engine.woken(session.connection, effects.WORK)


def letter_of(effect: dict[str, Any]) -> Letter | None:
    """The letter of an effect, if it is one."""
    told = effect["payload"].get(MEMBER)
    if told is None:
        return None
    return Letter(effect["record"], effect["target"], told["name"], told["purpose"], told["by"])
