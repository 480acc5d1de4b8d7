"""Segments of the API: what the records of a dated object come to in a period."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from fluvial.records.over_time import period_segments
from metamodel.segments import CONVENTIONS, ROUNDINGS, SPLITS, Period, Segment

from .call import Answer, Call
from .parameters import day, page_query, paths, refuse
from .routes import Endpoint, Policy

PARAMETERS = (
    "from", "until", "quantity", "price", "convention", "rounding", "split", "scale", "group",
)  # fmt: skip
OF_LISTS = ("fields", "sort", "limit", "cursor", "total", "format", "measure", "as_of", "deleted")
MAX_YEARS = 10
MAX_SCALE = 6


def read_segments(call: Call) -> Answer:
    for name in OF_LISTS:
        if name in call.query:
            raise refuse(name, "unknown_parameter", f"`{name}` cannot be used with segments.")
    type_ = call.session.object(call.params["object"])
    period = _period(call)
    given = call.query
    groups = paths(given["group"], "group") if "group" in given else ()
    if len(groups) > period_segments.MAX_GROUPS:
        raise refuse(
            "group", "too_many", f"`group` accepts at most {period_segments.MAX_GROUPS} fields."
        )
    asked = period_segments.SegmentRequest(
        page_query(call, type_, *PARAMETERS),
        period,
        quantity=given.get("quantity", ""),
        price=given.get("price", "1"),
        groups=groups,
        rounding=_one_of(call, "rounding", ROUNDINGS, ROUNDINGS[0]),
        split=_one_of(call, "split", tuple(SPLITS), ""),
        scale=call.whole("scale", 0, 0, MAX_SCALE) if "scale" in given else None,
    )
    lines = period_segments.lines(call.session, asked)
    totals: dict[str | None, Decimal] = {}
    for line in lines:
        totals[line.currency] = totals.get(line.currency, Decimal(0)) + line.amount
    body = {
        "from": period.from_.isoformat(),
        "until": period.until.isoformat(),
        "last_day": (period.until - timedelta(days=1)).isoformat(),
        "convention": period.convention,
        "data": [_line(line) for line in lines],
        "totals": [_amount(amount, currency) for currency, amount in totals.items()],
    }
    return Answer.json(body)


def _period(call: Call) -> Period:
    ends = []
    for name in ("from", "until"):
        if name not in call.query:
            raise refuse(
                name,
                "required",
                "`from` is the first day of the period, `until` the first day after it.",
            )
        ends.append(day(call, call.query[name], name))
    first, after = ends
    if not first < after:
        raise refuse("until", "ends_before_start", "`until` must be after `from`.")
    if after.year - first.year > MAX_YEARS:
        raise refuse("until", "too_long", f"A period can have at most {MAX_YEARS} years.")
    return Period(first, after, _one_of(call, "convention", CONVENTIONS, CONVENTIONS[0]))


def _one_of(call: Call, name: str, known: tuple[str, ...], default: str) -> str:
    value = call.query.get(name, default)
    if value != default and value not in known:
        raise refuse(name, "unknown_value", f"`{name}` must be one of {', '.join(known)}.")
    return value


def _line(line: period_segments.Line) -> dict[str, Any]:
    return {
        "group": line.group,
        "segments": [_segment(one, line.currency) for one in line.segments],
        "amount": _amount(line.amount, line.currency),
    }


def _segment(segment: Segment, currency: str | None) -> dict[str, Any]:
    return {
        "from": segment.from_.isoformat(),
        "until": segment.until.isoformat(),
        "last_day": segment.last_day.isoformat(),
        "days": segment.days,
        "period_days": segment.period_days,
        "quantity": f"{segment.quantity:f}",
        "price": _amount(segment.price, currency),
        "amount": _amount(segment.amount, currency),
    }


def _amount(amount: Decimal, currency: str | None) -> Any:
    """As a field of money, or of a number, is written."""
    return f"{amount:f}" if currency is None else {"amount": f"{amount:f}", "currency": currency}


ENDPOINTS = (
    Endpoint(
        "GET",
        "/api/segments/{object}",
        read_segments,
        Policy.SIGNED_IN,
        "Totals of dated records over a period, split where something changes.",
    ),
)
