"""What happened to a record, in words: people by name, values by their labels."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from markupsafe import Markup, escape

from fluvial.pages.frame import with_query
from fluvial.pages.happenings import HAPPENINGS, Happening, Stretch
from fluvial.pages.presenters import empty, references, said
from fluvial.pages.reader_format import ReaderFormat, parse_moment, record_href
from fluvial.pages.record_talk import SpokenFace, faces_of
from fluvial.records.reading.history import last_moment, read_history
from fluvial.runtime.session import Session
from fluvial.services import comments
from metamodel.catalog import Field, ObjectType
from metamodel.folding import humanise, label_text

Context = dict[str, Any]

PAGE, SAID = 20, 100  # entries of the history and comments of a page
LINES = 6  # fields of a change that are told
LONG = 60  # characters of a value in a line
SINCE = {"planned": "planned", "recorded": "recorded", "withdrawn": "withdrew"}
ICONS = {"created": "plus", "deleted": "trash", "restored": "arrow-back-up"}


def timeline(
    session: Session,
    type_: ObjectType,
    record: str,
    fmt: ReaderFormat,
    before: int = 2**31 - 1,
    until: datetime = comments.LAST,
) -> Context:
    """A page of what happened and what was said, newest first."""
    done, said, ran, following = _read(session, type_, record, fmt, before, until)
    for entry in (*done, *said):
        if entry["by"]:
            fmt.names.want([("user", entry["by"]["user"])])
    for entry in done:
        for name, pair in entry["changes"].items():
            fmt.names.want(references(type_.fields[name], pair))
    fmt.names.load()
    more = ""
    if following:
        asked = {**following, "as_of": fmt.as_of}
        more = with_query(f"/o/{type_.name}/{record}", **asked) + "#timeline"
    entries = [_entry(session, type_, entry, fmt) for entry in done]
    faces = faces_of(session, fmt, type_.name, record, said)
    entries += [_spoken(session, entry, fmt, faces.get(entry["id"])) for entry in said]
    entries += [_happening(entry, fmt) for entry in ran]
    entries.sort(key=lambda entry: parse_moment(entry["at"]), reverse=True)
    return {"entries": entries, "more_href": more}


def _read(
    session: Session,
    type_: ObjectType,
    record: str,
    fmt: ReaderFormat,
    before: int,
    until: datetime,
) -> tuple[list[Context], list[Context], list[Happening], dict[str, str]]:
    """Entries of the history, comments and happenings of one stretch of time; where it goes on.

    Whichever of them is cut off says where the stretch begins.
    """
    history = read_history(session, type_.name, record, before=before, limit=PAGE)
    done, rest = history["data"], history["next"]
    oldest = parse_moment(done[-1]["at"]) if rest else comments.FIRST
    until = min(until, last_moment(session))
    said = comments.read(session, type_.name, record, since=oldest, until=until, limit=SAID + 1)
    stretch = Stretch(oldest, until, SAID + 1)
    ran = [
        entry
        for tell in session.engine.brought(HAPPENINGS)
        for entry in tell(session, fmt, type_.name, record, stretch)
    ]
    ran.sort(key=lambda entry: entry.at, reverse=True)
    cut = [parse_moment(said[SAID - 1]["at"])] if len(said) > SAID else []
    cut += [ran[SAID - 1].at] if len(ran) > SAID else []
    if cut:
        oldest = max(cut)
        said = [entry for entry in said[:SAID] if parse_moment(entry["at"]) >= oldest]
        ran = [entry for entry in ran[:SAID] if entry.at >= oldest]
        done = [entry for entry in done if parse_moment(entry["at"]) >= oldest]
        rest = str(done[-1]["rev"] if done else before)
    return done, said, ran, {"before": rest, "until": oldest.isoformat()} if rest else {}


def _happening(entry: Happening, fmt: ReaderFormat) -> Context:
    return {
        "icon": entry.icon,
        "person": "",
        "tone": entry.tone,
        "what": entry.what,
        "when": fmt.ago(entry.at),
        "at": entry.at.isoformat(),
        "lines": entry.lines,
        "bubble": "",
        "face": None,
        "action": {"label": entry.more[0], "href": entry.more[1]} if entry.more else None,
        "comment": None,
    }


def _spoken(
    session: Session, entry: dict[str, Any], fmt: ReaderFormat, face: SpokenFace | None
) -> Context:
    """A comment, or what a feature shows in its place."""
    told = _comment(session, entry, fmt)
    if face is None:
        return told
    told |= {"what": face.what, "tone": face.tone, "bubble": "", "face": face}
    if face.icon:
        told |= {"icon": face.icon, "person": ""}
    if told["comment"]:
        told["comment"]["edit"] = False
        told["comment"]["delete"] = session.access.admin
    return told


def _comment(session: Session, entry: dict[str, Any], fmt: ReaderFormat) -> Context:
    writer = entry["by"]["user"] if entry["by"] else ""
    name = entry["speaker"] or fmt.names.title("user", writer) or "A former user"
    mine = bool(writer) and writer == session.actor.id
    edited = Markup(' <span class="faint">edited</span>') if entry["edited_at"] else ""
    return {
        "icon": "message-circle",
        "person": name,
        "tone": "",
        "what": Markup("<b>{}</b>{}{}").format(name, _reply(entry), edited),
        "when": fmt.ago(parse_moment(entry["at"])),
        "at": entry["at"],
        "lines": [],
        "bubble": bubble(entry["text"], entry["mentions"]),
        "face": None,
        "action": None,
        "comment": {
            "id": entry["id"],
            "edit": mine,
            "delete": mine or session.access.admin,
            "text": entry["text"],
            "mentions": entry["mentions"],
        },
    }


def _reply(entry: dict[str, Any]) -> str:
    """What is public says so to those who may also read what is not."""
    return " replied" if entry["public"] else ""


def bubble(text: str, mentions: Iterable[Mapping[str, str]]) -> Markup:
    """What was said, with the people that it names set apart."""
    said = str(escape(text))
    names = sorted({str(escape(m["name"])) for m in mentions}, key=len, reverse=True)
    if names:
        pattern = re.compile("@(" + "|".join(map(re.escape, names)) + ")")
        said = pattern.sub(r'<span class="at">@\1</span>', said)
    return Markup(said)


def _entry(
    session: Session, type_: ObjectType, entry: dict[str, Any], fmt: ReaderFormat
) -> Context:
    name = ""
    if entry["by"]:
        name = fmt.names.title("user", entry["by"]["user"]) or "A former user"
    rule = rule_label(session, entry["rule"]) if entry["rule"] else ""
    who = rule or name or "The system"
    at = parse_moment(entry["at"])
    told = entry["event"] in ("updated", *SINCE)
    lines = _lines(type_, entry["changes"], fmt) if told else []
    return {
        "icon": "bolt" if rule else ICONS.get(entry["event"], "pencil"),
        "person": "" if rule else name,
        "tone": "rule" if rule else "",
        "what": Markup("<b>{}</b> {}").format(who, _what(type_, entry, fmt)),
        "when": fmt.ago(at),
        "at": entry["at"],
        "lines": lines,
        "bubble": "",
        "face": None,
        "action": _by_set(entry.get("change_set")),
        "comment": None,
    }


def _by_set(told: Mapping[str, Any] | None) -> Context | None:
    """The way to the change set by which a change came."""
    if not told:
        return None
    return {"label": f"By {told['title']}", "href": record_href(told["object"], told["id"])}


def rule_label(session: Session, source: str) -> str:
    """The rule by its label; of what else acts by itself, such as `webform:NAME`, also its kind."""
    kind, _, name = source.rpartition(":")
    document = session.catalog.of(kind or "rule").get(name)
    label = label_text(document.body.get("label", humanise(name))) if document else humanise(name)
    known = session.engine.kinds.get(kind)
    return f"{known.label} {label}" if known else label


def _what(type_: ObjectType, entry: dict[str, Any], fmt: ReaderFormat) -> str:
    label = type_.label.lower()
    if entry["event"] == "updated":
        changes = [n for n in entry["changes"] if n in type_.fields]
        if len(changes) == 1:
            return f"changed {type_.fields[changes[0]].label.lower()}"
        return f"changed {len(changes)} fields"
    if "as_of" in entry:
        names = [type_.fields[n].label.lower() for n in entry["changes"] if n in type_.fields]
        day = fmt.plain_day(date.fromisoformat(entry["as_of"]))
        return f"{SINCE[entry['event']]} {' and '.join(names)} from {day} on"
    if entry["event"] == "deleted":
        return f"moved this {label} to the bin"
    if entry["event"] == "restored":
        return f"restored this {label}"
    return f"created this {label}"


def _lines(type_: ObjectType, changes: dict[str, Any], fmt: ReaderFormat) -> list[Markup]:
    lines = []
    for name, (old, new) in list(changes.items())[:LINES]:
        field = type_.fields[name]
        if field.kind.long:
            if len(changes) > 1:
                lines.append(Markup("{} was rewritten").format(field.label))
            continue
        was, now = _short(field, old, fmt), _short(field, new, fmt)
        if not empty(old):
            was = Markup('<span class="del">{}</span>').format(was)
        label = f"{field.label} " if len(changes) > 1 else ""
        lines.append(Markup("{}{} → {}").format(label, was, now))
    if len(changes) > LINES:
        lines.append(escape(f"and {len(changes) - LINES} more"))
    return lines


def _short(field: Field, value: Any, fmt: ReaderFormat) -> Markup:
    text = said(field, value, fmt)
    return escape(text if len(text) <= LONG else text[:LONG].rstrip() + "…")
