"""Questions of buttons that ask for records: those that may be chosen are listed to be ticked."""

from __future__ import annotations

from dataclasses import replace

from fluvial.pages.lookup_choices import candidates
from fluvial.records.drafts.record_environment import RecordEnvironment
from metamodel.catalog import Field
from metamodel.kinds.choice import Choice
from metamodel.kinds.multi_choice import MultiChoice

from .shown_record import Shown

MOST = 500  # records of one list


def offered(shown: Shown, field: Field) -> Field:
    """A question for records, as one for options; every other question as it is."""
    if not field.to:
        return field
    outer = RecordEnvironment(shown.session, shown.type, shown.values)
    rows = list(candidates(shown.session, field.to, "", field, outer, MOST + 1))
    options = [{"name": id, "label": title or hint or id} for id, title, hint in rows[:MOST]]
    kind = MultiChoice() if field.many else Choice()
    spec = {**field.spec, "options": options}
    if len(rows) > MOST:
        spec["help"] = f"{field.help} These are the first {MOST}.".strip()
    elif not rows:
        spec["help"] = f"{field.help} There is none that can be chosen.".strip()
    return replace(field, kind=kind, spec=spec, pick=None, picks={})
