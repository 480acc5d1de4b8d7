"""Plans of metadata changes in words: what would happen, before it does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fluvial.database.schema_changes import SchemaOperation
from fluvial.metadata_changes.apply import MetadataChange
from metamodel.folding import humanise

Context = dict[str, Any]

CLASSES = {
    "instant": ("good", "check", "No records are rewritten; all stay available."),
    "scan": ("good", "check", "All records are read once to check them."),
    "rewrite": ("warn", "alert-triangle", "Every record is rewritten once."),
    "destructive": (
        "bad",
        "alert-triangle",
        "Values are retired. They are kept until somebody purges them.",
    ),
}


def in_words(change: MetadataChange) -> Context:
    """A plan for the template `_plan.html`."""
    operations: Sequence[SchemaOperation] = change.operations
    summary = ". ".join(f"{humanise(o.op)}: {o.target}" for o in operations[:6])
    lines = [
        {"tone": tone, "icon": icon, "text": text}
        for name, (tone, icon, text) in CLASSES.items()
        if any(o.class_ == name for o in operations)
    ]
    uses = sorted({use for o in operations for use in o.uses})
    if uses:
        lines.append(
            {"tone": "warn", "icon": "alert-triangle", "text": f"Used in {', '.join(uses)}."}
        )
    lines += [
        {"tone": "bad", "icon": "lock", "text": f"{one.document}{one.pointer}: {one.message}"}
        for one in change.beyond[:6]
    ]
    if change.beyond:
        text = "This goes beyond your own rights. An administrator can approve it."
        lines.append({"tone": "warn", "icon": "shield-check", "text": text})
    notes = [{"tone": "warn", "icon": "alert-triangle", "text": text} for text in change.notes]
    if not operations and not change.beyond:
        lines = [
            {
                "tone": "good",
                "icon": "check",
                "text": "Only texts change; tables stay as they are.",
            }
        ]
    return {
        "summary": f"{summary}." if summary else "The document changes; tables stay as they are.",
        "note": "Would change" if operations else "Texts only",
        "lines": [*notes, *lines],
    }
