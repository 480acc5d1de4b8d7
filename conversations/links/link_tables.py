"""The tables of links: what was made for whom, and what became of it."""

from __future__ import annotations

from conversations.conversation_tables import TABLES
from fluvial.database.engine_tables import column, table
from metamodel.storage import JSON, TEXT, TIMESTAMP, UUID

# One for each address that was given to somebody. The address itself stands nowhere: it is the id
# with a signature.
LINK_PASS = table(
    "link_pass",
    column("id", UUID, primary_key=True),
    column("link", TEXT),
    column("object", TEXT),
    column("record", UUID, index=True),
    column("recipient", TEXT),  # for whom it was made, in words
    column("made_at", TIMESTAMP),
    column("made_by", UUID, nullable=True),
    column("made_rule", TEXT, nullable=True),
    column("expires_at", TIMESTAMP),
    column("revoked_at", TIMESTAMP, nullable=True),
    column("revoked_by", UUID, nullable=True),
    column("used_at", TIMESTAMP, nullable=True),  # the last time
    metadata=TABLES,
)

# Who took the action, as far as that is known, and when.
LINK_USE = table(
    "link_use",
    column("id", UUID, primary_key=True),
    column("link_pass", UUID, index=True),
    column("at", TIMESTAMP),
    column("address", TEXT),
    column("agent", TEXT),
    column("answers", JSON),  # what the link itself asked for: {label: text}
    metadata=TABLES,
)
