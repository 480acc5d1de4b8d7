"""Changes that are made from what is in force, such as another version of a package.

They are made and worked out without keeping anybody waiting. Where another change comes into force
meanwhile, they are made anew.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from fluvial.kernel.problems import Conflict
from fluvial.runtime.session import Session

from . import package_order
from .apply import OutdatedError, apply
from .change import MetadataChange

T = TypeVar("T")
TRIES = 3  # before the others have to wait instead


def put_in_force(
    session: Session, make: Callable[[], T], change_of: Callable[[T], MetadataChange]
) -> T:
    """Apply the change of what is made, if it has one; what was made."""
    if session.drafting is not None:
        raise Conflict(
            "Packages are changed, and revisions rolled back, for everybody. Stop trying the draft "
            "first."
        )
    for _ in range(0 if session.connection.in_transaction else TRIES):
        with suppress(OutdatedError):
            return _once(session, make, change_of)
    with session.connection.transaction():
        package_order.lock(session.connection)
        return _once(session, make, change_of)


def _once(session: Session, make: Callable[[], T], change_of: Callable[[T], MetadataChange]) -> T:
    version = session.engine.catalogs.version(session.connection)
    made = make()
    change = change_of(made)
    change.based = version
    if any(True for _ in change.entries()):
        apply(session, change)
    return made
