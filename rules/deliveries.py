"""Sending what rules have entered into the ledger: mails, notifications and webhooks.

The database is used in the job's own thread; what waits for others runs in a few threads, at
most two of them for one endpoint, so that one that hangs holds nobody up.
"""

from __future__ import annotations

import logging
import os
import queue
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import orjson

from fluvial.auth.actors import SYSTEM
from fluvial.database.connection import BusyError, GoneError
from fluvial.events.heartbeats import heartbeats_of
from fluvial.kernel.causes import Cause
from fluvial.kernel.crash_points import point
from fluvial.kernel.ids import new_id
from fluvial.runtime.engine import Engine
from fluvial.runtime.per_engine import PerEngine
from fluvial.runtime.session import Session
from fluvial.services import letters, mail, notifications
from fluvial.services.templates import Renderer, TemplateFault, TemplateText

from . import (
    calling,
    effect_senders,
    effects,
    endpoint_pauses,
    letter_box,
    mail_content,
    waiting_runs,
    webhooks,
)
from .outcomes import Outcome
from .recipient_zones import zone_of_address, zone_of_person

log = logging.getLogger("fluvial.deliveries")

THREADS = 8
IN_FLIGHT = 2  # for each endpoint; mails share THREADS // 2
CLAIM = 20  # notifications at once
_ROOM = {**dict.fromkeys((*effects.POSTED, "document"), IN_FLIGHT), "email": THREADS // 2}
MAX_ATTEMPTS = 18  # about three days
FIRST_DELAY = 2.0
MAX_DELAY = 6 * 3600.0
WAIT_SECONDS = 60.0  # until a setting that is missing is looked for again
IDLE_SECONDS = 0.05

Effect = dict[str, Any]


class Deliveries:
    """The deliveries of one process."""

    def __init__(self, locale: str, zone: str) -> None:
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="deliveries")
        self._renderer = Renderer(locale, zone)
        self._running: Counter[tuple[str, str]] = Counter()
        self._leases: Counter[str] = Counter()  # how many effects under way each of them is for
        self._ended: queue.SimpleQueue[tuple[Effect, tuple[str, str], Outcome]] = (
            queue.SimpleQueue()
        )
        self._lock = threading.Lock()

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._renderer.close()

    def round(self, engine: Engine) -> bool:
        """Note what has ended and start what is due; whether there is more to wait for."""
        if not self._lock.acquire(blocking=False):
            return False  # another thread is at it
        try:
            if not self._running and not effects.some_due(engine.database.connection()):
                return False
            session = Session.begin(engine, SYSTEM)
            noted = self._note(session)
            started = self._start(session)
            if self._running and not noted and not started:
                noted = self._wait(session)  # what stood behind it in its order is due now
            return bool(noted or started or self._running)
        finally:
            self._lock.release()

    def words(self, payload: Mapping[str, Any]) -> tuple[str, str]:
        """The subject and the HTML of a message; raises TemplateFault."""
        return words(self._renderer, payload)

    def _wait(self, session: Session) -> int:
        try:
            ended = self._ended.get(timeout=IDLE_SECONDS)
        except queue.Empty:
            return 0
        self._finish(session, *ended)
        return 1

    def _note(self, session: Session) -> int:
        noted = 0
        while True:
            try:
                ended = self._ended.get_nowait()
            except queue.Empty:
                return noted
            self._finish(session, *ended)
            noted += 1

    def _finish(
        self, session: Session, effect: Effect, lane: tuple[str, str], outcome: Outcome
    ) -> None:
        try:
            finish(session, effect, outcome)
        except (BusyError, GoneError):
            self._ended.put((effect, lane, outcome))  # it is noted as soon as the database answers
            raise
        self._running[lane] -= 1
        if not self._running[lane]:
            del self._running[lane]
        self._let_go(session, effect["lease"], 1)
        if effect["kind"] in effects.POSTED:
            if outcome.error is not None:
                endpoint_pauses.failed(session.connection, effect["target"], effect["record"])
            elif effect["failures"]:
                endpoint_pauses.answered(session.connection, effect["target"])

    def _start(self, session: Session) -> int:
        started = 0
        for lane in effects.due_lanes(session.connection):
            kind, name = lane
            failures = 0
            if kind in effects.POSTED:
                failures = endpoint_pauses.failures(session.connection, name)
            room = _ROOM.get(kind, CLAIM)
            room = 1 if failures >= endpoint_pauses.FAILURES else room
            room = min(room - self._running[lane], 2 * THREADS - self._running.total())
            if room <= 0:
                continue
            claimed = effects.claim_due(session.connection, *lane, room, new_id())
            self._begin_all(session, [one | {"failures": failures} for one in claimed], lane)
            started += len(claimed)
        self._running += Counter()  # forgets the lanes that were only looked at
        return started

    def _begin_all(
        self, session: Session, claimed: Sequence[Effect], lane: tuple[str, str]
    ) -> None:
        """Begin effects of one lease, which is kept until the last of them has ended."""
        if not claimed:
            return
        lease, left = claimed[0]["lease"], len(claimed)
        self._leases[lease] = left
        heartbeats_of(session.engine).hold(lease, effects.EXTEND)
        try:
            for effect in claimed:
                running = self._begin(session, effect, lane)
                left -= 1
                if not running:
                    self._let_go(session, lease, 1)
        finally:
            self._let_go(session, lease, left)  # those that the database kept us from

    def _let_go(self, session: Session, lease: str, count: int) -> None:
        self._leases[lease] -= count
        if self._leases[lease] <= 0:
            del self._leases[lease]
            heartbeats_of(session.engine).let_go(lease)

    def _begin(self, session: Session, effect: Effect, lane: tuple[str, str]) -> bool:
        """Begin an effect; whether it is still under way."""
        try:
            send = _sending(self._renderer, session, effect)
        except TemplateFault as fault:
            finish(session, effect, Outcome("failed", str(fault)))
        except mail.NotSent as error:
            finish(session, effect, Outcome("failed" if error.final else "retry", str(error)))
        except _NotNow as reason:
            finish(session, effect, reason.outcome)
        except (BusyError, GoneError):
            raise  # the database's fault: all of them wait
        except Exception as error:  # of this effect alone, which says so; the others go on
            log.exception("Effect %s", effect["id"])
            finish(session, effect, Outcome("retry", f"{type(error).__name__}: {error}"))
        else:
            if send is not None:
                self._running[lane] += 1
                self._pool.submit(self._send, session.engine, effect, lane, send)
                return True
        return False

    def _send(
        self,
        engine: Engine,
        effect: Effect,
        lane: tuple[str, str],
        send: Callable[[], Outcome],
    ) -> None:
        point("before_effect")
        try:
            outcome = send()
        except Exception as error:  # a fault of ours must not leave the lane occupied
            outcome = Outcome("retry", f"{type(error).__name__}: {error}")
        point("after_effect")
        self._ended.put((effect, lane, outcome))
        engine.wakes.want(effects.WORK)


class _NotNow(Exception):
    """An effect that cannot be sent, or not yet."""

    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome
        super().__init__(outcome.error)


def finish(session: Session, effect: Effect, outcome: Outcome) -> None:
    """Note the end of an attempt, and when the next one is."""
    now = session.engine.clock.now()
    state, delay, counts = effects.FAILED, 0.0, True
    error = outcome.error
    if outcome.result == "done":
        state = effects.DONE
    elif outcome.result == "wait":
        state, delay, counts = effects.PENDING, WAIT_SECONDS, False
    elif outcome.result == "gone":
        effects.switch_off(session.connection, effect["target"], effect["url"], now)
    elif outcome.result == "retry":
        state, delay = effects.PENDING, backoff(effect["attempts"])
        if effect["attempts"] + 1 >= MAX_ATTEMPTS:
            state = effects.DEAD
            error = f"Given up after {MAX_ATTEMPTS} attempts. The last: {error}"
    with session.connection.transaction():
        held = effects.finish(
            session.connection,
            effect,
            state,
            now,
            counts=counts,
            delay=delay,
            error=error,
            response=outcome.response,
        )
        if held and state == effects.DONE and effect["kind"] == "call":
            name = effect["payload"]["as"]
            waiting_runs.answered(session.connection, effect["id"], name, outcome.answer, now)
            session.engine.woken(session.connection, waiting_runs.WORK)
            point("in_answer")


def backoff(attempts: int) -> float:
    """Seconds to the next attempt: 2, 6, 18 ... 6 hours, a fifth more or less."""
    return min(FIRST_DELAY * 3.0**attempts, MAX_DELAY) * random.uniform(0.8, 1.2)


def words(renderer: Renderer, payload: Mapping[str, Any], zone: str = "") -> tuple[str, str]:
    if not payload["template"]:
        return payload["subject"], mail.as_html(payload["text"])
    source = payload["source"]
    parts = (TemplateText(source["subject"], escape=False), TemplateText(source["html"]))
    language = payload.get("language", "")  # what waited before there were languages has none
    subject, html = renderer.render(parts, payload["data"], zone=zone, locale=language)
    return " ".join(subject.split()), html


def _email(renderer: Renderer, session: Session, effect: Effect) -> Callable[[], Outcome]:
    settings = session.engine.settings
    if not settings.smtp_url:
        raise _NotNow(Outcome("wait", "The mail waits because FLUVIAL_SMTP_URL is not set."))
    server = mail.Server.read(settings.smtp_url)
    letter = letter_box.letter_of(effect)
    made = mail_content.made_by_feature(session, effect, server)
    if made is not None:
        content, server = made.content, replace(server, sender=made.sender or server.sender)
    elif letter is not None:  # its link is a secret, and kept nowhere
        content = mail_content.composed(
            session, effect, server, letter.name, letters.written(session, letter)
        )
    elif effect["content"] is None:
        zone = zone_of_address(session, effect["target"])
        said = mail_content.with_link(session, effect, words(renderer, effect["payload"], zone))
        content = mail_content.composed(session, effect, server, effect["payload"]["name"], said)
        _keep(session, effect, content.decode("ascii"))
    else:
        content = effect["content"].encode("ascii")
    content = mail_content.opened(session, effect, content)

    def send() -> Outcome:
        try:
            return Outcome("done", response=mail.send(server, effect["target"], content))
        except mail.NotSent as error:
            return Outcome("failed" if error.final else "retry", str(error))

    return send


def _keep(session: Session, effect: Effect, content: str) -> None:
    """What is sent is kept before the first attempt, so that every attempt sends the same."""
    effect["content"] = content
    if not effects.keep_content(session.connection, effect, content):
        raise _NotNow(Outcome("wait"))  # somebody else holds it by now


def _in_app(renderer: Renderer, session: Session, effect: Effect) -> None:
    """A notification is a row: it and the effect's end are one transaction."""
    subject, html = words(renderer, effect["payload"], zone_of_person(session, effect["target"]))
    text = mail.as_text(html).strip()
    with session.connection.transaction():
        now = session.engine.clock.now()
        held = effects.finish(session.connection, effect, effects.DONE, now)
        if held:
            notifications.tell(session, effect["target"], subject, text, effect["payload"]["href"])


def _call(renderer: Renderer, session: Session, effect: Effect) -> Callable[[], Outcome]:
    endpoint, body, cause = _posted(session, effect)
    allow = _allowed(session)

    def send() -> Outcome:
        return calling.call(endpoint, effect, int(time.time()), body, cause, allow)

    return send


def _allowed(session: Session) -> tuple[str, ...]:
    """The addresses that are not public and may be reached all the same."""
    return session.engine.settings.outbound_allow


def _posted(session: Session, effect: Effect) -> tuple[webhooks.WebhookEndpoint, bytes, str]:
    """Where something is posted, the same bytes at every attempt, and the chain of causes."""
    endpoint = _endpoint(session, effect["target"])
    effect["url"] = endpoint.url
    payload = effect["payload"]
    if effect["content"] is None:
        _keep(session, effect, orjson.dumps(payload["message"]).decode())
    cause = session.engine.causes.write(Cause.read(payload["cause"]))
    return endpoint, effect["content"].encode(), cause


def _webhook(renderer: Renderer, session: Session, effect: Effect) -> Callable[[], Outcome]:
    endpoint, body, cause = _posted(session, effect)
    allow = _allowed(session)

    def send() -> Outcome:
        return webhooks.attempt(endpoint, effect["id"], int(time.time()), body, cause, allow)

    return send


def _endpoint(session: Session, name: str) -> webhooks.WebhookEndpoint:
    document = session.catalog.of("endpoint").get(name)
    if document is None:
        raise _NotNow(Outcome("failed", f"The endpoint `{name}` no longer exists."))
    body = document.body
    if body.get("active") is False:
        raise _NotNow(Outcome("wait", f"The endpoint `{name}` is switched off in its document."))
    if effects.is_off(session.connection, name, body["url"]):
        reason = f"The endpoint `{name}` answered 410 Gone before and is switched off."
        raise _NotNow(Outcome("failed", reason))
    try:
        return webhooks.endpoint_of(name, body, os.environ)
    except webhooks.NoSecret as error:
        raise _NotNow(Outcome("wait", str(error))) from error


def _sending(renderer: Renderer, session: Session, effect: Effect) -> Callable[[], Outcome] | None:
    brought = effect_senders.BROUGHT.get(effect["kind"])
    if brought is not None:
        return brought.begin(session, effect)
    return _SENDERS[effect["kind"]](renderer, session, effect)


_SENDERS: dict[str, Callable[[Renderer, Session, Effect], Callable[[], Outcome] | None]] = {
    "email": _email,
    "in_app": _in_app,
    "webhook": _webhook,
    "call": _call,
}


def _opened(engine: Engine) -> Deliveries:
    found = Deliveries(engine.settings.locale, engine.settings.zone)
    engine.closers.append(found.close)
    return found


deliveries_of = PerEngine(_opened)


def run(engine: Engine) -> bool:
    return deliveries_of(engine).round(engine)
