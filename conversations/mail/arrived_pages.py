"""The mails that came, for administrators: what became of each, and another try for the failed."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from fluvial.auth.access import Access
from fluvial.database.statement import Statement, param
from fluvial.http.call import Answer, Call
from fluvial.http.routes import Endpoint, Policy
from fluvial.kernel.ids import is_id
from fluvial.pages.frame import page, with_query
from fluvial.pages.navigation import BUILD, NavigationItem
from fluvial.pages.reader_format import format_of, record_href
from metamodel.catalog import Catalog

from . import mail_fetching
from .mail_intake import FAILED, REFUSED
from .mail_tables import ARRIVED
from .mailbox_api import NEWEST, try_again
from .mailboxes import KIND, mailboxes_of

HERE = "/mails"
PAGE = 50
OUTCOMES = {
    "created": ("Created a record", "good"), "added": ("Added to a record", "good"),
    "ignored": ("Ignored", ""), REFUSED: ("Refused", "warn"), FAILED: ("Failed", "bad"),
}  # fmt: skip

_a = ARRIVED.c
_SHOWN = (
    _a.id, _a.mailbox, _a.at, _a.sender, _a.subject, _a.outcome, _a.reason, _a.object, _a.record,
)  # fmt: skip
_page = (
    sa.select(*_SHOWN)
    .where(_a.id < param("the_before", _a.id))
    .order_by(_a.id.desc())
    .limit(sa.literal_column(str(PAGE + 1)))
)
_ALL = Statement(_page)
_FAILED = Statement(_page.where(_a.outcome == sa.literal_column(f"'{FAILED}'")))


def entry(catalog: Catalog, access: Access) -> list[NavigationItem]:
    """The way in, where there is a mailbox."""
    if not (access.admin and catalog.of(KIND)):
        return []
    return [NavigationItem(BUILD, "Incoming mail", "mail", HERE, position=6)]


def overview(call: Call) -> Answer:
    query = call.only("before", "show")
    failed = query.get("show") == FAILED
    before = query.get("before", NEWEST)
    statement = _FAILED if failed else _ALL
    rows = statement.rows(call.session.connection, the_before=before if is_id(before) else NEWEST)
    fmt = format_of(call.session)
    known = mailboxes_of(call.session.catalog)
    states = mail_fetching.states(call.session.connection)
    items = [_item(dict(zip((str(c.name) for c in _SHOWN), row, strict=True)), fmt, known)
             for row in rows[:PAGE]]  # fmt: skip
    more = ""
    if len(rows) > PAGE:
        more = with_query(HERE, show=FAILED if failed else "", before=items[-1]["id"])
    mails = {
        "tabs": [
            {"label": "All", "href": HERE, "current": not failed},
            {"label": "Failed", "href": with_query(HERE, show=FAILED), "current": failed},
        ],
        "troubles": [
            {"label": known[name].label, "error": error}
            for name, (error, _) in sorted(states.items())
            if error and name in known
        ],
        "items": items,
        "more": more,
    }
    return page(call, "arrived_mails.html", "Incoming mail", here=HERE, mails=mails)


def _item(row: dict[str, Any], fmt: Any, known: Any) -> dict[str, Any]:
    label, tone = OUTCOMES.get(row["outcome"], (row["outcome"], ""))
    mailbox = known.get(row["mailbox"])
    return {
        "id": row["id"],
        "title": row["subject"] or "(no subject)",
        "href": record_href(row["object"], row["record"]) if row["record"] else "",
        "sender": row["sender"] or "nobody",
        "mailbox": mailbox.label if mailbox else row["mailbox"],
        "outcome": label,
        "tone": tone,
        "reason": row["reason"],
        "when": fmt.ago(row["at"]),
        "at": row["at"].isoformat(),
        "again": f"{HERE}/{row['mailbox']}/{row['id']}/again"
        if row["outcome"] == FAILED and mailbox
        else "",
    }


def again(call: Call) -> Answer:
    try_again(call.session, call.params["name"], call.params["id"])
    return Answer.redirect(HERE)


ENDPOINTS = (
    Endpoint("GET", HERE, overview, Policy.ADMIN, "The mails that came.", page=True),
    Endpoint(
        "POST", f"{HERE}/{{name}}/{{id}}/again", again, Policy.ADMIN,
        "Take a mail again that could not be taken.", page=True, form=True,
    ),
)  # fmt: skip
