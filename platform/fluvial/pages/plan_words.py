"""Plans of metadata changes in words: what would happen, before it does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fluvial.database.schema_changes import SchemaOperation
from fluvial.metadata_changes.apply import MetadataChange
from metamodel.catalog import Catalog
from metamodel.folding import humanise, label_text

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


# What an operation does, by its name: fields and objects by their labels.
SAID = {
    "add_object": "Add the object {object}",
    "add_field": "Add {field} to {object}",
    "restore_field": "Bring back {field} of {object} with its values",
    "retire_field": "Retire {field} of {object}",
    "retire_object": "Retire the object {object}",
    "retype_field": "Give {field} of {object} another kind",
    "fill_field": "Calculate {field} of {object}",
    "fill_log": "Keep a log of {field} of {object}, filled in from the history",
    "lock_records": "Lock {rows} of {object}",
    "unlock_records": "Unlock {rows} of {object}",
    "change_lock": "Change when records of {object} are locked, or what of them",
    "strand_edits": "Leave {rows} of {object} with changes that can no longer be applied",
    "strand_expressions": "Break what {field} says in {rows} of {object}",
    "rename_options": "Rename options of {field} of {object}",
}
QUIET = ("add_index", "drop_index")  # they make lists faster, and are told as a number


def in_words(change: MetadataChange, catalog: Catalog) -> Context:
    """A plan for the template `_plan.html`."""
    operations: Sequence[SchemaOperation] = change.operations
    summary = _summary(operations, catalog, change)
    lines = [
        {"tone": tone, "icon": icon, "text": text}
        for name, (tone, icon, text) in CLASSES.items()
        if any(o.class_ == name for o in operations)
    ]
    places = {use for o in operations for use in o.uses}
    uses = sorted({place_words(catalog, place) for place in places})
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
                "text": "All records stay as they are.",
            }
        ]
    return {
        "summary": f"{summary}." if summary else "Only this document changes.",
        "note": "Would change" if operations else "Ready",
        "lines": [*notes, *lines],
    }


def _summary(
    operations: Sequence[SchemaOperation], catalog: Catalog, change: MetadataChange
) -> str:
    told = [o for o in operations if o.op not in QUIET]
    summary = ". ".join(_said(o, catalog, change) for o in told[:6])
    if len(told) > 6:
        summary += f". {len(told) - 6} more"
    if len(told) < len(operations):
        count = len(operations) - len(told)
        indexes = "1 index changes" if count == 1 else f"{count} indexes change"
        summary = f"{summary}. {indexes}" if summary else indexes
    return summary


def _said(operation: SchemaOperation, catalog: Catalog, change: MetadataChange) -> str:
    object, _, name = operation.target.partition(".")
    words = SAID.get(operation.op)
    if words is None:
        return f"{humanise(operation.op)}: {operation.target}"
    labels = {"object": _object(object, catalog, change)}
    labels["field"] = _field(object, name, catalog, change)
    labels["rows"] = "1 record" if operation.rows == 1 else f"{operation.rows:,} records"
    return words.format(**labels)


def _object(name: str, catalog: Catalog, change: MetadataChange) -> str:
    known = catalog.objects.get(name)
    body = change.documents.get(("object", name)) or {}
    label = label_text(body.get("label", "")) or (known.label if known else "")
    return label or humanise(name)


def _field(object: str, name: str, catalog: Catalog, change: MetadataChange) -> str:
    body = change.documents.get(("object", object)) or {}
    fields = body.get("fields") or ()
    spec = next((f for f in fields if isinstance(f, dict) and f.get("name") == name), {})
    known = catalog.objects[object].fields.get(name) if object in catalog.objects else None
    return label_text(spec.get("label", "")) or (known.label if known else humanise(name))


def place_words(catalog: Catalog, place: str) -> str:
    """A place of a document, such as `view/open#/columns/2`, as people name it."""
    document, _, pointer = place.partition("#")
    kind, _, name = document.partition("/")
    if not name or " " in kind:
        return humanise(place)  # records that use it, said in words
    found = catalog.of(kind).get(name)
    label = label_text(found.body.get("label", "")) if found is not None else ""
    part = pointer.strip("/").partition("/")[0]
    about = f", {humanise(part).lower()}" if part else ""
    return f"{humanise(kind)} {label or humanise(name)}{about}"
