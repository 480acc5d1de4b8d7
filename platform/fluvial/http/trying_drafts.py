"""Calls of somebody who tries a draft of metadata: all is as if it was in force, for them alone.

Records are only read. What they change of the metadata goes into the draft.
"""

from __future__ import annotations

from dataclasses import replace

from fluvial.kernel.problems import Forbidden, Problem
from fluvial.metadata_changes.metadata_drafts import draft_of, keep_drafted, trial_of
from fluvial.runtime.languages import in_words

from .call import Answer, Call
from .routes import Endpoint, Handler, Policy

HEADER = "fluvial-draft"
TRIED = "fluvial_draft"  # the cookie that names the draft
READ_ONLY = (
    "You are trying the draft {name}: records stay as they are. Publish it or stop trying it first."
)

LATER = "Files are not made while a draft is tried. Stop trying it first."


def begin_trial(endpoint: Endpoint, call: Call) -> None:
    """Let the call see what is in force with the draft that its caller tries."""
    asked = HEADER in call.headers
    id = call.headers.get(HEADER, "") if asked else call.cookies.get(TRIED, "")
    if not id or ("authorization" in call.headers and not asked):
        return
    session = call.session
    if "write" not in session.access.meta:
        if asked:
            raise Forbidden("Your roles do not allow you to write metadata.")
        return
    try:
        call.trial = trial_of(session, draft_of(session, id))
    except Problem as problem:
        if asked:
            raise
        call.draft_fault = problem.detail
        return
    if endpoint.writes and endpoint.policy not in (Policy.META_READ, Policy.META_WRITE):
        raise Forbidden(words(call))
    call.session = replace(session, catalog=call.trial.catalog, drafting=[])


def words(call: Call) -> str:
    """Why nothing is written while a draft is tried; empty where none is."""
    return READ_ONLY.format(name=call.trial.draft.name) if call.trial is not None else ""


def in_trial(call: Call, handler: Handler, *, words: bool = False) -> Answer:
    """The answer to a call in the draft; what it changes of the metadata is kept in the draft.

    With `words` it is a page in the words of its reader.
    """
    assert call.trial is not None
    session = call.session
    connection = session.connection
    try:
        with connection.read_only(), connection.reading_over(call.trial.overlay):
            if words:
                call.session = in_words(call.session)
            answer = handler(call)
            if answer.next is not None or answer.stream is not None:
                raise Forbidden(LATER)  # what comes later is read from what is stored
    except BaseException:
        # The page of the problem shows what is in force.
        in_force = call.engine.catalogs.current(connection)
        call.session = replace(session, catalog=in_force, drafting=None)
        raise
    if session.drafting:
        keep_drafted(session, call.trial.draft, session.drafting)
    return answer
