"""The actions of rules that write records, in the event's transaction: create, update, delete."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from fluvial.kernel.problems import Problem
from fluvial.records.change_sets.writes import KeptWrites
from fluvial.records.drafts.draft import wire_value
from fluvial.records.drafts.record_environment import RecordEnvironment
from fluvial.records.drafts.rows import load_row
from fluvial.records.writing import batch_writes, bin
from fluvial.runtime.prefetch import Prefetch
from fluvial.runtime.session import Session
from metamodel.catalog import ObjectType
from metamodel.expressions.expression import Expression
from metamodel.expressions.python import evaluate, truth
from metamodel.reach import Reach

from .action_kinds import ActionKind
from .action_reader import ActionReader
from .action_schemas import ACTION_SCHEMAS, SHARED
from .effect_kinds import EffectKind
from .execution import Execution
from .kept_in import IN, KEEP, SCHEMAS, day_of, keep_in, read_kept_in
from .left_out import kept_from_rule, tell_left
from .model import Action, Rule, Several
from .named_environment import NamedEnvironment
from .reaching import writes
from .record_targets import targets

MAX_RECORDS = 5_000  # that one action changes
Body = dict[str, Any]


def _change(execution: Execution, at: int, action: Several) -> None:
    """Update or delete the records of an action."""
    type_ = execution.acting.catalog.objects[action.object]
    if action.kept is not None:
        keep_in(execution, at, action.kept, lambda writes: _keep(execution, action, writes))
        return
    kind = "delete" if action.deletes else "update"
    found = targets(execution, action.each)

    def wanted(row: Body) -> bool:
        return action.where is None or truth(
            action.where, _environment(execution, action, type_, row)
        )

    left = kept_from_rule(execution, action.object, kind, found, wanted)
    work = _deleted if action.deletes else _updated
    done = work(execution, action, found)
    tell_left(execution, action.object, kind, left, len(done))
    told = {row["id"]: {"object": action.object, "title": row.get("title")} for row in done}
    execution.effects(at, kind, told)
    words = type_.label.lower() if len(done) == 1 else type_.plural.lower()
    execution.run.say(f"It {kind}d {len(done)} {words}.")


def _updated(execution: Execution, action: Several, found: Sequence[str]) -> list[Body]:
    type_ = execution.acting.catalog.objects[action.object]
    changed = 0

    def wanted(session: Session, row: Body) -> Body | None:
        nonlocal changed
        environment = _environment(execution, action, type_, row, session.ahead)
        if action.where is not None and not truth(action.where, environment):
            return None
        changed = _counted(changed)
        return _body(type_, action.values, environment)

    return batch_writes.update_each(execution.acting, action.object, found, action.values, wanted)


def _deleted(execution: Execution, action: Several, found: Sequence[str]) -> list[Body]:
    session, type_ = execution.acting, execution.acting.catalog.objects[action.object]
    done: list[Body] = []
    for record in found:
        row = load_row(session, action.object, record, "delete", lock=True)
        if row is None:
            continue
        environment = _environment(execution, action, type_, row)
        if action.where is None or truth(action.where, environment):
            _counted(len(done))
            bin.delete(session, action.object, record)
            done.append(row)
    return done


def _keep(execution: Execution, action: Several, writes: KeptWrites) -> None:
    """Write the same for a change set, on what it makes of the records so far."""
    assert action.kept is not None
    type_, day = execution.acting.catalog.objects[action.object], day_of(execution, action.kept)
    ids = targets(execution, action.each)
    rows = {one: load_row(writes.session, action.object, one, None, lock=True) for one in ids}
    bodies: list[Body] = []
    for id, row in rows.items():
        if row is None:
            continue
        environment = _environment(execution, action, type_, row)
        if action.where is not None and not truth(action.where, environment):
            continue
        _counted(len(bodies))
        bodies.append({**_body(type_, action.values, environment), "id": id})
    if action.deletes:
        for body in bodies:
            writes.delete(action.object, body["id"])
    elif day is not None:
        for body in bodies:
            writes.set_on(action.object, body.pop("id"), body, day)
    elif bodies:
        writes.update_many(action.object, bodies)


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
        before, names = execution.environment.before, execution.names
        return NamedEnvironment(asking, type_, row, before, names=names)
    return NamedEnvironment(asking, type_, row, record=execution.environment)


def _body(type_: ObjectType, values: Mapping[str, Expression], environment: Any) -> Body:
    return {
        name: wire_value(type_.fields[name], evaluate(value, environment))
        for name, value in values.items()
    }


def _read_several(reader: ActionReader, pointer: str, action: Mapping[str, Any]) -> Action | None:
    verb = "update" if "update" in action else "delete"
    spec = action[verb]
    place = f"{pointer}/{verb}"
    each = reader.path(spec["each"]) if "each" in spec else ()
    target = reader.target(f"{place}/each", each)
    if ("set" in spec) != (verb == "update"):
        hint = "Add `set`." if verb == "update" else "Remove `set`."
        message = f"`{verb}` {'needs' if verb == 'update' else 'has no'} `set`."
        reader.check.fault(place, "set", message, hint)
        return None
    if target is None:
        return None
    inner = reader.about(target.name) if each else reader
    where = inner.condition(f"{place}/where", spec["where"]) if "where" in spec else None
    values = inner.values(f"{place}/set", target, spec["set"]) if verb == "update" else {}
    kept = read_kept_in(reader, pointer, action, target.name)
    return Several(verb, target.name, each, where, values, kept)


def _several_acts(pointer: str, rule: Rule, action: Several) -> Iterator[Reach]:
    yield Reach(f"{pointer}/{action.verb}", action.verb, action.object, everywhere=True)
    yield from writes(f"{pointer}/{action.verb}/set", action.verb, action.object, action.values)


UPDATE = ActionKind(
    "update",
    "Change records",
    ACTION_SCHEMAS["update"],
    _read_several,
    _change,
    members=SCHEMAS,
    definitions=SHARED,
    acts=_several_acts,
    effects=(EffectKind("update", "pencil", "Changed", "Changes"), KEEP),
    icon="pencil",
)

DELETE = ActionKind(
    "delete",
    "Delete records",
    ACTION_SCHEMAS["delete"],
    _read_several,
    _change,
    members={IN: SCHEMAS[IN]},
    definitions=SHARED,
    acts=_several_acts,
    effects=(EffectKind("delete", "trash", "Moved to the bin:", "Moves to the bin"),),
    icon="trash",
)
