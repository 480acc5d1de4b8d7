"""What a filter can ask of a field: ways to ask, with the words and the expression of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from metamodel.catalog import Field


@dataclass(frozen=True)
class Op:
    """One way to ask: its template takes the field as {f} and the value as {v}."""

    name: str
    label: str
    template: str
    takes: str = "value"  # value, raw (an expression), none


# By the names of kinds' operators. What compares with an expression, such as today(), takes raw.
OPS: Mapping[str, Op] = {
    op.name: op
    for op in (
        Op("is", "is", "{f} == {v}"),
        Op("is_not", "is not", "{f} != {v}"),
        Op("contains", "contains", "lower({v}) in lower({f})"),
        Op("not_contains", "does not contain", "not (lower({v}) in lower({f}))"),
        Op("starts_with", "starts with", "starts_with(lower({f}), lower({v}))"),
        Op("above", "is above", "{f} > {v}"),
        Op("below", "is below", "{f} < {v}"),
        Op("after", "is after", "{f} > {v}"),
        Op("before", "is before", "{f} < {v}"),
        Op("empty", "is empty", "{f} == null", "none"),
        Op("not_empty", "is not empty", "{f} != null", "none"),
    )
}
IS, IS_NOT = OPS["is"], OPS["is_not"]
SIZES = (
    OPS["is"],
    OPS["above"],
    OPS["below"],
    Op("at_least", "is at least", "{f} >= {v}"),
    Op("at_most", "is at most", "{f} <= {v}"),
)
MOMENTS = (
    OPS["after"],
    OPS["before"],
    Op("since", "is on or after", "{f} >= {v}"),
    Op("until", "is on or before", "{f} <= {v}"),
    Op("past", "is in the past", "{f} < now()", "none"),
    Op("from_now", "is in the future", "{f} > now()", "none"),
    Op("before_raw", "is before …", "{f} < {v}", "raw"),
    Op("after_raw", "is after …", "{f} > {v}", "raw"),
    Op("since_raw", "is from …", "{f} >= {v}", "raw"),
    Op("until_raw", "is until …", "{f} <= {v}", "raw"),
)
CLOSED = (
    Op("open", "is not closed", "{f}.closed == false", "none"),
    Op("closed", "is closed", "{f}.closed == true", "none"),
)
YES_NO = (Op("yes", "is yes", "{f} == true", "none"), Op("no", "is no", "{f} == false", "none"))
MINE = Op("me", "is me", "{f} == me", "none")
OURS = Op("ours", "is me or mine", "mine({f})", "none")
AMONG = Op("among", "is one of …", "{f} in [{v}]", "raw")
HOLDS = (Op("has", "has", "{v} in {f}"), Op("has_not", "does not include", "not ({v} in {f})"))
WITHIN = Op("within_raw", "is in …", "{f} in {v}", "raw")
# Of the records of a collection together: {w} is what is asked of each of them.
GATHERS = (
    Op("any", "has any", "exists({f}{w})", "none"),
    Op("none", "has no", "not exists({f}{w})", "none"),
    Op("at_least", "has at least …", "count({f}{w}) >= {v}"),
    Op("at_most", "has at most …", "count({f}{w}) <= {v}"),
    Op("exactly", "has exactly …", "count({f}{w}) == {v}"),
)


def own_ops(field: Field) -> list[Op]:
    """The operators that the field's kind names, as filters of pages ask them."""
    return [OPS[name] for name in field.kind.operators if name in OPS]


def empties(field: Field) -> tuple[Op, ...]:
    """Whether it is empty, which can be asked of everything."""
    own = tuple(op for op in own_ops(field) if op.takes == "none")
    return own or (OPS["empty"], OPS["not_empty"])
