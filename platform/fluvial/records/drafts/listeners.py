"""Who hears of committed changes: what nobody would hear leaves no event."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from fluvial.kernel.features import Seam
from fluvial.runtime.engine import Engine
from fluvial.runtime.session import Session
from metamodel.catalog import Catalog

from .event import Event


@dataclass(frozen=True)
class EventListener:
    """Hears of committed changes, in the transaction of a worker."""

    happened: Callable[[Session, Event], None]
    objects: Callable[[Catalog], Collection[str]] | None = None  # of these types; None: of all


LISTENER: Seam[EventListener] = Seam("when a change was committed")


def is_heard(session: Session, object_name: str) -> bool:
    """Whether changes of an object type have to leave events."""
    return session.all_heard or any(
        one.objects is None or object_name in one.objects(session.catalog)
        for one in session.engine.brought(LISTENER)
    )


def heard_objects(engine: Engine, catalog: Catalog) -> frozenset[str]:
    """The object types whose changes leave events."""
    heard: set[str] = set()
    for listener in engine.brought(LISTENER):
        heard |= set(catalog.objects if listener.objects is None else listener.objects(catalog))
    return frozenset(heard)
