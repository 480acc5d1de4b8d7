"""The tables of changes of metadata that are kept before they are in force."""

from __future__ import annotations

import sqlalchemy as sa

from metamodel.storage import INTEGER, JSON, TEXT, TIMESTAMP, UUID

from .engine_tables import column, table

KEPT_CHANGES = sa.MetaData()

# Changes of metadata that reach beyond the rights of their author: an administrator decides.
APPROVAL = table(
    "approval",
    column("id", UUID, primary_key=True),
    column("at", TIMESTAMP),
    column("by", UUID, nullable=True),
    column("note", TEXT),
    column("state", TEXT),  # draft, waiting, approved, refused, withdrawn
    column("documents", JSON),  # [{layer, kind, name, body, before}]
    column("how", JSON),  # what else a change says: take_out, make, packages, whole
    column("beyond", JSON),  # [{document, pointer, reach, message}]
    column("decided_at", TIMESTAMP, nullable=True),
    column("decided_by", UUID, nullable=True),
    column("reason", TEXT),
    column("revision", INTEGER, nullable=True),
    column("pending", UUID, nullable=True),  # the change in progress that it became
    metadata=KEPT_CHANGES,
)

# Documents that their author tries before others see them.
METADATA_DRAFT = table(
    "metadata_draft",
    column("id", UUID, primary_key=True),
    column("name", TEXT),
    column("by", UUID, index=True),
    column("at", TIMESTAMP),
    column("rev", INTEGER),
    column("documents", JSON),  # [{kind, name, body, before}] of the site's layer
    metadata=KEPT_CHANGES,
)
