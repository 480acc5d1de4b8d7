"""The records of the API: one way in and one way out, over HTTP."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

from fluvial.kernel.garbage import uncollected
from fluvial.kernel.ids import is_id
from fluvial.kernel.problems import Problem
from fluvial.records.calculated import recalculation_queue
from fluvial.records.calculated.reasons import reasons
from fluvial.records.drafts.record_locks import holds_on
from fluvial.records.over_time import planned_values, recorded_at
from fluvial.records.reading import history, reader, state_spans, summary
from fluvial.records.writing import revealing, transitions
from metamodel.catalog import ObjectType

from .call import Answer, Call
from .parameters import (
    as_of,
    as_of_day,
    believed_on,
    etag,
    page_query,
    paths,
    refuse,
    session_of_day,
)
from .routes import Endpoint, Handler, Policy


def _type(call: Call, action: str = "read") -> ObjectType:
    return call.session.object(call.params["object"], action)


MAX_IDS = 500
LONG = 4_000  # bytes of a body


def list_records(call: Call) -> Answer:
    if "believed_on" in call.query:
        return _list_believed(call)
    query = page_query(call, _type(call))
    for name in ("group", "measure", "format"):
        if name in call.query:
            raise refuse(name, "unknown_parameter", f"`{name}` belongs to summary or export.")
    return Answer.json(reader.read_page(call.session, query))


def _belief(call: Call) -> recorded_at.Belief:
    moment = believed_on(call)
    assert moment is not None
    if moment > call.session.now:
        raise refuse("believed_on", "not_yet", "`believed_on` cannot be in the future.")
    return recorded_at.belief_of(call.session, moment, as_of(call))


def _own_names(call: Call) -> list[str] | None:
    if "fields" not in call.query:
        return None
    return [".".join(path) for path in paths(call.query["fields"], "fields")]


def _read_believed(call: Call) -> Answer:
    record, unknown = recorded_at.read_believed(
        _belief(call), _type(call).name, call.params["id"], _own_names(call)
    )
    return Answer.json(record, 200, [("fluvial-unknown", ", ".join(unknown))] if unknown else [])


def _list_believed(call: Call) -> Answer:
    given = call.only("believed_on", "as_of", "ids", "where", "fields")
    ids = given["ids"].split(",") if "ids" in given else None
    if ids is not None and (len(ids) > MAX_IDS or not all(map(is_id, ids))):
        raise refuse("ids", "not_ids", f"`ids` must be at most {MAX_IDS} ids, separated by commas.")
    data, unknown = recorded_at.list_believed(
        _belief(call),
        _type(call).name,
        ids=ids,
        where=given.get("where", ""),
        fields=_own_names(call),
    )
    return Answer.json({"data": data, "next": None, "unknown": unknown})


def create_records(call: Call) -> Answer:
    call.only()
    with _whole(call):
        return _create(call, _type(call, "create"), call.json())


def _create(call: Call, type_: ObjectType, body: Any) -> Answer:
    if isinstance(body, list):
        done = call.writes.create_many(type_.name, body)
        return Answer.json({"data": done}, 201)
    if not isinstance(body, dict):
        raise Problem("Send a JSON object, or a list of them.")
    record = call.writes.create(type_.name, body)
    place = f"/api/records/{type_.name}/{record['id']}"
    return Answer.json(record, 201, [etag(record), ("location", place)])


def update_records(call: Call) -> Answer:
    call.only()
    with _whole(call):
        return _update(call, call.json())


def _whole(call: Call) -> AbstractContextManager[None]:
    """Batches are long: what is made of them, from body to answer, is no garbage before its end."""
    return uncollected() if len(call.body) > LONG else nullcontext()


def _update(call: Call, body: Any) -> Answer:
    if not isinstance(body, list):
        raise Problem("Send a list of changes, each with the `id` of its record.")
    if call.rev is not None:
        raise Problem(
            "`If-Match` is for a single record. In a batch each change has its own `rev`."
        )
    done = call.writes.update_many(_type(call, "update").name, body)
    return Answer.json({"data": done})


def read_record(call: Call) -> Answer:
    call.only("fields", "as_of", "believed_on")
    if "believed_on" in call.query:
        return _read_believed(call)
    fields = paths(call.query["fields"], "fields") if "fields" in call.query else None
    session = session_of_day(call)
    record = reader.read_one(session, call.params["object"], call.params["id"], fields)
    return Answer.json(record, 200, [etag(record)])


def update_record(call: Call) -> Answer:
    call.only("as_of")
    day = as_of_day(call)
    if day is not None:
        changed = call.writes.set_on(
            _type(call).name, call.params["id"], call.json_object(), day, rev=call.rev
        )
        return Answer.json(changed, 200, [etag(changed)])
    record = call.writes.update(
        _type(call).name, call.params["id"], call.json_object(), rev=call.rev
    )
    return Answer.json(record, 200, [etag(record)])


def delete_record(call: Call) -> Answer:
    call.only()
    call.writes.delete(_type(call).name, call.params["id"], rev=call.rev)
    return Answer.empty()


def restore_record(call: Call) -> Answer:
    call.only()
    record = call.writes.restore(_type(call).name, call.params["id"])
    return Answer.json(record, 200, [etag(record)])


def record_history(call: Call) -> Answer:
    call.only("limit", "cursor", "as_of")
    before = call.whole("cursor", 2**31 - 1, 1, 2**31 - 1)
    limit = call.whole("limit", 50, 1, history.MAX_ENTRIES)
    page = history.read_history(
        session_of_day(call), _type(call).name, call.params["id"], before=before, limit=limit
    )
    return Answer.json(page)


def record_states(call: Call) -> Answer:
    call.only("as_of")
    session = session_of_day(call)
    found = state_spans.read_states(session, _type(call).name, call.params["id"])
    return Answer.json({"data": found})


def records_summary(call: Call) -> Answer:
    type_ = _type(call)
    for name in ("fields", "sort", "limit", "cursor", "total", "format"):
        if name in call.query:
            raise refuse(name, "unknown_parameter", f"`{name}` applies to lists, not to a summary.")
    query = page_query(call, type_)
    groups = paths(call.query["group"], "group") if "group" in call.query else ()
    if len(groups) > summary.MAX_GROUPS:
        raise refuse("group", "too_many", f"`group` accepts at most {summary.MAX_GROUPS} fields.")
    texts = summary.split(call.query.get("measure", "count"))
    measures = tuple(summary.measure(text) for text in texts)
    rows = summary.summarise(call.session, query, groups, measures)
    body: dict[str, Any] = {"data": rows[: summary.MAX_ROWS]}
    if len(rows) > summary.MAX_ROWS:
        body["more"] = True
    return Answer.json(body)


def planned(call: Call) -> Answer:
    call.only("past")
    rows = planned_values.planned(
        call.session, _type(call).name, call.params["id"], past=call.flag("past")
    )
    return Answer.json({"data": rows})


def dated_links(call: Call) -> Answer:
    call.only()
    rows = planned_values.links(
        call.session, _type(call).name, call.params["id"], call.params["field"]
    )
    return Answer.json({"data": rows})


def withdraw_planned(call: Call) -> Answer:
    call.only()
    planned_values.withdraw(call.session, _type(call).name, call.params["id"], call.params["plan"])
    return Answer.empty()


def record_action(call: Call) -> Answer:
    call.only()
    body: dict[str, Any] = call.json_object() if call.body else {}
    record = call.writes.act(
        _type(call).name, call.params["id"], call.params["name"], body, rev=call.rev
    )
    return Answer.json(record, 200, [etag(record)])


def explain_access(call: Call) -> Answer:
    call.only("user", "as_of")
    user = call.query.get("user")
    if user is None:
        raise refuse("user", "required", "`user` must be the id of a person.")
    session = session_of_day(call)
    return Answer.json(transitions.explain(session, _type(call).name, call.params["id"], user))


def explain_lock(call: Call) -> Answer:
    """Whether a record can be changed now, by anybody, and what of it."""
    call.only()
    session, type_, record = call.session, _type(call), call.params["id"]
    reader.read_one(session, type_.name, record, (("id",),))
    hold = holds_on(session, type_, [record]).get(record)
    if hold is None:
        return Answer.json({"locked": False})
    hidden = session.access.object(type_.name).unknown
    told = {"locked": True, "reason": hold.reason, "open": sorted(hold.open - hidden)}
    return Answer.json(told)


def explain_value(call: Call) -> Answer:
    call.only("field", "as_of")
    name = call.query.get("field")
    if not name:
        raise refuse("field", "required", "`field` must be the name of a calculated field.")
    session = session_of_day(call)
    return Answer.json(reasons(session, _type(call).name, call.params["id"], name))


def recalculations(call: Call) -> Answer:
    """What is still to be worked out, of the object types and fields that the caller may read."""
    call.only()
    access = call.session.access
    seen = [
        entry
        for entry in recalculation_queue.waiting(call.session)
        if access.object(entry["object"]).can("read")
        and not access.hides(entry["object"], entry["field"])
    ]
    return Answer.json({"data": seen})


def reveal(call: Call) -> Answer:
    call.only()
    name = call.json_object("field").get("field")
    if not isinstance(name, str):
        raise refuse("/field", "required", "`field` must be the name of a protected field.")
    value = revealing.reveal(call.session, _type(call).name, call.params["id"], name)
    return Answer.json({name: value})


def reveals(call: Call) -> Answer:
    call.only()
    found = revealing.reveals(call.session, _type(call).name, call.params["id"])
    return Answer.json({"data": found})


_ONE = "/api/records/{object}/{id}"
_ALL = "/api/records/{object}"


def _within(method: str, path: str, handler: Handler, about: str) -> Endpoint:
    """Of records, also inside a change set."""
    return Endpoint(method, path, handler, Policy.SIGNED_IN, about, inside=True)


ENDPOINTS = (
    Endpoint(
        "GET",
        "/api/recalculations",
        recalculations,
        Policy.SIGNED_IN,
        "Calculated fields that workers are still updating.",
    ),
    Endpoint("GET", _ALL, list_records, Policy.SIGNED_IN, "A page of records."),
    _within("POST", _ALL, create_records, "Create a record, or a batch."),
    _within("PATCH", _ALL, update_records, "Change a batch of records."),
    Endpoint("GET", f"{_ALL}/summary", records_summary, Policy.SIGNED_IN, "Measures by group."),
    _within("GET", _ONE, read_record, "One record."),
    _within("PATCH", _ONE, update_record, "Change some fields of a record."),
    _within("DELETE", _ONE, delete_record, "Move a record to the bin."),
    _within("POST", f"{_ONE}/restore", restore_record, "Restore a record."),
    Endpoint(
        "GET",
        f"{_ONE}/history",
        record_history,
        Policy.SIGNED_IN,
        "What changed, when, and by whom.",
    ),
    Endpoint(
        "GET",
        f"{_ONE}/states",
        record_states,
        Policy.SIGNED_IN,
        "The states that a record was in, from when until when.",
    ),
    _within(
        "POST",
        f"{_ONE}/actions/{{name}}",
        record_action,
        "Run a transition or a button of a record.",
    ),
    Endpoint(
        "GET", f"{_ONE}/links/{{field}}", dated_links, Policy.SIGNED_IN, "Links with their dates."
    ),
    Endpoint(
        "GET",
        f"{_ONE}/planned",
        planned,
        Policy.SIGNED_IN,
        "Planned values, each from a day on.",
    ),
    Endpoint(
        "DELETE",
        f"{_ONE}/planned/{{plan}}",
        withdraw_planned,
        Policy.SIGNED_IN,
        "Withdraw a planned value.",
    ),
    Endpoint(
        "GET", f"{_ONE}/why", explain_value, Policy.SIGNED_IN, "How a calculated value came about."
    ),
    Endpoint(
        "GET",
        f"{_ONE}/lock",
        explain_lock,
        Policy.SIGNED_IN,
        "Whether a record is locked, and why.",
    ),
    Endpoint(
        "POST",
        f"{_ONE}/reveal",
        reveal,
        Policy.SIGNED_IN,
        "The value of a protected field; the request is logged.",
        secret=True,
    ),
    Endpoint(
        "GET", f"{_ONE}/reveals", reveals, Policy.SIGNED_IN, "Who looked at protected fields."
    ),
    Endpoint(
        "GET", f"{_ONE}/access", explain_access, Policy.ADMIN, "Why a person can see a record."
    ),
)
