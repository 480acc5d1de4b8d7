"""E-mails that are sent from tasks: they wait among what rules send, and leave with the commit."""

from __future__ import annotations

from collections.abc import Mapping

from fluvial.kernel.ids import new_id
from fluvial.kernel.problems import Unprocessable, fault
from fluvial.runtime.session import Session
from fluvial.services.mail import is_address
from rules import effects

MOST_SUBJECT, MOST_TEXT = 255, 50_000


def check_mail(letter: Mapping[str, str]) -> None:
    errors = []
    if not is_address(letter["to"]):
        said = letter["to"][:120]
        errors.append(fault("/to", "not_an_address", f"`{said}` is not an e-mail address."))
    for name, most in (("subject", MOST_SUBJECT), ("text", MOST_TEXT)):
        if not letter[name].strip():
            errors.append(fault(f"/{name}", "required", f"The e-mail has no {name}."))
        elif len(letter[name]) > most:
            message = f"The {name} has more than {most:,} characters."
            errors.append(fault(f"/{name}", "too_long", message))
    if errors:
        raise Unprocessable(" ".join(one["message"] for one in errors), errors=errors)


def send_mail(
    session: Session, subject: tuple[str, str], task: str, letter: Mapping[str, str]
) -> None:
    """Enter the mail among what is to be sent, in the transaction that is open."""
    event = new_id()
    payload = {
        "template": "", "href": "", "subject": letter["subject"], "text": letter["text"],
        "to": letter["to"], "name": "",
    }  # fmt: skip
    entry = effects.EffectEntry(f"task|{task}|{event}", 0, "email", letter["to"], payload)
    effects.add_all(
        session.connection, [entry], event=event, rule="", object_name=subject[0],
        record=subject[1], rev=0, at=session.now,
    )  # fmt: skip
    session.engine.woken(session.connection, effects.WORK)
