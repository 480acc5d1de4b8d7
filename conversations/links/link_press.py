"""What a link does: its questions now, and the press, as a principal that may do nothing else.

The principal has no roles and reads nothing out: its code reads the fields that the link shows and
takes the one action, with the answers to the questions that were asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from starlette.datastructures import FormData

from fluvial.auth.actors import Actor
from fluvial.kernel.causes import Cause
from fluvial.kernel.problems import Problem
from fluvial.pages.presenters import empty, face_of, references, said
from fluvial.pages.presenters.presenter import text_in
from fluvial.pages.reader_format import Typed, format_of
from fluvial.pages.record_tables import column_along
from fluvial.records.drafts.record_environment import RecordEnvironment
from fluvial.records.drafts.record_locks import holds_on
from fluvial.records.drafts.rows import Values, load_row
from fluvial.records.reading.reader import find_one
from fluvial.records.writing import transitions
from fluvial.runtime.languages import typed_form
from fluvial.runtime.session import Session
from metamodel.catalog import Field
from metamodel.errors import ValueFault
from rules.recipient_languages import language_said

from . import link_passes
from .action_links import ActionLink, askable
from .link_passes import LinkPass
from .link_ticks import ticks_of, write_ticks

MAX_KEPT = 2_000  # characters of an answer that stays with the use


@dataclass(frozen=True)
class LinkQuestion:
    """Something that is asked for; the answer goes into the action, or stays with the use."""

    field: Field
    required: bool
    acts: bool


@dataclass(frozen=True)
class Offer:
    """What the link offers now: the action with its questions."""

    label: str
    questions: tuple[LinkQuestion, ...]


class TakenAlready(Exception):
    """Somebody else was quicker: the link has acted, or was revoked meanwhile."""


def principal(session: Session, link: ActionLink, link_pass: LinkPass) -> Session:
    """The link as a principal of its own; the chain of causes begins with it."""
    source = f"link:{link.name}"
    actor = Actor(None, f"Link {link.label}", (), unrestricted=True, rule=source)
    acting = session.as_actor(actor, Cause(((source, link_pass.id),)))
    return replace(acting, actor=replace(actor, language=_language(acting, link, link_pass)))


def _language(acting: Session, link: ActionLink, link_pass: LinkPass) -> str:
    """That of whoever reads the page, by the record; empty for the site's."""
    if link.language is None:
        return ""
    type_ = acting.catalog.objects[link.object]
    row = load_row(acting, type_.name, link_pass.record, None)
    return language_said(link.language, RecordEnvironment(acting, type_, row)) if row else ""


def offer(acting: Session, link: ActionLink, record: str) -> Offer | None:
    """The action as the record offers it now; None where it does not."""
    type_ = acting.catalog.objects[link.object]
    values = load_row(acting, type_.name, record, None)
    if values is None:
        return None
    found = _way(acting, link, values) if link.transition else _button(acting, link, values)
    if found is None:
        return None
    label, questions = found
    return Offer(label, tuple(_with_own(link, questions)))


def _way(
    acting: Session, link: ActionLink, values: Values
) -> tuple[str, list[LinkQuestion]] | None:
    type_ = acting.catalog.objects[link.object]
    hold = holds_on(acting, type_, [str(values["id"])]).get(str(values["id"]))
    for way in transitions.ways(acting, type_, values, hold):
        if way.transition.name != link.action or way.reason is not None:
            continue
        optional = set(way.transition.ask) - set(way.transition.needs)
        fields = [type_.fields[name] for name in way.asks]
        if not all(askable(field) for field in fields):
            return None  # a condition waits for what nobody outside can say
        return way.transition.label, [
            LinkQuestion(field, field.name not in optional, acts=True) for field in fields
        ]
    return None


def _button(
    acting: Session, link: ActionLink, values: Values
) -> tuple[str, list[LinkQuestion]] | None:
    type_ = acting.catalog.objects[link.object]
    for button in transitions.buttons_of(acting, type_, values):
        if button.name == link.action and not any(field.to for field in button.asks):
            asks = [LinkQuestion(field, field.required, acts=True) for field in button.asks]
            return button.label, asks
    return None


def _with_own(link: ActionLink, asked: list[LinkQuestion]) -> list[LinkQuestion]:
    """The questions of the action, then those of the link; one of both is asked once."""
    own = {field.name: field for field in link.asks}
    found = []
    for question in asked:
        mine = own.pop(question.field.name, None)
        if mine is not None:
            needed = question.required or mine.required
            field = replace(question.field, label=mine.label, required=needed)
            question = LinkQuestion(field, needed, acts=True)
        found.append(question)
    return [
        *found,
        *(
            LinkQuestion(field, field.required, acts=field.name in link.into)
            for field in own.values()
        ),
    ]


def facts(acting: Session, link: ActionLink, record: str) -> list[tuple[str, str]]:
    """What the page shows of the record: labels and values in words, of `shows` only."""
    if not link.shows:
        return []
    type_ = acting.catalog.objects[link.object]
    read = find_one(acting, type_.name, record, tuple(dict.fromkeys(link.shows))) or {}
    fmt = format_of(acting)
    columns = [column_along(acting.catalog, type_, path) for path in link.shows]
    shown = [(column.label, column.field, _value(read, column.path)) for column in columns]
    for _, field, value in shown:
        fmt.names.want(references(field, [value]))
    fmt.names.load()
    return [
        (label, "" if empty(value) else said(field, value, fmt)) for label, field, value in shown
    ]


def _value(read: Any, path: Sequence[str]) -> Any:
    for name in path:
        read = read.get(name) if isinstance(read, Mapping) else None
    return read


def see(acting: Session, link: ActionLink, record: str) -> None:
    """Take the transition of being seen where the record offers it; else nothing happens."""
    type_ = acting.catalog.objects[link.object]
    values = load_row(acting, type_.name, record, None)
    if values is None:
        return
    hold = holds_on(acting, type_, [record]).get(record)
    for way in transitions.ways(acting, type_, values, hold):
        if way.transition.name == link.seen and way.reason is None and not way.asks:
            with suppress(Problem):  # a rule that refuses it, or somebody else was quicker
                transitions.act(acting, link.object, record, link.seen, {})


@dataclass(frozen=True)
class GivenAnswers:
    """The answers of a posted page: what goes into the action, what stays, what is wrong."""

    body: Mapping[str, Any]
    kept: Mapping[str, str]
    typed: Mapping[str, Any]
    faults: Mapping[str, str]
    ticks: Mapping[str, bool] | None = None  # by record; None where nothing was posted


def read_answers(
    acting: Session, questions: Sequence[LinkQuestion], form: FormData
) -> GivenAnswers:
    """The answers in wire form. What is left empty is not said: the record keeps what it has."""
    how, fmt = typed_form(acting), format_of(acting)
    body: dict[str, Any] = {}
    kept: dict[str, str] = {}
    typed: dict[str, Any] = {}
    faults: dict[str, str] = {}
    for question in questions:
        field = question.field
        try:
            value = face_of(field).read(field, form, how)
        except ValueFault as error:
            faults[field.name] = error.message
            typed[field.name] = Typed(text_in(form, field.name))
            continue
        typed[field.name] = value
        if empty(value):
            if question.required:
                faults[field.name] = f"{field.label} is required."
        elif question.acts:
            body[field.name] = value
        else:
            kept[field.label] = said(field, value, fmt)[:MAX_KEPT]
    return GivenAnswers(body, kept, typed, faults)


def press(
    acting: Session,
    link: ActionLink,
    link_pass: LinkPass,
    given: GivenAnswers,
    place: tuple[str, str],
) -> None:
    """Take the action, once; `place` is the address and the browser that it came from.

    Raises TakenAlready, or what keeps the action from being taken.
    """
    with acting.connection.transaction():
        offered = ticks_of(acting, link.ticks, link_pass.record) if link.ticks else []
        if not link_passes.take(acting.connection, link_pass.id, acting.now, once=link.once):
            raise TakenAlready
        if link.ticks is not None and given.ticks is not None:
            write_ticks(acting, link.ticks, offered, given.ticks)
        transitions.act(acting, link.object, link_pass.record, link.action, given.body)
        link_passes.note_use(acting.connection, link_pass.id, acting.now, *place, given.kept)
