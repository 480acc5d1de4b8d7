"""The refusal of a change that reaches beyond its author's rights."""

from __future__ import annotations

from fluvial.kernel.problems import Forbidden, fault

from .change import MetadataChange

REMEDY = "Leave it out, or ask an administrator to approve the change: send it with `ask=true`."


class BeyondRights(Forbidden):
    """Names each document, the place in it and what goes beyond."""

    title = "Beyond your own rights"

    def __init__(self, change: MetadataChange) -> None:
        self.change = change
        first, count = change.beyond[0], len(change.beyond)
        others = f" ({count - 1} more)" if count > 1 else ""
        where = f"{first.document}{f', {first.pointer}' if first.pointer else ''}"
        super().__init__(
            f"{where}: {first.message}{others} {REMEDY}",
            errors=[
                fault(f"/{one.document}{one.pointer}", "beyond_rights", one.message)
                for one in change.beyond
            ],
            beyond=[one.wire() for one in change.beyond],
        )
