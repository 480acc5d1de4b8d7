"""Pins that a person made for the own home page, from what they saw."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fluvial.kernel.problems import NotFound, Problem, Unprocessable, fault
from fluvial.pages import preferences
from fluvial.runtime.session import Session
from metamodel.folding import free_name

from .pins import Pin, pin_from, read_pin

KEY = "pins"
MOST_OWN = 30
PREFIX = "my:"  # before the name of an own pin, among those of documents

Body = Mapping[str, Any]


def own_pins(session: Session) -> dict[str, Body]:
    """The bodies of a person's pins, by name."""
    kept = preferences.read(session, KEY)
    return kept if isinstance(kept, dict) else {}


def own_body(session: Session, name: str) -> Body:
    found = own_pins(session).get(name)
    if found is None:
        raise NotFound("There is no such pin of yours.")
    return found


def compiled(session: Session, name: str, body: Body) -> Pin | None:
    """The pin of a body; None where its object is gone or hidden, or its measure is not valid."""
    try:
        pin = pin_from(PREFIX + name, body)
    except (Problem, KeyError):
        return None
    known = pin.object in session.catalog.objects
    return pin if known and session.access.object(pin.object).can("read") else None


def keep_own(session: Session, body: Body, name: str = "") -> str:
    """Keep a pin that can be shown now; Problem says why it cannot. The answer is its name."""
    label = str(body.get("label", "")).strip()
    if not label or len(label) > 60:
        message = "Give the pin a name of at most 60 characters."
        raise Unprocessable(message, errors=[fault("/label", "required", message)])
    kept = dict(own_pins(session))
    if not name and len(kept) >= MOST_OWN:
        message = f"You have {MOST_OWN} pins of your own. Delete one of them first."
        raise Unprocessable(message, errors=[fault("", "too_many", message)])
    name = name or free_name(label, kept, "pin")
    read_pin(session, pin_from(PREFIX + name, body), exact=False)
    kept[name] = {**body, "label": label}
    preferences.keep(session, KEY, kept)
    return name


def forget_own(session: Session, name: str) -> None:
    kept = {other: body for other, body in own_pins(session).items() if other != name}
    preferences.keep(session, KEY, kept or None)
