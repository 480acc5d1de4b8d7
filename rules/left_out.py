"""Records that the role of a rule may not change, although an action is about them: told."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fluvial.kernel.problems import Forbidden
from fluvial.records.drafts.rows import Values, load_row, load_rows
from metamodel.roles import role_titles

from .execution import Execution

AT_ONCE = 500  # rows of one question
Wanted = Callable[[Values], bool]

_CHANGES = {"update": "change", "delete": "delete"}


def kept_from_rule(
    execution: Execution,
    object_name: str,
    action: str,
    records: Sequence[str],
    wanted: Wanted = lambda _: True,
    *,
    deleted: bool = False,
) -> list[str]:
    """The records, of those that are wanted, for which the rule has not the right of an action."""
    session = execution.acting
    if session.access.unrestricted:
        return []
    found: list[str] = []
    for at in range(0, len(records), AT_ONCE):
        part = list(dict.fromkeys(records[at : at + AT_ONCE]))
        rows = _rows(execution, object_name, None, part, deleted)
        allowed: set[str] = set()
        if session.access.object(object_name).can(action):
            allowed = {row["id"] for row in _rows(execution, object_name, action, part, deleted)}
        found += [row["id"] for row in rows if row["id"] not in allowed and wanted(row)]
    return found


def _rows(
    execution: Execution, object_name: str, action: str | None, ids: Sequence[str], deleted: bool
) -> list[Values]:
    session = execution.acting
    if not deleted:
        return load_rows(session, object_name, ids, action, limit=len(ids), live=True)
    found = (load_row(session, object_name, one, action, deleted=True) for one in ids)
    return [row for row in found if row is not None]


def tell_left(
    execution: Execution, object_name: str, action: str, left: Sequence[str], done: int
) -> None:
    """Where the role may do nothing of what is asked, the run fails; else it says what it left."""
    if not left:
        return
    type_ = execution.acting.catalog.objects[object_name]
    role = role_titles(execution.acting.catalog, [execution.rule.run_as])
    name = role.get(execution.rule.run_as, execution.rule.run_as)
    words = type_.label.lower() if len(left) == 1 else type_.plural.lower()
    kept = f"{len(left):,} {words}, which the role {name} may not {_CHANGES[action]}"
    if done:
        execution.run.say(f"It left out {kept}.")
        return
    raise Forbidden(
        f"It is about {kept}. Give the role the right to {action} {type_.plural.lower()}, narrow "
        "what the rule asks for, or take another role in `run_as`."
    )
