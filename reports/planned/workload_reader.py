"""The figures of a workload: for each person and day what they can do, and what is taken."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from fluvial.kernel.problems import NotFound
from fluvial.records.reading import reader
from fluvial.records.reading.query import MAX_LIMIT, Query, SortKey
from fluvial.runtime.session import Session
from metamodel.calendars.calendar import Calendar

from .workloads import TakenDays, Workload, workloads_for

HOUR = 3600
MOST_PEOPLE = 300
MOST_SPANS = 10_000
USUAL_DAY = 8 * HOUR  # where there is no calendar
WORKDAYS = range(5)


@dataclass
class PersonDay:
    """One day of a person, in seconds."""

    capacity: int = 0  # what they can do: no hours on days off
    busy: int = 0
    away: bool = False
    off: bool = False  # no working day

    @property
    def free(self) -> int:
        return max(0, self.capacity - self.busy)

    @property
    def over(self) -> int:
        return max(0, self.busy - self.capacity)

    @property
    def state(self) -> str:
        if self.over:
            return "overbooked"
        if self.away:
            return "away"
        if self.off:
            return "off"
        return "full" if not self.free else "free"


@dataclass(frozen=True)
class PersonRow:
    id: str
    title: str
    days: list[PersonDay]


def find_workload(session: Session, name: str) -> Workload:
    for one in workloads_for(session.catalog, session.access):
        if one.name == name:
            return one
    raise NotFound(f"There is no workload `{name}`.")


def read_workload(session: Session, workload: Workload, first: date, count: int) -> list[PersonRow]:
    """The rows of everybody whom the reader may see, by their titles."""
    days = [first + timedelta(days=at) for at in range(count)]
    wanted = ("id", "title", workload.calendar, workload.hours)
    names = [(name,) for name in wanted if name]
    query = Query(workload.object, tuple(names), workload.where, sort=(SortKey(("title",)),))
    people = list(_all(session, query, MOST_PEOPLE))
    rows = {
        one["id"]: PersonRow(one["id"], str(one["title"]), _hours(session, workload, one, days))
        for one in people
    }
    for span in workload.away:
        for person, day, _ in _spans(session, span, first, count):
            if person in rows and not rows[person].days[day].off:
                rows[person].days[day].away = True
                rows[person].days[day].capacity = 0
    whole = {id: [one.capacity for one in row.days] for id, row in rows.items()}
    for span in workload.busy:
        for person, day, seconds in _spans(session, span, first, count):
            if person in rows and not rows[person].days[day].off:
                rows[person].days[day].busy += whole[person][day] if seconds is None else seconds
    return list(rows.values())


def _all(session: Session, query: Query, most: int) -> Iterator[Mapping[str, Any]]:
    query, count = replace(query, limit=MAX_LIMIT), 0
    while True:
        page = reader.read_page(session, query)
        yield from page["data"]
        count += len(page["data"])
        if not page["next"] or count >= most:
            return
        query = replace(query, cursor=page["next"])


def _hours(
    session: Session, workload: Workload, person: Mapping[str, Any], days: list[date]
) -> list[PersonDay]:
    """What somebody can do on each day, before leave."""
    calendars = session.catalog.calendars
    named = person.get(workload.calendar) if workload.calendar else None
    calendar = calendars.named.get(str(named)) or calendars.default
    week = _usual_week(calendar)
    hours = person.get(workload.hours) if workload.hours else None
    found = []
    for day in days:
        seconds = _open(calendar, day)
        off = not seconds
        if hours is not None and week:
            seconds = int(Decimal(str(hours)) * HOUR * seconds / week)
        found.append(PersonDay(capacity=seconds, off=off))
    return found


def _usual_week(calendar: Calendar | None) -> int:
    """The working seconds of a week without holidays."""
    if calendar is None:
        return USUAL_DAY * len(WORKDAYS)
    return sum(end - start for spans in calendar.week for start, end in spans)


def _open(calendar: Calendar | None, day: date) -> int:
    """The working seconds of a day."""
    if calendar is None:
        return USUAL_DAY if day.weekday() in WORKDAYS else 0
    zone = ZoneInfo(calendar.zone)
    start, end = (
        datetime.combine(one, datetime.min.time(), zone).astimezone(UTC)
        for one in (day, day + timedelta(days=1))
    )
    return calendar.between(start, end)


def _spans(
    session: Session, span: TakenDays, first: date, count: int
) -> Iterator[tuple[str, int, int | None]]:
    """Whose day is taken, and for how many seconds; None for all of it."""
    last = first + timedelta(days=count - 1)
    where = f"{span.from_} <= '{last}' and {span.until} > '{first}'"
    where = f"{where} and ({span.where})" if span.where else where
    names = tuple((name,) for name in ("id", *span.fields))
    session.object(span.object)
    for record in _all(session, Query(span.object, names, where), MOST_SPANS):
        begins, ends = (date.fromisoformat(record[name]) for name in (span.from_, span.until))
        seconds = _seconds(record[span.hours]) if span.hours else None
        at, until = max(0, (begins - first).days), min(count, (ends - first).days)
        for day in range(at, until):
            yield str(record[span.person]), day, seconds


def _seconds(wire: Any) -> int | None:
    if wire is None:
        return None
    """A duration has seconds in its wire form, a number of hours is a text."""
    return wire if isinstance(wire, int) else int(Decimal(str(wire)) * HOUR)


def totals(rows: list[PersonRow], count: int) -> list[PersonDay]:
    """What all of them can do on each day; overbooking of one is no time of another."""
    found: defaultdict[int, PersonDay] = defaultdict(PersonDay)
    for row in rows:
        for at, day in enumerate(row.days):
            found[at].capacity += day.capacity
            found[at].busy += day.busy - day.over
    return [found[at] for at in range(count)]
