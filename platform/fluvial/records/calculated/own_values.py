"""Computing: the calculated fields of a draft for which its own values are enough."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from fluvial.records.drafts.completion import environment_of
from fluvial.records.drafts.draft import ALWAYS, Draft
from fluvial.records.drafts.past_steps import PastStep, past_spans
from fluvial.records.drafts.record_environment import RecordEnvironment
from metamodel.currencies import Amount
from metamodel.dependencies import Own, graph_of
from metamodel.expressions.nodes import Collection, Gather
from metamodel.expressions.types import DURATION, MONEY
from metamodel.state_times import Spans, StateSpan, entered

_NONE = Own()


def own_of(draft: Draft) -> Own:
    """Which calculated fields of a draft need nothing but its own values."""
    return draft.session.catalog.derive(graph_of).objects.get(draft.type.name, _NONE)


def compute_new(draft: Draft) -> None:
    """Of a new record, which nothing looks up yet; what needs other records is filled in later."""
    if not draft.type.kept_fields:
        return
    own = own_of(draft)
    environment = _Newborn(draft.session, draft.type, draft.values, fresh=True)
    environment.past = draft.past
    for name in own.newborn:
        draft.values[name] = environment.values[name]
    for field in draft.type.kept_fields:
        if field.name not in own.newborn:
            draft.values[field.name] = field.kind.absent(field)


def compute_changed(draft: Draft) -> list[str]:
    """Of a record that changes; the fields whose values are others now."""
    own = own_of(draft)
    if not own.plain or draft.before is None:
        return []
    moved = draft.changed | ALWAYS
    wanted = [name for name, needs in own.plain.items() if needs & moved]
    if not wanted:
        return []
    values = environment_of(draft).values
    found = [name for name in wanted if values[name] != draft.before.get(name)]
    for name in found:
        draft.values[name] = values[name]
    return found


class _Newborn(RecordEnvironment):
    """A record that nothing can look up yet: its collections are empty, and its log begins."""

    past: Sequence[PastStep] = ()

    def own_spans(self, name: str) -> Spans:
        if self.past:
            told = past_spans(self.past, name, self.values.get(name) or None)
            return [StateSpan(span.state, span.begun, span.ended) for span in told]
        return entered((), self.values.get(name) or None, self.now)

    def collect(self, node: Gather | Collection) -> Any:
        if isinstance(node, Gather) and not node.collection.path:
            if node.collection.field is not None:
                return _of_nothing(node)
        return super().collect(node)


def _of_nothing(node: Gather) -> Any:
    if node.function == "exists":
        return False
    if node.function == "count":
        return Decimal(0)
    if node.function != "sum":
        return None
    if node.type.name == MONEY.name:
        return Amount(Decimal(0), node.type.currency) if node.type.currency else None
    return 0 if node.type.name in (DURATION.name, "days") else Decimal(0)
