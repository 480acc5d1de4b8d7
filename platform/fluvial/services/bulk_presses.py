"""A button, or a transition, on all records of a list, as a long job with a result for each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fluvial.kernel.problems import NotFound
from fluvial.records.drafts.seams import BUTTONS, Button
from fluvial.records.writing.transitions import act, known_actions
from fluvial.runtime.long_jobs import LongJob
from fluvial.runtime.session import Session

from .bulk_work import BulkScope, BulkTask, begin_task


def button_of(session: Session, object_name: str, name: str) -> Button:
    """An action that the person may take on records of the object."""
    type_ = session.object(object_name)
    for button in known_actions(session, type_):
        if button.name == name:
            return button
    raise NotFound(f"{type_.plural} have no action `{name}` that you may take.")


def begin(
    session: Session, scope: BulkScope, name: str, answers: Mapping[str, Any], id: str = ""
) -> str:
    """The id of the job that presses a button."""
    button = button_of(session, scope.object, name)
    for buttons in session.engine.brought(BUTTONS):
        buttons.check(session, session.catalog.objects[scope.object], name, answers)
    title = f"{button.label}: {session.catalog.objects[scope.object].plural.lower()}"
    body = {"action": name, "answers": dict(answers)}
    return begin_task(session, PRESS, title, scope, body, id)


def _allow(session: Session, job: LongJob) -> None:
    button_of(session, job.body["object"], job.body["action"])


def _do(session: Session, job: LongJob, record: str) -> dict[str, Any]:
    act(session, job.body["object"], record, job.body["action"], job.body["answers"])
    return {}


PRESS = BulkTask("bulk action", "pressed", _allow, _do)
