"""What somebody may do here, and why: by object and by record, with the grants behind it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fluvial.auth import right_sources, seen_as
from fluvial.auth.access import ACTIONS, Access, ObjectAccess, access_of
from fluvial.auth.actors import Actor
from fluvial.auth.right_sources import RightSource
from fluvial.http import seeing_as
from fluvial.http.call import COOKIE, Answer, Call
from fluvial.http.people_api import cookie_of
from fluvial.http.routes import Endpoint, Policy
from fluvial.kernel.ids import is_id
from fluvial.kernel.problems import NotFound
from fluvial.records.drafts.record_environment import RecordEnvironment
from fluvial.records.drafts.rows import load_row
from fluvial.records.reading.reader import find_one, read_one
from fluvial.records.reading.titles import titles_of
from fluvial.runtime.session import Session
from metamodel.catalog import ObjectType
from metamodel.expressions.compiler import compile_expression
from metamodel.expressions.expression import Expression
from metamodel.expressions.python import truth
from metamodel.expressions.scope import scope_of
from metamodel.expressions.types import BOOLEAN
from metamodel.roles import role_titles

from .condition_words import ALL_RECORDS, condition_words
from .frame import Context, page, with_query
from .reader_format import ReaderFormat, format_of
from .sign_in import form_text, local

PEOPLE = "/studio/people"
WORDS = {
    "read": "See", "create": "Create", "update": "Change", "delete": "Delete", "export": "Export",
    "import": "Import", "reply": "Reply",
}  # fmt: skip
META_WORDS = {
    "read": "See the studio, with all documents, plans and revisions.",
    "write": "Change documents, within their own rights on records.",
    "roles": "Change roles, within their own rights.",
    "users": "Change what users, teams and groups are.",
    "run_as": "Name a role in which a rule runs.",
}


@dataclass(frozen=True)
class _Asked:
    """Whose rights are asked for, and by whom."""

    session: Session  # of who asks
    actor: Actor
    fmt: ReaderFormat

    @property
    def access(self) -> Access:
        return access_of(self.session.catalog, self.actor)

    @property
    def theirs(self) -> Session:
        """Conditions are tried as this person, on records as they are."""
        return replace(self.session, actor=self.actor)


def _asked(call: Call) -> _Asked:
    session, user = call.session, call.params["id"]
    read_one(session, "user", user, (("id",),))
    actor = session.engine.people.actor(session.connection, user) if is_id(user) else None
    if actor is None:
        raise NotFound("This person is not active, so they may do nothing here.")
    return _Asked(session, actor, format_of(session))


def show(call: Call) -> Answer:
    asked = _asked(call)
    name, record = call.query.get("object", ""), call.query.get("record", "")
    type_ = asked.session.object(name) if name else None
    here = f"{PEOPLE}/{asked.actor.id}/access"
    title = f"What {asked.actor.name} may do"
    shown: Context = {
        "name": asked.actor.name,
        "href": here,
        "person_href": f"/o/user/{asked.actor.id}",
        "roles": _roles(asked),
        "meta": _meta(asked),
        "object": None,
        "objects": [] if type_ else list(_objects(asked, here)),
        "choices": [
            {"value": t.name, "label": t.plural, "chosen": t.name == name}
            for t in sorted(asked.session.access.readable(), key=lambda t: t.plural)
        ],
        "see_href": _see_href(asked),
        "see_to": f"/o/{name}/{record}" if record and type_ else f"/o/{name}" if type_ else "/",
        "see_refused": seen_as.refusal(asked.session.access, asked.access),
        "times": list(_times(asked)),
    }
    if type_ is not None:
        shown["object"] = _object(asked, type_, record)
    crumbs = [("Studio", "/studio"), ("People", PEOPLE)]
    if type_ is not None:
        crumbs.append((title, here))
        title = f"{asked.actor.name}: {type_.plural.lower()}"
    return page(call, "access.html", title, crumbs=crumbs, here=PEOPLE, access=shown)


def _see_href(asked: _Asked) -> str:
    mine = asked.session.actor.id == asked.actor.id
    refused = seen_as.refusal(asked.session.access, asked.access)
    return "" if mine or refused else f"{PEOPLE}/{asked.actor.id}/see"


def _times(asked: _Asked) -> Iterator[str]:
    if not asked.session.access.admin:
        return
    found = seen_as.times_seen(asked.session.connection, str(asked.actor.id))
    names = titles_of(asked.session, "user", [one["by"] for one in found])
    for one in found:
        yield f"{names.get(one['by'], 'Somebody')}, {asked.fmt.ago(one['began'])}"


def _roles(asked: _Asked) -> list[Context]:
    """The person's roles, and those that come with them."""
    found = right_sources.ways(asked.session.catalog, asked.actor.roles)
    labels = role_titles(asked.session.catalog, found)
    return [
        {
            "label": labels[role],
            "href": f"/studio/role/{role}",
            "through": " › ".join(labels[one] for one in way),
        }
        for role, way in found.items()
    ]


def _meta(asked: _Asked) -> list[str]:
    access = asked.access
    if access.unrestricted:
        return ["Administrator: everything, without limits."]
    first = ["Manage people, tokens, rule runs and deliveries."] if access.admin else []
    return [*first, *(words for right, words in META_WORDS.items() if right in access.meta)]


def _objects(asked: _Asked, here: str) -> Iterator[Context]:
    """A row for each object, with what may be done in how many of its records."""
    for type_ in sorted(asked.session.access.readable(), key=lambda t: t.plural):
        rights = asked.access.object(type_.name)
        yield {
            "label": type_.plural,
            "icon": type_.icon,
            "href": with_query(here, object=type_.name),
            "cells": [rights_cell(rights, action) for action in ACTIONS],
        }


def rights_cell(rights: ObjectAccess, action: str) -> Context:
    where = rights.where.get(action, ())
    if action not in rights.where:
        return {"label": WORDS[action], "tone": "", "text": "no"}
    if where is None:
        return {"label": WORDS[action], "tone": "good", "text": "all"}
    return {"label": WORDS[action], "tone": "info", "text": "some"}


def _object(asked: _Asked, type_: ObjectType, record: str) -> Context:
    found = right_sources.sources(asked.session.catalog, asked.actor.roles, type_.name)
    rights = asked.access.object(type_.name)
    row, title = None, ""
    if record:
        own = find_one(asked.session, type_.name, record, (("id",), ("title",)))
        if own is None:
            raise NotFound(f"There is no {type_.label.lower()} with this id that you may see.")
        row, title = load_row(asked.session, type_.name, record, None), str(own["title"])
    return {
        "label": type_.plural,
        "one": type_.label.lower(),
        "list_href": f"/o/{type_.name}",
        "record": {"title": title, "href": f"/o/{type_.name}/{record}"} if row else None,
        "rights": [_right(asked, type_, action, found, rights, row) for action in ACTIONS],
        "fields": list(_fields(asked, type_, found, rights)),
    }


def _right(
    asked: _Asked,
    type_: ObjectType,
    action: str,
    found: Sequence[RightSource],
    rights: ObjectAccess,
    row: Any,
) -> Context:
    """One right: whether it is there, and each grant behind it in a sentence."""
    may = action in rights.where
    where = rights.where.get(action, ())
    verdict = "No" if not may else "All records" if where is None else "Some records"
    if row is not None and action != "create":
        may = _covers(asked, type_, rights, action, row)
        verdict = "Yes" if may else "No"
    behind = [one for one in found if action in one.actions]
    reasons = [_reason(asked, type_, one, row) for one in behind]
    if asked.access.unrestricted:
        reasons = [{"text": "Administrators may do everything.", "tone": "good"}]
    elif not behind:
        reasons = [{"text": "No role of theirs grants it.", "tone": ""}]
    else:
        reasons += _owners(asked, type_, action)
    tone = "good" if may and verdict != "Some records" else "info" if may else ""
    return {"label": WORDS[action], "verdict": verdict, "tone": tone, "reasons": reasons}


def _reason(asked: _Asked, type_: ObjectType, source: RightSource, row: Any) -> Context:
    labels = role_titles(asked.session.catalog, (source.role, *source.through))
    text = f"{labels[source.role]} grants it for "
    if source.everywhere:
        text += "all records of every object"
    elif source.where:
        words = condition_words(asked.session, type_, source.where, asked.fmt)
        text += f"records where {words}"
    else:
        text += f"{ALL_RECORDS} records"
    if source.through:
        text += f" (inherited by {' › '.join(labels[one] for one in source.through)})"
    if row is None or not source.where:
        return {"text": f"{text}.", "tone": "good"}
    holds = _holds(asked, type_, source.where, row)
    said = "This record is one of them." if holds else "This record is not one of them."
    return {"text": f"{text}. {said}", "tone": "good" if holds else "bad"}


def _holds(asked: _Asked, type_: ObjectType, where: Expression | str, row: Any) -> bool:
    if isinstance(where, str):
        where = compile_expression(where, scope_of(asked.session.catalog, type_.name), BOOLEAN)
    return truth(where, RecordEnvironment(asked.theirs, type_, row))


def record_verdicts(
    session: Session, actor: Actor, access: Access, type_: ObjectType, record: str
) -> dict[str, bool]:
    """What somebody may do with a record."""
    asked, rights = _Asked(session, actor, format_of(session)), access.object(type_.name)
    row = load_row(session, type_.name, record, None)
    return {
        action: row is not None and _covers(asked, type_, rights, action, row) for action in ACTIONS
    }


def _covers(asked: _Asked, type_: ObjectType, rights: ObjectAccess, action: str, row: Any) -> bool:
    where = rights.where.get(action, ())
    return where is None or any(_holds(asked, type_, one, row) for one in where)


def _owners(asked: _Asked, type_: ObjectType, action: str) -> Iterator[Context]:
    """What a part needs of the record that it belongs to."""
    needed = "read" if action in ("read", "export", "reply") else "update"
    for field in type_.owned_fields:
        if field.to is None:
            continue
        owner = asked.session.catalog.objects[field.to]
        may = asked.access.object(owner.name).can(needed)
        text = f"It is a part of the {owner.label.lower()}, which they must be able to "
        text += f"{WORDS[needed].lower()}{'' if may else ', and cannot'}."
        yield {"text": text, "tone": "" if may else "bad"}


def _fields(
    asked: _Asked, type_: ObjectType, found: Sequence[RightSource], rights: ObjectAccess
) -> Iterator[Context]:
    """The fields that are hidden or cannot be changed, with the roles that say so."""
    for field in type_.own_fields:
        if field.name in rights.masked and field.name not in rights.unknown:
            yield {
                "label": field.label,
                "verdict": "Protected",
                "text": "Hidden until they ask for the value, which is noted.",
            }
        verdict = "Hidden" if field.name in rights.unknown else ""
        verdict = verdict or ("Read only" if field.name in rights.read_only else "")
        if verdict and rights.can("read"):
            limits = [one.role for one in found if field.name in one.fields]
            labels = role_titles(asked.session.catalog, limits)
            text = f"{', '.join(labels.values())} limits it, and no other role gives more."
            yield {"label": field.label, "verdict": verdict, "text": text}


def see(call: Call) -> Answer:
    """From now on this browser sees with the rights of that person, and only looks."""
    session, user = call.session, call.params["id"]
    seeing_as.refuse_beginning(call, user)
    seeing = seen_as.begin(
        session.connection, str(session.actor.id), user, call.cookies[COOKIE], session.now
    )
    answer = Answer.redirect(local(form_text(call, "to") or "/"))
    seconds = int(seen_as.LONGEST.total_seconds())
    answer.headers.append(cookie_of(call, seeing_as.SEEN, seeing, seconds))
    return answer


def end(call: Call) -> Answer:
    seeing = call.cookies.get(seeing_as.SEEN, "")
    user = call.seen.id if call.seen is not None else None
    connection, now = call.engine.database.connection(), call.engine.clock.now()
    seen_as.end(connection, seeing, call.cookies.get(COOKIE, ""), now)
    answer = Answer.redirect(f"{PEOPLE}/{user}/access" if user else "/")
    answer.headers.append(cookie_of(call, seeing_as.SEEN, "", 0))
    return answer


_ONE = f"{PEOPLE}/{{id}}"

ENDPOINTS = (
    Endpoint(
        "GET", f"{_ONE}/access", show, Policy.META_READ, "What somebody may do, and why.", page=True
    ),
    Endpoint(
        "POST", f"{_ONE}/see", see, Policy.ADMIN, "See with somebody's rights.", page=True,
        form=True,
    ),
    Endpoint(
        "POST", "/studio/see/end", end, Policy.SIGNED_IN, "See with one's own rights again.",
        page=True, form=True, ends_view=True,
    ),
)  # fmt: skip
