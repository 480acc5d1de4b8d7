"""The second step of signing in: a password is right, and a code is still asked for.

Between the two stands a note (`halfway`): who has given a right password, and until when, signed.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta

from fluvial.auth import second_factors
from fluvial.database.rate_limits import Rate, limited
from fluvial.kernel.ids import is_id
from fluvial.kernel.problems import Unauthorized
from fluvial.kernel.settings import Settings

from .call import Call

VALID = timedelta(minutes=10)
CODES = Rate.read("12/hour")  # of one account: a million codes, three of them right
TOO_MANY_CODES = "Too many codes."
WRONG_CODE = "The code is not right. Type the one that the app shows now, or a recovery code."
ASK = "The password is right. Send `code` too: the one that your authenticator app shows."


class CodeNeeded(Unauthorized):
    """A right password of somebody with a second factor; `halfway` stands for the password."""

    title = "A code is needed"

    def __init__(self, halfway: str, detail: str = ASK) -> None:
        super().__init__(detail)
        self.halfway = halfway
        self.extra = {"code_needed": True}


def check(call: Call, user: str, code: str) -> None:
    """Raise CodeNeeded where somebody needs a code and has not given a right one."""
    session, settings = call.session, call.engine.settings
    if not second_factors.asked_for(session.connection, user, settings.secret_key):
        return
    halfway = halfway_of(settings, user, session.now)
    if not code:
        raise CodeNeeded(halfway)
    if not right(call, user, code):
        raise CodeNeeded(halfway, WRONG_CODE)


def right(call: Call, user: str, code: str) -> bool:
    """Whether it is a code of the person; so often in an hour, whoever asks."""
    session, key = call.session, call.engine.settings.secret_key
    limited(session.connection, session.now, CODES, TOO_MANY_CODES, "second step", user)
    return second_factors.take(session.connection, user, key, code, session.now)


def halfway_of(settings: Settings, user: str, now: datetime) -> str:
    text = f"{user}.{int((now + VALID).timestamp())}"
    return f"{text}.{_signature(settings, text)}"


def user_of(settings: Settings, halfway: str, now: datetime) -> str | None:
    """Who has given a right password, not long ago."""
    text, _, signature = halfway.rpartition(".")
    user, _, until = text.partition(".")
    if not hmac.compare_digest(signature.encode(), _signature(settings, text).encode()):
        return None
    return user if is_id(user) and datetime.fromtimestamp(int(until), UTC) > now else None


def _signature(settings: Settings, text: str) -> str:
    key = hashlib.sha256(b"second step:" + settings.secret_key.encode()).digest()
    return base64.urlsafe_b64encode(hmac.digest(key, text.encode(), "sha256")).decode().rstrip("=")
