"""The measures of a report as one reader sees them: their values, and those made of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from fluvial.runtime.session import Session
from metamodel.currencies import Amount, minor_units
from metamodel.errors import ExpressionError
from metamodel.expressions.compiler import compile_expression
from metamodel.expressions.decimals import plain, round_half_up
from metamodel.expressions.expression import Expression
from metamodel.expressions.python import evaluate
from metamodel.expressions.scope import Scope
from metamodel.expressions.types import DATE, DATETIME, DURATION, MONEY, Type
from metamodel.storage import at_least, timestamp_wire

from .measured_types import Measured
from .report_model import Calculation, ReportMeasure
from .tallies import NOTHING, Tally, amount_of, by_currency

CALCULATED_SCALE = 6


@dataclass(frozen=True)
class ShownMeasure:
    """A measure that the reader may see; `at` is its place among the tallies."""

    key: str
    name: str
    label: str
    type: Type
    percent: bool = False
    at: int = -1
    measured: Measured | None = None
    formula: Expression | None = None
    measure: ReportMeasure | None = None

    @property
    def in_currencies(self) -> bool:
        return self.measured is not None and self.measured.in_currencies

    def of_tally(self, tally: Tally) -> Any:
        """The value of a tally, as expressions have it; a list where there are currencies."""
        assert self.measured is not None
        function, scale = self.measured.function, self.measured.scale
        if self.in_currencies:
            return by_currency(function, tally, scale)
        value = amount_of(function, tally.get(""), scale)
        if value is None:
            return None
        if self.type.name == DURATION.name:
            return int(round_half_up(Decimal(value), 0))
        return Amount(value, self.type.currency or "") if self.type.name == MONEY.name else value


@dataclass
class MeasureEnvironment:
    """What a calculation reads: the measures of one group by their names."""

    values: Mapping[str, Any]
    now: datetime
    today: date
    before: None = None
    me: None = None

    def read(self, path: tuple[str, ...]) -> Any:
        return self.values.get(path[0])

    def collect(self, node: Any) -> Any:
        raise LookupError("A calculation of measures has no collections.")

    def spans(self, field: Any) -> Any:
        return ()

    def decided(self, node: Any, values: Sequence[Any], day: Any) -> Any:
        return None

    def evaluated(self, node: Any, value: Any) -> Any:
        return None


@dataclass
class ReportValues:
    """The measures that are shown, in order, and how their values are worked out."""

    session: Session
    shown: list[ShownMeasure] = field(default_factory=list)

    def calculate(self, one: Calculation) -> bool:
        """Add a measure that is made of others; False where the reader does not see those."""
        names = {m.name: m.type for m in self.shown if not m.in_currencies}
        scope = Scope({}, names=names, zone=self.session.catalog.zone)
        try:
            formula = compile_expression(one.formula, scope)
        except ExpressionError:
            return False
        self.shown.append(
            ShownMeasure(one.name, one.name, one.label, formula.type, one.percent, formula=formula)
        )
        return True

    def of(self, tallies: Sequence[Tally], shift: int = 0) -> dict[str, Any]:
        """The values of a group by the keys of its measures; `shift` is where they begin."""
        found: dict[str, Any] = {}
        named: dict[str, Any] = {}
        for one in self.shown:
            if one.formula is None:
                value = one.of_tally(tallies[one.at + shift] if tallies else NOTHING)
            else:
                session = self.session
                value = evaluate(one.formula, MeasureEnvironment(named, session.now, session.today))
            found[one.key] = named[one.name] = value
        return found


def wire_of(one: ShownMeasure, value: Any) -> Any:
    """A value in JSON."""
    if value is None:
        return None
    if isinstance(value, list):
        return [_amount(amount) for amount in value]
    if isinstance(value, Amount):
        return _amount(value)
    if one.type.name == DATETIME.name:
        return timestamp_wire(value)
    if one.type.name == DATE.name:
        return value.isoformat()
    if one.measured is not None and one.measured.function == "count":
        return int(value)
    if not isinstance(value, Decimal):
        return value
    if one.type.scale is not None and one.formula is None:
        return f"{round_half_up(value, one.type.scale):f}"
    return plain(round_half_up(value, CALCULATED_SCALE))


def _amount(value: Amount) -> dict[str, str]:
    rounded = round_half_up(value.amount, CALCULATED_SCALE)
    amount = at_least(f"{rounded:f}", minor_units(value.currency))
    return {"amount": amount, "currency": value.currency}
