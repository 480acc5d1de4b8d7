"""Long jobs over HTTP: what runs, how far it is, what came out of it."""

from __future__ import annotations

from fluvial.runtime import long_jobs
from fluvial.services import bulk_edit_undo

from .call import Answer, Call
from .routes import Endpoint, Policy


def list_jobs(call: Call) -> Answer:
    call.only()
    return Answer.json({"data": [job.wire() for job in long_jobs.visible_jobs(call.session)]})


def read_job(call: Call) -> Answer:
    call.only()
    return Answer.json(long_jobs.visible_job(call.session, call.params["id"]).wire())


def cancel_job(call: Call) -> Answer:
    call.only()
    return Answer.json(long_jobs.cancel(call.session, call.params["id"]).wire(), 202)


def retry_job(call: Call) -> Answer:
    call.only()
    return Answer.json(long_jobs.retry(call.session, call.params["id"]).wire(), 202)


def undo_job(call: Call) -> Answer:
    call.only()
    id = bulk_edit_undo.begin(call.session, call.params["id"])
    long_jobs.leave(call.engine, call.session.connection, id)
    return Answer.json(long_jobs.visible_job(call.session, id).wire(), 202)


_ONE = "/api/jobs/{id}"

ENDPOINTS = (
    Endpoint("GET", "/api/jobs", list_jobs, Policy.SIGNED_IN, "Long jobs: mine, or all."),
    Endpoint("GET", _ONE, read_job, Policy.SIGNED_IN, "One long job."),
    Endpoint("POST", f"{_ONE}/cancel", cancel_job, Policy.SIGNED_IN, "Cancel a long job."),
    Endpoint(
        "POST", f"{_ONE}/retry", retry_job, Policy.SIGNED_IN, "Let a job go on that has failed."
    ),
    Endpoint("POST", f"{_ONE}/undo", undo_job, Policy.SIGNED_IN, "Undo a bulk edit."),
)
