"""The mail that an answer quotes below itself, for those who have read it already."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from fluvial.runtime.session import Session

from .mail_headers import MailAddress
from .mail_store import text_of

MOST_QUOTED = 10_000  # characters; the rest of the thread is in the mails themselves


def quote_of(
    session: Session, answered: Mapping[str, Any] | None, people: Iterable[MailAddress]
) -> str:
    """What stands below an answer; nothing where it goes to somebody who had not got that mail."""
    if answered is None:
        return ""
    pairs = (*answered["to"], *answered["cc"], *(answered["reply_to"] or ()))
    knew = {answered["sender"], *(address for _, address in pairs)}
    text = (text_of(session, answered["id"]) or "").strip()
    if not text or not {one.address for one in people} <= knew:
        return ""
    who = answered["sender_name"] or answered["sender"]
    cut = text[:MOST_QUOTED] + ("\n[...]" if len(text) > MOST_QUOTED else "")
    lines = [f"> {line}".rstrip() for line in cut.split("\n")]
    return "\n".join([f"On {str(answered['at'])[:10]}, {who} wrote:", *lines])
