"""How a person arranged the home page: which pins stand there, in which order and size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from fluvial.http.call import Answer, Call
from fluvial.http.routes import Endpoint, Policy
from fluvial.kernel.problems import Unprocessable, fault
from fluvial.runtime.session import Session

from . import preferences
from .pin_offers import PINS, OfferedPin
from .sign_in import form_text

KEY = "home"
ARRANGING = "/?arrange=true"


@dataclass(frozen=True)
class HomeArrangement:
    """What a person chose; where they chose nothing, the usual pins stand in their order."""

    order: tuple[str, ...] = ()
    hidden: frozenset[str] = field(default_factory=frozenset)
    wide: frozenset[str] = field(default_factory=frozenset)

    def placed(self, offered: Sequence[OfferedPin]) -> list[OfferedPin]:
        """The pins on the page: those in the person's order, then usual ones that came later."""
        by_name = {pin.name: pin for pin in offered}
        own = [by_name[name] for name in self.order if name in by_name]
        known = {*self.order, *self.hidden}
        return [*own, *(pin for pin in offered if pin.usual and pin.name not in known)]

    def before(self, offered: Sequence[OfferedPin], name: str, other: str) -> HomeArrangement:
        """With one pin in front of another; at the end where there is no other."""
        names = [pin.name for pin in self.placed(offered) if pin.name != name]
        names.insert(names.index(other) if other in names else len(names), name)
        return replace(self, order=tuple(names), hidden=self.hidden - {name})

    def without(self, offered: Sequence[OfferedPin], name: str) -> HomeArrangement:
        names = tuple(pin.name for pin in self.placed(offered) if pin.name != name)
        return replace(self, order=names, hidden=self.hidden | {name}, wide=self.wide - {name})

    def sized(self, name: str, wide: bool) -> HomeArrangement:
        return replace(self, wide=self.wide | {name} if wide else self.wide - {name})


def offered_pins(session: Session) -> list[OfferedPin]:
    return [pin for pins_of in session.engine.brought(PINS) for pin in pins_of(session)]


def arrangement(session: Session) -> HomeArrangement:
    kept = preferences.read(session, KEY)
    if not isinstance(kept, dict):
        return HomeArrangement()
    return HomeArrangement(
        tuple(kept.get("order", ())),
        frozenset(kept.get("hidden", ())),
        frozenset(kept.get("wide", ())),
    )


def keep(session: Session, arranged: HomeArrangement) -> None:
    kept: dict[str, Any] = {
        "order": list(arranged.order),
        "hidden": sorted(arranged.hidden),
        "wide": sorted(arranged.wide),
    }
    preferences.keep(session, KEY, kept if any(kept.values()) else None)


def press(call: Call) -> Answer:
    """What a button of a pin does, or a pin that was dropped: one change of the arrangement."""
    session, name = call.session, form_text(call, "pin")
    verb, _, other = form_text(call, "press").partition("=")
    now, offered = arrangement(session), offered_pins(session)
    if verb != "reset" and name not in {pin.name for pin in offered}:
        message = "This pin no longer exists. Reload the page."
        raise Unprocessable(message, errors=[fault("/pin", "unknown", message)])
    if verb == "before":
        changed = now.before(offered, name, other)
    elif verb == "hide":
        changed = now.without(offered, name)
    elif verb in ("wide", "small"):
        changed = now.sized(name, verb == "wide")
    elif verb == "reset":
        changed = HomeArrangement()
    else:
        message = f"`{verb}` is not something that a pin can do."
        raise Unprocessable(message, errors=[fault("/press", "unknown", message)])
    keep(session, changed)
    return Answer.redirect(ARRANGING)


ENDPOINTS = (
    Endpoint(
        "POST", "/home/pins", press, Policy.SIGNED_IN, "Arrange your home page.",
        page=True, form=True,
    ),
)  # fmt: skip
