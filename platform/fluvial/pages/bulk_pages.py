"""What lists do with many records: seen before it is written, as a job, and taken back."""

from __future__ import annotations

from functools import partial
from typing import Any

from fluvial.http.call import Answer, Call
from fluvial.http.long_answers import job_answer
from fluvial.http.routes import Endpoint, Policy
from fluvial.kernel.ids import is_id
from fluvial.kernel.problems import Unprocessable, fault
from fluvial.runtime import long_jobs
from fluvial.runtime.long_jobs import LongJob
from fluvial.services.bulk_edit_job import BulkScope, begin, field_to_set
from fluvial.services.bulk_edit_trial import trial
from metamodel.catalog import Field

from .list_request import listing
from .presenters import references, said
from .reader_format import ReaderFormat, format_of

PATIENCE = 0.5  # seconds until who waits is shown how far it is
MOST_PICKED = 10_000
TRIED = 25  # records that a preview tries
SAMPLE = 5


def preview(call: Call) -> Answer:
    """How many records it would be, what the first would hold, and who of them refuses."""
    scope, field, value = _asked(call, "key")
    session, fmt = call.session, format_of(call.session)
    count, first = scope.first(session, TRIED)
    found, refused = trial(session, scope.object, first, field.name, value)
    shown = found[:SAMPLE]
    fmt.names.want((scope.object, one.record) for one in shown)
    for one in shown:
        fmt.names.want(references(field, [one.before, one.after]))
    fmt.names.load()
    sample = [
        {
            "id": one.record,
            "title": fmt.names.title(scope.object, one.record) or "",
            "before": _words(field, one.before, fmt),
            "after": _words(field, one.after, fmt),
        }
        for one in shown
    ]
    return Answer.json({"count": count, "tried": len(first), "sample": sample, "refused": refused})


def change(call: Call) -> Answer:
    """Set the field: at once where it is quick, else by the workers."""
    scope, field, value = _asked(call, "key")
    key = str(call.json_object("ids", "field", "value", "key").get("key") or "")
    if key and (not is_id(key) or _of_others(call, key)):
        raise Unprocessable(
            "`key` must be a new id.", errors=[fault("/key", "not_an_id", "Send a new UUID.")]
        )
    start = partial(begin, call.session, scope, field.name, value, key)
    return job_answer(call, start, _told, PATIENCE, _on_its_way)


def _of_others(call: Call, key: str) -> bool:
    job = long_jobs.found_job(call.session.connection, key)
    return job is not None and job.by != call.session.actor.id


def _told(_: Call, job: LongJob) -> Answer:
    return Answer.json(job.wire())


def _on_its_way(call: Call, id: str) -> Answer:
    return Answer.json(long_jobs.job_of(call.engine.database.connection(), id).wire(), 202)


def _asked(call: Call, *more: str) -> tuple[BulkScope, Field, Any]:
    """The records, the field and its value."""
    body = call.json_object("ids", "field", "value", *more)
    asked = listing(call)
    if asked.session.as_of is not None:
        raise Unprocessable("Records of another day cannot be changed here. Open today's list.")
    if not isinstance(body.get("field"), str) or "value" not in body:
        message = "Send `field`, the name of the field that is set, and its `value`."
        raise Unprocessable(message, errors=[fault("/field", "required", message)])
    field = field_to_set(call.session, asked.type.name, body["field"])
    ids = _picked(body.get("ids"))
    if ids is not None:
        return BulkScope(asked.type.name, ids=ids), field, body["value"]
    search = call.query.get("search", "").strip()
    scope = BulkScope(asked.type.name, asked.where, asked.equals, search)
    return scope, field, body["value"]


def _picked(ids: Any) -> tuple[str, ...] | None:
    if ids is None:
        return None
    good = isinstance(ids, list) and all(isinstance(one, str) and is_id(one) for one in ids)
    if not good or not 0 < len(ids) <= MOST_PICKED:
        message = f"`ids` must be a list of 1 to {MOST_PICKED:,} ids; leave it out for all records."
        raise Unprocessable(message, errors=[fault("/ids", "not_ids", message)])
    return tuple(dict.fromkeys(ids))


def _words(field: Field, value: Any, fmt: ReaderFormat) -> str:
    return said(field, value, fmt) or "empty"


_BULK = "/o/{object}/bulk"

ENDPOINTS = (
    Endpoint(
        "POST", f"{_BULK}/preview", preview, Policy.SIGNED_IN,
        "What a change of all records of a list would do.", page=True,
    ),
    Endpoint(
        "POST", _BULK, change, Policy.SIGNED_IN, "Set a field on all records of a list.", page=True,
    ),
)  # fmt: skip
