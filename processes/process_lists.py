"""Lists of runs, as far as who asks may see them."""

from __future__ import annotations

from typing import Any

from fluvial.kernel.ids import is_id
from fluvial.kernel.problems import Unprocessable, fault
from fluvial.records.reading.query import Query, SortKey
from fluvial.records.reading.reader import read_page
from fluvial.runtime.session import Session

from .kept_names import PROCESS, RUN

SHOWN = ("number", "name", "status", "stage", "version", "started", "ended", "process")


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
