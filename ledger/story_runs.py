"""Runs of ledgers in the story of a sample: begun by a step."""

from __future__ import annotations

from datetime import date

from fluvial.runtime.session import Session

from .ledger_reader import ledgers_of
from .ledger_runs import RunWish, begin_run, ledger_named


def run_in_story(session: Session, name: str, until: date) -> str:
    """The job of a run until the day now; nothing where there is no ledger of this name."""
    if name not in session.catalog.derive(ledgers_of):
        return ""
    return begin_run(session, ledger_named(session, name), RunWish(until))
