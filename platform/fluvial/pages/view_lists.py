"""Saved views: documents that everybody of an audience has, and those that a person keeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fluvial.auth.access import with_inherited
from fluvial.records.reading.caller_paths import may_ask
from fluvial.runtime.session import Session
from metamodel.catalog import Catalog
from metamodel.documents import SITE
from metamodel.folding import humanise, label_text

from . import preferences

ALL = "all"
MAX_OWN = 30


@dataclass(frozen=True)
class View:
    name: str
    label: str
    where: str = ""
    columns: tuple[str, ...] = ()
    sort: str = ""
    shared: bool = False
    own: bool = False


def views_of(session: Session, object_name: str) -> list[View]:
    """The views of an object for the person, the first of which opens; all records come last."""
    type_ = session.catalog.objects[object_name]
    found = [
        view
        for view, audience in _documented(session, object_name)
        if _for(session, audience) and may_ask(session.access, type_, view.where)
    ]
    found += own_views(session, object_name)
    return [*found, View(ALL, "All")]


def _documented(session: Session, object_name: str) -> Sequence[tuple[View, Sequence[str]]]:
    return session.catalog.derive(_by_object).get(object_name, ())


def _by_object(catalog: Catalog) -> Mapping[str, Sequence[tuple[View, Sequence[str]]]]:
    found: dict[str, list[Any]] = {}
    for document in catalog.of("view").values():
        body = document.body
        view = View(
            document.name,
            label_text(body.get("label", humanise(document.name))),
            body.get("where", ""),
            tuple(body.get("columns", ())),
            ",".join(body.get("sort", ())),
            shared=document.layer == SITE,
        )
        entry = (body.get("order", 50), view.label, view, tuple(body.get("audience", ())))
        found.setdefault(body["object"], []).append(entry)
    return {
        name: [(view, audience) for _, _, view, audience in sorted(entries, key=lambda e: e[:2])]
        for name, entries in found.items()
    }


def _for(session: Session, audience: Sequence[str]) -> bool:
    access = session.access
    return (
        not audience
        or access.admin
        or bool(set(audience) & set(with_inherited(session.catalog, access.roles)))
    )


def _key(object_name: str) -> str:
    return f"views:{object_name}"


def own_views(session: Session, object_name: str) -> list[View]:
    kept = preferences.read(session, _key(object_name)) or []
    return [
        View(v["name"], v["label"], v["where"], tuple(v["columns"]), v["sort"], own=True)
        for v in kept
    ]


def keep_own(session: Session, object_name: str, view: View) -> None:
    """Keep a view for the person; one of the same name is replaced."""
    kept = [v for v in preferences.read(session, _key(object_name)) or [] if v["name"] != view.name]
    kept.append(
        {"name": view.name, "label": view.label, "where": view.where,
         "columns": list(view.columns), "sort": view.sort}
    )  # fmt: skip
    preferences.keep(session, _key(object_name), kept[-MAX_OWN:])


def drop_own(session: Session, object_name: str, name: str) -> None:
    kept = [v for v in preferences.read(session, _key(object_name)) or [] if v["name"] != name]
    preferences.keep(session, _key(object_name), kept or None)
