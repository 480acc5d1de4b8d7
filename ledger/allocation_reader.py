"""The allocation of a ledger's document: demands, sources and what is posted, read and checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from metamodel.catalog import ObjectType
from metamodel.expressions import types
from metamodel.expressions.expression import Expression
from metamodel.expressions.types import Type
from rules.action_reader import undotted

from .allocation_model import (
    DEMAND,
    SOURCE,
    Allocation,
    AllocationEntry,
    AllocationRest,
    AllocationRows,
    OrderKey,
    PairExpression,
)
from .entry_reader import check_amount, check_required, entry_values
from .ledger_model import EACH
from .ledger_scope import LedgerScope
from .pair_reader import read_pair
from .target_reader import about, check_worth, read_rows

PLACE = "/allocate"
CHOICE = "choice"
SORTED = (
    types.NUMBER, types.MONEY, types.TEXT, types.DATE, types.DATETIME, types.DURATION,
    types.CHOICE, types.BOOLEAN,
)  # fmt: skip
DRAW, REST = "draw", "rest"
NAMES = {"booked": types.DATE, "currency": types.TEXT, "run": types.TEXT}

Body = Mapping[str, Any]


def read_allocation(scope: LedgerScope, body: Body) -> Allocation | None:
    spec = body["allocate"]
    demands = _rows(scope, f"{PLACE}/demands", DEMAND, 0, spec["demands"])
    given = list(_sources(scope, spec["sources"]))
    if demands is None or not given or any(one is None for one in given):
        return None
    known = len(scope.check.draft.faults)
    sources = tuple(one for one in given if one is not None)
    _check_days(scope, demands, sources)
    _check_together(scope, demands, sources)
    sources = tuple(_matched(scope, spec, demands, one) for one in sources)
    worth = demands.quantity.type if demands.quantity is not None else types.NUMBER
    words = _Words(scope, demands, sources, worth)
    draws = words.entries("/entries", body["entries"], DRAW)
    choices = _choices(scope, spec.get("choices"), demands, sources)
    rest = words.rest(spec.get("rest"))
    if len(scope.check.draft.faults) > known:
        return None
    automatic = spec.get("automatic", True)
    return Allocation(demands, sources, draws, rest, choices, automatic)


def _sources(scope: LedgerScope, spec: Any) -> Iterator[AllocationRows | None]:
    listed = isinstance(spec, list)
    for at, one in enumerate(spec if listed else [spec]):
        yield _rows(scope, _place(at, listed), SOURCE, at, one)


def _place(at: int, listed: bool) -> str:
    return f"{PLACE}/sources/{at}" if listed else f"{PLACE}/sources"


def _rows(scope: LedgerScope, place: str, side: str, at: int, spec: Body) -> AllocationRows | None:
    rows = read_rows(scope, f"{place}/of", spec["of"], EACH)
    if rows is None:
        return None
    reader = about(scope, rows.object)
    quantity = reader.compile(f"{place}/quantity", spec.get("quantity"))
    check_worth(scope, f"{place}/quantity", quantity)
    if quantity is None and side != CHOICE:
        return None
    return AllocationRows(
        side,
        at,
        rows,
        quantity,
        reader.compile(f"{place}/where", spec.get("where"), types.BOOLEAN),
        reader.compile(f"{place}/at", spec.get("at"), types.DATE),
        reader.compile(f"{place}/from", spec.get("from"), types.DATE),
        reader.compile(f"{place}/until", spec.get("until"), types.DATE),
        _order(reader, f"{place}/order", spec.get("order", _usual(spec))),
    )


def _usual(spec: Body) -> list[str]:
    """The order of what does not say one: by its day."""
    return [spec[name] for name in ("at", "from") if name in spec]


def _order(scope: LedgerScope, place: str, spec: Sequence[str]) -> tuple[OrderKey, ...]:
    made = []
    for at, source in enumerate(spec):
        down = source.startswith("-")
        value = scope.compile(f"{place}/{at}", source.removeprefix("-"))
        if value is None:
            continue
        if value.type.name not in {one.name for one in SORTED}:
            message = f"{value.type} has no order: {source}."
            hint = "Name a number, a text, a choice, a date or a moment."
            scope.fault(f"{place}/{at}", "not_sortable", message, hint)
        made.append(OrderKey(value, down))
    return tuple(made)


def _check_days(
    scope: LedgerScope, demands: AllocationRows, sources: Sequence[AllocationRows]
) -> None:
    """Sources that give on some days only need to know the day of a demand."""
    if demands.day is None and any(one.starts or one.ends for one in sources):
        message = "Sources give on some days only, and demands have none."
        hint = "Add `at`, the day of each demand, or remove `from` and `until` of the sources."
        scope.fault(f"{PLACE}/demands", "no_day", message, hint)


def _check_together(
    scope: LedgerScope, demands: AllocationRows, sources: Sequence[AllocationRows]
) -> None:
    """What is drained and what it covers is of one kind, and sources have one order."""
    several = len(sources) > 1
    for one in sources:
        place = _place(one.at, several)
        kinds = [side.quantity.type.name for side in (demands, one) if side.quantity]
        if len(set(kinds)) > 1:
            message = f"Demands are counted in {kinds[0]}, and these sources in {kinds[1]}."
            hint = "Give both a number, or both an amount of money."
            scope.fault(f"{place}/quantity", "wrong_type", message, hint)
        if _kinds(one) != _kinds(sources[0]):
            message = "Several sources are drained in one order, and these have others."
            hint = "Give each as many values in `order`, of the same types."
            scope.fault(f"{place}/order", "orders", message, hint)


def _kinds(rows: AllocationRows) -> list[tuple[str, bool]]:
    return [(one.value.type.name, one.down) for one in rows.order]


def _matched(
    scope: LedgerScope, spec: Body, demands: AllocationRows, one: AllocationRows
) -> AllocationRows:
    given = spec["sources"]
    own = given[one.at] if isinstance(given, list) else given
    source, place = own.get("match"), f"{_place(one.at, isinstance(given, list))}/match"
    if source is None:
        source, place = spec.get("match"), f"{PLACE}/match"
    objects = {DEMAND: demands.rows.object, SOURCE: one.rows.object}
    words = {name: types.record(object_name) for name, object_name in objects.items()}
    named = replace(scope, reader=scope.reader.naming(**words))
    made = named.compile(place, source, types.BOOLEAN)
    return replace(one, match=read_pair(scope, place, made, objects))


def _choices(
    scope: LedgerScope,
    spec: Body | None,
    demands: AllocationRows,
    sources: Sequence[AllocationRows],
) -> AllocationRows | None:
    place = f"{PLACE}/choices"
    made = None if spec is None else _rows(scope, place, CHOICE, 0, spec)
    if spec is None or made is None:
        return None
    listed = spec["source"] if isinstance(spec["source"], list) else [spec["source"]]
    type_ = scope.check.objects[made.rows.object]
    wanted = [("demand", spec["demand"], demands)]
    if len(listed) != len(sources):
        message = f"There are {len(sources)} kinds of sources, and {len(listed)} look-ups to them."
        hint = "Name one look-up for each kind of source, in their order."
        scope.fault(f"{place}/source", "sources", message, hint)
        return None
    wanted += [("source", name, one) for name, one in zip(listed, sources, strict=True)]
    for member, name, side in wanted:
        _check_pick(scope, f"{place}/{member}", type_, name, side)
    if made.quantity is not None and demands.quantity is not None:
        kinds = (made.quantity.type, demands.quantity.type)
        if kinds[0].name != kinds[1].name:
            message = f"What is chosen is {kinds[0]}, and demands are counted in {kinds[1]}."
            scope.fault(f"{place}/quantity", "wrong_type", message, "Give both the same.")
    return replace(made, picks=(spec["demand"], *listed))


def _check_pick(
    scope: LedgerScope, place: str, type_: ObjectType, name: str, side: AllocationRows
) -> None:
    field = scope.check.field(place, type_, name)
    if field is None or (
        field.type.name == types.RECORD.name and field.targets == (side.rows.object,)
    ):
        return
    plural = scope.check.objects[side.rows.object].plural.lower()
    message = f"{field.label} is not a look-up to {plural} alone."
    scope.fault(place, "not_a_lookup", message, f"Name a look-up to `{side.rows.object}`.")


class _Words:
    """Reads what is posted for pairs."""

    def __init__(
        self,
        scope: LedgerScope,
        demands: AllocationRows,
        sources: Sequence[AllocationRows],
        worth: Type,
    ) -> None:
        self.scope = scope
        self.demand = demands.rows.object
        self.sources = tuple(dict.fromkeys(one.rows.object for one in sources))
        self.worth = types.money(None) if worth.name == types.MONEY.name else types.NUMBER

    @property
    def objects(self) -> dict[str, str]:
        alone = self.sources[0] if len(self.sources) == 1 else ""
        return {DEMAND: self.demand, SOURCE: alone}

    @property
    def kinds(self) -> dict[str, str]:
        """The names that hold the source of a draw if it is of one object type."""
        return {undotted(DRAW, name): name for name in self.sources}

    def named(self, word: str, words: Mapping[str, Type]) -> LedgerScope:
        reader = self.scope.reader.naming(**NAMES, demand=types.record(self.demand))
        if word == DRAW:
            reader = reader.naming(source=types.record(*self.sources))
        return replace(self.scope, reader=reader.naming_within(word, words))

    def entries(
        self, place: str, listed: Sequence[Body], word: str, amount: Type | None = None
    ) -> tuple[AllocationEntry, ...]:
        words: dict[str, Type] = {"quantity": self.worth}
        if word == DRAW:
            words |= {name: types.record(name) for name in self.sources}
        else:
            words |= {"price": amount or self.worth}
        made = (
            self._entry(self.named(word, words), f"{place}/{at}", one, amount or self.worth)
            for at, one in enumerate(listed)
        )
        return tuple(one for one in made if one is not None)

    def _entry(
        self, scope: LedgerScope, place: str, one: Body, worth: Type
    ) -> AllocationEntry | None:
        type_ = scope.check.object(f"{place}/object", one["object"])
        if type_ is None or not check_amount(scope, place, type_, one["amount"], worth):
            return None
        if "times" in one:
            message = "Draws are not balanced, so `times` means nothing here."
            scope.fault(f"{place}/times", "times", message, "Remove `times`.")
        if type_.name in (self.demand, *self.sources):
            message = f"The ledger allocates {type_.plural.lower()}, so it would feed itself."
            hint = "Use an object type of its own for draws."
            scope.fault(f"{place}/object", "feeds_itself", message, hint)
        values = entry_values(scope, f"{place}/set", type_, one.get("set", {}))
        check_required(scope, place, type_, {one["amount"], *one.get("set", {})})
        pairs: dict[str, PairExpression] = {}
        for name, value in values.items():
            pair = read_pair(scope, f"{place}/set/{name}", value, self.objects, self.kinds)
            if pair is not None:
                pairs[name] = pair
        return AllocationEntry(type_.name, one["amount"], pairs)

    def rest(self, spec: Body | None) -> AllocationRest | None:
        if spec is None:
            return None
        place = f"{PLACE}/rest"
        scope = replace(
            self.scope, reader=self.scope.reader.naming(demand=types.record(self.demand))
        )
        price = scope.compile(f"{place}/price", spec.get("price"))
        check_worth(scope, f"{place}/price", price)
        money = self.worth.name == types.MONEY.name
        if money and price is not None and price.type.name == types.MONEY.name:
            message = "What is left is an amount of money already, so it has no price in money."
            scope.fault(
                f"{place}/price", "wrong_type", message, "Give a number, or remove `price`."
            )
        amount = _amount_of(self.worth, price)
        entries = self.entries(f"{place}/entries", spec["entries"], REST, amount)
        objects = {DEMAND: self.demand, SOURCE: ""}
        return AllocationRest(entries, read_pair(scope, f"{place}/price", price, objects))


def _amount_of(worth: Type, price: Expression | None) -> Type:
    money = types.MONEY.name in (worth.name, price.type.name if price is not None else "")
    return types.money(None) if money else types.NUMBER
