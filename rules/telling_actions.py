"""The actions of rules that tell somebody: people, and endpoints of other systems."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from fluvial.kernel.problems import Unprocessable
from fluvial.records.reading.reader import find_one
from metamodel.expressions import types
from metamodel.expressions.expression import Expression
from metamodel.expressions.python import evaluate
from metamodel.storage import timestamp_wire

from .action_kinds import ActionKind
from .action_reader import ActionReader
from .action_schemas import ACTION_SCHEMAS, SHARED
from .effect_kinds import EffectKind
from .event_values import plain
from .execution import Execution
from .mail_attachments import entered, read_attachments
from .message_words import MessageWords
from .model import Action, Notify, Webhook
from .recipients import NotTold, Recipient, holders, recipients
from .rule_tables import NOBODY
from .template_channels import channel_of

CHANNELS = {"email": "e-mail", "in_app": "notification"}
TOLD = (types.PERSON.name, types.PERSONS.name, types.TEXT.name)


def _read_notify(reader: ActionReader, pointer: str, action: Mapping[str, Any]) -> Action | None:
    spec = action["notify"]
    place = f"{pointer}/notify"
    given = spec["to"] if isinstance(spec["to"], list) else [spec["to"]]
    to, roles = [], []
    for at, one in enumerate(given):
        if isinstance(one, Mapping):
            reader.check.reference(f"{place}/to/{at}/role", "role", one["role"])
            roles.append(one["role"])
        elif (compiled := _recipient(reader, f"{place}/to/{at}", one)) is not None:
            to.append(compiled)
    template = spec.get("template", "")
    words = {}
    for name in ("subject", "text"):
        if name in spec:
            words[name] = reader.compile(f"{place}/{name}", spec[name], types.TEXT)
    _check_words(reader, place, template, spec)
    return Notify(
        "notify",
        tuple(to),
        tuple(roles),
        tuple(spec.get("by", CHANNELS)),
        template,
        words.get("subject"),
        words.get("text"),
        read_attachments(reader, f"{place}/attach", spec.get("attach", [])),
    )


def _recipient(reader: ActionReader, pointer: str, source: str) -> Expression | None:
    compiled = reader.compile(pointer, source)
    if compiled is None or compiled.type.name in TOLD:
        return compiled
    people = set(compiled.type.objects) <= {"user", "team", "group"} and compiled.type.objects
    if compiled.type.name in (types.RECORD.name, types.RECORDS.name) and people:
        return compiled
    reader.check.fault(
        pointer,
        "not_a_recipient",
        f"`{source}` is neither a person nor an e-mail address.",
        "Name a person field, or an e-mail field such as member.email.",
    )
    return None


def _check_words(
    reader: ActionReader, pointer: str, template: str, spec: Mapping[str, Any]
) -> None:
    if not template:
        if "subject" not in spec:
            reader.check.fault(
                pointer,
                "missing",
                "The message has no text.",
                "Add `template`, or `subject` and `text`.",
            )
        return
    document = reader.check.reference(f"{pointer}/template", "template", template)
    if document is not None and not channel_of(document.body).letter:
        message = f"The template `{template}` is printed, and not a message."
        hint = "Write a template for the message, and attach this one with `attach`."
        reader.check.fault(f"{pointer}/template", "not_a_message", message, hint)
    about = document.body.get("for") if document is not None else None
    if about is not None and about != reader.trigger.object:
        reader.check.fault(
            f"{pointer}/template",
            "other_object",
            f"The template `{template}` is for {about}, and this rule is about "
            f"{reader.trigger.object or 'no record'}.",
            "Use a template for the same object.",
        )


def _read_webhook(reader: ActionReader, pointer: str, action: Mapping[str, Any]) -> Action | None:
    spec = action["webhook"]
    reader.check.reference(f"{pointer}/webhook/to", "endpoint", spec["to"])
    body = reader.body(f"{pointer}/webhook/body", spec.get("body", {}))
    return Webhook("webhook", spec["to"], spec.get("type", ""), body)


def _notify(execution: Execution, at: int, action: Notify) -> None:
    words = MessageWords(execution, action)
    told: dict[str, str] = {}
    for one in _told(execution, action):
        for channel in action.by:
            target = one.email if channel == "email" else one.user
            if not target or f"{channel}:{target}" in told:
                continue
            told[f"{channel}:{target}"] = one.name or one.email
            payload = words.of(one, channel) | {"to": one.email, "name": one.name}
            if channel == "email":
                payload |= entered(execution, action.attach, words.reader(one))
            execution.effect(at, channel, target, payload)
    if told:
        people = ", ".join(dict.fromkeys(told.values()))
        channels = " and ".join(CHANNELS[channel] for channel in action.by)
        execution.run.say(f"It notifies {people} by {channels}.")
    else:
        execution.run.say("Nobody is notified.")


def _told(execution: Execution, action: Notify) -> Iterator[Recipient]:
    for expression in action.to:
        try:
            value = evaluate(expression, execution.environment)
            yield from recipients(execution.asking, expression, value)
        except NotTold as reason:
            execution.run.say(str(reason))
    for role in action.roles:
        found = list(holders(execution.asking, role))
        if not found:
            execution.run.say(f"Nobody has the role {role}.")
        yield from found


def _webhook(execution: Execution, at: int, action: Webhook) -> None:
    session, event = execution.acting, execution.event
    if action.body:
        data = data_of(action.body, execution)
    elif execution.type is not None and event.record != NOBODY:
        data = find_one(session, event.object, event.record)
    else:
        data = {}
    happened = execution.rule.name if ":" in event.event else event.event
    message = {
        "type": action.type or f"{event.object or 'schedule'}.{happened}",
        "timestamp": timestamp_wire(event.at),
        "data": data,
    }
    if event.record != NOBODY:
        message |= {"object": event.object, "record": event.record, "rev": event.rev}
    payload = {
        "message": message,
        "cause": session.cause.wire(),
    }
    if len(orjson.dumps(message)) > 1_000_000:
        raise Unprocessable("The body of the webhook has more than a million bytes.")
    execution.effect(at, "webhook", action.endpoint, payload)
    execution.run.say(f"It posts to {action.endpoint}.")


def data_of(body: Any, execution: Execution) -> Any:
    """Expressions in objects and lists, worked out."""
    if isinstance(body, Mapping):
        return {name: data_of(one, execution) for name, one in body.items()}
    if isinstance(body, list):
        return [data_of(one, execution) for one in body]
    return plain(body, evaluate(body, execution.environment))


NOTIFY = ActionKind(
    "notify",
    "Notify people",
    ACTION_SCHEMAS["notify"],
    _read_notify,
    _notify,
    definitions=SHARED,
    effects=(
        EffectKind("email", "mail", "Mails", "Mails", "E-mail", "people by e-mail"),
        EffectKind("in_app", "bell", "Notifies", "Notifies", "Notification", "people"),
    ),
    icon="mail",
)

WEBHOOK = ActionKind(
    "webhook",
    "Call another system",
    ACTION_SCHEMAS["webhook"],
    _read_webhook,
    _webhook,
    effects=(EffectKind("webhook", "send", "Posts to", "Posts to", "Webhook", "endpoints"),),
    icon="send",
)
