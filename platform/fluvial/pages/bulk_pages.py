"""What lists do with many records: seen before it is written, as a job, and taken back."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from fluvial.http.call import Answer, Call
from fluvial.http.long_answers import job_answer
from fluvial.http.routes import Endpoint, Policy
from fluvial.kernel.ids import is_id
from fluvial.kernel.problems import Unprocessable, fault
from fluvial.runtime import long_jobs
from fluvial.runtime.long_jobs import LongJob
from fluvial.runtime.session import Session
from fluvial.services.bulk_edit_trial import trial
from fluvial.services.bulk_work import BulkScope
from metamodel.catalog import Field

from .bulk_requests import BulkRequest, SetValues, read_request
from .list_request import listing
from .presenters import references, said
from .reader_format import ReaderFormat, format_of

PATIENCE = 0.5  # seconds until who waits is shown how far it is
MOST_PICKED = 10_000
TRIED = 25  # records that a preview tries
SAMPLE = 5


def preview(call: Call) -> Answer:
    """How many records it would be, what the first would hold, and who of them refuses."""
    scope, wanted = _asked(call)
    session = call.session
    count, first = scope.first(session, TRIED)
    found, refused = trial(session, scope.object, first, partial(wanted.attempt, session, scope))
    told = {"count": count, "tried": len(first), "refused": refused}
    if isinstance(wanted, SetValues):
        told["sample"] = _sample(session, scope.object, wanted.fields, found[:SAMPLE])
    return Answer.json(told)


def _sample(
    session: Session, object_name: str, fields: Sequence[Field], found: Sequence[tuple[str, Any]]
) -> list[dict[str, Any]]:
    """The values of the first records, before and after, as people read them."""
    fmt = format_of(session)
    fmt.names.want((object_name, record) for record, _ in found)
    for _, held in found:
        for field in fields:
            both = [held[when][field.name] for when in ("before", "after")]
            fmt.names.want(references(field, both))
    fmt.names.load()
    return [
        {
            "id": record,
            "title": fmt.names.title(object_name, record) or "",
            "changes": [
                {when: _words(field, held[when][field.name], fmt) for when in ("before", "after")}
                for field in fields
            ],
        }
        for record, held in found
    ]


def change(call: Call) -> Answer:
    """Do it: at once where it is quick, else by the workers."""
    scope, wanted = _asked(call)
    key = str(call.json_object().get("key") or "")
    if key and (not is_id(key) or _of_others(call, key)):
        raise Unprocessable(
            "`key` must be a new id.", errors=[fault("/key", "not_an_id", "Send a new UUID.")]
        )
    start = partial(wanted.begin, call.session, scope, key)
    return job_answer(call, start, _told, PATIENCE, _on_its_way)


def _of_others(call: Call, key: str) -> bool:
    job = long_jobs.found_job(call.session.connection, key)
    return job is not None and job.by != call.session.actor.id


def _told(_: Call, job: LongJob) -> Answer:
    return Answer.json(job.wire())


def _on_its_way(call: Call, id: str) -> Answer:
    return Answer.json(long_jobs.job_of(call.engine.database.connection(), id).wire(), 202)


def _asked(call: Call) -> tuple[BulkScope, BulkRequest]:
    """The records, and what is to be done with them."""
    wanted = read_request(call)
    asked = listing(call)
    if asked.session.as_of is not None:
        raise Unprocessable("Records of another day cannot be changed here. Open today's list.")
    ids = _picked(call.json_object().get("ids"))
    if ids is not None:
        return BulkScope(asked.type.name, ids=ids), wanted
    search = call.query.get("search", "").strip()
    return BulkScope(asked.type.name, asked.where, asked.equals, search), wanted


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
        "What work on all records of a list would do.", page=True,
    ),
    Endpoint(
        "POST", _BULK, change, Policy.SIGNED_IN, "Do something with all records of a list.",
        page=True,
    ),
)  # fmt: skip
