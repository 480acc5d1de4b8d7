"""Actions whose writes are kept in a change set, in place of being done: `in: record`.

What they keep is carried out and rolled back at once, as by a call, so that faults are told now.
It is kept in the name of who set the rule off.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from fluvial.kernel.problems import Problem
from fluvial.records.change_sets.keeping import keep
from fluvial.records.change_sets.writes import KeptWrites
from fluvial.runtime.session import Session
from metamodel.expressions import types
from metamodel.expressions.python import evaluate

from .action_reader import ActionReader
from .effect_kinds import EffectKind
from .execution import Execution
from .model import KeptIn
from .record_targets import targets

IN, AS_OF = "in", "as_of"
SCHEMAS: Mapping[str, Any] = {
    IN: {
        "title": "Kept in",
        "type": "string",
        "pattern": r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*){0,5}$",
        "description": "A change set in which it is kept, in place of being done: `record`, a "
        "look-up of it, or what an earlier action made.",
        "x-editor": {"more": True},
    },
    AS_OF: {
        "title": "From the day",
        "$ref": "#/$defs/expression",
        "description": "The day from which values of dated fields hold, where it is not that of "
        "the change set.",
        "x-editor": {"more": True},
    },
}
KEEP = EffectKind("keep", "git-pull-request", "Kept a change of", "Keeps a change of")
RECORD = "record"  # the rule's record itself


def read_kept_in(
    reader: ActionReader, pointer: str, action: Mapping[str, Any], object_name: str
) -> KeptIn | None:
    """Where the writes of an action are kept; faults where nothing can be."""
    if IN not in action:
        if AS_OF in action:
            message = "Only what is kept in a change set holds from a day that is named."
            reader.check.fault(f"{pointer}/{AS_OF}", "not_kept", message, "Add `in`.")
        return None
    source = str(action[IN])
    path = () if source == RECORD else reader.path(source)
    target = reader.target(f"{pointer}/{IN}", path)
    if target is None:
        return None
    document = reader.check.documents.get("object", {}).get(target.name)
    spec = document.body.get("change_set") if document is not None else None
    if spec is None:
        message = f"{target.plural} keep no changes of other records."
        hint = "Name a record whose object has `change_set`."
        reader.check.fault(f"{pointer}/{IN}", "no_change_set", message, hint)
        return None
    if object_name not in spec["of"]:
        message = f"A {target.label.lower()} does not change `{object_name}`."
        hint = f"Add `{object_name}` to `of` of its `change_set`, or remove `in`."
        reader.check.fault(f"{pointer}/{IN}", "not_changed_in_it", message, hint)
    day = None
    if AS_OF in action:
        day = reader.compile(f"{pointer}/{AS_OF}", action[AS_OF], types.DATE)
    return KeptIn(path, day)


def keep_in(
    execution: Execution, at: int, kept: KeptIn, work: Callable[[KeptWrites], None]
) -> None:
    """Keep what `work` writes in the change set of the execution, and tell it in the trace."""
    sets = targets(execution, kept.path)
    if len(sets) != 1:
        many = "several" if sets else "no"
        raise Problem(f"There is {many} record to keep changes in: {IN} must name exactly one.")
    done = keep(_keeper(execution), sets[0], None, work, lambda _: True)
    told = {
        edit.record: {"object": edit.object, "title": edit.title or None} for edit in done.edits
    }
    execution.effects(at, KEEP.name, told)
    count = len(done.edits)
    execution.run.say(f"It kept {count} change{'' if count == 1 else 's'} in {done.set.name}.")


def _keeper(execution: Execution) -> Session:
    """The rights of the rule, in the name of who set it off: nothing is kept by nobody."""
    acting, who = execution.acting, execution.asking.actor
    return acting.as_actor(replace(acting.actor, id=who.id, name=who.name or acting.actor.name))


def day_of(execution: Execution, kept: KeptIn) -> Any:
    """The day from which values hold that the action names; None is that of the change set."""
    if kept.day is None:
        return None
    day = evaluate(kept.day, execution.environment)
    if day is None:
        raise Problem(f"The day from which it holds is empty: {kept.day.source}")
    return day
