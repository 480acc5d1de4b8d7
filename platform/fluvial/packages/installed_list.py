"""What is installed, and what the site says differently."""

from __future__ import annotations

from typing import Any

from fluvial.metadata_changes import package_order
from fluvial.runtime.catalogs import stored_layers
from fluvial.runtime.session import Session
from metamodel.documents import SITE
from metamodel.folding import humanise, label_text
from metamodel.upgrades import KEPT, Comparison

from . import needs
from .installing import whole


def listed(session: Session) -> list[dict[str, Any]]:
    """The installed packages, lowest first."""
    return [_told(session, entry) for entry in package_order.installed(session.connection)]


def one(session: Session, name: str) -> dict[str, Any]:
    """A package with what the site says over its documents."""
    package_order.known(session.connection, name)
    entry = next(e for e in package_order.installed(session.connection) if e["name"] == name)
    return _told(session, entry) | {"site": site_changes(session, name)}


def _told(session: Session, entry: dict[str, Any]) -> dict[str, Any]:
    layers = stored_layers(session.connection)
    layer = layers[entry["name"]]
    head = layer.get(("app", entry["name"]))
    body = head.body if head is not None else {}
    return entry | {
        "label": label_text(body.get("label", humanise(entry["name"]))),
        "about": label_text(body.get("about", "")),
        "needs": body.get("needs", {}),
        "needed_by": needs.dependents(entry["name"], package_order.needs_of(layers)),
        "documents": len(layer) - (head is not None),
        "changed_by_site": sum(1 for key in layer if key in layers[SITE]),
    }


def site_changes(session: Session, name: str) -> list[dict[str, Any]]:
    """Attribute by attribute: what the package says, and what the site says over it."""
    layers = stored_layers(session.connection)
    found = []
    for key, document in layers[SITE].items():
        if key not in layers[name] or key[0] not in session.engine.kinds:
            continue
        below = whole(
            [layer[key] for label, layer in layers.items() if label != SITE and key in layer]
        )
        comparison = Comparison()
        comparison.document(session.engine.kinds[key[0]].shape, below, below, document.body)
        for decision in comparison.decisions:
            if decision.outcome == KEPT:
                wire = decision.wire()
                found.append(
                    {
                        "document": document.place,
                        **{k: wire[k] for k in ("pointer", "site", "policy")},
                        "package": wire["new"],
                    }
                )
    return found
