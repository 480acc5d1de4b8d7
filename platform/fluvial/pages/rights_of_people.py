"""Who may do what with the records of an object, or with one record."""

from __future__ import annotations

from collections.abc import Iterator

from fluvial.auth.access import ACTIONS, Access, access_of
from fluvial.auth.actors import Actor
from fluvial.http.call import Answer, Call
from fluvial.http.routes import Endpoint, Policy
from fluvial.kernel.problems import NotFound, Problem
from fluvial.records.reading.query import Query, SortKey
from fluvial.records.reading.reader import find_one, read_page
from fluvial.runtime.session import Session
from metamodel.catalog import ObjectType
from metamodel.roles import role_titles

from .access_pages import PEOPLE, WORDS, record_verdicts, rights_cell
from .frame import Context, page, with_query

HERE = "/studio/rights"
SHOWN = 200


def show(call: Call) -> Answer:
    session, name = call.session, call.query.get("object", "")
    if not name:
        raise Problem("Say whose records: open this page from an object or a record.")
    type_, record = session.object(name), call.query.get("record", "")
    title = type_.plural
    if record:
        found = find_one(session, name, record, (("id",), ("title",)))
        if found is None:
            raise NotFound(f"There is no {type_.label.lower()} with this id that you may see.")
        title = str(found["title"])
    rights: Context = {
        "title": title,
        "one": record != "",
        "back_href": f"/o/{name}/{record}" if record else f"/studio/objects/{name}?tab=role",
        "head": [WORDS[action] for action in ACTIONS],
        "people": list(_people(session, type_, record)),
    }
    crumbs = [("Studio", "/studio"), (type_.label, f"/studio/objects/{name}")]
    return page(
        call, "rights_of_people.html", "Who may do what", crumbs=crumbs, here="/studio",
        rights=rights,
    )  # fmt: skip


def _people(session: Session, type_: ObjectType, record: str) -> Iterator[Context]:
    """A row for each active person that the caller may see."""
    query = Query("user", (("id",),), sort=(SortKey(("name",), False),), limit=SHOWN)
    for row in read_page(session, query)["data"]:
        actor = session.engine.people.actor(session.connection, row["id"])
        if actor is None:
            continue
        access = access_of(session.catalog, actor)
        yield {
            "name": actor.name,
            "roles": ", ".join(role_titles(session.catalog, actor.roles).values()),
            "href": with_query(f"{PEOPLE}/{actor.id}/access", object=type_.name, record=record),
            "cells": _cells(session, actor, access, type_, record),
        }


def _cells(
    session: Session, actor: Actor, access: Access, type_: ObjectType, record: str
) -> list[Context]:
    if not record:
        return [rights_cell(access.object(type_.name), action) for action in ACTIONS]
    verdicts = record_verdicts(session, actor, access, type_, record)
    return [
        {"label": WORDS[action], "tone": "good" if may else "", "text": "yes" if may else "no"}
        for action, may in verdicts.items()
    ]


ENDPOINTS = (
    Endpoint("GET", HERE, show, Policy.META_READ, "Who may do what with records.", page=True),
)
