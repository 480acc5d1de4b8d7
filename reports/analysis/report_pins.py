"""Reports on the home page: each may be pinned, also as a person has changed it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

from fluvial.database.connection import SlowError
from fluvial.http.call import Answer, Call
from fluvial.http.routes import Endpoint, Policy
from fluvial.kernel.problems import Problem
from fluvial.pages import preferences
from fluvial.pages.frame import Context, with_query
from fluvial.pages.home_arrangement import ARRANGING, arrangement, keep, offered_pins
from fluvial.pages.pin_offers import OfferedPin
from fluvial.pages.reader_format import format_of
from fluvial.runtime.session import Session

from .page_wishes import KNOWN, chosen, page_wish
from .report_model import ReportModel, find_report, visible_reports
from .report_reader import read_report
from .report_table import ReportTable
from .value_words import value_words

KEY = "report_pins"
PREFIX = "report:"
MOST_OWN = 30
BARS = 6
CHANGED = ", as you changed it"
PASSING = ("cursor", "view")  # parameters of a page that are no part of what it shows


def report_pins(session: Session) -> Sequence[OfferedPin]:
    """The reports that somebody may see, and those that they pinned in a form of their own."""
    reports = {one.name: one for one in visible_reports(session)}
    found = [_offered(session, one, PREFIX + one.name, {}) for one in reports.values()]
    for name, body in own_report_pins(session).items():
        report = reports.get(str(body.get("report")))
        if report is not None:
            found.append(_offered(session, report, name, dict(body.get("query", {}))))
    return found


def own_report_pins(session: Session) -> dict[str, Mapping[str, Any]]:
    kept = preferences.read(session, KEY)
    return kept if isinstance(kept, dict) else {}


def _offered(
    session: Session, report: ReportModel, name: str, query: Mapping[str, str]
) -> OfferedPin:
    objects = {session.catalog.objects[part.object].plural for part in report.parts}
    return OfferedPin(
        name=name,
        label=report.label,
        about=f"Report on {', '.join(sorted(objects)).lower()}{CHANGED * bool(query)}",
        show=lambda: _shown(session, report, query),
        listed=bool(report.groups) or bool(query),
        usual=False,
    )


def _shown(session: Session, report: ReportModel, query: Mapping[str, str]) -> Context:
    """The outermost groups as bars, or the first measure of all."""
    href = with_query(f"/reports/{report.name}", **query)
    words = ("note", "note_tone", "foot", "bars_label", "points", "count")
    plain: Context = dict.fromkeys(words, "") | {
        "label": report.label, "href": href, "show": "number", "value": "–", "bars": [], "rows": []
    }  # fmt: skip
    try:
        read = read_report(session, chosen(report, query), page_wish(report, query))
    except (Problem, SlowError):  # whose words may name what the person may not read
        return plain | {"foot": "This cannot be shown."}
    if not read.values.shown:
        return plain | {"foot": "You may not read what it measures."}
    table, one = ReportTable(read, format_of(session)), read.values.shown[0]
    total = value_words(one, read.measured(read.cube.cell(()))[one.key], table.fmt)
    if not read.groups:
        return plain | {"value": total, "foot": one.label}
    return plain | {"show": "board", "count": total, "bars": _bars(table)}


def _bars(table: ReportTable) -> list[Context]:
    points = table.points(table.read.values.shown[0])
    most = max((abs(one.value or 0) for one in points), default=0) or 1
    return [
        {
            "label": one.label,
            "value": one.words,
            "width": max(1, round(abs(one.value or 0) / most * 100)),
            "tone": "",
            "total": "",
        }
        for one in points[:BARS]
    ]


def pin_report(call: Call) -> Answer:
    """Put the report on the own home page, as it is shown now."""
    session = call.session
    report = find_report(session, call.params["name"])
    query = {
        n: t for n, t in call.query.items() if n in KNOWN and t and n not in ("cursor", "view")
    }
    read_report(session, report, page_wish(report, query))  # a Problem says what is wrong with it
    name = PREFIX + report.name
    if query:
        name += f":{sha256(urlencode(sorted(query.items())).encode()).hexdigest()[:8]}"
        kept = {k: v for k, v in own_report_pins(session).items() if k != name}
        kept = dict(list(kept.items())[-(MOST_OWN - 1) :])
        preferences.keep(session, KEY, {**kept, name: {"report": report.name, "query": query}})
    keep(session, arrangement(session).before(offered_pins(session), name, ""))
    return Answer.redirect(ARRANGING)


ENDPOINTS = (
    Endpoint(
        "POST", "/reports/{name}/pins", pin_report, Policy.SIGNED_IN,
        "Put a report on your home page.", page=True, form=True,
    ),
)  # fmt: skip
