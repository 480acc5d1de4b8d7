"""What holds deliveries up: endpoints that do not answer, secrets and mail that are not set up."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

from fluvial.pages.frame import Context
from fluvial.pages.reader_format import ReaderFormat
from fluvial.runtime.session import Session

from . import delivery_lists, effects, endpoint_pauses, webhooks
from .effect_words import endpoint_label

NO_MAIL = (
    "Mail is not set up, so mails wait. Set FLUVIAL_SMTP_URL, such as "
    "smtp://user:password@mail.example.com:587, and start Fluvial again. They are sent then."
)


def troubles(session: Session, fmt: ReaderFormat) -> list[Context]:
    """Each with what to do about it; the first are those that a button helps."""
    return [*_endpoints(session, fmt), *_mail(session)]


def _endpoints(session: Session, fmt: ReaderFormat) -> Iterator[Context]:
    connection = session.connection
    paused = {one[0]: one for one in endpoint_pauses.all_paused(connection)}
    off = delivery_lists.switched_off(connection)
    for name, document in sorted(session.catalog.of("endpoint").items()):
        label, button = endpoint_label(fmt, name), ""
        if (name, document.body["url"]) in off:
            text = f"{label} answered 410 Gone and is switched off."
            button = "Switch on"
        elif name in paused:
            _, count, until = paused[name]
            text = f"{label} does not answer: it failed {count} times in a row."
            text += f" One message tests it again at {fmt.local(until):%H:%M:%S}."
            button = "Send again now"
        elif document.body.get("active") is False:
            text = f"{label} is switched off in its document."
        else:
            text = without_secret(document.body)
            text = f"{label} cannot be signed for: {text}" if text else ""
        if text:
            yield _trouble(session, name, text, button)


def without_secret(body: object) -> str:
    """Why an endpoint's secrets are not to be had; empty where they are, or where it has none."""
    if not isinstance(body, Mapping):
        return ""
    try:
        if body.get("secret"):
            webhooks.secret_of(body["secret"]["env"], os.environ)
        if body.get("authorization"):
            webhooks.header_of(body["authorization"]["env"], os.environ)
    except webhooks.NoSecret as reason:
        return str(reason)
    return ""


def _trouble(session: Session, name: str, text: str, button: str) -> Context:
    filters = {"state": effects.PENDING, "target": name}
    waiting = _many(delivery_lists.count(session.connection, filters))
    return {
        "text": f"{text} {waiting}",
        "href": f"/studio/endpoint/{name}",
        "link": "Its document",
        "button": button if session.access.admin else "",
        "action": f"{delivery_lists.HERE}/endpoints/{name}/now",
    }


def _many(count: int) -> str:
    if not count:
        return "Nothing waits for it."
    limit = delivery_lists.COUNTED
    number = f"{limit:,}+" if count > limit else f"{count:,}"
    return f"{number} message{' waits' if count == 1 else 's wait'} for it."


def _mail(session: Session) -> Iterator[Context]:
    if session.engine.settings.smtp_url:
        return
    filters = {"state": effects.PENDING, "kind": "email"}
    if delivery_lists.count(session.connection, filters):
        yield {"text": NO_MAIL, "href": "", "link": "", "button": "", "action": ""}
