"""Revisions: every change of metadata that was made, and the way back to any of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa

from fluvial.database.engine_tables import REVISION
from fluvial.database.statement import Statement, param
from fluvial.kernel.features import CORE
from fluvial.kernel.problems import Conflict, NotFound
from fluvial.runtime.catalogs import Key, stored_layers
from fluvial.runtime.session import Session
from metamodel.differences import Difference, differences
from metamodel.documents import SITE

from .apply import MetadataChange
from .approvals import approvals_of_revisions
from .made_anew import put_in_force

SHOWN = 500

_r = REVISION.c
_this = _r.number == param("the_number", _r.number)
_REVISIONS = Statement(
    sa.select(_r.number, _r.at, _r.by, _r.note, _r.changes).order_by(_r.number.desc()).limit(SHOWN)
)
_ONE = Statement(sa.select(_r.number, _r.at, _r.by, _r.note, _r.changes).where(_this))
_LAST = Statement(sa.select(sa.func.max(_r.number)))
_AFTER = Statement(
    sa.select(_r.number, _r.changes)
    .where(_r.number > param("the_number", _r.number))
    .order_by(_r.number.desc())
)


def revisions(session: Session) -> list[dict[str, Any]]:
    """The changes of metadata, newest first, each with the documents that it touched."""
    approved = approvals_of_revisions(session.connection)
    return [
        _head(*row) | _approval(approved, row[0]) | {"changes": [_touched(e) for e in row[4]]}
        for row in _REVISIONS.rows(session.connection)
    ]


def _approval(approved: Mapping[int, dict[str, Any]], number: int) -> dict[str, Any]:
    return {"approval": approved[number]} if number in approved else {}


def _head(number: int, at: Any, by: str | None, note: str, _: Any) -> dict[str, Any]:
    return {"number": number, "at": at, "by": {"user": by} if by else None, "note": note}


def _touched(entry: Mapping[str, Any]) -> dict[str, Any]:
    verb = "removed" if entry["after"] is None else "changed" if entry["before"] else "added"
    return {name: entry[name] for name in ("layer", "kind", "name")} | {"verb": verb}


def revision(session: Session, number: int) -> dict[str, Any]:
    """One change: who, when, why, and what differs, attribute by attribute."""
    row = _ONE.row(session.connection, the_number=number)
    if row is None:
        raise NotFound(f"There is no revision {number}.")
    diff = [
        {"document": f"{entry['kind']}/{entry['name']}", "layer": entry["layer"]} | found.wire()
        for entry in row[4]
        for found in _differences(entry)
    ]
    head = _head(*row) | _approval(approvals_of_revisions(session.connection), number)
    return head | {"changes": [_touched(entry) for entry in row[4]], "diff": diff}


def _differences(entry: Mapping[str, Any]) -> Iterator[Difference]:
    """Differences; of the site's layer part by part also where it is the first or the last."""
    before, after = entry["before"], entry["after"]
    if entry["layer"] == SITE:
        heads = {name: entry[name] for name in ("kind", "name")}
        before, after = heads | (before or {}), heads | (after or {})
    return differences(before, after)


def history(session: Session, kind: str, name: str) -> list[dict[str, Any]]:
    """The revisions that touched a document, newest first, each with what differs."""
    found = []
    for row in _REVISIONS.rows(session.connection):
        diff = [
            {"layer": entry["layer"]} | one.wire()
            for entry in row[4]
            if (entry["kind"], entry["name"]) == (kind, name)
            for one in _differences(entry)
        ]
        if diff:
            found.append(_head(*row) | {"diff": diff})
    return found


def rollback(session: Session, number: int, *, ask: bool = False) -> MetadataChange:
    """Bring back all documents as they were right after a revision; records keep their values.

    Packages that came, went or were upgraded since then are as they were, too. The engine's
    own documents stay: they belong to the version that runs.
    """

    def make() -> MetadataChange:
        change = rollback_change(session, number)
        change.ask = ask
        return change

    return put_in_force(session, make, lambda change: change)


def rollback_change(session: Session, number: int) -> MetadataChange:
    """The change that a rollback makes."""
    back = _back(session, number)
    back.pop(CORE, None)
    site = back.pop(SITE, {})
    change = MetadataChange(site, note=f"Roll back to revision {number}", more=back, whole=True)
    change.packages = _packages(back)
    return change


def _back(session: Session, number: int) -> dict[str, dict[Key, Mapping[str, Any] | None]]:
    """What each layer said right after a revision, where it says something else now."""
    if _ONE.row(session.connection, the_number=number) is None:
        raise NotFound(f"There is no revision {number}.")
    back: dict[str, dict[Key, Mapping[str, Any] | None]] = {}
    for _, changes in _AFTER.rows(session.connection, the_number=number):
        for entry in changes:
            back.setdefault(entry["layer"], {})[entry["kind"], entry["name"]] = entry["before"]
    layers = stored_layers(session.connection)
    for layer, bodies in back.items():
        there = layers.get(layer, {})
        for key in [key for key, body in bodies.items() if _same(there.get(key), body)]:
            del bodies[key]
    return {layer: bodies for layer, bodies in back.items() if bodies}


def _same(there: Any, body: Mapping[str, Any] | None) -> bool:
    if there is None or body is None:
        return there is None and body is None
    whole = {"kind": there.kind, "name": there.name}
    return bool(whole | dict(there.body) == whole | dict(body))


def _packages(
    back: Mapping[str, Mapping[Key, Mapping[str, Any] | None]],
) -> dict[str, str | None]:
    """The packages that come back, at their versions, and those that go."""
    found: dict[str, str | None] = {}
    for layer, bodies in back.items():
        if ("app", layer) in bodies:
            head = bodies["app", layer]
            found[layer] = None if head is None else str(head.get("version", "0"))
    return found


def rollback_document(session: Session, kind: str, name: str, number: int) -> MetadataChange:
    """What the site says of one document, as it was right after a revision."""
    key = (kind, name)
    bodies = _back(session, number).get(SITE, {})
    if key not in bodies:
        message = f"The site's {kind}/{name} is the same as after revision {number}."
        raise Conflict(message)
    return MetadataChange({key: bodies[key]}, note=f"{kind}/{name} as of revision {number}")
