"""The frame around every page: navigation, crumbs, the person; templates become answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment

from fluvial.auth.csrf_tokens import masked
from fluvial.http.call import Answer, Call
from fluvial.runtime.languages import language_of
from fluvial.runtime.reader_zone import foreign_zone
from fluvial.services.notifications import unread_count
from metamodel.written.written_numbers import decimal_mark

from .navigation import navigation
from .template_environment import TEMPLATES, environment
from .top_bar import top_bar

PRODUCT = "Fluvial"
THEMES = ("light", "dark")
STUDIO = "/studio"

Context = dict[str, Any]
_environments: dict[tuple[Path, ...], Environment] = {}


def templates(call: Call) -> Environment:
    """The one environment of the engine's and its features' templates."""
    folders = call.engine.brought(TEMPLATES)
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


def bare(
    call: Call, template: str, title: str, *, status: int = 200, lang: str = "", **context: Any
) -> Answer:
    """A page without the frame, for people who are not signed in."""
    lang = lang.replace("_", "-") or language(call)
    frame = {
        "title": title,
        "product": PRODUCT,
        "lang": lang,
        "decimal": decimal_mark(lang),
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
        "decimal": decimal_mark(language(call)),
        "theme": theme(call),
        "csrf": csrf(call),
        "unread": unread_count(session.connection, session.actor.id) if session.actor.id else 0,
        "nav": navigation(session, here),
        "studio": here.startswith(STUDIO),  # its pages link a stylesheet more
        "zone": foreign_zone(session),
        "top_bar": top_bar(session),
        "seen": {"name": call.seen.name, "end_href": "/studio/see/end"} if call.seen else None,
        "draft": drafted(call),
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


def drafted(call: Call) -> Context | None:
    """The draft of metadata that is tried, or that cannot be."""
    if call.trial is None and not call.draft_fault:
        return None
    name, id = (call.trial.draft.name, call.trial.draft.id) if call.trial is not None else ("", "")
    return {
        "name": name,
        "fault": call.draft_fault,
        "href": f"{STUDIO}/drafts/{id}" if id else f"{STUDIO}/drafts",
        "stop_href": f"{STUDIO}/drafts/stop",
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
    """The token of the forms of a page, which no two pages say in the same way."""
    return masked(call.identity.csrf or "") if call.identity else ""


def action(
    label: str, href: str, icon: str = "", *, post: bool = False, danger: bool = False
) -> Context:
    """Something that one can do: a link, or a button that posts."""
    method = "post" if post else "get"
    return {"label": label, "href": href, "icon": icon, "method": method, "danger": danger}


def with_query(path: str, /, **query: Any) -> str:
    """An address with the parameters that have a value."""
    kept = {name: value for name, value in query.items() if value not in (None, "")}
    return f"{path}?{urlencode(kept)}" if kept else path
