"""What features tell on the timeline of a record, beside its history and its comments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from markupsafe import Markup

from fluvial.kernel.features import Seam
from fluvial.runtime.session import Session

from .reader_format import ReaderFormat


@dataclass(frozen=True)
class Happening:
    """One entry: who did what, when, and where more of it is told."""

    at: datetime
    icon: str
    what: Markup
    lines: Sequence[Markup] = field(default_factory=tuple)
    tone: str = ""
    more: tuple[str, str] | None = None  # the words of a link, and its address


@dataclass(frozen=True)
class Stretch:
    """The time that a page of a timeline tells of, and how many entries it takes."""

    since: datetime
    until: datetime
    limit: int


# The newest entries of a stretch, as far as their reader may know of them, newest first.
HAPPENINGS: Seam[Callable[[Session, ReaderFormat, str, str, Stretch], list[Happening]]] = Seam(
    "what else happened to a record"
)
