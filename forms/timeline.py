"""What happened to a record, in words: people by name, values by their labels."""

from __future__ import annotations

from datetime import date
from typing import Any

from markupsafe import Markup, escape

from fluvial.pages.faces import empty, references, said
from fluvial.pages.frame import with_query
from fluvial.pages.looks import Looks, parse_moment
from fluvial.records.history import read_history
from fluvial.session import Session
from metamodel.catalog import Field, ObjectType
from metamodel.text import humanise, label_text

Context = dict[str, Any]

PAGE = 20
LINES = 6  # fields of a change that are told
LONG = 60  # characters of a value in a line
BODIES = ("long_text",)
SINCE = {"planned": "planned", "recorded": "recorded", "withdrawn": "withdrew"}
ICONS = {"created": "plus", "deleted": "trash", "restored": "arrow-back-up"}


def timeline(
    session: Session, type_: ObjectType, record: str, looks: Looks, before: int = 2**31 - 1
) -> Context:
    history = read_history(session, type_.name, record, before=before, limit=PAGE)
    for entry in history["data"]:
        if entry["by"]:
            looks.names.want([("user", entry["by"]["user"])])
        for name, pair in entry["changes"].items():
            looks.names.want(references(type_.fields[name], pair))
    looks.names.load()
    more = ""
    if history["next"]:
        more = with_query(f"/o/{type_.name}/{record}", before=history["next"]) + "#timeline"
    return {
        "entries": [_entry(session, type_, entry, looks) for entry in history["data"]],
        "more_href": more,
    }


def _entry(session: Session, type_: ObjectType, entry: dict[str, Any], looks: Looks) -> Context:
    name = ""
    if entry["by"]:
        name = looks.names.title("user", entry["by"]["user"]) or "Somebody who left"
    rule = _rule(session, entry["rule"]) if entry["rule"] else ""
    who = rule or name or "The system"
    at = parse_moment(entry["at"])
    told = entry["event"] in ("updated", *SINCE)
    lines = _lines(type_, entry["changes"], looks) if told else []
    return {
        "icon": "bolt" if rule else ICONS.get(entry["event"], "pencil"),
        "person": "" if rule else name,
        "tone": "rule" if rule else "",
        "what": Markup("<b>{}</b> {}").format(who, _what(type_, entry, looks)),
        "when": looks.ago(at),
        "at": entry["at"],
        "lines": lines,
        "bubble": "",
        "deed": None,
    }


def _rule(session: Session, name: str) -> str:
    document = session.catalog.of("rule").get(name)
    return label_text(document.body.get("label", humanise(name))) if document else humanise(name)


def _what(type_: ObjectType, entry: dict[str, Any], looks: Looks) -> str:
    label = type_.label.lower()
    if entry["event"] == "updated":
        changes = [n for n in entry["changes"] if n in type_.fields]
        if len(changes) == 1:
            return f"changed {type_.fields[changes[0]].label.lower()}"
        return f"changed {len(changes)} fields"
    if "as_of" in entry:
        names = [type_.fields[n].label.lower() for n in entry["changes"] if n in type_.fields]
        day = looks.plain_day(date.fromisoformat(entry["as_of"]))
        return f"{SINCE[entry['event']]} {' and '.join(names)} from {day} on"
    if entry["event"] == "deleted":
        return f"moved this {label} to the bin"
    if entry["event"] == "restored":
        return f"brought this {label} back"
    return f"made this {label}"


def _lines(type_: ObjectType, changes: dict[str, Any], looks: Looks) -> list[Markup]:
    lines = []
    for name, (old, new) in list(changes.items())[:LINES]:
        field = type_.fields[name]
        if field.kind.name in BODIES:
            if len(changes) > 1:
                lines.append(Markup("{} was rewritten").format(field.label))
            continue
        was, now = _short(field, old, looks), _short(field, new, looks)
        if not empty(old):
            was = Markup('<span class="del">{}</span>').format(was)
        label = f"{field.label} " if len(changes) > 1 else ""
        lines.append(Markup("{}{} → {}").format(label, was, now))
    if len(changes) > LINES:
        lines.append(escape(f"and {len(changes) - LINES} more"))
    return lines


def _short(field: Field, value: Any, looks: Looks) -> Markup:
    text = said(field, value, looks)
    return escape(text if len(text) <= LONG else text[:LONG].rstrip() + "…")
