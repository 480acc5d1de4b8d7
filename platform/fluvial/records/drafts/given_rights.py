"""Nobody gives people more rights than they have, nor takes over somebody who has more."""

from __future__ import annotations

from fluvial.auth.access import with_inherited
from metamodel.folding import listed

from .draft import Draft

SIGN_IN = {"email", "active", "roles"}
SETS = ("groups", "teams")
RIGHT = "users"  # the right on metadata that lets people manage others of any group and team


def refuse_more_rights(draft: Draft, password: bool) -> None:
    """Faults of a user who is written by somebody who is no administrator."""
    session = draft.session
    if session.access.admin:
        return
    held = set(with_inherited(session.catalog, session.access.roles))
    before = draft.before or {}
    given = set(draft.values.get("roles") or ()) - set(before.get("roles") or ())
    if given - held:
        names = listed(sorted(given - held))
        draft.fault("roles", "beyond_rights", f"You can only give roles that you have: {names}.")
    more = set(before.get("roles") or ()) - held
    if more and (password or draft.changed & SIGN_IN):
        draft.fault(
            "", "beyond_rights",
            "This person has roles that you do not have, so only an administrator can change "
            "how they sign in and their roles.",
        )  # fmt: skip
    _refuse_sets(draft)


def _refuse_sets(draft: Draft) -> None:
    """Groups and teams decide which records people see."""
    session, before = draft.session, draft.before or {}
    own = draft.id == session.actor.id
    for name in SETS:
        added = set(draft.values.get(name) or ()) - set(before.get(name) or ())
        added -= set(session.actor.sets.get(name, ()))
        if added and (own or RIGHT not in session.access.meta):
            message = f"You can only add people to {name} that you are in."
            draft.fault(name, "beyond_rights", message)
