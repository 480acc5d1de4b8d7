"""What rules do after a commit: records in the event's transaction, the rest into the ledger."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import orjson

from fluvial.kernel.problems import Problem, Unprocessable
from fluvial.records.drafts.draft import wire_value
from fluvial.records.drafts.record_environment import RecordEnvironment
from fluvial.records.drafts.rows import load_row
from fluvial.records.reading.query import Query
from fluvial.records.reading.reader import find_one, read_page
from fluvial.records.writing import batch_writes, bin, writer
from fluvial.runtime.prefetch import Prefetch
from fluvial.runtime.session import Session
from metamodel.catalog import ObjectType
from metamodel.expressions import types
from metamodel.expressions.expression import Expression
from metamodel.expressions.python import evaluate, truth
from metamodel.storage import timestamp_wire

from .event_values import plain
from .execution import Execution
from .message_words import MessageWords
from .model import Action, Create, Notify, Several, Webhook
from .recipients import NotTold, Recipient, holders, recipients
from .rule_tables import NOBODY

MAX_RECORDS = 5_000  # that one action changes
CHANNELS = {"email": "e-mail", "in_app": "notification"}

Body = dict[str, Any]


def perform(execution: Execution, at: int, action: Action) -> None:
    """Do the action at a place of the rule's list."""
    PERFORMERS[type(action)](execution, at, action)


def create(execution: Execution, at: int, action: Create) -> None:
    session = execution.acting
    type_ = session.catalog.objects[action.object]
    body = _body(type_, action.values, execution.environment)
    record = writer.create(session, action.object, body)
    title = record.get("title") or ""
    execution.run.say(f"It created the {type_.label.lower()} {title}.")
    execution.effect(
        at, "create", record["id"], {"object": action.object, "title": title}, "create"
    )


def change(execution: Execution, at: int, action: Several) -> None:
    """Update or delete the records of an action."""
    type_ = execution.acting.catalog.objects[action.object]
    kind = "delete" if action.deletes else "update"
    done = _deleted(execution, action) if action.deletes else _updated(execution, action)
    for row in done:
        target = {"object": action.object, "title": row.get("title")}
        execution.effect(at, kind, row["id"], target)
    words = type_.label.lower() if len(done) == 1 else type_.plural.lower()
    execution.run.say(f"It {kind}d {len(done)} {words}.")


def _updated(execution: Execution, action: Several) -> list[Body]:
    type_ = execution.acting.catalog.objects[action.object]
    changed = 0

    def wanted(session: Session, row: Body) -> Body | None:
        nonlocal changed
        environment = _environment(execution, action, type_, row, session.ahead)
        if action.where is not None and not truth(action.where, environment):
            return None
        changed = _counted(changed)
        return _body(type_, action.values, environment)

    targets = _targets(execution, action)
    return batch_writes.update_each(execution.acting, action.object, targets, action.values, wanted)


def _deleted(execution: Execution, action: Several) -> list[Body]:
    session, type_ = execution.acting, execution.acting.catalog.objects[action.object]
    done: list[Body] = []
    for record in _targets(execution, action):
        row = load_row(session, action.object, record, "delete", lock=True)
        if row is None:
            continue
        environment = _environment(execution, action, type_, row)
        if action.where is None or truth(action.where, environment):
            _counted(len(done))
            bin.delete(session, action.object, record)
            done.append(row)
    return done


def _counted(done: int) -> int:
    """One more record that changes."""
    if done >= MAX_RECORDS:
        raise Problem(f"More than {MAX_RECORDS:,} records would change. Narrow `where`.")
    return done + 1


def _environment(
    execution: Execution,
    action: Several,
    type_: ObjectType,
    row: Body,
    ahead: Prefetch | None = None,
) -> RecordEnvironment:
    """What expressions ask about a record; with what is read ahead they see what waits as well.

    The record is asked as it is now and is held: what is worked out on the values of the event
    would undo what was written since, without a word.
    """
    asking = replace(execution.asking, ahead=ahead)
    if not action.each:
        return RecordEnvironment(asking, type_, row, execution.environment.before)
    return RecordEnvironment(asking, type_, row, record=execution.environment)


def _body(type_: ObjectType, values: Mapping[str, Expression], environment: Any) -> Body:
    return {
        name: wire_value(type_.fields[name], evaluate(value, environment))
        for name, value in values.items()
    }


def _targets(execution: Execution, action: Several) -> list[str]:
    """The ids of the records at the end of the action's path."""
    if not action.each:
        return [execution.event.record]
    type_ = execution.type
    assert type_ is not None
    record: Any = execution.values.get("id")
    for at, name in enumerate(action.each[:-1], 1):
        target = type_.fields[name].targets[0]
        record = execution.environment.read(action.each[:at])
        record = record[1] if isinstance(record, tuple) else record
        if record is None:
            return []
        type_ = execution.acting.catalog.objects[target]
    last = action.each[-1]
    inverse = type_.inverses.get(last)
    if inverse is not None:
        return list(_collected(execution.acting, inverse.source, inverse.field, record))
    value = execution.environment.read(action.each)
    found = value if isinstance(value, list) else [value]
    return [one[1] if isinstance(one, tuple) else one for one in found if one is not None]


def _collected(session: Session, source: str, field_name: str, record: str) -> Iterator[str]:
    """The records of an inverse collection, read before any of them is changed."""
    cursor = ""
    field = session.catalog.objects[source].fields[field_name]
    many = field.type.name == types.RECORDS.name
    while True:
        query = Query(
            source,
            fields=(("id",),),
            where=f"'{record}' in {field_name}" if many else "",
            equals=() if many else ((field_name, record),),
            limit=500,
            cursor=cursor,
        )
        page = read_page(session, query)
        yield from [row["id"] for row in page["data"]]
        cursor = page["next"]
        if not cursor:
            return


def notify(execution: Execution, at: int, action: Notify) -> None:
    words = MessageWords(execution, action)
    told: dict[str, str] = {}
    for one in _told(execution, action):
        for channel in action.by:
            target = one.email if channel == "email" else one.user
            if not target or f"{channel}:{target}" in told:
                continue
            told[f"{channel}:{target}"] = one.name or one.email
            payload = words.of(one) | {"to": one.email, "name": one.name}
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


def webhook(execution: Execution, at: int, action: Webhook) -> None:
    session, event = execution.acting, execution.event
    if action.body:
        data = _data(action.body, execution)
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


def _data(body: Any, execution: Execution) -> Any:
    if isinstance(body, Mapping):
        return {name: _data(one, execution) for name, one in body.items()}
    if isinstance(body, list):
        return [_data(one, execution) for one in body]
    return plain(body, evaluate(body, execution.environment))


PERFORMERS: Mapping[type[Action], Callable[[Execution, int, Any], None]] = {
    Create: create,
    Several: change,
    Notify: notify,
    Webhook: webhook,
}
