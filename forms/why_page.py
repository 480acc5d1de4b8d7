"""Why a calculated value is so: its inputs and rows, as a part of a record's page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from markupsafe import Markup

from fluvial.http.call import Answer, Call
from fluvial.http.parameters import session_of_day
from fluvial.http.routes import Endpoint, Policy
from fluvial.pages.clock_words import length
from fluvial.pages.frame import Context, page, render, with_query
from fluvial.pages.presenters import empty, references, said
from fluvial.pages.reader_format import ReaderFormat, format_of, money, number, parse_moment
from fluvial.records.calculated.reasons import reasons
from metamodel.catalog import Field

from .record_clocks import why_words
from .why_links import why_href

FUNCTIONS = {
    "count": "Number of {}",
    "exists": "Whether there are {}",
    "sum": "Sum over {}",
    "avg": "Average over {}",
    "min": "Smallest of {}",
    "max": "Largest of {}",
    "first": "First of {}",
    "last": "Last of {}",
    "list": "All of {}",
}
SHOWN = 12  # rows of a collection; the others are a press away


def explained(fmt: ReaderFormat, field: Field, record: Mapping[str, Any], html: Markup) -> Markup:
    """A value; where it is calculated, what it is made of is a press away."""
    told = field.formula is not None or field.made_by
    if not told or empty(record.get(field.name)) or "<a " in html or 'class="chip' in html:
        return html
    href = why_href(fmt, field.object, str(record["id"]), field.name)
    words = Markup('<a class="why" href="{}" data-why aria-haspopup="dialog">{}</a>')
    return words.format(href, html)


def show(call: Call) -> Answer:
    """A part for the script, a page without it."""
    session, params = session_of_day(call), call.params
    found = reasons(session, params["object"], params["id"], params["field"])
    fmt = format_of(session)
    if "timer" in found:
        why = why_words(found, fmt, fmt.plain_day(session.today))
    else:
        _want(found, fmt)
        why = _words(found, fmt, session.today)
    if "hx-request" in call.headers:
        return Answer.html(render(call, "_reasons.html", why=why))
    type_ = session.catalog.objects[found["object"]]
    crumbs = [
        (type_.plural, with_query(f"/o/{type_.name}", as_of=fmt.as_of)),
        (str(found["title"]), fmt.href(type_.name, found["id"])),
    ]
    title = f"Why {found['label'].lower()}"
    return page(call, "reasons.html", title, crumbs=crumbs, here=f"/o/{type_.name}", why=why)


def _field(fmt: ReaderFormat, object_name: str, name: str | None) -> Field | None:
    type_ = fmt.catalog.objects.get(object_name)
    return type_.fields.get(name or "") if type_ else None


def _want(found: dict[str, Any], fmt: ReaderFormat) -> None:
    values = [(found["object"], found["field"], found["value"])]
    values += [(i["object"], i["field"], i["value"]) for i in found["inputs"] if "field" in i]
    for part in found["collections"]:
        values += [(part["object"], part["field"], r.get("value")) for r in part["rows"]]
    for object_name, name, value in values:
        field = _field(fmt, object_name, name)
        if field is not None and not empty(value):
            fmt.names.want(references(field, [value]))
    fmt.names.load()


def _said(fmt: ReaderFormat, object_name: str, name: str | None, value: Any) -> str:
    """A value in words; one that is no value of the field as a plain number or text."""
    if value is None:
        return "empty"
    field = _field(fmt, object_name, name)
    try:
        if field is not None:
            return str(said(field, value, fmt))
    except (TypeError, ValueError, KeyError, AttributeError):
        pass
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        if "amount" in value:
            return money(str(value["amount"]), str(value.get("currency", "")), fmt.locale)
        return " ".join(str(v) for v in value.values())
    if isinstance(value, list):
        return ", ".join(str(v) for v in value)
    return number(str(value), fmt.locale)


def _words(found: dict[str, Any], fmt: ReaderFormat, day: date) -> Context:
    value = _said(fmt, found["object"], found["field"], found["value"])
    fresh = _said(fmt, found["object"], found["field"], found["fresh"])
    note = ""
    if found["recalculating"]:
        note = "It is being recalculated; this is the previous value."
    elif not found["agrees"]:
        note = f"Calculated now, it would be {fresh}. An administrator can run fluvial doctor."
    return {
        "title": f"Why {value}" if len(value) <= 40 else f"Why {found['label'].lower()}",
        "label": found["label"],
        "value": value,
        "inputs": [_input(entry, fmt) for entry in found["inputs"]],
        "collections": [_collection(part, fmt) for part in found["collections"]],
        "logs": [_log(one, fmt, found["object"]) for one in found["logs"]],
        "formula": found["formula"],
        "note": note,
        "as_of": fmt.plain_day(day),
    }


def _input(entry: dict[str, Any], fmt: ReaderFormat) -> Context:
    if entry.get("withheld"):
        label = entry.get("label") or entry["path"]
        return {"label": label, "note": "", "value": "you may not see it", "why": "", "href": ""}
    name, object_name = entry.get("field"), entry.get("object", "")
    asked = name and entry.get("calculated")
    return {
        "label": entry["label"],
        "note": entry.get("title") or "",
        "value": _said(fmt, object_name, name, entry.get("value")),
        "why": why_href(fmt, object_name, entry["id"], name) if asked and name else "",
        "href": fmt.href(object_name, entry["id"]) if entry.get("title") else "",
    }


def _collection(part: dict[str, Any], fmt: ReaderFormat) -> Context:
    function, name = part["function"], part["field"]
    counted = function in ("count", "exists")
    rows = [
        {
            "label": row["title"],
            "href": fmt.href(part["object"], row["id"]),
            "value": "" if counted else _said(fmt, part["object"], name, row.get("value")),
            "why": why_href(fmt, part["object"], row["id"], name) if part["calculated"] else "",
        }
        for row in part["rows"][:SHOWN]
    ]
    more = part["more"] + max(len(part["rows"]) - SHOWN, 0)
    rest = [f"and {more:,} more"] if more else []
    if part["withheld"]:
        rest.append(f"{part['withheld']:,} you may not see")
    total = _said(fmt, part["object"], None if counted else name, _total(part))
    return {
        "label": FUNCTIONS.get(function, function.capitalize() + " of {}").format(
            part["label"].lower()
        ),
        "condition": part["condition"] or "",
        "count": f"{part['count']:,} record{'' if part['count'] == 1 else 's'}",
        "value": total,
        "rows": rows,
        "rest": ", ".join(rest),
    }


def _log(log: dict[str, Any], fmt: ReaderFormat, object_name: str) -> Context:
    """The stays in the states of a choice, the newest first."""
    spans = log["spans"][::-1]
    stays = [
        {
            "label": _said(fmt, object_name, log["path"], span["state"]),
            "since": fmt.full(parse_moment(span["from"])),
            "value": length(span["seconds"]),
        }
        for span in spans[:SHOWN]
    ]
    more = len(spans) - len(stays)
    return {
        "label": f"Time in {log['label'].lower()}",
        "stays": stays,
        "rest": f"and {more:,} more" if more else "",
    }


def _total(part: dict[str, Any]) -> Any:
    """What a collection comes to, in the currency of its rows."""
    value, rows = part["value"], [row.get("value") for row in part["rows"]]
    one = rows[0] if rows else None
    plain = isinstance(value, str) and part["field"] is None and part["function"] != "count"
    if plain and isinstance(one, dict) and "currency" in one:
        return {"amount": value, "currency": one["currency"]}
    return value


ENDPOINTS = (
    Endpoint(
        "GET", "/o/{object}/{id}/why/{field}", show, Policy.SIGNED_IN,
        "How a calculated value came about.", page=True,
    ),
)  # fmt: skip
