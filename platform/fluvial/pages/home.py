"""Home: the pins of a person's roles, and what waits for them."""

from __future__ import annotations

from collections.abc import Sequence

from fluvial.http.call import Answer, Call
from fluvial.http.routes import Endpoint, Policy
from fluvial.runtime.session import Session

from .frame import Context, page
from .home_arrangement import ARRANGING, HomeArrangement, arrangement, offered_pins
from .pin_offers import OfferedPin
from .reader_format import ReaderFormat, format_of
from .work_items import WorkAsked, shown, work_of

FEW = 6  # things of a kind that wait


def show(call: Call) -> Answer:
    session, fmt = call.session, format_of(call.session)
    offered, arranged = offered_pins(session), arrangement(session)
    placed = arranged.placed(offered)
    pins = [pin for pin in placed if not pin.listed or pin.name in arranged.wide]
    lists = [pin for pin in placed if pin not in pins]
    work = _work(session, fmt)
    local = fmt.local(session.now)
    arranging = "arrange" in call.query and session.actor.id is not None
    home = {
        "heading": f"{local:%A} {fmt.short(local.date())}",
        "greeting": _greeting(session, local.hour, work),
        "pins": _tiles(pins, arranged),
        "lists": _tiles(lists, arranged),
        "work": work,
        "work_href": "/work",
        "arranging": arranging,
        "arrange_href": "" if arranging or session.actor.id is None else ARRANGING,
        "others": [
            {"name": pin.name, "label": pin.label, "about": pin.about}
            for pin in offered
            if pin not in placed
        ],
    }
    return page(call, "home.html", "Home", here="/", home=home)


def _tiles(pins: Sequence[OfferedPin], arranged: HomeArrangement) -> list[Context]:
    """Pins as they are shown, each with what moves it one place on or back."""
    names = [pin.name for pin in pins]
    return [
        {
            **pin.show(),
            "name": pin.name,
            "wide": pin.name in arranged.wide,
            "earlier": names[at - 1] if at else None,
            "later": ([*names, ""][at + 2]) if at + 1 < len(names) else None,
            "change_href": pin.change_href,
        }
        for at, pin in enumerate(pins)
    ]


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
