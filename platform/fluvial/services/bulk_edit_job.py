"""A bulk edit: fields of all records of a list get values, as a long job."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fluvial.kernel.problems import Forbidden
from fluvial.records.reading.reader import read_one
from fluvial.records.writing.writer import update
from fluvial.runtime.long_jobs import LongJob
from fluvial.runtime.session import Session
from metamodel.catalog import Field

from .bulk_work import BulkScope, BulkTask, begin_task

Held = dict[str, Any]  # {"before": {field: value}, "after": {field: value}}, in wire form


def field_to_set(session: Session, object_name: str, name: str) -> Field:
    """A field that the person may set on many records."""
    type_ = session.object(object_name, "update")
    field = session.access.writable(object_name).get(name)
    if field is None or session.access.hides(object_name, name):
        raise Forbidden(f"{type_.plural} have no field `{name}` that you may change.")
    return field


def begin(session: Session, scope: BulkScope, values: Mapping[str, Any], id: str = "") -> str:
    """The id of the job that sets fields."""
    labels = [field_to_set(session, scope.object, name).label for name in values]
    words = " and ".join(one for one in (", ".join(labels[:-1]), labels[-1]) if one)
    title = f"Set {words} on {session.catalog.objects[scope.object].plural.lower()}"
    return begin_task(session, EDIT, title, scope, {"values": dict(values)}, id)


def values_of(body: Mapping[str, Any]) -> dict[str, Any]:
    """The values that a job sets; jobs of an earlier version set one field."""
    return dict(body["values"] if "values" in body else {body["field"]: body["value"]})


def held_of(body: Mapping[str, Any], held: Mapping[str, Any]) -> Held:
    """What a record held, also as an earlier version has kept it."""
    if "values" in body:
        return dict(held)
    return {when: {body["field"]: held[when]} for when in ("before", "after")}


def set_one(
    session: Session, object_name: str, record: str, values: Mapping[str, Any]
) -> Held | None:
    """Change one record as any other write does; a Problem where it refuses, None where it has
    the values already."""
    read = tuple((name,) for name in values)
    there = read_one(session, object_name, record, read)
    before = {name: there[name] for name in values}
    if before == values:
        return None
    made = update(session, object_name, record, values)
    after = {name: made[name] for name in values}
    return None if before == after else {"before": before, "after": after}


def _allow(session: Session, job: LongJob) -> None:
    for name in values_of(job.body):
        field_to_set(session, job.body["object"], name)


def _do(session: Session, job: LongJob, record: str) -> Held | None:
    held = set_one(session, job.body["object"], record, values_of(job.body))
    if held is None or "values" in job.body:
        return held
    return {when: held[when][job.body["field"]] for when in ("before", "after")}


EDIT = BulkTask("bulk edit", "changed", _allow, _do)
