"""Taking parts out of documents, in the site's layer, so that something else can go."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from metamodel.document import SITE, Document
from metamodel.layers import DELETE, merge
from metamodel.site_part import site_part
from metamodel.uses import steps_of


def pruned(document: Document, pointers: Iterable[str]) -> Mapping[str, Any] | None:
    """What the site's layer says of a merged document once these parts are out of it.

    None where the site's layer says nothing any more; "" among the pointers is all of it.
    """
    gone = sorted(pointers)
    below = [part.body for part in document.parts if part.layer != SITE]
    head = {"kind": document.kind, "name": document.name}
    if "" in gone:
        return {**head, DELETE: True} if below else None
    body = _without(document.body, [steps_of(pointer) for pointer in gone])
    if not below:
        return body  # type: ignore[no-any-return]
    said = next((part.body for part in document.parts if part.layer == SITE), None)
    base: Any = None
    for part in below:
        base = merge(base, part)
    return {**site_part(base, body, said), **head}


def _without(value: Any, paths: list[list[str]]) -> Any:
    """A copy without the parts at the paths; lists that are left empty go as well."""
    gone = {path[0] for path in paths if len(path) == 1}
    inner: dict[str, list[list[str]]] = {}
    for path in paths:
        if len(path) > 1 and path[0] not in gone:
            inner.setdefault(path[0], []).append(path[1:])
    if isinstance(value, list):
        return [
            _without(item, inner[str(at)]) if str(at) in inner else item
            for at, item in enumerate(value)
            if str(at) not in gone
        ]
    kept = {}
    for name, item in value.items():
        if name in gone:
            continue
        left = _without(item, inner[name]) if name in inner else item
        if name in inner and left in ([], {}):
            continue
        kept[name] = left
    return kept
