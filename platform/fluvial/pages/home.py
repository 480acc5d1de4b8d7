"""Home: the pins of a person's roles, and what waits for them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fluvial.http.call import Answer, Call
from fluvial.http.routes import Endpoint, Policy
from fluvial.kernel.features import Seam
from fluvial.runtime.session import Session

from .frame import Context, page
from .reader_format import ReaderFormat, format_of
from .work_items import WorkAsked, shown, work_of

# What people see first, each with its rows.
PINS: Seam[Callable[[Session], Sequence[Context]]] = Seam("on the home page")

FEW = 6  # things of a kind that wait
LISTS = ("list", "board")


def show(call: Call) -> Answer:
    session, fmt = call.session, format_of(call.session)
    pins = [pin for pins_of in call.engine.brought(PINS) for pin in pins_of(session)]
    work = _work(session, fmt)
    local = fmt.local(session.now)
    home = {
        "heading": f"{local:%A} {fmt.short(local.date())}",
        "greeting": _greeting(session, local.hour, work),
        "pins": [pin for pin in pins if pin["show"] not in LISTS],
        "lists": [pin for pin in pins if pin["show"] in LISTS],
        "work": work,
        "work_href": "/work",
        "edit_href": "",
    }
    return page(call, "home.html", "Home", here="/", home=home)


def _greeting(session: Session, hour: int, work: list[Context]) -> str:
    part = "morning" if hour < 12 else "afternoon" if hour < 18 else "evening"
    name = session.actor.name.split()[0] if session.actor.name else ""
    waiting = [f"{group['count']} {group['label'].lower()}" for group in work if group["count"]]
    said = f"Waiting for you: {' and '.join(waiting)}." if waiting else "You have no open work."
    return f"Good {part}, {name}. {said}"


def _work(session: Session, fmt: ReaderFormat) -> list[Context]:
    """The first of what waits, kind by kind; the page My work shows all of it."""
    return [
        {
            "label": group.label,
            "items": [shown(item, fmt) for item in group.items[:FEW]],
            "count": group.total,
        }
        for group in work_of(session, fmt, WorkAsked(limit=FEW))
    ]


ENDPOINTS = (Endpoint("GET", "/", show, Policy.SIGNED_IN, "Home.", page=True),)
