"""The action that brings records back from the bin."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fluvial.kernel.problems import Problem
from fluvial.records.drafts.rows import Values, load_row
from fluvial.records.reading.query import Query
from fluvial.records.reading.reader import read_page
from fluvial.records.writing import bin
from metamodel.expressions.python import truth
from metamodel.reach import Reach

from .action_kinds import ActionKind
from .action_reader import ActionReader
from .action_schemas import ACTION_SCHEMAS, SHARED
from .effect_kinds import EffectKind
from .execution import Execution
from .left_out import kept_from_rule, tell_left
from .model import Action, Restore, Rule
from .named_environment import NamedEnvironment

MAX_RESTORED = 5_000


def _read(reader: ActionReader, pointer: str, action: Mapping[str, Any]) -> Action | None:
    spec, place = action["restore"], f"{pointer}/restore"
    each = tuple(spec["each"].split("."))
    type_ = reader.type
    inverse = type_.inverses.get(each[-1]) if type_ is not None and len(each) == 1 else None
    if inverse is None:
        reader.check.fault(
            f"{place}/each",
            "not_a_collection",
            f"`{spec['each']}` is not a collection of the rule's record.",
            "Name the collection of a look-up, such as loans.",
        )
        return None
    reader.check.uses(f"{place}/each", f"{inverse.source}.{inverse.field}")
    inner = reader.about(inverse.source)
    where = inner.condition(f"{place}/where", spec["where"]) if "where" in spec else None
    return Restore("restore", inverse.source, (inverse.field,), where)


def _acts(pointer: str, rule: Rule, action: Restore) -> Iterator[Reach]:
    yield Reach(f"{pointer}/restore", "delete", action.object, everywhere=True)


def _perform(execution: Execution, at: int, action: Restore) -> None:
    session = execution.acting
    type_ = session.catalog.objects[action.object]
    done: dict[str, Any] = {}
    found = list(_binned(execution, action))
    left = kept_from_rule(
        execution,
        action.object,
        "delete",
        found,
        lambda row: _wanted(execution, action, row),
        deleted=True,
    )
    for record in found:
        row = load_row(session, action.object, record, "delete", lock=True, deleted=True)
        if row is None or not _wanted(execution, action, row):
            continue  # it came back with another one
        if len(done) >= MAX_RESTORED:
            raise Problem(f"More than {MAX_RESTORED:,} records would come back. Narrow `where`.")
        bin.restore(session, action.object, record)
        done[record] = {"object": action.object, "title": row.get("title")}
    tell_left(execution, action.object, "delete", left, len(done))
    execution.effects(at, "restore", done)
    words = type_.label.lower() if len(done) == 1 else type_.plural.lower()
    execution.run.say(f"It restored {len(done)} {words}.")


def _wanted(execution: Execution, action: Restore, row: Values) -> bool:
    if action.where is None:
        return True
    type_ = execution.acting.catalog.objects[action.object]
    environment = NamedEnvironment(execution.asking, type_, row, record=execution.environment)
    return truth(action.where, environment)


def _binned(execution: Execution, action: Restore) -> Iterator[str]:
    """The records in the bin that refer to the rule's record."""
    cursor = ""
    while True:
        query = Query(
            action.object,
            fields=(("id",),),
            equals=((action.each[0], execution.event.record),),
            limit=500,
            cursor=cursor,
            deleted=True,
        )
        page = read_page(execution.acting, query)
        yield from [row["id"] for row in page["data"]]
        cursor = page["next"]
        if not cursor:
            return


RESTORE = ActionKind(
    "restore",
    "Restore records",
    ACTION_SCHEMAS["restore"],
    _read,
    _perform,
    definitions=SHARED,
    acts=_acts,
    effects=(EffectKind("restore", "arrow-back-up", "Restored", "Restores"),),
    says="restore {each|field}",
    icon="arrow-back-up",
)
