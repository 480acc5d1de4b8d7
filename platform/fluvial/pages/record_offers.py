"""What features offer in the menu of a record, such as its documents."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fluvial.kernel.features import Seam

from .frame import Context
from .record_tabs import ShownOn

# Actions (see parts.html) of a record for its reader.
RECORD_OFFER: Seam[Callable[[ShownOn], Sequence[Context]]] = Seam("offered for a record")


def record_offers(shown: ShownOn) -> list[Context]:
    """Those of all features, in the order of the features."""
    found = shown.session.engine.brought(RECORD_OFFER)
    return [one for brought in found for one in brought(shown)]
