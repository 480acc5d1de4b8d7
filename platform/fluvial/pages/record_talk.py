"""How features show what was said about a record, and where people write to those who take part."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

from fluvial.kernel.features import Seam
from fluvial.runtime.session import Session

from .reader_format import ReaderFormat
from .record_tabs import ShownOn

Context = dict[str, Any]


@dataclass(frozen=True)
class SpokenFace:
    """One entry of the timeline: the template of its content finds `face`."""

    template: str
    what: Markup  # who does what, in words
    icon: str = ""  # "" for the picture of the person
    tone: str = ""
    face: Context = field(default_factory=dict)


# The faces of some comments by their ids; a comment without one is shown as such.
SPOKEN_FACE: Seam[
    Callable[
        [Session, ReaderFormat, str, str, Sequence[Mapping[str, Any]]], Mapping[str, SpokenFace]
    ]
] = Seam("how something that was said is shown")


@dataclass(frozen=True)
class Composer:
    """Where people write about a record, in place of the box for comments."""

    template: str
    context: Context


COMPOSER: Seam[Callable[[ShownOn], Composer | None]] = Seam("where people write about a record")


def faces_of(
    session: Session,
    fmt: ReaderFormat,
    object_name: str,
    record: str,
    said: Sequence[Mapping[str, Any]],
) -> dict[str, SpokenFace]:
    found: dict[str, SpokenFace] = {}
    for show in session.engine.brought(SPOKEN_FACE):
        found |= show(session, fmt, object_name, record, said)
    return found


def composer_of(shown: ShownOn) -> Composer | None:
    made = (make(shown) for make in shown.session.engine.brought(COMPOSER))
    return next((one for one in made if one is not None), None)
