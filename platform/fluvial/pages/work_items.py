"""What waits for a person: items that features bring, each with the day until which it waits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from fluvial.kernel.features import Seam
from fluvial.runtime.session import Session

from .reader_format import ReaderFormat

Context = dict[str, Any]
DAYS = ("Overdue", "Today", "Tomorrow", "This week", "Later", "No date")
WEEK = 7


@dataclass(frozen=True)
class WorkItem:
    """One thing that waits."""

    title: str
    href: str
    icon: str = ""
    hint: str = ""
    due: date | datetime | None = None
    person: str = ""  # whose avatar stands beside it
    note: str = ""  # what stands where others have their time
    state: str = ""
    tone: str = ""


@dataclass(frozen=True)
class WorkGroup:
    """Items of one kind: the first of them, and how many there are."""

    name: str  # in addresses
    label: str
    items: Sequence[WorkItem]
    total: int
    more: bool = False  # whether there are even more than counted
    all_href: str = ""  # where all of them are listed
    dated: bool = False  # whether its items stand under their days


@dataclass(frozen=True)
class WorkAsked:
    """Whose work is shown, and how much of it."""

    teams: bool = True  # also that of the person's teams, groups and roles
    limit: int = 100


# What waits for a person, kind by kind; a feature brings its own.
WORK: Seam[Callable[[Session, ReaderFormat, WorkAsked], Sequence[WorkGroup]]] = Seam("on My work")


def work_of(session: Session, fmt: ReaderFormat, asked: WorkAsked) -> list[WorkGroup]:
    """What waits for the person, of all that features bring."""
    if session.actor.id is None:
        return []
    brought = session.engine.brought(WORK)
    groups = [group for source in brought for group in source(session, fmt, asked)]
    return [group for group in groups if group.items]


def day_of(item: WorkItem, fmt: ReaderFormat) -> str:
    """Under which day an item stands."""
    due = item.due
    if due is None:
        return DAYS[-1]
    if isinstance(due, datetime):
        if due < fmt.now:
            return DAYS[0]
        distance = (fmt.local(due).date() - fmt.here).days
    else:
        distance = (due - fmt.today).days
    if distance < 0:
        return DAYS[0]
    return DAYS[min(distance + 1, 3)] if distance < WEEK else DAYS[4]


def shown(item: WorkItem, fmt: ReaderFormat, *, headed: bool = False) -> Context:
    """An item for `_item.html`; below the heading of its day it need not say that it is late."""
    when, tone, day = item.note, "", day_of(item, fmt)
    if isinstance(item.due, datetime):
        when = fmt.moment(item.due)
    elif item.due is not None:
        when = fmt.day(item.due)
    if day == DAYS[0]:
        words = "Overdue since" if isinstance(item.due, datetime) else "Was due"
        when, tone = when if headed else f"{words} {when[:1].lower()}{when[1:]}", "bad"
    return {
        "title": item.title, "href": item.href, "hint": item.hint, "when": when, "tone": tone,
        "icon": item.icon, "person": item.person, "state": item.state, "state_tone": item.tone,
    }  # fmt: skip
