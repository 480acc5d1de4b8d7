"""The main action on the page of a task: what is asked for, and what was done of it."""

from __future__ import annotations

from typing import Any

from fluvial.pages.reader_format import ReaderFormat, record_href
from fluvial.records.drafts.rows import Values
from fluvial.records.reading.reader import find_one
from fluvial.runtime.session import Session
from metamodel.folding import humanise
from rules import effects

from . import main_actions
from .answer_fields import inputs
from .definition import APPROVE, CALL, CREATE, DOCUMENT, FILL, MAIL, MainAction, ProcessStage
from .made_records import Made, made_by
from .ordered_actions import became, label_of, state_of
from .run_moves import RunAtWork
from .run_rows import OPEN, TAKEN
from .why_waiting import who_words

Context = dict[str, Any]
TITLES = {MAIL: "Send an e-mail", FILL: "Fill in", APPROVE: "Approve or reject"}
# The words of the button, at first and once more.
BUTTONS = {
    CREATE: ("Create", "Create"), MAIL: ("Send", "Send again"), FILL: ("Save", "Save"),
    CALL: ("Call", "Call again"), DOCUMENT: ("Make the document", "Make it again"),
}  # fmt: skip
AGAIN = (MAIL, APPROVE, CALL, DOCUMENT)  # what may be done more than once
WORDS = {effects.PENDING: "under way", effects.DONE: "done"}


def shown_action(
    session: Session, run: RunAtWork, held: Values, stage: ProcessStage, fmt: ReaderFormat
) -> Context | None:
    action = stage.action
    if action is None:
        return None
    fields, usual = main_actions.questions(session, run, action), {}
    if held["status"] in (OPEN, TAKEN):
        usual = main_actions.usual_values(session, run, action)
    lacks = main_actions.lacking(run, held, action)
    state = state_of(session, held["id"], action)[0] if action.verb in (CALL, DOCUMENT) else ""
    first, once_more = BUTTONS.get(action.verb, ("", ""))
    return {
        "title": _title(session, action),
        "verb": action.verb,
        "must": action.must,
        "done": not lacks,
        "again": action.verb in AGAIN,
        "under_way": state == effects.PENDING,
        "button": once_more if state or not lacks else first,
        "lacks": lacks,
        "inputs": inputs(fields, usual, fmt),
    }


def _title(session: Session, action: MainAction) -> str:
    if action.verb == CREATE:
        return f"Create a record: {session.catalog.objects[action.object].label}"
    if action.verb == CALL:
        return f"Call {label_of(session, action)}"
    if action.verb == DOCUMENT:
        return f"Make the document {label_of(session, action)}"
    return TITLES[action.verb]


def shown_made(session: Session, held: Values, fmt: ReaderFormat) -> list[Context]:
    """What was done of the main action, each with who and when."""
    found = []
    for one in made_by(session, held["id"]):
        seen = session.access.object(one.object).can("read") and find_one(
            session, one.object, one.record, (("title",),)
        )
        words, note = _words(session, one)
        if one.verb == CREATE:
            words = str(seen["title"]) if seen else "A record that is not visible to you"
        found.append({
            "words": words,
            "note": note,
            "href": record_href(one.object, one.record) if one.verb == CREATE and seen else "",
            "at": fmt.full(one.at),
            "by": who_words(session, ("user", one.by)) if one.by else "",
        })  # fmt: skip
    return found


def _words(session: Session, one: Made) -> tuple[str, str]:
    """What one thing was, and the words below it."""
    if one.verb in (CALL, DOCUMENT):
        action = MainAction(one.verb, must=False, target=str(one.said.get("target") or ""))
        state, said = became(session, one.said)
        what = "Call of" if one.verb == CALL else "Document"
        return f"{what} {label_of(session, action)}: {WORDS.get(state, 'failed')}", said
    words = {
        MAIL: f"E-mail to {one.said.get('to', '')}: {one.said.get('subject', '')}",
        APPROVE: "Approved" if one.said.get("approved") else "Rejected",
        FILL: "Filled in " + ", ".join(map(humanise, one.said.get("fields", ()))).lower(),
    }
    return words.get(one.verb, ""), str(one.said.get("note") or "")
