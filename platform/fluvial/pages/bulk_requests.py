"""What lists can do with many records: set fields, move to the bin, press a button."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from fluvial.http.call import Call
from fluvial.kernel.problems import Conflict, Problem, Unprocessable, fault
from fluvial.records.drafts.rows import load_row
from fluvial.records.writing.transitions import obstacle
from fluvial.runtime.session import Session
from fluvial.services import bulk_deletions, bulk_edit_job, bulk_presses
from fluvial.services.bulk_work import BulkScope
from metamodel.catalog import Field

MOST_FIELDS = 20
MEMBERS = ("ids", "key", "field", "value", "values", "delete", "action", "answers")


class BulkRequest(Protocol):
    """Something that is done with each record."""

    def attempt(self, session: Session, scope: BulkScope, record: str) -> Any:
        """Do it to one record, in a transaction that is undone; a Problem where it refuses."""

    def begin(self, session: Session, scope: BulkScope, key: str) -> str:
        """The id of the job that does it."""


@dataclass(frozen=True)
class SetValues:
    fields: tuple[Field, ...]
    values: Mapping[str, Any]

    def attempt(self, session: Session, scope: BulkScope, record: str) -> Any:
        held = bulk_edit_job.set_one(session, scope.object, record, self.values)
        return held or {"before": self.values, "after": self.values}

    def begin(self, session: Session, scope: BulkScope, key: str) -> str:
        return bulk_edit_job.begin(session, scope, self.values, key)


@dataclass(frozen=True)
class ToTheBin:
    def attempt(self, session: Session, scope: BulkScope, record: str) -> Any:
        try:
            return bulk_deletions.delete_one(session, scope.object, record)
        except Conflict as problem:
            uses = problem.extra.get("uses", ())
            if uses and {one.get("id") for one in uses} <= {*(scope.ids or ())}:
                return None  # what uses it goes to the bin as well, and before it
            raise

    def begin(self, session: Session, scope: BulkScope, key: str) -> str:
        return bulk_deletions.begin(session, scope, key)


@dataclass(frozen=True)
class PressAction:
    name: str
    answers: Mapping[str, Any]

    def attempt(self, session: Session, scope: BulkScope, record: str) -> Any:
        """Whether the record has the button: what it does is not tried, it may reach far."""
        type_ = session.object(scope.object)
        values = load_row(session, scope.object, record, "read")
        if values is None:
            raise Conflict(f"There is no {type_.label.lower()} with this id.")
        button = bulk_presses.button_of(session, scope.object, self.name)
        if reason := obstacle(session, type_, values, button):
            raise Conflict(reason)

    def begin(self, session: Session, scope: BulkScope, key: str) -> str:
        return bulk_presses.begin(session, scope, self.name, self.answers, key)


def read_request(call: Call) -> BulkRequest:
    body, object_name = call.json_object(*MEMBERS), call.params["object"]
    session = call.session
    said = [one for one in ("field", "values", "delete", "action") if one in body]
    if len(said) != 1:
        message = "Send one of `values` (fields and their values), `delete: true` and `action`."
        raise Unprocessable(message, errors=[fault("/values", "required", message)])
    if said == ["delete"]:
        if body["delete"] is not True:
            raise _wrong("delete", "`delete` is true, or left out.")
        session.object(object_name, "delete")
        return ToTheBin()
    if said == ["action"]:
        name, answers = body["action"], body.get("answers", {})
        if not isinstance(name, str) or not isinstance(answers, dict):
            raise _wrong("action", "`action` is the name of a button, `answers` its values.")
        bulk_presses.button_of(session, object_name, name)
        return PressAction(name, answers)
    values = body["values"] if said == ["values"] else _one_value(body)
    if not isinstance(values, dict) or not 0 < len(values) <= MOST_FIELDS:
        raise _wrong("values", f"`values` is an object of 1 to {MOST_FIELDS} fields.")
    fields = tuple(bulk_edit_job.field_to_set(session, object_name, name) for name in values)
    return SetValues(fields, values)


def _one_value(body: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(body["field"], str) or "value" not in body:
        raise _wrong("field", "Send `field`, the name of the field that is set, and its `value`.")
    return {body["field"]: body["value"]}


def _wrong(member: str, message: str) -> Problem:
    return Unprocessable(message, errors=[fault(f"/{member}", "not_valid", message)])
