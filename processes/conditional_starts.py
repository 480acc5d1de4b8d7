"""Processes that start by themselves when a record comes to meet their condition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fluvial.records.drafts.draft import Draft
from fluvial.records.drafts.record_environment import RecordEnvironment
from metamodel.catalog import Catalog
from metamodel.expressions.python import truth

from .definition import Process
from .run_rows import is_running
from .task_steps import start
from .versions import processes_of


def _by_object(catalog: Catalog) -> Mapping[str, tuple[Process, ...]]:
    """The processes that wait for a condition, by the object of their subject."""
    found: dict[str, tuple[Process, ...]] = {}
    for process in processes_of(catalog).values():
        if process.when is not None and process.active:
            found[process.subject] = (*found.get(process.subject, ()), process)
    return found


def stored(drafts: Sequence[Draft], event: str) -> None:
    """Start processes for records that meet their condition now, and did not before."""
    session, type_ = drafts[0].session, drafts[0].type
    waiting = session.catalog.derive(_by_object).get(type_.name, ())
    if not waiting or event == "deleted" or session.quiet:
        return
    acting = session.as_actor(session.actor)  # what was read ahead is not known to it
    for draft in drafts:
        for process in waiting:
            if _met(draft, process) and not is_running(acting, process.name, draft.id):
                start(acting, process, (type_.name, draft.id))


def _met(draft: Draft, process: Process) -> bool:
    assert process.when is not None
    now = RecordEnvironment(draft.session, draft.type, draft.values, fresh=True)
    if not truth(process.when, now):
        return False
    if draft.before is None:
        return True
    before = RecordEnvironment(draft.session, draft.type, draft.before)
    return not truth(process.when, before)
