"""An allocation as a ledger's document says it: what is drained into what, in which order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from metamodel.expressions.expression import Expression
from metamodel.expressions.nodes import Read, Root

from .ledger_rows import LedgerRows

DEMAND, SOURCE, RECORD = "demand", "source", "record"


@dataclass(frozen=True)
class PairLeaf:
    """A value that an expression about a pair reads: of the demand, the source or the record.

    It is asked as `value`, or, where `linked` names a multi_lookup, is all that it links to.
    """

    side: str
    value: Expression
    decides: Expression  # the same, as what it depends on is found
    linked: tuple[str, str] | None = None  # the object type and the field
    kind: str = ""  # of a source, where it is read of those of one object type only


@dataclass(frozen=True, eq=False)
class PairExpression:
    """An expression about a demand, a source and the record that both belong to."""

    whole: Expression
    leaves: Mapping[tuple[str, ...], PairLeaf]  # by the path that stands in it

    @cached_property
    def named(self) -> frozenset[str]:
        """The sides whose records it reads as such."""
        reads = (one for one in self.whole.tree.walk() if isinstance(one, Read))
        return frozenset(
            one.path[0] for one in reads if one.root is Root.NAME and len(one.path) == 1
        )

    def of(self, side: str, object_name: str = "") -> Iterator[tuple[tuple[str, ...], PairLeaf]]:
        """What is read of the records of one side, and, if it is named, of one object type."""
        for path, leaf in self.leaves.items():
            if leaf.side == side and leaf.kind in ("", object_name):
                yield path, leaf


@dataclass(frozen=True)
class OrderKey:
    """By what records come one after the other; empty values come last."""

    value: Expression
    down: bool = False


@dataclass(frozen=True, eq=False)
class AllocationRows:
    """A collection of demands, of sources or of choices."""

    side: str
    at: int
    rows: LedgerRows
    quantity: Expression | None
    where: Expression | None = None
    day: Expression | None = None  # of a demand
    starts: Expression | None = None  # of a source
    ends: Expression | None = None
    order: tuple[OrderKey, ...] = ()
    match: PairExpression | None = None  # of a source
    picks: tuple[str, ...] = ()  # of choices: the look-ups to demands, and then to sources

    @property
    def own(self) -> dict[str, Expression]:
        """What is asked of each record by itself."""
        asked = {
            "where": self.where, "quantity": self.quantity, "day": self.day,
            "from": self.starts, "until": self.ends,
        }  # fmt: skip
        found = {name: one for name, one in asked.items() if one is not None}
        return found | {f"order {at}": one.value for at, one in enumerate(self.order)}


@dataclass(frozen=True, eq=False)
class AllocationEntry:
    """A record that is created for a draw, or for what is left of a demand."""

    object: str
    amount: str
    values: Mapping[str, PairExpression] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class AllocationRest:
    """What becomes of demands that no source covers."""

    entries: tuple[AllocationEntry, ...]
    price: PairExpression | None = None


@dataclass(frozen=True, eq=False)
class Allocation:
    demands: AllocationRows
    sources: tuple[AllocationRows, ...]
    draws: tuple[AllocationEntry, ...]
    rest: AllocationRest | None = None
    choices: AllocationRows | None = None
    automatic: bool = True  # whether what no choice covers is drained in order

    @property
    def collections(self) -> tuple[AllocationRows, ...]:
        chosen = (self.choices,) if self.choices is not None else ()
        return (self.demands, *self.sources, *chosen)

    @property
    def entries(self) -> tuple[AllocationEntry, ...]:
        return (*self.draws, *(self.rest.entries if self.rest else ()))

    @property
    def pairs(self) -> Iterator[PairExpression]:
        """Those that decide what is drawn."""
        yield from (one.match for one in self.sources if one.match is not None)
        if self.rest is not None and self.rest.price is not None:
            yield self.rest.price

    @property
    def expressions(self) -> Iterator[Expression]:
        """All that decide draws."""
        for rows in self.collections:
            yield from rows.own.values()
        for pair in self.pairs:
            yield pair.whole

    def leaves(self, side: str, at: int = 0) -> Iterator[Expression]:
        """What decides draws through pairs, of one side."""
        matches = [one.match for one in self.sources if side != SOURCE or one.at == at]
        price = self.rest.price if self.rest is not None else None
        for pair in (*matches, price):
            if pair is not None:
                yield from (leaf.decides for _, leaf in pair.of(side))
