"""From a ledger's document to the ledger, with all that is wrong with it on the way.

The same code checks a document before it is put in force and compiles it once it is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import orjson

from metamodel.catalog import Catalog, Field
from metamodel.checks import DocumentCheck, made_of
from metamodel.document import Document
from metamodel.expressions import types
from metamodel.expressions.expression import Expression
from metamodel.folding import humanise, label_text
from rules.action_reader import ActionReader
from rules.model import Trigger

from .allocation_feeding import check_feeding
from .allocation_reader import read_allocation
from .charge_periods import CALENDAR, END, START, UNITS, length_of
from .entry_reader import read_entries, read_parts
from .ledger_model import KEEP, REVERSE, Ledger, LedgerPeriods
from .ledger_scope import KnownWords, LedgerScope
from .target_reader import read_targets

DURATIONS = (types.DURATION.name, types.DAYS.name)


LENGTHS = KnownWords("length of a period", ", ".join(UNITS), length_of)
DUE = KnownWords("time to be due", "'start' or 'end'", (START, END).__contains__)


def read_ledger(document: Document, check: DocumentCheck) -> Ledger | None:
    """The ledger; faults go to the check, and nothing comes back where there are any."""
    body, known = document.body, len(check.draft.faults)
    type_ = check.object("/for", body["for"])
    if type_ is None:
        return None
    trigger = Trigger("ledger", type_.name)
    scope = LedgerScope(check, type_, ActionReader(check, trigger, False, type_.name))
    _check_mode(scope, body)
    allocation = read_allocation(scope, body) if "allocate" in body else None
    periods = _periods(scope, body.get("periods"))
    targets = read_targets(scope, body) if "target" in body else ()
    entries = read_entries(scope, body, targets) if "target" in body else ()
    parts = read_parts(scope, body, targets, entries)
    made = Ledger(
        document.name,
        label_text(body.get("label", humanise(document.name))),
        type_.name,
        hashlib.sha256(orjson.dumps(body, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16],
        targets,
        entries,
        scope.compile("/when", body.get("when"), types.BOOLEAN),
        body.get("outside", KEEP if periods else REVERSE),
        periods,
        _day(scope, body),
        parts,
        scope.compile("/closed_until", body.get("closed_until"), types.DATE),
        allocation,
    )
    check_feeding(scope, made)
    return made if len(check.draft.faults) == known else None


def _check_mode(scope: LedgerScope, body: Mapping[str, Any]) -> None:
    """A ledger works out what should have been charged, or it allocates."""
    if ("target" in body) == ("allocate" in body):
        what = "both a target and an allocation" if "target" in body else "nothing to work out"
        message = f"This ledger has {what}."
        scope.fault("", "mode", message, "Write `target` or `allocate`, one of the two.")
    for name in ("periods", "day", "parts", "balanced") if "allocate" in body else ():
        if name in body:
            message = f"An allocation posts draws, for which `{name}` means nothing."
            scope.fault(f"/{name}", "allocation", message, f"Remove `{name}`.")


def _day(scope: LedgerScope, body: Mapping[str, Any]) -> Expression | None:
    if "periods" in body and "day" in body:
        message = "A ledger with periods charges each of them by itself, so a day means nothing."
        scope.fault("/day", "periods", message, "Remove `day`, or `periods`.")
        return None
    return scope.compile("/day", body.get("day"), types.DATE)


def _periods(scope: LedgerScope, body: Mapping[str, Any] | None) -> LedgerPeriods | None:
    if body is None:
        return None
    for name in ("from", "until"):
        if name in body:
            field = scope.check.field(f"/periods/{name}", scope.type, body[name])
            if field is not None:
                _check_day(scope, f"/periods/{name}", field)
    length = length_of(body["every"])
    every = None
    if length is None:
        every = scope.word("/periods/every", body["every"], LENGTHS, "no_length")
    made = LedgerPeriods(
        body["from"],
        body.get("until", ""),
        length,
        every,
        body.get("align", CALENDAR),
        scope.word("/periods/due", body.get("due"), DUE, "no_due"),
        scope.compile("/periods/lead", body.get("lead")),
    )
    if made.lead is not None and made.lead.type.name not in DURATIONS:
        message = f"{made.lead.type} is not a length of time: {body['lead']}."
        scope.fault("/periods/lead", "wrong_type", message, "Write days(5), or name a duration.")
    return made


def _check_day(scope: LedgerScope, pointer: str, field: Field) -> None:
    if field.type.name != types.DATE.name:
        message = f"{field.label} is not a date, so no period can begin or end with it."
        scope.fault(pointer, "wrong_type", message, "Name a date field.")


def ledgers_of(catalog: Catalog) -> Mapping[str, Ledger]:
    """The ledgers in force, by name: `catalog.derive(ledgers_of)`."""
    return made_of(catalog, "ledger", read_ledger)
