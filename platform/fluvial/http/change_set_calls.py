"""Calls inside a change set: `?change_set=ID` keeps what they write, and shows what is kept."""

from __future__ import annotations

import re
from functools import partial

from fluvial.kernel.problems import Problem
from fluvial.records.change_sets.carrying_out import day_for
from fluvial.records.change_sets.keeping import keep, look_inside
from fluvial.records.change_sets.set_records import SetRecord
from fluvial.records.change_sets.writes import KeptWrites

from .call import Answer, Call
from .parameters import refuse
from .routes import Endpoint, Handler

PARAMETER = "change_set"
KEPT = "fluvial-kept"  # the ids of the edits that were kept

_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def handler_of(endpoint: Endpoint, call: Call) -> Handler:
    """The handler of a call, which works inside the change set that its address names."""
    if not call.change_set and (PARAMETER not in call.query or _is_field(endpoint, call)):
        return endpoint.handler
    if not endpoint.inside:
        if not endpoint.writes:
            return endpoint.handler  # it says itself that it does not know the parameter
        message = "This is done at once, so it cannot be kept in a change set."
        raise refuse(PARAMETER, "not_kept", message)
    # It is tried again where another transaction was in the way: then the address has lost it.
    call.change_set = call.change_set or call.query.pop(PARAMETER)
    return partial(_keep if endpoint.writes else _look, endpoint)


def _is_field(endpoint: Endpoint, call: Call) -> bool:
    """Whether the address of a page brings a value of a field with the name of the parameter."""
    type_ = call.session.catalog.objects.get(call.params.get("object", ""))
    return endpoint.page and type_ is not None and PARAMETER in type_.fields


def _keep(endpoint: Endpoint, call: Call) -> Answer:
    session = call.session

    def work(writes: KeptWrites) -> Answer:
        call.rewind()
        call.kept, call.inside = writes, writes.set
        call.session = session.at(writes.day) if endpoint.page and writes.day else session
        return endpoint.handler(call)

    kept = keep(session, call.change_set, _named(call), work, lambda answer: answer.status < 400)
    if not kept.edits:
        return kept.result
    return _accepted(endpoint, call, kept.result, [edit.id for edit in kept.edits])


def _accepted(endpoint: Endpoint, call: Call, answer: Answer, ids: list[str]) -> Answer:
    """The answer of a write that was kept in place of being carried out."""
    inside = f"{PARAMETER}={call.change_set}"
    answer.headers = [
        (name, f"{value}{'&' if '?' in value else '?'}{inside}" if name == "location" else value)
        for name, value in answer.headers
        if name != "etag"  # of a revision that is not there yet
    ]
    answer.headers.append((KEPT, ", ".join(ids)))
    if not endpoint.page:
        answer.status = 202
        if not answer.body:
            answer = Answer.json({"kept": ids}, 202, answer.headers)
    return answer


def _look(endpoint: Endpoint, call: Call) -> Answer:
    session = call.session

    def work(set_: SetRecord) -> Answer:
        call.inside = set_
        call.session = session
        day = day_for(session, set_.day)
        if day is not None and "as_of" not in call.query:
            call.query["as_of"] = day.isoformat()
        return endpoint.handler(call)

    if call.seen is not None:
        raise Problem("While you look as somebody else, nothing can be looked at in a change set.")
    return look_inside(session, call.change_set, _named(call) or (), work)


def _named(call: Call) -> frozenset[str] | None:
    """The ids in a call: what it is about. None where a file says that."""
    if call.form is not None:
        texts = [value for _, value in call.form.multi_items()]
        if not all(isinstance(value, str) for value in texts):
            return None
        said = " ".join(map(str, texts))
    else:
        said = call.body.decode("utf-8", "replace")
    address = f"{call.path} {call.raw_query.decode('ascii', 'replace')}"
    return frozenset(_ID.findall(f"{address} {said}")) - {call.change_set}
