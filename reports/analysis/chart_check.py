"""The check of what a chart draws: measures of the report that have one scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from metamodel.checks import DocumentCheck
from metamodel.expressions.types import Type
from metamodel.folding import listed

from .report_model import ReportMeasure


def check_charted(
    body: Mapping[str, Any],
    measures: Sequence[ReportMeasure],
    types: Mapping[str, Type],
    check: DocumentCheck,
) -> None:
    """A measure is named by its name or by its text."""
    names = {one.key: one.name for one in measures} | {one.name: one.name for one in measures}
    names |= {one["name"]: one["name"] for one in body.get("calculate", ())}
    percents = {one.name for one in measures if one.percent}
    percents |= {
        one["name"] for one in body.get("calculate", ()) if one.get("shown_as") == "percent"
    }
    first: tuple[str, tuple[Any, ...]] | None = None
    for at, text in enumerate(body.get("chart", ())):
        place = f"/chart/{at}"
        if text not in names:
            message = f"`{text}` is not a measure of the report."
            check.fault(place, "unknown_measure", message, f"Use {listed(sorted(names))}.")
            continue
        type = types.get(names[text])
        if type is None:
            continue
        scale = (type.name, type.currency, names[text] in percents)
        if first is None:
            first = (text, scale)
        elif first[1] != scale:
            message = f"`{first[0]}` and `{text}` cannot be drawn on one scale."
            check.fault(place, "other_scale", message, "Draw it in a report of its own.")
