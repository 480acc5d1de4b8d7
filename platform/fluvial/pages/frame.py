"""The frame around every page: navigation, crumbs, the person; templates become answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment

from fluvial.auth.access import Access
from fluvial.http.call import Answer, Call
from fluvial.kernel.feature import NavigationItem
from fluvial.runtime.languages import language_of
from fluvial.runtime.session import Session
from fluvial.services.notifications import unread_count
from metamodel.catalog import Catalog

from .environment import environment

PRODUCT = "Fluvial"
FIRST = ("", "Sales", "Service", "Delivery", "Billing")
LAST = ("People", "Build")
OTHERS = "More"
THEMES = ("light", "dark")

Context = dict[str, Any]
_environments: dict[tuple[Path, ...], Environment] = {}


def templates(call: Call) -> Environment:
    """The one environment of the engine's and its features' templates."""
    folders = tuple(f.templates for f in call.engine.features if f.templates is not None)
    found = _environments.get(folders)
    if found is None:
        found = _environments[folders] = environment(folders)
    return found


def render(call: Call, template: str, **context: Any) -> str:
    return templates(call).get_template(template).render(**context)


def page(
    call: Call,
    template: str,
    title: str,
    *,
    crumbs: Sequence[tuple[str, str]] = (),
    here: str = "",
    primary: Context | None = None,
    menu: Sequence[Context] = (),
    topics: str = "",
    keys: Mapping[str, str] | None = None,
    status: int = 200,
    **context: Any,
) -> Answer:
    """A page in the frame. `here` is the address of the entry of the rail that it belongs to."""
    frame = frame_of(call, title, here)
    if not topics:
        frame["links"]["stream"] = ""  # nothing to wait for
    frame |= {
        "crumbs": [*({"label": label, "href": href} for label, href in crumbs),
                   {"label": title, "href": ""}],
        "primary": primary,
        "menu": list(menu),
        "topics": topics,
        "keys": {"home": "/", **(keys or {})},
    }  # fmt: skip
    return Answer.html(render(call, template, page=frame, **context), status)


def bare(call: Call, template: str, title: str, *, status: int = 200, **context: Any) -> Answer:
    """A page without the frame, for people who are not signed in."""
    frame = {
        "title": title,
        "product": PRODUCT,
        "lang": language(call),
        "theme": theme(call),
        "csrf": "",
    }
    return Answer.html(render(call, template, page=frame, **context), status)


def frame_of(call: Call, title: str, here: str) -> Context:
    session = call.session
    return {
        "title": title,
        "product": PRODUCT,
        "lang": language(call),
        "theme": theme(call),
        "csrf": csrf(call),
        "unread": unread_count(session.connection, session.actor.id) if session.actor.id else 0,
        "nav": navigation(session, here),
        "user": {"name": session.actor.name, "email": session.actor.email},
        "links": {
            "home": "/",
            "search": "/search",
            "notifications": "/notifications",
            "profile": "/profile",
            "sign_out": "/signout",
            "stream": "/api/stream",
        },
    }


def language(call: Call) -> str:
    """Of a page: that of the person, or of the site."""
    unknown = call.session is None  # where a fault comes before anybody is known
    chosen = call.engine.settings.locale if unknown else language_of(call.session)
    return chosen.replace("_", "-")


def theme(call: Call) -> str:
    chosen = call.cookies.get("theme", "")
    return chosen if chosen in THEMES else ""


def csrf(call: Call) -> str:
    return call.identity.csrf or "" if call.identity else ""


def navigation(session: Session, here: str) -> list[Context]:
    """The groups of the rail, with the entry for `here` marked."""
    key = (session.access.roles, session.access.unrestricted)
    cache = session.catalog.derive(_rails)
    if key not in cache:
        cache[key] = _groups(session)
    return [
        {
            "label": label,
            "items": [{**item, "current": item["href"] == here, "count": ""} for item in items],
        }
        for label, items in cache[key]
    ]


def _rails(_: Catalog) -> dict[Any, list[tuple[str, list[Context]]]]:
    return {}


def _groups(session: Session) -> list[tuple[str, list[Context]]]:
    groups: dict[str, list[NavigationItem]] = {"": [
        NavigationItem("", "Home", "home", "/", position=0),
        NavigationItem("", "My work", "inbox", "/#my-work", position=1),
    ]}  # fmt: skip
    objects = _objects(session.access)
    places = {item.object: item.position for item in objects}
    boards = [_beside(item, places) for item in _features(session)]
    for item in (*objects, *boards, *_build(session.access)):
        groups.setdefault(item.group or OTHERS, []).append(item)
    order = [*(g for g in FIRST if g in groups)]
    order += sorted(g for g in groups if g not in (*FIRST, *LAST, OTHERS))
    order += [g for g in (OTHERS, *LAST) if g in groups]
    return [
        (group, [_entry(item) for item in sorted(groups[group], key=_place)]) for group in order
    ]


def _beside(item: NavigationItem, places: Mapping[str, int]) -> NavigationItem:
    """What features add stands behind the object that it is about."""
    return replace(item, position=places.get(item.object, item.position) + 1)


def _place(item: NavigationItem) -> tuple[int, str]:
    return item.position, item.label


def _entry(item: NavigationItem) -> Context:
    return {"label": item.label, "icon": item.icon, "href": item.href}


def _objects(access: Access) -> list[NavigationItem]:
    """The object types, those first that others hang on."""
    found = []
    for type_ in access.readable():
        weight = 2 * (45 - min(40, len(type_.inverses) + 5 * (type_.states is not None)))
        href = f"/o/{type_.name}"
        found.append(
            NavigationItem(type_.group, type_.plural, type_.icon, href, type_.name, weight)
        )
    return found


def _features(session: Session) -> list[NavigationItem]:
    items: list[NavigationItem] = []
    for feature in session.engine.features:
        if feature.navigation is not None:
            items += feature.navigation(session.catalog, session.access)
    return [i for i in items if not i.object or session.access.object(i.object).can("read")]


def _build(access: Access) -> list[NavigationItem]:
    items = [NavigationItem("Build", "API", "api", "/api/docs", position=60)]
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


def deed(
    label: str, href: str, icon: str = "", *, post: bool = False, danger: bool = False
) -> Context:
    """Something that one can do: a link, or a button that posts."""
    method = "post" if post else "get"
    return {"label": label, "href": href, "icon": icon, "method": method, "danger": danger}


def with_query(path: str, **query: Any) -> str:
    """An address with the parameters that have a value."""
    kept = {name: value for name, value in query.items() if value not in (None, "")}
    return f"{path}?{urlencode(kept)}" if kept else path
