"""Runs and tasks are written by processes only: nobody creates or deletes one beside them."""

from __future__ import annotations

from fluvial.records.drafts.draft import Draft

from .kept_names import KEPT
from .run_rows import RUNNING


def before_save(draft: Draft) -> None:
    if draft.type.name in KEPT and draft.new and draft.type.name not in draft.session.posts:
        draft.fault(
            "", "kept",
            f"A {draft.type.label.lower()} is made when a process is started: use "
            "POST /api/processes/NAME/runs, or the button on the record.",
        )  # fmt: skip


def before_bin(draft: Draft, event: str) -> None:
    """What has ended may go; a run at work would never end."""
    if draft.type.name not in KEPT:
        return
    values = draft.before or draft.values
    if draft.type.name == KEPT[0] and values.get("status") == RUNNING:
        draft.fault("", "running", "The run is at work: cancel it first.")
    elif draft.type.name == KEPT[1]:
        draft.fault("", "kept", "A task goes with its run: delete the run.")
