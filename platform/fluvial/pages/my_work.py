"""My work: all that waits for a person, what is overdue first, by day and by kind."""

from __future__ import annotations

from collections.abc import Sequence

from fluvial.http.call import Answer, Call
from fluvial.http.routes import Endpoint, Policy

from .frame import Context, page, with_query
from .reader_format import ReaderFormat, format_of
from .work_items import DAYS, WorkAsked, WorkGroup, day_of, shown, work_of

HERE = "/work"
ME = "me"  # `whose` of an address: without the work of one's teams


def show(call: Call) -> Answer:
    session, fmt = call.session, format_of(call.session)
    whose, kind = call.query.get("whose", ""), call.query.get("show", "")
    groups = work_of(session, fmt, WorkAsked(teams=whose != ME))
    chosen = [group for group in groups if group.name == kind] or groups
    current = kind if any(group.name == kind for group in groups) else ""
    work = {
        "tabs": _tabs(groups, current, whose),
        "whose": [
            {"label": label, "href": with_query(HERE, whose=name, show=current),
             "current": (whose == ME) == (name == ME)}
            for name, label in (("", "Mine and my teams’"), (ME, "Only mine"))
        ] if session.actor.teams or session.actor.groups else [],
        "sections": [*_days(chosen, fmt), *_others(chosen, fmt)],
        "more": [
            {"label": f"All {_count(group)} {group.label.lower()}", "href": group.all_href}
            for group in chosen
            if group.total > len(group.items) or group.more
        ],
    }  # fmt: skip
    return page(call, "my_work.html", "My work", here=HERE, work=work, topics=_topics(groups))


def _tabs(groups: Sequence[WorkGroup], current: str, whose: str) -> list[Context]:
    total = sum(group.total for group in groups)
    more = "+" if any(group.more for group in groups) else ""
    tabs = [("", "Everything", f"{total:,}{more}")]
    tabs += [(group.name, group.label, _count(group)) for group in groups]
    return [
        {"label": label, "count": count, "current": name == current,
         "href": with_query(HERE, show=name, whose=whose)}
        for name, label, count in tabs
    ]  # fmt: skip


def _count(group: WorkGroup) -> str:
    return f"{group.total:,}{'+' if group.more else ''}"


def _days(groups: Sequence[WorkGroup], fmt: ReaderFormat) -> list[Context]:
    """What has a day, earliest first; what is without one stands last."""
    items = [item for group in groups if group.dated for item in group.items]
    found = []
    for day in DAYS:
        there = [item for item in items if day_of(item, fmt) == day]
        there.sort(key=lambda item: item.due.isoformat() if item.due else "")
        if there:
            tone = "bad" if day == DAYS[0] else ""
            rows = [shown(item, fmt, headed=True) for item in there]
            found.append({"label": day, "tone": tone, "items": rows, "count": len(rows)})
    return found


def _others(groups: Sequence[WorkGroup], fmt: ReaderFormat) -> list[Context]:
    return [
        {"label": group.label, "tone": "", "items": [shown(item, fmt) for item in group.items],
         "count": group.total}
        for group in groups
        if not group.dated
    ]  # fmt: skip


def _topics(groups: Sequence[WorkGroup]) -> str:
    return ",".join(f"object:{group.name}" for group in groups if group.dated)


ENDPOINTS = (Endpoint("GET", HERE, show, Policy.SIGNED_IN, "What waits for me.", page=True),)
