"""The navigation: groups of entries, for the objects one may read and what features add."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fluvial.auth.access import Access
from fluvial.kernel.features import CORE, Seam
from fluvial.runtime.session import Session
from metamodel.catalog import Catalog

from .navigation_folds import folds_of

OTHERS = "More"
BUILD = "Build"


@dataclass(frozen=True)
class NavigationItem:
    """An entry of the navigation."""

    group: str
    label: str
    icon: str
    href: str
    object: str = ""  # the object type that one must be able to read to see it
    position: int = 50
    first: bool = False  # stands at the top, beside the home page, in no group


NAVIGATION: Seam[Callable[[Catalog, Access], Sequence[NavigationItem]]] = Seam("in the navigation")

Entry = dict[str, Any]


def navigation(session: Session, here: str) -> list[Entry]:
    """The groups of the rail, with the entry for `here` marked, folded as the person has them."""
    key = (session.access.roles, session.access.unrestricted)
    cache = session.catalog.derive(_rails)
    if key not in cache:
        cache[key] = _groups(session)
    folds = folds_of(session)
    return [
        folds.folded(
            label, [{**item, "current": item["href"] == here, "count": ""} for item in items]
        )
        for label, items in cache[key]
    ]


def _rails(_: Catalog) -> dict[Any, list[tuple[str, list[Entry]]]]:
    return {}


def _groups(session: Session) -> list[tuple[str, list[Entry]]]:
    groups: dict[str, list[NavigationItem]] = {"": [
        NavigationItem("", "Home", "home", "/", position=0),
        NavigationItem("", "My work", "inbox", "/work", position=1),
    ]}  # fmt: skip
    objects = _objects(session.access)
    places = {item.object: item.position for item in objects}
    added = [_beside(item, places) for item in brought_entries(session)]
    for item in (*objects, *added, *_build(session.access)):
        groups.setdefault("" if item.first else item.group or OTHERS, []).append(item)
    return [
        (group, [_entry(item) for item in sorted(groups[group], key=_place)])
        for group in _in_order(session.catalog, groups)
    ]


def _in_order(catalog: Catalog, groups: Mapping[str, object]) -> Iterator[str]:
    """As the apps list their groups, then by name, and the engine's own groups last."""
    apps = catalog.documents.get("app", {})
    listed = {name: app.body.get("groups", ()) for name, app in apps.items()}
    last = listed.pop(CORE, ())
    first = dict.fromkeys(("", *(group for app in listed.values() for group in app)))
    rest = sorted(groups.keys() - {*first, *last, OTHERS})
    for group in (*first, *rest, OTHERS, *last):
        if group in groups:
            yield group


def _beside(item: NavigationItem, places: Mapping[str, int]) -> NavigationItem:
    """What features add stands behind the object that it is about."""
    if item.first:
        return item
    return replace(item, position=places.get(item.object, item.position) + 1)


def _place(item: NavigationItem) -> tuple[int, str]:
    return item.position, item.label


def _entry(item: NavigationItem) -> Entry:
    return {"label": item.label, "icon": item.icon, "href": item.href}


def _objects(access: Access) -> list[NavigationItem]:
    """The object types, those first that others hang on.

    Records that somebody reads only because they are theirs come to them by My work.
    """
    found = []
    for type_ in (one for one in access.readable() if not access.object(one.name).own):
        weight = 2 * (45 - min(40, len(type_.inverses) + 5 * (type_.states is not None)))
        href = f"/o/{type_.name}"
        found.append(
            NavigationItem(type_.group, type_.plural, type_.icon, href, type_.name, weight)
        )
    return found


def brought_entries(session: Session) -> Iterator[NavigationItem]:
    """The entries that features bring, as far as the actor may read what they are about."""
    for entries in session.engine.brought(NAVIGATION):
        for item in entries(session.catalog, session.access):
            if not item.object or session.access.object(item.object).can("read"):
                yield item


def _build(access: Access) -> list[NavigationItem]:
    items = [NavigationItem("Build", "API", "api", "/api/docs", position=60)]
    if access.admin or any(access.object(type_.name).can("import") for type_ in access.readable()):
        items.append(NavigationItem("Build", "Imports", "upload", "/imports", position=40))
        items.append(NavigationItem("Build", "Jobs", "stopwatch", "/jobs", position=41))
    if "read" in access.meta:
        items.insert(
            0, NavigationItem("Build", "Studio", "adjustments-horizontal", "/studio", position=1)
        )
        items.insert(
            1, NavigationItem("Build", "Packages", "package", "/studio/packages", position=2)
        )
        items.insert(
            2, NavigationItem("Build", "History", "history", "/studio/revisions", position=3)
        )
    return items
