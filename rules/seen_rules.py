"""Which rules a reader may look into: their traces tell what they read and whom they told."""

from __future__ import annotations

from typing import Any

from fluvial.metadata_changes.told_reach import reads_beyond
from fluvial.runtime.session import Session
from metamodel.catalog import Catalog
from metamodel.folding import humanise, label_text

GONE = "The rule no longer exists, so only administrators see what it did."


def rule_label(catalog: Catalog, name: str) -> str:
    document = catalog.of("rule").get(name)
    return label_text(document.body.get("label", humanise(name))) if document else humanise(name)


def unseen(session: Session, name: str) -> str:
    """Why somebody may not see what a rule did; empty where they may."""
    if session.access.admin:
        return ""
    key = (session.access.roles, session.access.unrestricted, name)
    known = session.catalog.derive(_known)
    if key not in known:
        document = session.catalog.of("rule").get(name)
        known[key] = reads_beyond(session, document) if document is not None else GONE
    return known[key]


def _known(_: Catalog) -> dict[Any, str]:
    return {}
