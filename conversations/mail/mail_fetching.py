"""Mails that are fetched from other servers: a job of the workers, with the patience of deliveries.

The server is asked in a thread of its own, and what it gave is taken in the thread of the job. A
mail is marked as seen once it is taken: if that fails, it comes once more and is known.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta

import sqlalchemy as sa

from fluvial.database.connection import Connection
from fluvial.database.locks import Lock, alone
from fluvial.database.statement import Statement, insert, param
from fluvial.events.jobs import Job
from fluvial.runtime.engine import Engine
from fluvial.runtime.per_engine import PerEngine
from fluvial.runtime.session import Session
from rules.deliveries import backoff

from .mail_intake import take
from .mail_source import FetchedPortion, MailSource, SourceFault, fetch, mark_seen
from .mail_tables import SOURCE
from .mailboxes import MailboxPlan, mailboxes_of

log = logging.getLogger("fluvial.mail")

WORK = "mails"
EVERY = 30.0  # seconds between two looks into a mailbox
THREADS = 4  # mailboxes that are asked at the same time
MOST_FAILURES = 8  # after which the pause grows no further

_s = SOURCE.c
_DUE = Statement(sa.select(_s.mailbox, _s.next_at, _s.failures))
_DROP = Statement(SOURCE.delete().where(_s.mailbox == param("the_mailbox", _s.mailbox)))
_ADD = insert(SOURCE)


class MailFetcher:
    """The looks of one process into the mailboxes of other servers."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="mails")
        self._running: dict[str, Future[FetchedPortion]] = {}
        self._lock = threading.Lock()

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def round(self, engine: Engine) -> bool:
        """Take what has come and ask where it is time; whether there is more at once."""
        if not self._lock.acquire(blocking=False):
            return False
        try:
            session = Session.begin(engine)
            known = {n: m for n, m in mailboxes_of(session.catalog).items() if m.active and m.env}
            if not known and not self._running:
                return False
            with alone(session.connection, Lock.MAILBOXES) as mine:
                if not mine:
                    return False
                more = [self._taken(session, known, name) for name in self._ended()]
                self._ask(engine, session, known)
            return any(more)
        finally:
            self._lock.release()

    def _ended(self) -> list[str]:
        return [name for name, future in self._running.items() if future.done()]

    def _ask(self, engine: Engine, session: Session, known: dict[str, MailboxPlan]) -> None:
        states = {row[0]: row for row in _DUE.rows(session.connection)}
        for name, mailbox in known.items():
            state = states.get(name)
            if name in self._running or (state is not None and state[1] > session.now):
                continue
            self._begin(engine, name, _fetched, mailbox)

    def _begin(
        self, engine: Engine, name: str, work: Callable[..., FetchedPortion], *given: object
    ) -> None:
        future = self._pool.submit(work, *given)
        self._running[name] = future
        future.add_done_callback(lambda _: engine.wakes.want(WORK))

    def _taken(self, session: Session, known: dict[str, MailboxPlan], name: str) -> bool:
        """Take what a look has brought; whether there is more."""
        future, mailbox = self._running.pop(name), known.get(name)
        try:
            portion = future.result()
            if mailbox is None:
                return False
            for mail in portion.mails:
                taken = take(session, mailbox, mail.raw)
                log.info("%s: %s %s", name, taken.outcome, taken.reason)
            if portion.mails:
                self._begin(session.engine, name, _marked, mailbox, portion)
                return False
        except SourceFault as fault:
            log.warning("%s: %s", name, fault)
            note(session, name, str(fault))
            return False
        note(session, name, "", again=portion.more)
        return portion.more


def note(session: Session, name: str, error: str, *, again: bool = False) -> None:
    """Note how a look ended, and when the next one is."""
    connection = session.connection
    states = {row[0]: row for row in _DUE.rows(connection)}
    failures = states[name][2] + 1 if error and name in states else int(bool(error))
    pause = max(EVERY, backoff(min(failures, MOST_FAILURES))) if error else EVERY
    with connection.transaction():
        _DROP.run(connection, the_mailbox=name)
        _ADD.run(
            connection, mailbox=name, at=session.now, failures=failures, error=error[:500],
            next_at=session.now + timedelta(seconds=0 if again else pause),
        )  # fmt: skip


def _fetched(mailbox: MailboxPlan) -> FetchedPortion:
    url = os.environ.get(mailbox.env, "")
    if not url:
        raise SourceFault(f"The environment variable {mailbox.env} is not set.")
    return fetch(MailSource.read(url))


def _marked(mailbox: MailboxPlan, portion: FetchedPortion) -> FetchedPortion:
    """Mark what was taken: until then the server is not asked again."""
    source = MailSource.read(os.environ.get(mailbox.env, ""))
    mark_seen(source, portion.validity, [one.uid for one in portion.mails])
    return FetchedPortion(portion.validity, (), portion.more)


def _fetcher(engine: Engine) -> MailFetcher:
    made = MailFetcher()
    engine.closers.append(made.close)
    return made


fetcher_of = PerEngine(_fetcher)


def run(engine: Engine) -> bool:
    return fetcher_of(engine).round(engine)


def states(connection: Connection) -> dict[str, tuple[str, int]]:
    """How the last look into each mailbox ended: the error, and how often in a row."""
    rows = Statement(sa.select(_s.mailbox, _s.error, _s.failures)).rows(connection)
    return {name: (error, failures) for name, error, failures in rows}


JOB_OF_MAILS = Job(WORK, run, every=5, sends=True)
