"""Calling another system and judging what it answers.

A call is posted like a webhook, outside of any transaction and with one key for all repetitions,
so that a receiver that keeps keys does it once, also where its answer was lost on the way.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from fluvial.http.bodies import read_json
from fluvial.kernel.problems import Problem
from fluvial.services import outbound
from metamodel.expressions.given_values import wire_of

from .outcomes import Outcome
from .webhooks import WebhookEndpoint, post

MAX_ANSWER = 256 * 1024  # bytes
KEY_HEADER = "idempotency-key"
SHOWN = 1_000  # bytes of an answer that are kept with the delivery
# In progress, too early, too many: the same call may succeed a little later.
LATER = frozenset({408, 409, 423, 425, 429})
BUSY = 409  # the first call with this key is still at work, or another one is in its way
MOST_BUSY = 8  # attempts, after which it is a refusal

NOT_JSON = "It answered {status}, but its content cannot be used: {why}"
CUT_OFF = "The connection ended in the middle of the answer."
TOO_LONG = f"It answered with more than {MAX_ANSWER // 1024} KB, which is the limit."
NO_OBJECT = "It answered with {what} where the rule needs a JSON object."
REDIRECTED = "It answered {status}, a redirect, which is not followed. Correct the address."


def call(
    endpoint: WebhookEndpoint,
    effect: Mapping[str, Any],
    timestamp: int,
    body: bytes,
    cause: str,
    allow: Collection[str],
) -> Outcome:
    """Make a call, and say how it ended."""
    behind = effect["payload"].get("address", "")
    if behind:
        endpoint = replace(endpoint, url=joined(endpoint.url, behind))
    try:
        answer = post(
            endpoint,
            effect["id"],
            timestamp,
            body,
            cause,
            allow,
            {KEY_HEADER: effect["id"]},
            MAX_ANSWER,
            effect["payload"].get("method", "POST"),
        )
    except outbound.Refused as error:
        return Outcome("failed", str(error))
    except outbound.Unreachable as error:
        return Outcome("retry" if endpoint.retries else "failed", str(error))
    outcome = judged(answer, needed=effect["payload"]["needed"], attempts=effect["attempts"])
    if outcome.result == "retry" and not endpoint.retries:
        return Outcome("failed", outcome.error, outcome.response)
    return outcome


def joined(url: str, behind: str) -> str:
    """An address with more behind it: parts of the path, and parameters beside its own."""
    path, _, more = behind.partition("?")
    start, _, own = url.partition("#")[0].partition("?")
    query = "&".join(filter(None, (own, more)))
    start = f"{start.rstrip('/')}{path}" if path else start
    return f"{start}?{query}" if query else start


def judged(answer: outbound.Response, *, needed: bool, attempts: int) -> Outcome:
    """What an answer means. `needed` where later actions of the rule read it."""
    said = f"{answer.status} {answer.body[:SHOWN].decode(errors='replace')}".strip()
    said = said.replace("\x00", "")
    status = answer.status
    if answer.cut:  # lost on the way: the next attempt gets the same one
        return Outcome("retry", CUT_OFF, said)
    if 200 <= status < 300:
        return _taken(answer, said, needed)
    if 300 <= status < 400:
        return Outcome("failed", REDIRECTED.format(status=status), said)
    again = status >= 500 or (status in LATER and (status != BUSY or attempts + 1 < MOST_BUSY))
    return Outcome("retry" if again else "failed", f"It answered {status}.", said)


def _taken(answer: outbound.Response, said: str, needed: bool) -> Outcome:
    """The answer of a call that succeeded; one that cannot be read is a fault where it is needed.

    It is not asked again: it would say the same.
    """
    why, read = "", None
    if not answer.whole:
        why = TOO_LONG
    elif answer.body.strip():
        try:
            read = read_json(answer.body)
        except Problem as problem:
            why = NOT_JSON.format(status=answer.status, why=problem.detail)
    if not why and not isinstance(read, Mapping):
        what = "a list" if isinstance(read, list) else "no content" if read is None else "a value"
        why, read = NO_OBJECT.format(what=what), None
    if why and needed:
        return Outcome("failed", why, said)
    return Outcome("done", response=said, answer=None if why else wire_of(read))
