"""Lists of runs and tasks, as far as who asks may see them."""

from __future__ import annotations

from typing import Any

from fluvial.auth.actors import Actor
from fluvial.kernel.ids import is_id
from fluvial.kernel.problems import Unprocessable, fault
from fluvial.records.drafts.rows import Values, load_rows
from fluvial.records.reading.query import Query, SortKey
from fluvial.records.reading.reader import read_page
from fluvial.runtime.session import Session

from .kept_names import PROCESS, RUN, TASK
from .performers import stands_in_for

MINE = "(mine(performer) or me in candidates) and status in ['open', 'taken']"
SHOWN = ("number", "name", "status", "stage", "version", "started", "ended", "process")


def _engine_eyes(session: Session) -> Session:
    """The same person, who sees all runs: for conditions that say which of them are theirs."""
    actor = session.actor
    return session.as_actor(
        Actor(actor.id, actor.name, actor.roles, actor.email, actor.sets, unrestricted=True)
    )


def runs_page(
    session: Session,
    process: str,
    *,
    status: str = "",
    subject: str = "",
    limit: int = 50,
    cursor: str = "",
) -> dict[str, Any]:
    """The runs of a process that somebody may see, the newest first."""
    where = [f"process == '{process}'"]
    if status:
        where.append(f"status == '{status}'")
    if subject:
        if not is_id(subject):
            message = "`subject` must be the id of a record."
            raise Unprocessable(message, errors=[fault("subject", "not_an_id", message)])
        about = session.catalog.of(PROCESS)[process].body["subject"]
        where.append(f"subject == '{about}:{subject}'")
    fields = tuple((one,) for one in SHOWN if one not in session.access.object(RUN).hidden)
    query = Query(
        RUN, fields, " and ".join(where), sort=(SortKey(("created_at",), True),), limit=limit,
        cursor=cursor, total="capped",
    )  # fmt: skip
    return read_page(session, query)


def open_tasks(session: Session, limit: int) -> list[Values]:
    """The tasks that wait for who asks, also as a substitute; those that are due first."""
    where, others = MINE, stands_in_for(session, session.actor.id or "", session.today)
    if session.actor.id is None:
        return []
    if others:
        theirs = " or ".join(f"performer == '{one}'" for one in sorted(others))
        where = f"({MINE}) or (({theirs}) and status in ['open', 'taken'])"
    query = Query(TASK, (("id",),), where, sort=(SortKey(("work_due",)),), limit=limit)
    found = read_page(_engine_eyes(session), query)["data"]
    order = [one["id"] for one in found]
    rows = {row["id"]: row for row in load_rows(session, TASK, order, None, live=True)}
    return [rows[id] for id in order if id in rows]
