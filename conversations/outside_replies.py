"""What an answer from outside does with its record: the transition that the conversation names."""

from __future__ import annotations

from fluvial.auth.actors import Actor
from fluvial.kernel.causes import Cause
from fluvial.kernel.problems import Problem
from fluvial.records.writing.transitions import act
from fluvial.runtime.session import Session
from fluvial.services.comments import OUTSIDE_REPLY
from metamodel.conversation_part import CONVERSATION


def move(session: Session, object_name: str, record: str) -> None:
    """Take the transition of the conversation, where the record can take it."""
    conversation = CONVERSATION.of(session.catalog.objects[object_name])
    if conversation is None or not conversation.on_reply:
        return
    try:
        with session.connection.savepoint():
            act(session, object_name, record, conversation.on_reply, {})
    except Problem:
        return  # not possible from its state: what was said is there all the same


def replied(session: Session, object_name: str, record: str) -> None:
    """Somebody who may only reply has answered: the document moves the record, not the person."""
    source = f"conversation:{object_name}"
    label = session.catalog.objects[object_name].label.lower()
    actor = Actor(None, f"Conversation of the {label}", (), unrestricted=True, rule=source)
    chain = (*session.cause.chain, (source, record))
    move(session.as_actor(actor, Cause(chain)), object_name, record)


BRINGS = OUTSIDE_REPLY(replied)
