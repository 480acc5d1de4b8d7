"""What features offer to make of a list, such as a board of its records."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fluvial.kernel.features import Seam

from .frame import Context
from .list_request import ListRequest

# Actions (see parts.html) with `first`: whether it stands beside the list, or only in its menu.
LIST_OFFER: Seam[Callable[[ListRequest], Sequence[Context]]] = Seam("made of a list")


def offers_of(asked: ListRequest) -> list[Context]:
    return [one for offer in asked.session.engine.brought(LIST_OFFER) for one in offer(asked)]


# What is done with two ticked records of a list: {label, path}; the second one is `with` there.
PAIR_OFFER: Seam[Callable[[ListRequest], Sequence[Context]]] = Seam("done with two records")


def pairs_of(asked: ListRequest) -> list[Context]:
    found = asked.session.engine.brought(PAIR_OFFER)
    return [one for offer in found for one in offer(asked)]
