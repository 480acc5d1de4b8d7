"""The documents of a change as plain JSON, for changes that are carried out later."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from fluvial.runtime.catalogs import Key

from .change import MetadataChange


def kept_documents(change: MetadataChange) -> list[dict[str, Any]]:
    """One entry for each document: `layer`, `kind`, `name`, and its `body` or None."""
    entries = [
        {"layer": layer, "kind": kind, "name": name, "body": body}
        for layer, (kind, name), body in change.entries()
    ]
    return list(orjson.loads(orjson.dumps(entries)))


def change_of(
    entries: Sequence[Mapping[str, Any]], *, make: Sequence[str], **how: Any
) -> MetadataChange:
    """The change that `entries` were kept of. Their first layer is the change's own.

    `how` are other members of the change.
    """
    layers: dict[str, dict[Key, Mapping[str, Any] | None]] = {}
    for entry in entries:
        layers.setdefault(entry["layer"], {})[entry["kind"], entry["name"]] = entry["body"]
    (layer, documents), *others = layers.items()
    return MetadataChange(documents, layer=layer, more=dict(others), make=frozenset(make), **how)
