"""Cells of timers in lists and on cards: the state, what is left in words, and a bar of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from fluvial.records.calculated.timer_reasons import shown_timers
from fluvial.records.calculated.timer_standings import Standing, standings
from fluvial.runtime.session import Session
from metamodel.catalog import Field, ObjectType
from metamodel.timers.timer import STATE

from .clock_words import LABELS, length, tone_of_clock

_CELL = Markup(
    '<span class="row nowrap"><span class="chip {tone}">{state}</span>'
    '<span class="small nowrap">{words}</span></span>'
    '<progress class="progress {tone}" max="100" value="{percent}" '
    'aria-label="{label}: {percent} % of the time used"></progress>'
)
_WORDS = Markup('<span class="{}">{}: </span>{}')

ClockCells = Mapping[tuple[str, str], Markup]  # by record and field


def clock_cells(
    session: Session,
    type_: ObjectType,
    fields: Iterable[Field],
    records: Sequence[Mapping[str, Any]],
    *,
    named: bool = False,
) -> ClockCells:
    """For those of the fields that hold states of timers; as of now, since nothing else is left.

    `named` where no heading says which timer it is.
    """
    if session.as_of is not None:
        return {}
    names = {field.name for field in fields if field.object == type_.name and field.made_by}
    timers = [t for t in shown_timers(session, type_) if t.field(STATE) in names]
    found = standings(session, type_, timers, [record["id"] for record in records])
    labels = {timer.name: timer.label for timer in timers}
    fields_of = {timer.name: timer.field(STATE) for timer in timers}
    return {
        (record, fields_of[name]): _cell(labels[name], one, named=named)
        for (record, name), one in found.items()
        if one.left is not None
    }


def _cell(label: str, one: Standing, *, named: bool) -> Markup:
    assert one.left is not None
    words = f"{length(one.left)} {'left' if one.left > 0 else 'over'}"
    return _CELL.format(
        tone=tone_of_clock(one.state, one.percent),
        state=LABELS[one.state],
        words=Markup('<span class="{}">{}: </span>{}').format(
            "" if named else "only-s", label, words
        ),
        percent=one.percent,
        label=label,
    )
