"""An allocation must not be decided by the draws that it posts: it would never come to rest."""

from __future__ import annotations

from .deciding_places import places_of
from .ledger_model import Ledger
from .ledger_scope import LedgerScope


def check_feeding(scope: LedgerScope, ledger: Ledger) -> None:
    """A fault for each field of a draw that decides demands or sources, through formulas too."""
    if ledger.allocation is None:
        return
    objects = scope.check.objects
    found = {place for place, _ in places_of(ledger, objects)}
    for object_name, name in sorted(found):
        if object_name in ledger.objects and name in ledger.written(object_name):
            type_ = objects[object_name]
            message = (
                f"{type_.fields[name].label} of {type_.plural.lower()} is what the ledger posts, "
                "so what it works out would depend on what it has posted."
            )
            hint = "Name what a source has to give in the beginning, and not what is left of it."
            scope.fault("/allocate", "feeds_itself", message, hint)
