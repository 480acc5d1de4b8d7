"""The documents of a record in the menu of its page."""

from __future__ import annotations

from collections.abc import Sequence

from fluvial.pages.frame import Context, action
from fluvial.pages.record_tabs import ShownOn

from .documents_api import documents_of


def offers(shown: ShownOn) -> Sequence[Context]:
    """Each document as PDF, and its tables as a workbook; of another day there are none."""
    if shown.session.as_of is not None:
        return ()
    found = []
    for one in documents_of(shown.session, shown.type.name, shown.id):
        state = {"kept": " (kept)", "final": " (PDF, keeps it)"}.get(one["state"], "")
        if "pdf" in one["formats"]:
            found.append(action(f"{one['label']}{state or ' (PDF)'}", one["url"], "file-text"))
        if one["tables"] and "xlsx" in one["formats"]:
            href = f"{one['url']}?format=xlsx"
            found.append(action(f"{one['label']} (spreadsheet)", href, "table"))
        if one["tables"] and "csv" in one["formats"]:
            href = f"{one['url']}?format=csv&table={one['tables'][0]['name']}"
            found.append(action(f"{one['label']} (CSV)", href, "table"))
    return found
