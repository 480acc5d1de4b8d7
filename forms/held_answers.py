"""Answers that became no record: refused ones, and those that look like a machine's.

They are kept for some weeks, so that people see why nothing arrived and can still make a record of
what was meant. A sender can fill no database: so many an hour are kept of one address, and so many
of a form; of the rest only the refusal itself remains, which the sender was told.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from fluvial.database.connection import Connection
from fluvial.database.rate_limits import Rate, hit
from fluvial.database.statement import Statement, insert, param
from fluvial.kernel.ids import new_id
from fluvial.runtime.session import Session

from .answers import PARTS, Answers
from .form_tables import HELD
from .limits import network
from .webforms import WebForm

REFUSED, QUARANTINED = "refused", "quarantined"
KEEP_DAYS = 30
MOST = 50_000  # characters of one
OF_ADDRESS = Rate.read("20/hour")
OF_FORM = Rate.read("200/hour")
# What machines do: too quick, too often, without the work, or into the field that nobody sees.
MACHINE = frozenset(("too_fast", "too_often", "wrong_proof", "trap", "other_site"))

_h = HELD.c
_ADD = insert(HELD)
_OF_FORM = _h.form == param("the_form", _h.form)
_SAME = sa.and_(_OF_FORM, _h.sending == param("the_sending", _h.sending))
_TRIES = Statement(sa.select(_h.tries).where(_SAME))
_DROP = Statement(HELD.delete().where(_SAME))
_ONE = Statement(sa.select(HELD).where(_h.id == param("the_id", _h.id), _OF_FORM))
_DELETE = Statement(HELD.delete().where(_h.id == param("the_id", _h.id), _OF_FORM))
_PAGE = Statement(
    sa.select(HELD)
    .where(
        _OF_FORM,
        _h.state == param("the_state", _h.state),
        _h.at < param("the_at", _h.at),
    )
    .order_by(_h.at.desc())
    .limit(sa.bindparam("the_limit", type_=sa.Integer()))
)
_COUNTS = Statement(sa.select(_h.form, _h.state, sa.func.count()).group_by(_h.form, _h.state))
_FORGET = Statement(HELD.delete().where(_h.at < param("the_day", _h.at)))


@dataclass(frozen=True)
class HeldAnswers:
    id: str
    form: str
    sending: str
    state: str
    faults: list[dict[str, str]]
    said: dict[str, Any]
    tries: int
    at: datetime

    @property
    def answers(self) -> Answers:
        """What was sent, without its files."""
        link = self.said["prefill"]
        texts, values = dict(self.said["texts"]), dict(self.said["values"])
        if link:
            texts["prefill"], values["prefill"] = [link], link
        return Answers(texts=texts, values=values, json=self.said["json"])

    @property
    def files(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = self.said["files"]
        return found


def hold(
    session: Session,
    form: WebForm,
    answers: Answers,
    sending: str,
    address: str,
    faults: list[dict[str, str]],
) -> None:
    """Keep what was refused, with the reasons; a later try of the same page takes its place."""
    machine = any(one["code"] in MACHINE for one in faults)
    state = QUARANTINED if machine else REFUSED
    with session.connection.transaction():
        tries = _TRIES.row(session.connection, the_form=form.name, the_sending=sending)
        if tries is None and not _room(session, form, address):
            return
        _DROP.run(session.connection, the_form=form.name, the_sending=sending)
        _ADD.run(
            session.connection,
            id=new_id(),
            form=form.name,
            sending=sending,
            state=state,
            faults=faults,
            answers=_said(form, answers),
            tries=(tries[0] if tries else 0) + 1,
            at=session.now,
        )


def _room(session: Session, form: WebForm, address: str) -> bool:
    connection, now = session.connection, session.now
    of_address = hit(connection, now, OF_ADDRESS, "held", form.name, network(address))
    return not of_address and not hit(connection, now, OF_FORM, "held", form.name)


def _said(form: WebForm, answers: Answers) -> dict[str, Any]:
    """The answers to the form's own questions; nothing else that was sent along."""

    def asked(name: str) -> bool:
        question, dot, part = name.partition(".")
        return question in form.questions and (not dot or part in PARTS[:1])

    said: dict[str, Any] = {
        "texts": {name: texts for name, texts in answers.texts.items() if asked(name)},
        "values": {name: value for name, value in answers.values.items() if asked(name)},
        "json": answers.json,
        "prefill": answers.text("prefill"),
        "files": {
            name: [sent.filename or "" for sent in files]
            for name, files in answers.uploads.items()
            if asked(name)
        },
    }
    fits = len(repr(said)) <= MOST
    return said if fits else said | {"texts": {}, "values": {}, "files": {}, "prefill": ""}


def corrected(session: Session, form: WebForm, sending: str) -> None:
    """The same page was taken after all: what was wrong before needs nobody any more."""
    _DROP.run(session.connection, the_form=form.name, the_sending=sending)


def one(session: Session, form: WebForm, id: str) -> HeldAnswers | None:
    row = _ONE.row(session.connection, the_id=id, the_form=form.name)
    return HeldAnswers(*row) if row is not None else None


def page(
    session: Session, form: WebForm, state: str, before: datetime, limit: int
) -> list[HeldAnswers]:
    rows = _PAGE.rows(
        session.connection,
        the_form=form.name,
        the_state=state,
        the_at=before,
        the_limit=limit,
    )
    return [HeldAnswers(*row) for row in rows]


def delete(session: Session, form: WebForm, id: str) -> bool:
    return bool(_DELETE.run(session.connection, the_id=id, the_form=form.name))


def counts(session: Session) -> dict[tuple[str, str], int]:
    """How many are held, by form and state."""
    return {(form, state): count for form, state, count in _COUNTS.rows(session.connection)}


def forget(connection: Connection, now: datetime) -> None:
    _FORGET.run(connection, the_day=now - timedelta(days=KEEP_DAYS))
