"""The actions of rules before a save: they set fields or refuse, and touch nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fluvial.records.drafts.draft import Draft
from fluvial.records.drafts.record_environment import RecordEnvironment
from fluvial.records.drafts.references import note_found
from metamodel.expressions.python import evaluate
from metamodel.reach import Reach

from .action_kinds import ActionKind, Json
from .action_reader import ActionReader
from .action_schemas import ACTION_SCHEMAS
from .model import Action, Refuse, Rule, Set
from .reaching import writes


def _read_set(reader: ActionReader, pointer: str, action: Mapping[str, Any]) -> Action | None:
    if reader.type is None:
        return None
    if reader.trigger.events & {"deleted", "restored"}:
        reader.check.fault(
            f"{pointer}/set",
            "not_for_the_bin",
            "Nothing can be set while a record is deleted or restored.",
            "Use `refuse`, or remove `phase: before_save` and write `update: {set: ...}`.",
        )
        return None
    return Set("set", reader.values(f"{pointer}/set", reader.type, action["set"]))


def _set(rule: Rule, draft: Draft, action: Set, environment: RecordEnvironment) -> Iterator[Json]:
    # All values first: fields of one `set` do not see each other's new values.
    values = {name: evaluate(value, environment) for name, value in action.values.items()}
    for name, value in values.items():
        given = draft.values.get(name)
        draft.set(name, value)
        note_found(draft, name, given)
    for name in values:
        yield {"kind": "set", "target": name, "value": draft.wire(name)}


def _set_acts(pointer: str, rule: Rule, action: Set) -> Iterator[Reach]:
    verb = "create" if rule.trigger.events == {"created"} else "update"
    yield from writes(f"{pointer}/set", verb, rule.trigger.object, action.values)


def _read_refuse(reader: ActionReader, pointer: str, action: Mapping[str, Any]) -> Action:
    spec = action["refuse"]
    if "field" in spec and reader.type is not None:
        reader.check.field(f"{pointer}/refuse/field", reader.type, spec["field"])
    return Refuse("refuse", spec["message"], spec.get("field", ""))


def _refuse(
    rule: Rule, draft: Draft, action: Refuse, environment: RecordEnvironment
) -> Iterator[Json]:
    draft.fault(action.field, rule.name, action.message)
    yield {"kind": "refuse", "target": action.field, "message": action.message}


SET = ActionKind(
    "set",
    "Set fields of the record",
    ACTION_SCHEMAS["set"],
    _read_set,
    save=_set,
    acts=_set_acts,
    icon="pencil",
)

REFUSE = ActionKind(
    "refuse",
    "Refuse it",
    ACTION_SCHEMAS["refuse"],
    _read_refuse,
    save=_refuse,
    icon="x",
)
