"""A feature: what a folder above the engine brings, in one object.

`fluvial.settings.FEATURES` names the packages; each has a `feature.py` with a `feature`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from metamodel.documents import DocumentKind

from .settings import FEATURES

if TYPE_CHECKING:
    from fluvial.auth.access import Access
    from fluvial.http.routes import Endpoint
    from fluvial.records.drafts.draft import Draft
    from fluvial.records.drafts.event import Event
    from fluvial.runtime.engine import Engine
    from fluvial.runtime.session import Session
    from metamodel.catalog import Catalog

    from .metrics import Family


@dataclass(frozen=True)
class NavigationItem:
    """An entry of the rail."""

    group: str
    label: str
    icon: str
    href: str
    object: str = ""  # the object type that one must be able to read to see it
    position: int = 50


@dataclass(frozen=True)
class Job:
    """Work that the workers repeat: `run` does one portion and says whether there may be more."""

    name: str
    run: Callable[[Engine], bool]
    every: float = 1.0  # seconds between looks when nothing wakes it
    sends: bool = False  # it reaches other systems, so the tests of apps leave it out


@dataclass(frozen=True)
class Feature:
    """Everything is optional but the name."""

    name: str
    kinds: Sequence[DocumentKind] = ()
    tables: sa.MetaData | None = None
    routes: Sequence[Endpoint] = ()
    templates: Path | None = None
    navigation: Callable[[Catalog, Access], Sequence[NavigationItem]] | None = None
    pins: Callable[[Session], Sequence[dict[str, Any]]] | None = None  # of the home page
    before_save: Callable[[Draft], None] | None = None  # pure: sets fields or adds faults
    stored: Callable[[Draft, str], None] | None = None  # in the transaction of the write
    act: Callable[..., dict[str, Any] | None] | None = (
        None  # a button: session, type, id, name, body
    )
    happened: Callable[[Session, Event], None] | None = None  # a worker, in its transaction
    listens: Callable[[Catalog], Collection[str]] | None = None  # object types; None: all of them
    changed: Callable[[Session, Catalog], None] | None = None  # in the transaction of a new catalog
    jobs: Sequence[Job] = ()
    measures: Callable[[Session], Iterable[Family]] | None = None  # for /metrics, beside requests
    # For the tests of apps: what was done and would be sent, and a web form that is answered.
    deeds: Callable[[Session], Sequence[dict[str, Any]]] | None = None
    answer: Callable[[Session, str, Mapping[str, Any]], bool] | None = None


def load_features() -> tuple[Feature, ...]:
    return tuple(import_module(f"{name}.feature").feature for name in FEATURES)
