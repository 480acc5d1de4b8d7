"""Who does a task: roles, people and fields of the subject, with substitutes of those away."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from fluvial.auth.access import with_inherited
from fluvial.auth.active_accounts import EVERYBODY
from fluvial.auth.actors import ADMINISTRATOR
from fluvial.database.columns import Stored
from fluvial.database.object_tables import tables_of
from fluvial.database.statement import Statement
from fluvial.records.drafts.record_environment import RecordEnvironment
from fluvial.records.drafts.rows import Values, load_row
from fluvial.runtime.session import Session
from metamodel.catalog import Catalog
from metamodel.expressions.types import ROLE
from metamodel.folding import fold
from metamodel.storage import DATE, UUID

from .kept_names import SUBSTITUTE

Who = tuple[str, str]  # ("user", id), ("team", id), ("group", id) or ("role", name)
MOST = 200  # people who are named one by one
NOBODY_LEFT: Who = (ROLE, ADMINISTRATOR)


@dataclass(frozen=True)
class Assigned:
    """Who has a task, and why, where that is not what the stage says."""

    first: Who
    others: tuple[Who, ...] = ()
    reason: str = ""


class _Away:
    """The statement about substitutes of one catalog."""

    def __init__(self, catalog: Catalog) -> None:
        row = tables_of(catalog).objects[SUBSTITUTE].c
        day = sa.bindparam("the_day", type_=Stored(DATE))
        there = (row.deleted_at.is_(None), row.absent_from <= day, row.absent_until >= day)
        asked = sa.bindparam("the_user", type_=Stored(UUID))
        self.of = Statement(
            sa.select(row.substitute)
            .where(row.person == asked, *there)
            .order_by(row.absent_from.desc())
            .limit(1)
        )
        self.whose = Statement(sa.select(row.person).where(row.substitute == asked, *there))


def assign(
    session: Session,
    named: Iterable[Mapping[str, Any]],
    owner: Who,
    starter: Who | None,
    subject: RecordEnvironment,
) -> Assigned:
    """Those who are named, as far as they are there; else the owner of the run."""
    found: list[Who] = []
    missing: list[str] = []
    for one in named:
        there = [who for who in _named(session, one, starter, subject) if _is_there(session, who)]
        found += there
        if not there:
            missing.append(_words(one))
    unique = list(dict.fromkeys(found))
    if not unique:
        said = f"{' and '.join(missing)} is nobody" if missing else "The stage names no performer"
        return _with_substitute(session, Assigned(owner, (), f"{said}, so the owner has it."))
    first, others = unique[0], _people(session, unique[1:])
    return _with_substitute(session, Assigned(first, tuple(others[:MOST])))


def _words(named: Mapping[str, Any]) -> str:
    ((kind, name),) = named.items()
    return "Who started it" if kind == "starter" else f"The {kind} {name}"


def _with_substitute(session: Session, assigned: Assigned) -> Assigned:
    kind, user = assigned.first
    substitute = substitute_of(session, user) if kind == "user" else None
    if substitute is None:
        return assigned
    away, name = (load_row(session, "user", one, None) or {} for one in (user, substitute))
    said = f"{away.get('name', '')} is away, so {name.get('name', '')} has it."
    reason = f"{assigned.reason} {said}".strip()
    return Assigned(("user", substitute), (*assigned.others, assigned.first), reason)


def _away(session: Session) -> _Away | None:
    """None on a server that keeps no substitutes: the package of processes is not installed."""
    return session.catalog.derive(_Away) if SUBSTITUTE in session.catalog.objects else None


def substitute_of(session: Session, user: str) -> str | None:
    """Who stands in for a person today, through at most a few others who are away too."""
    statements, day = _away(session), session.today
    if statements is None:
        return None
    seen, found = {user}, None
    while (row := statements.of.row(session.connection, the_user=user, the_day=day)) is not None:
        if row[0] is None or row[0] in seen or not _is_there(session, ("user", row[0])):
            break
        found = user = row[0]
        seen.add(user)
    return found


def stands_in_for(session: Session, user: str, day: date) -> set[str]:
    """The people for whom somebody stands in on a day."""
    statements = _away(session)
    if statements is None:
        return set()
    rows = statements.whose.rows(session.connection, the_user=user, the_day=day)
    return {row[0] for row in rows if row[0] is not None}


def owner_of(
    session: Session,
    spec: Mapping[str, Any] | None,
    starter: Who | None,
    subject: RecordEnvironment,
) -> Who:
    """Who is responsible for a run: there is always somebody."""
    named = _named(session, spec, starter, subject) if spec is not None else ()
    there = (who for who in (*named, starter) if who is not None and _is_there(session, who))
    return next(there, NOBODY_LEFT)


def _named(
    session: Session,
    spec: Mapping[str, Any],
    starter: Who | None,
    subject: RecordEnvironment,
) -> Iterator[Who]:
    if "role" in spec:
        yield (ROLE, spec["role"])
    elif "user" in spec:
        wanted = fold(spec["user"])
        rows = EVERYBODY.rows(session.connection)
        yield from (("user", id) for id, email, _, _ in rows if fold(email or "") == wanted)
    elif "field" in spec:
        value = subject.read(tuple(spec["field"].split(".")))
        for one in value if isinstance(value, list) else [value]:
            if one:
                yield one if isinstance(one, tuple) else ("user", one)
    elif starter is not None:
        yield starter


def _is_there(session: Session, who: Who) -> bool:
    """Whether anybody is behind it who can sign in."""
    kind, name = who
    if kind == ROLE:
        return any(_has_role(session.catalog, held, name) for held in _held(session))
    if kind == "user":
        row = load_row(session, "user", name, None)
        return row is not None and bool(row.get("active"))
    return bool(_members(session, who))


def _held(session: Session) -> list[Any]:
    return [roles for _, _, _, roles in EVERYBODY.rows(session.connection)]


def _has_role(catalog: Catalog, held: Any, name: str) -> bool:
    return name in (held or ()) or name in with_inherited(catalog, held or ())


def _members(session: Session, who: Who) -> list[Who]:
    kind, name = who
    link = tables_of(session.catalog).links["user", f"{kind}s"].c
    asked = sa.bindparam("the_set", type_=Stored(UUID))
    rows = Statement(sa.select(link.source).where(link.target == asked)).rows(
        session.connection, the_set=name
    )
    return [("user", id) for (id,) in rows if _is_there(session, ("user", id))]


def colleagues_of(session: Session) -> tuple[str, ...]:
    """Who acts, and the people of their teams; those who can sign in."""
    me = session.actor.id
    if me is None:
        return ()
    teams = session.actor.sets.get("teams", ())
    found = [id for team in sorted(teams) for _, id in _members(session, ("team", team))]
    return tuple(dict.fromkeys([me, *found]))


def _people(session: Session, named: Iterable[Who]) -> list[Who]:
    """The people behind what is named, one by one."""
    found: list[Who] = []
    for kind, name in named:
        if kind == "user":
            found.append((kind, name))
        elif kind == ROLE:
            rows = EVERYBODY.rows(session.connection)
            found += [
                ("user", id) for id, _, _, held in rows if _has_role(session.catalog, held, name)
            ]
        else:
            found += _members(session, (kind, name))
    return list(dict.fromkeys(found))


def is_for(session: Session, task: Values) -> bool:
    """Whether a task is for who acts: as its performer, among several, or as a substitute."""
    actor, who = session.actor, task.get("performer")
    if actor.id is None:
        return False
    me = ("user", actor.id)
    if me in (task.get("candidates") or ()) or who == me:
        return True
    if who is None:
        return False
    kind, name = who
    if kind == ROLE:
        return _has_role(session.catalog, actor.roles, name)
    if kind == "user":
        return name in stands_in_for(session, actor.id, session.today)
    return name in actor.sets.get(f"{kind}s", ())


def owns(session: Session, run: Values) -> bool:
    """Whether who acts is responsible for a run, or administers."""
    actor, who = session.actor, run.get("responsible")
    if session.access.admin or session.access.unrestricted:
        return True
    if actor.id is None or who is None:
        return False
    kind, name = who
    if kind == ROLE:
        return _has_role(session.catalog, actor.roles, name)
    return name == actor.id if kind == "user" else name in actor.sets.get(f"{kind}s", ())
