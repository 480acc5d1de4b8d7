"""Features and seams: what a folder brings to the engine, and the places that take it.

A *seam* is a place where the engine goes on with whatever features bring: before a record is
saved, when an event happened, in the navigation. The module that asks owns the seam; features
name it and bring their part, so that neither knows the other:

    BEFORE_SAVE: Seam[Callable[[Draft], None]] = Seam("before a record is saved")  # the engine

    feature = Feature("rules", brings=(BEFORE_SAVE(run_rules), ENDPOINT(*ENDPOINTS)))  # a feature

`fluvial.kernel.settings.FEATURES` names the packages; each has a `feature.py` with a `feature`.
The engine's own parts enter in the same way, by `fluvial/feature.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Generic, NamedTuple, TypeVar, cast

import sqlalchemy as sa

from metamodel.documents import DocumentKind, with_kinds
from metamodel.object_parts import ObjectPart

from .settings import FEATURES

CORE = "fluvial"

T = TypeVar("T")


class Seam(Generic[T]):
    """A place that takes what features bring; `about` says which, for those who read it.

    `enter` is called with each part when the features are loaded: for tables of the process that
    have to be whole before the first catalog is built.
    """

    def __init__(self, about: str, enter: Callable[[T], None] | None = None) -> None:
        self.about = about
        self.enter = enter

    def __repr__(self) -> str:
        return f"Seam({self.about!r})"

    def __call__(self, *parts: T) -> Brought:
        return Brought(self, parts)


class Brought(NamedTuple):
    """Parts for a seam."""

    seam: Seam[Any]
    parts: tuple[Any, ...]


# The engine's own parts stand in `metamodel.documents.CORE_PARTS`.
OBJECT_PART: Seam[ObjectPart[Any]] = Seam("members of the object document")


@dataclass(frozen=True)
class Feature:
    """A folder of the product: its kinds of document, its tables, and its parts for seams."""

    name: str
    kinds: Sequence[DocumentKind] = ()
    tables: sa.MetaData | None = None
    brings: Sequence[Brought] = ()


class Features:
    """The features of a process, and what they bring to each seam, in their order."""

    def __init__(self, features: Iterable[Feature]) -> None:
        self.all = tuple(features)
        self._parts: dict[Seam[Any], tuple[Any, ...]] = {}
        for feature in self.all:
            for seam, parts in feature.brings:
                self._parts[seam] = (*self._parts.get(seam, ()), *parts)
                if seam.enter is not None:
                    for part in parts:
                        seam.enter(part)

    def parts(self, seam: Seam[T]) -> tuple[T, ...]:
        return cast(tuple[T, ...], self._parts.get(seam, ()))

    @property
    def kinds(self) -> Mapping[str, DocumentKind]:
        """Every kind of document, the engine's own first."""
        kinds = (kind for feature in self.all for kind in feature.kinds)
        return with_kinds(kinds, self.parts(OBJECT_PART))

    @property
    def tables(self) -> list[sa.MetaData]:
        return [feature.tables for feature in self.all if feature.tables is not None]

    def __add__(self, feature: Feature) -> Features:
        return Features((*self.all, feature))


def load_features() -> Features:
    """The engine's own parts and those of the features that the settings name."""
    return Features(import_module(f"{name}.feature").feature for name in (CORE, *FEATURES))
