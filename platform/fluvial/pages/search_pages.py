"""Search over all objects: a page, and JSON for the command palette."""

from __future__ import annotations

from typing import Any

from fluvial.http.call import Answer, Call
from fluvial.http.parameters import session_of_day
from fluvial.http.routes import Endpoint, Policy
from fluvial.records.reading.query import Query
from fluvial.records.reading.reader import read_page
from fluvial.runtime.session import Session
from metamodel.catalog import ObjectType

from .as_of_bar import as_of_control
from .frame import page, with_query
from .reader_format import format_of

EACH = 6  # results of an object on the page
FEW = 4  # ... in the palette


def _found(session: Session, words: str, limit: int) -> list[tuple[ObjectType, dict[str, Any]]]:
    """The objects that hold the words, with their first records."""
    found = []
    for type_ in session.access.readable():
        if type_.searchable_fields:
            query = Query(
                type_.name,
                (("id",), ("title",)),
                search=words,
                limit=limit,
                as_of=session.asked_day,
            )
            read = read_page(session, query)
            if read["data"]:
                found.append((type_, read))
    # Exact titles first, so that a number that is typed leads straight to its record.
    folded = words.casefold()
    return sorted(
        found, key=lambda f: not any(folded in r["title"].casefold() for r in f[1]["data"])
    )


def search(call: Call) -> Answer:
    words = call.query.get("q", "").strip()
    json = "application/json" in call.headers.get("accept", "")
    session = session_of_day(call)
    fmt = format_of(session)
    found = _found(session, words, FEW if json else EACH) if words else []
    if json:
        results = [
            {
                "object": type_.name,
                "label": type_.label,
                "title": record["title"],
                "href": fmt.href(type_.name, record["id"]),
                "glyph": type_.icon,
            }
            for type_, read in found
            for record in read["data"]
        ]
        return Answer.json({"results": results[:20]})
    groups = [
        {
            "label": type_.plural,
            "icon": type_.icon,
            "count": f"{len(read['data'])}{'+' if read['next'] else ''}",
            "href": with_query(f"/o/{type_.name}", search=words, as_of=fmt.as_of),
            "results": [
                {"title": r["title"], "href": fmt.href(type_.name, r["id"]), "hint": ""}
                for r in read["data"]
            ],
        }
        for type_, read in found
    ]
    shown = {
        "query": words,
        "action": "/search",
        "groups": groups,
        "as_of": as_of_control(session, fmt, session.access.readable(), "/search", q=words),
    }
    return page(call, "search.html", f"Search: {words}" if words else "Search", search=shown)


ENDPOINTS = (Endpoint("GET", "/search", search, Policy.SIGNED_IN, "Search everything.", page=True),)
