"""The action that creates records: one, one for each row, or one for each group, with lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fluvial.kernel.crash_points import point
from fluvial.kernel.problems import Conflict, Problem
from fluvial.records.change_sets.writes import KeptWrites
from fluvial.records.drafts.draft import wire_value
from fluvial.records.drafts.rows import Values
from fluvial.records.writing import batch_writes
from fluvial.runtime.session import Session
from metamodel.catalog import ObjectType
from metamodel.expressions import types
from metamodel.expressions.expression import Expression
from metamodel.expressions.python import evaluate
from metamodel.reach import Reach

from .action_kinds import ActionKind
from .action_reader import ActionReader
from .action_schemas import ACTION_SCHEMAS, SHARED
from .effect_kinds import EffectKind
from .execution import Execution
from .gathering import MakingPlace, places
from .kept_in import IN, SCHEMAS, keep_in, read_kept_in
from .made_lines import summaries
from .model import Action, Create, KeptIn, Rule
from .named_environment import NamedRecord
from .reaching import writes
from .row_readers import read_rows

LINE = "line"  # what `back` calls a line that has no name of its own
MAX_MADE = 10_000  # records of one run
Body = dict[str, Any]


def _read(reader: ActionReader, pointer: str, action: Mapping[str, Any]) -> Action | None:
    return _read_create(reader, pointer, action, nested=False)


def _read_create(
    reader: ActionReader, pointer: str, action: Mapping[str, Any], *, nested: bool
) -> Create | None:
    type_ = reader.check.object(f"{pointer}/create", action["create"])
    if "set" not in action:
        reader.check.fault(
            pointer, "missing", "`set` is missing.", "Add `set` with the new record's values."
        )
        return None
    rows = read_rows(reader, pointer, action)
    if type_ is None or (rows is None and "each" in action):
        return None
    inner = reader if rows is None else reader.for_rows(rows)
    values = inner.values(f"{pointer}/set", type_, action["set"])
    name = action.get("as", LINE if nested else "")
    _check_name(reader, f"{pointer}/as", name, action)
    named = inner.naming(**{name: types.record(type_.name)}) if name else inner
    lines = [
        _read_create(named, f"{pointer}/lines/{at}", one, nested=True)
        for at, one in enumerate(action.get("lines", ()))
    ]
    back: Mapping[str, Expression] = {}
    if "back" in action:
        if rows is None:
            reader.check.fault(
                f"{pointer}/back",
                "no_rows",
                "Nothing is gathered here, so there are no rows to write into.",
                "Add `each`, or remove `back`.",
            )
        else:
            gathered = reader.check.objects[rows.object]
            back = named.about(rows.object).values(f"{pointer}/back", gathered, action["back"])
    made = tuple(one for one in lines if one is not None)
    kept = None if nested else _read_kept(reader, pointer, action, type_)
    return Create("create", type_.name, values, name, rows, made, back, kept)


def _read_kept(
    reader: ActionReader, pointer: str, action: Mapping[str, Any], type_: ObjectType
) -> KeptIn | None:
    """The change set in which it is kept; records that are kept are made one by one."""
    kept = read_kept_in(reader, pointer, action, type_.name)
    more = next((name for name in ("each", "lines", "back") if name in action), "")
    if kept is not None and more:
        message = f"What is kept in a change set is created without `{more}`."
        hint = "Write an action of its own for each, or remove `in`."
        reader.check.fault(f"{pointer}/{more}", "not_kept", message, hint)
    return kept


def _check_name(reader: ActionReader, pointer: str, name: str, action: Mapping[str, Any]) -> None:
    """A name must not be a field of the rule's record, which would be meant instead."""
    type_ = reader.type
    if "as" not in action or type_ is None:
        return
    if name in type_.fields or name in type_.inverses:
        reader.check.fault(
            pointer,
            "name_taken",
            f"{type_.label} has a field or a collection `{name}`.",
            f"Choose another name, such as `new_{name}`.",
        )
    elif name in reader.names:
        reader.check.fault(
            pointer, "name_taken", f"`{name}` is the name of something else.", "Rename one of them."
        )


def _names(reader: ActionReader, action: Create) -> ActionReader:
    """Later actions see what has a name; of several they are done for each."""
    if not action.name:
        return reader
    named = reader.naming(**{action.name: types.record(action.object)})
    return named if action.rows is None else named.spreading(action.name, action.rows.group != {})


def _acts(pointer: str, rule: Rule, action: Create) -> Iterator[Reach]:
    yield Reach(f"{pointer}/create", "create", action.object, everywhere=True)
    yield from writes(f"{pointer}/set", "create", action.object, action.values)
    if action.rows is not None:
        yield Reach(f"{pointer}/each", "read", action.rows.object, everywhere=True)
        yield from writes(f"{pointer}/back", "update", action.rows.object, action.back)
    for at, line in enumerate(action.lines):
        yield from _acts(f"{pointer}/lines/{at}", rule, line)


def _keep(execution: Execution, at: int, action: Create, kept: KeptIn) -> None:
    """A new record of a change set: it has its id from now on, and later actions name it."""
    type_ = execution.acting.catalog.objects[action.object]
    made: list[Body] = []

    def work(writes: KeptWrites) -> None:
        made[:] = [writes.create(type_.name, _body(type_, action.values, execution.environment))]

    _count(execution, type_, 1)
    keep_in(execution, at, kept, work)
    if action.name:
        execution.name(action.name, [(type_.name, made[0]["id"])], several=False)


def _perform(execution: Execution, at: int, action: Create) -> None:
    if action.kept is not None:
        _keep(execution, at, action, action.kept)
        return
    made = _make(execution, action, [MakingPlace(dict(execution.names))])
    type_ = execution.acting.catalog.objects[action.object]
    if action.name:
        records = [(action.object, place.record) for place in made]
        execution.name(action.name, records, several=action.rows is not None)
    told = summaries(execution.acting, action, made)
    execution.effects(
        at,
        "create",
        {
            place.record: {
                "object": action.object, "title": place.values.get("title") or "", **lines
            }
            for place, lines in zip(made, told, strict=True)
        },
        "create" if action.rows is None else "",
    )  # fmt: skip
    if action.rows is None:
        title = made[0].values.get("title") or ""
        execution.run.say(f"It created the {type_.label.lower()} {title}.")
    elif not made:
        plural = execution.acting.catalog.objects[action.rows.object].plural.lower()
        execution.run.say(f"It found no {plural} to make any of, so it created nothing.")
    else:
        gathered = sum(len(place.rows) for place in made)
        rows = execution.acting.catalog.objects[action.rows.object]
        execution.run.say(f"It created {_counted(type_, len(made))} of {_counted(rows, gathered)}.")


def _counted(type_: ObjectType, count: int) -> str:
    return f"{count:,} {type_.label.lower() if count == 1 else type_.plural.lower()}"


def _make(execution: Execution, action: Create, around: Sequence[MakingPlace]) -> list[MakingPlace]:
    """Create the records of an action at all its places, then their lines, then write back."""
    session = execution.acting
    type_ = session.catalog.objects[action.object]
    found: list[MakingPlace] = []
    for place in around:
        own = list(places(execution, action.rows, place, action.all_back))
        place.lines.append(own)
        found += own
    _count(execution, type_, len(found))
    bodies = []
    for place in found:
        bodies.append(_body(type_, action.values, place.environment(execution)))
    point("rule_before_records")
    created = batch_writes.create_each(session, action.object, bodies)
    for place, (record, values) in zip(found, created, strict=True):
        place.record, place.values = record, values
        if action.name:
            place.names[action.name] = NamedRecord(action.object, record)
    point("rule_records")
    for line in action.lines:
        _make(execution, line, found)
    if action.back:
        _write_back(execution, action, found)
        point("rule_rows_written")
    execution.environment.names = execution.names
    return found


def _count(execution: Execution, type_: ObjectType, more: int) -> None:
    execution.made_count += more
    if execution.made_count > MAX_MADE:
        raise Problem(
            f"It would create more than {MAX_MADE:,} records in one run, the last of them "
            f"{type_.plural.lower()}. Narrow `where`, or run it for fewer records at once."
        )


def _body(type_: ObjectType, values: Mapping[str, Expression], environment: Any) -> Body:
    return {
        name: wire_value(type_.fields[name], evaluate(value, environment))
        for name, value in values.items()
    }


def _write_back(execution: Execution, action: Create, made: Sequence[MakingPlace]) -> None:
    """Write into the rows what was made of them; somebody who took one meanwhile ends the run."""
    assert action.rows is not None
    type_ = execution.acting.catalog.objects[action.rows.object]
    by_row = {row.values["id"]: (place, row) for place in made for row in place.rows}

    def wanted(session: Session, held: Values) -> Body:
        taken = [name for name in action.back if held.get(name) not in (None, [], "")]
        if taken:
            raise Conflict(
                f"The {type_.label.lower()} {held.get('title') or ''} was taken meanwhile: "
                f"{type_.fields[taken[0]].label} has a value. Run it again for the others."
            )
        place, row = by_row[held["id"]]
        row.names = place.names
        return _body(type_, action.back, row)

    ids = list(by_row)
    done = batch_writes.update_each(execution.acting, action.rows.object, ids, action.back, wanted)
    if len(done) != len(ids):
        left = len(ids) - len(done)
        raise Problem(
            f"{_counted(type_, left)} cannot be written into: the rule's role does not allow it, "
            "or somebody has deleted them."
        )


CREATE = ActionKind(
    "create",
    "Create records",
    ACTION_SCHEMAS["create"],
    _read,
    _perform,
    members={name: ACTION_SCHEMAS[name] for name in ("set", "as", "each", "group", "lines", "back")}
    | {IN: SCHEMAS[IN]},
    definitions=SHARED,
    acts=_acts,
    effects=(EffectKind("create", "plus", "Created", "Creates"),),
    icon="plus",
    names=_names,
)
