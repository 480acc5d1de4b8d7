"""Stopwatches over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fluvial.http.call import Answer, Call
from fluvial.http.routes import Endpoint, Policy
from fluvial.kernel.problems import Unprocessable, fault

from .running_watches import mine, running, start, stop, wire


def show(call: Call) -> Answer:
    """The stopwatch of the person who asks, or null."""
    call.only()
    there = running(call.session)
    return Answer.json({"running": None if there is None else wire(there)})


def begin(call: Call) -> Answer:
    call.only("instead")
    session, name = call.session, call.params["object"]
    begun = start(session, name, _body(call), instead=call.flag("instead"))
    return Answer.json({"running": wire(begun)}, 201)


def end(call: Call) -> Answer:
    call.only()
    there = mine(call.session, call.params["object"])
    return Answer.json(stop(call.session, there, _body(call)))


def _body(call: Call) -> Mapping[str, Any]:
    body = call.json() if call.body else {}
    if not isinstance(body, dict):
        message = "Send the fields of the record, or nothing."
        raise Unprocessable(message, errors=[fault("", "not_an_object", message)])
    return {name: value for name, value in body.items() if name != "rev"}


ENDPOINTS = (
    Endpoint("GET", "/api/stopwatch", show, Policy.SIGNED_IN, "The stopwatch that runs for me."),
    Endpoint(
        "POST", "/api/stopwatches/{object}/start", begin, Policy.SIGNED_IN,
        "Start a stopwatch; `instead=true` stops the one that runs.",
    ),
    Endpoint(
        "POST", "/api/stopwatches/{object}/stop", end, Policy.SIGNED_IN,
        "Stop it, with how long it took or without.",
    ),
)  # fmt: skip
