"""Whether a record may go to the bin, or come back: what features have to say to it."""

from __future__ import annotations

from fluvial.kernel.problems import Conflict

from .draft import Draft
from .seams import BEFORE_BIN


def judge_bin(draft: Draft, event: str) -> None:
    """Refuse a deletion or a restoration with the words of who is against it."""
    for part in draft.session.engine.brought(BEFORE_BIN):
        part(draft, event)
    if draft.faults:
        raise Conflict(str(draft.faults[0]["message"]), errors=draft.faults)
