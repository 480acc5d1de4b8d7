"""What features show in the top bar of every page, such as a stopwatch that runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fluvial.kernel.features import Seam
from fluvial.runtime.session import Session

# A template and what it finds as `part`, for the reader; None where there is nothing to show.
TOP_BAR: Seam[Callable[[Session], tuple[str, Mapping[str, Any]] | None]] = Seam(
    "in the top bar of every page"
)


def top_bar(session: Session) -> list[dict[str, Any]]:
    """Those of all features, in the order of the features."""
    found = (source(session) for source in session.engine.brought(TOP_BAR))
    return [{"template": one[0], "part": one[1]} for one in found if one is not None]
