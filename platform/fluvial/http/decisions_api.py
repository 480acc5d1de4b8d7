"""Decisions of the API: which row wins for a record or for free inputs, and why the others lost."""

from __future__ import annotations

from fluvial.records.calculated.decision_reasons import (
    decision_named,
    explain_record,
    explain_values,
    read_inputs,
)

from .call import Answer, Call
from .parameters import as_of, refuse
from .routes import Endpoint, Policy


def explain_decision(call: Call) -> Answer:
    name = call.params["name"]
    day = as_of(call)
    session = call.session if day is None else call.session.at(day)
    decision = decision_named(session, name)
    if "for" in call.query or "id" in call.query:
        call.only("for", "id", "as_of")
        for needed in ("for", "id"):
            if not call.query.get(needed):
                message = "Name both: `for` is an object, and `id` one of its records."
                raise refuse(needed, "required", message)
        return Answer.json(explain_record(session, name, call.query["for"], call.query["id"], day))
    call.only("as_of", *decision.inputs)
    rows = session.catalog.objects[decision.object]
    given = read_inputs(session, [rows.fields[one] for one in decision.inputs], call.query)
    return Answer.json(explain_values(session, name, given, day))


ENDPOINTS = (
    Endpoint(
        "GET",
        "/api/decisions/{name}",
        explain_decision,
        Policy.SIGNED_IN,
        "Which row of a decision wins for a record or for given inputs, and why the others lost.",
    ),
)
