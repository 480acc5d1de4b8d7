"""A ledger as its document says it: what is charged for which records, and what is posted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from metamodel.expressions.expression import Expression

from .allocation_model import RECORD, Allocation, AllocationEntry
from .charge_periods import CALENDAR, PeriodLength
from .ledger_rows import LedgerRows

SEGMENTS, EACH, SPREAD, OWN = "segments", "each", "spread", "own"
CUMULATIVE = "cumulative"
KEEP, REVERSE = "keep", "reverse"


@dataclass(frozen=True, eq=False)
class LedgerTarget:
    """One of the things that a ledger charges. Expressions of rows may name the `record`."""

    at: int
    kind: str  # segments, each, spread, or own: of the record itself
    rows: LedgerRows | None = None
    when: Expression | None = None
    where: Expression | None = None
    day: Expression | None = None
    item: str = ""
    quantity: Expression | None = None
    price: Expression | None = None
    amount: Expression | None = None
    least: Expression | None = None
    floor: Expression | None = None  # the price of what is missing to the least, of no row
    convention: Expression | None = None
    starts: Expression | None = None
    ends: Expression | None = None
    rounding: str = CUMULATIVE

    @property
    def expressions(self) -> Iterator[tuple[str, Expression]]:
        """All, by the member that each of them is."""
        members = {
            "when": self.when, "where": self.where, "at": self.day, "quantity": self.quantity,
            "price": self.price, "amount": self.amount, "least": self.least,
            "convention": self.convention, "spread/from": self.starts, "spread/until": self.ends,
        }  # fmt: skip
        yield from ((name, one) for name, one in members.items() if one is not None)


@dataclass(frozen=True, eq=False)
class LedgerPeriods:
    """How the periods of a record are found."""

    starts: str
    ends: str = ""
    length: PeriodLength | None = None
    every: Expression | None = None  # ... where records have their own
    align: str = CALENDAR
    due: Expression | None = None
    lead: Expression | None = None


@dataclass(frozen=True, eq=False)
class LedgerEntry:
    """A record that is created for a difference."""

    object: str
    amount: str
    times: int = 1
    values: Mapping[str, Expression] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class LedgerParts:
    """Records that tell what an entry is made of."""

    object: str
    amount: str
    values: Mapping[str, Expression] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Ledger:
    name: str
    label: str
    object: str
    revision: str  # of all that the document says
    targets: tuple[LedgerTarget, ...]
    entries: tuple[LedgerEntry, ...]
    when: Expression | None = None
    outside: str = KEEP
    periods: LedgerPeriods | None = None
    day: Expression | None = None
    parts: LedgerParts | None = None
    closed: Expression | None = None
    allocation: Allocation | None = None

    @property
    def record_expressions(self) -> Iterator[Expression]:
        """Those about the charged record that decide what is charged."""
        periods = self.periods
        found = [self.when, self.day, self.closed]
        found += [periods.every, periods.due, periods.lead] if periods else []
        for target in self.targets:
            found += [target.when, target.least, target.convention, target.starts, target.ends]
            found += [] if target.kind == EACH else [target.amount]
        if self.allocation is not None:
            found += self.allocation.leaves(RECORD)
        yield from (one for one in found if one is not None)

    @property
    def _entries(self) -> tuple[LedgerEntry | AllocationEntry, ...]:
        return self.entries if self.allocation is None else self.allocation.entries

    @property
    def amounts(self) -> tuple[tuple[str, str], ...]:
        """The object types of entries, each with the field for what it comes to."""
        return tuple((one.object, one.amount) for one in self._entries)

    @property
    def objects(self) -> tuple[str, ...]:
        """The object types of the records that it creates."""
        parts = [self.parts.object] if self.parts else []
        return tuple(dict.fromkeys([*(one.object for one in self._entries), *parts]))

    def written(self, object_name: str) -> frozenset[str]:
        """The fields of an object type that it fills in."""
        names: set[str] = set()
        parts = [self.parts] if self.parts else []
        made: list[LedgerEntry | AllocationEntry | LedgerParts] = [*self._entries, *parts]
        for one in made:
            if one.object == object_name:
                names |= {one.amount, *one.values}
        return frozenset(names)
