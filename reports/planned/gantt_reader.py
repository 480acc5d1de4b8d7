"""The bars of a Gantt chart: the records below one record, in order, with their days."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from fluvial.kernel.problems import NotFound
from fluvial.records.reading import reader
from fluvial.records.reading.query import MAX_LIMIT, Query
from fluvial.runtime.session import Session

from .gantts import Bars, Gantt, gantts_for

MOST_BARS = MAX_LIMIT  # of each collection


@dataclass
class Bar:
    """One record: its days, what it waits for, and how it stands."""

    object: str
    id: str
    title: str
    first: date | None
    last: date | None
    under: str = ""
    after: tuple[str, ...] = ()
    moment: bool = False  # a day, and no time that it takes
    done: bool = False
    state: str = ""  # its label
    depth: int = 0
    whole: bool = False  # its days are those of what stands below it
    below: list[Bar] = field(default_factory=list)

    def late(self, today: date) -> bool:
        return not self.done and self.last is not None and self.last < today


def find_gantt(session: Session, name: str) -> Gantt:
    for one in gantts_for(session.catalog, session.access):
        if one.name == name:
            return one
    raise NotFound(f"There is no Gantt chart `{name}`.")


def read_bars(session: Session, gantt: Gantt, record: str) -> list[Bar]:
    """The bars of a record, each above what stands below it."""
    found = [bar for bars in gantt.bars for bar in _read(session, bars, record)]
    known = {bar.id: bar for bar in found}
    tops = []
    for bar in found:
        above = known.get(bar.under)
        if above is None or _leads_to(bar, above, known):
            tops.append(bar)
        else:
            above.below.append(bar)
    return [bar for top in sorted(tops, key=_order) for bar in _walk(top, 0)]


def _leads_to(bar: Bar, above: Bar, known: Mapping[str, Bar]) -> bool:
    """Whether a bar stands, by a circle of look-ups, below itself."""
    seen: set[str] = set()
    at: Bar | None = above
    while at is not None and at.id not in seen:
        if at.id == bar.id:
            return True
        seen.add(at.id)
        at = known.get(at.under)
    return at is not None


def _read(session: Session, bars: Bars, record: str) -> Iterator[Bar]:
    type_ = session.object(bars.object)
    state = type_.states.field if type_.states is not None else ""
    hidden = session.access.object(bars.object).hidden
    names = ("id", "title", *bars.fields[1:], *([state] if state and state not in hidden else ()))
    options = {one.name: one for one in type_.fields[state].type.options} if state else {}
    query = Query(
        bars.object,
        tuple((name,) for name in dict.fromkeys(names)),
        bars.where,
        ((bars.link, record),),
        limit=MOST_BARS,
    )
    for one in reader.read_page(session, query)["data"]:
        option = options.get(str(one.get(state))) if state else None
        last = _day(one[bars.last])
        first = _day(one[bars.from_]) if bars.from_ else None
        yield Bar(
            object=bars.object,
            id=str(one["id"]),
            title=str(one["title"]),
            first=first or last,
            last=last or first,
            under=str(one.get(bars.under) or "") if bars.under else "",
            after=_ids(one.get(bars.after)) if bars.after else (),
            moment=not bars.from_ or first is None or last is None,
            done=option is not None and option.closed,
            state=option.label if option is not None else "",
        )


def _day(wire: Any) -> date | None:
    return None if wire is None else date.fromisoformat(wire)


def _ids(wire: Any) -> tuple[str, ...]:
    found = wire if isinstance(wire, list) else [wire]
    return tuple(str(one["id"] if isinstance(one, Mapping) else one) for one in found if one)


def _walk(bar: Bar, depth: int) -> Iterator[Bar]:
    bar.depth = depth
    below = [one for child in sorted(bar.below, key=_order) for one in _walk(child, depth + 1)]
    days = [(one.first, one.last) for one in below if one.first and one.last]
    if bar.first is None and days:
        bar.first, bar.last = min(one[0] for one in days), max(one[1] for one in days)
        bar.whole, bar.moment = True, False
        bar.done = all(one.done for one in below)
    yield bar
    yield from below


def _order(bar: Bar) -> tuple[date, str]:
    """By the first day, also of what stands below; what has none comes last."""
    days = [one.first for one in (bar, *bar.below) if one.first is not None]
    return (min(days) if days else date.max, bar.title)
