"""What features show on a record's page, beside the lists of the records that point at it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from fluvial.kernel.features import Seam
from fluvial.runtime.session import Session
from metamodel.catalog import ObjectType

from .reader_format import ReaderFormat

Context = dict[str, Any]


@dataclass(frozen=True)
class RecordTab:
    """One tab. Its template finds what `panel` gives as `tab`; that is asked when it is shown."""

    name: str  # in addresses
    label: str
    template: str
    panel: Callable[[], Context]
    count: str = ""


@dataclass(frozen=True)
class ShownOn:
    """The record on whose page tabs are shown; of another day's page the session is of that day."""

    session: Session
    type: ObjectType
    id: str
    fmt: ReaderFormat


# The tabs of a record for its reader; none where there is nothing that they may see.
RECORD_TAB: Seam[Callable[[ShownOn], Sequence[RecordTab]]] = Seam("a tab of a record")


def tabs_of(shown: ShownOn) -> Iterator[RecordTab]:
    """Those of all features, in the order of the features."""
    for brought in shown.session.engine.brought(RECORD_TAB):
        yield from brought(shown)
