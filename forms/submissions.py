"""Submissions: an answered web form becomes one record, once."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from fluvial.auth.actors import Actor
from fluvial.database.connection import UniqueError
from fluvial.database.statement import Statement, insert, param
from fluvial.http.call import Call
from fluvial.kernel.causes import Cause
from fluvial.kernel.ids import new_id
from fluvial.kernel.problems import Problem, Unprocessable, fault
from fluvial.records.drafts.attachments import described
from fluvial.records.drafts.rows import empty, load_row
from fluvial.records.writing import writer
from fluvial.runtime.session import Session
from metamodel.errors import ValueFault

from . import held_answers, limits
from .answers import Answers, content, from_json, keep_files, read, unknown
from .asked_questions import asked
from .form_tables import SUBMISSION
from .held_answers import HeldAnswers
from .tokens import Signer, Token, TokenFault, proved
from .webforms import SLOT, WebForm, webforms_of

SLOWER = 5  # so many times the usual seconds where a browser cannot prove its work
SLOWEST = 15  # and at least these

_ADD = insert(SUBMISSION)
_s = SUBMISSION.c
_RECORD = Statement(
    sa.select(_s.record).where(
        _s.nonce == param("the_nonce", _s.nonce), _s.form == param("the_form", _s.form)
    )
)
_FIND = Statement(
    sa.select(_s.id, _s.message).where(
        _s.nonce == param("the_nonce", _s.nonce), _s.form == param("the_form", _s.form)
    )
)


@dataclass(frozen=True)
class Receipt:
    """The answer to whoever posted: an opaque id and thanks, never the record."""

    submission: str
    message: str


def signer_of(call: Call, form: WebForm) -> Signer:
    return Signer(call.engine.settings.secret_key, form.name)


def form_session(session: Session, form: WebForm, submission: str) -> Session:
    """The form as a principal of its own. It sets the fields of its document and reads nothing out.

    The chain of causes begins with `webform:NAME`, which rules can ask for.
    """
    source = f"webform:{form.name}"
    actor = Actor(None, f"Web form {form.label}", (), unrestricted=True, rule=source)
    return session.as_actor(actor, Cause(((source, submission),)))


def submit(call: Call, form: WebForm, answers: Answers) -> Receipt:
    """Create the record, once; what is refused is held with its reasons, for the form's people."""
    try:
        receipt = _submit(call, form, answers)
    except Problem as problem:
        if problem.status < 500:
            held_answers.hold(
                call.session, form, answers, _sending(call, form, answers), call.client,
                _reasons(problem),
            )  # fmt: skip
        raise
    held_answers.corrected(call.session, form, _sending(call, form, answers))
    return receipt


def _reasons(problem: Problem) -> list[dict[str, str]]:
    code = {403: "other_site", 429: "too_often"}.get(problem.status, "refused")
    return [dict(one) for one in problem.errors] or [fault("", code, problem.detail)]


def refused_site(call: Call, form: WebForm, answers: Answers, problem: Problem) -> None:
    """A post of a site that is not on the form's list: its people learn of it."""
    sending = _sending(call, form, answers)
    held_answers.hold(call.session, form, answers, sending, call.client, _reasons(problem))


def _sending(call: Call, form: WebForm, answers: Answers) -> str:
    """What makes several tries one: the page that they come from, else what is said."""
    try:
        return signer_of(call, form).read_token(answers.text("token"), call.session.now).nonce
    except TokenFault:
        said = f"{limits.network(call.client)} {call.session.today} {content(form, answers)}"
        return hashlib.sha256(said.encode()).hexdigest()


def _submit(call: Call, form: WebForm, answers: Answers) -> Receipt:
    """Check everything, then create the record; a second post of the same page changes nothing."""
    token = check_token(call, form, answers)
    key = _key(call, form, answers, token)
    earlier = _earlier(call.session, form, key)
    if earlier is not None:
        return earlier
    if form.trap and answers.text(form.trap):
        _trapped(call, form, answers)
        return Receipt(new_id(), _filled(form.message, {}))
    refuse(unknown(form, answers))
    _check_pace(call, form, answers, token)
    return _record(call, form, answers, key, token)


def _trapped(call: Call, form: WebForm, answers: Answers) -> None:
    message = "The field that people do not see was filled in, as machines do."
    sending = _sending(call, form, answers)
    faults = [fault("", "trap", message)]
    # Under another name than the page: the usual answer must not take it for corrected.
    held_answers.hold(call.session, form, answers, f"trap {sending}", call.client, faults)


def send_on(call: Call, form: WebForm, held: HeldAnswers, answers: Answers) -> str:
    """Make the record of held answers, as somebody corrected them; its id."""
    key = f"held {held.id}"
    _record(call, form, answers, key, None, since=held.at)
    held_answers.delete(call.session, form, held.id)
    row = _RECORD.row(call.session.connection, the_nonce=key, the_form=form.name)
    assert row is not None
    return str(row[0])


def _record(
    call: Call,
    form: WebForm,
    answers: Answers,
    key: str | None,
    token: Token | None,
    since: datetime | None = None,
) -> Receipt:
    """The record of answers that may be taken. `since` is when they came, if that was before."""
    submission = new_id()
    session = form_session(call.session, form, submission)
    filled, faults = prefilled(call, form, answers, since)
    questions = asked(session, form, answers, filled).of(form.questions.values())
    values, more = read(session, questions, answers)
    missing = [f"/{name}" for name in filled]
    faults += [f for f in more if f["code"] != "required" or f["pointer"] not in missing]
    refuse(faults)
    if since is None:
        limits.count(call.session, form, call.client)
    try:
        with session.connection.transaction():
            kept, faults = keep_files(session, questions, answers, signer_of(call, form), token)
            refuse(faults)
            attached = {name: [described(row) for row in rows] for name, rows in kept.items()}
            fixed = {**filled, **values, **attached, **form.fixed}
            return _create(session, form, key or submission, submission, fixed)
    except UniqueError:
        earlier = _earlier(call.session, form, key)
        if earlier is None:
            raise
        return earlier


def answer(session: Session, name: str, values: Mapping[str, Any]) -> bool:
    """Answer the web form of this name as an app's test does: nothing is held for spam."""
    form = next((f for f in webforms_of(session.catalog).values() if f.name == name), None)
    if form is None:
        return False
    call = Call(session.engine, "POST", f"/forms/{form.slug}", b"", {}, b"", {})
    call.session = session
    token = signer_of(call, form).token(session.now)
    open_form = replace(form, min_seconds=0, proof_of_work=False)
    submit(call, open_form, from_json({"token": token, **values}))
    return True


def _create(
    session: Session, form: WebForm, key: str, submission: str, values: dict[str, Any]
) -> Receipt:
    record = writer.create(session, form.object, {}, fixed=values)
    stored = load_row(session, form.object, record["id"], None) or {}
    message = _filled(form.message, _shown(session, form, stored))
    _ADD.run(
        session.connection,
        nonce=key,
        id=submission,
        form=form.name,
        object=form.object,
        record=record["id"],
        message=message,
        at=session.now,
    )
    return Receipt(submission, message)


def refuse(faults: list[dict[str, str]]) -> None:
    if faults:
        count = len(faults)
        first = faults[0]["message"]
        detail = first if count == 1 else f"{count} errors. The first: {first}"
        raise Unprocessable(detail, errors=faults)


def check_token(call: Call, form: WebForm, answers: Answers) -> Token | None:
    """The one-time token; None where it may be missing.

    JSON needs it unless the form says otherwise; a plain form of another site cannot read one.
    """
    text = answers.text("token")
    if not text:
        if form.api if answers.json else not form.proof_of_work:
            return None
        message = f"Send the one-time `token` of GET /forms/{form.slug}.json with the answers."
        raise Unprocessable(message, errors=[fault("/token", "required", message)])
    try:
        return signer_of(call, form).read_token(text, call.session.now)
    except TokenFault as error:
        raise Unprocessable(
            error.message, errors=[fault("/token", error.code, error.message)]
        ) from error


def _check_pace(call: Call, form: WebForm, answers: Answers, token: Token | None) -> None:
    """Machines are quick: so many seconds, or with proof of work the work itself."""
    if token is None:
        return
    seconds = (call.session.now - token.issued).total_seconds()
    least = form.min_seconds
    if form.proof_of_work:
        proof = answers.text("proof")
        if proof and not proved(token.nonce, proof):
            refuse([fault("/proof", "wrong_proof", "The proof does not match the challenge.")])
        if not proof and answers.json:
            refuse([fault("/proof", "required", "Send the `proof` for the form's challenge.")])
        if not proof:
            least = max(least * SLOWER, SLOWEST)
    if seconds < least:
        refuse(
            [
                fault(
                    "/token",
                    "too_fast",
                    "That was very quick. Check your answers and send the form again.",
                )
            ]
        )


def prefilled(
    call: Call, form: WebForm, answers: Answers, at: datetime | None = None
) -> tuple[dict[str, Any], list[dict[str, str]]]:
    """The values of a signed link that came along, as it held when the answers came."""
    text = answers.text("prefill")
    if not text:
        return {}, []
    try:
        wire = signer_of(call, form).read_link(text, at or call.session.now)
    except TokenFault as error:
        return {}, [fault("/prefill", error.code, error.message)]
    return parsed(form, wire)


def parsed(form: WebForm, wire: Mapping[str, Any]) -> tuple[dict[str, Any], list[dict[str, str]]]:
    """The canonical values of fields that links may fill in."""
    known = {field.name: field for field in form.prefill}
    values, faults = {}, []
    for name, raw in wire.items():
        field = known.get(name)
        if field is None:
            message = f"Links to this form cannot fill in `{name}`."
            faults.append(fault(f"/values/{name}", "unknown_field", message))
            continue
        try:
            if not empty(raw):
                values[name] = field.kind.parse(field, raw)
        except ValueFault as error:
            faults.append(fault(f"/values/{name}", error.code, error.message))
    return values, faults


def _key(call: Call, form: WebForm, answers: Answers, token: Token | None) -> str | None:
    """What makes one submission: the showing of the page, and what was answered on it.

    Who goes back and answers otherwise sends another one. Where another site's own form brings no
    token, the same answers of the same sender on one day are one. JSON without one always counts.
    """
    said = content(form, answers)
    if token is not None:
        return f"{token.nonce}.{said}"
    if answers.json:
        return None
    sender = f"{limits.network(call.client)} {call.session.today} {form.name} {said}"
    return f"form.{hashlib.sha256(sender.encode()).hexdigest()}"


def _earlier(session: Session, form: WebForm, key: str | None) -> Receipt | None:
    if key is None:
        return None
    row = _FIND.row(session.connection, the_nonce=key, the_form=form.name)
    return Receipt(*row) if row else None


def _shown(session: Session, form: WebForm, stored: Mapping[str, Any]) -> dict[str, str]:
    fields = session.catalog.objects[form.object].fields
    return {
        name: fields[name].kind.show(fields[name], stored[name])
        for name in SLOT.findall(form.message)
        if not empty(stored.get(name))
    }


def _filled(message: str, slots: Mapping[str, str]) -> str:
    return " ".join(SLOT.sub(lambda match: slots.get(match[1], ""), message).split())
