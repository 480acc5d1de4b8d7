"""A form that met a newer record: was, theirs and yours side by side, nothing lost."""

from __future__ import annotations

from typing import Any

from starlette.datastructures import FormData

from fluvial.kernel.problems import Conflict
from fluvial.pages.presenters import references, said
from fluvial.pages.reader_format import parse_moment
from fluvial.records.reading.history import read_history

from .shown_record import Shown

Context = dict[str, Any]


def conflict_context(shown: Shown, conflict: Conflict, form: FormData) -> Context:
    """The context of `conflict.html`."""
    extra = conflict.extra
    names = list(extra["theirs"])
    sides = [extra[side] for side in ("base", "theirs", "yours")]
    for name in names:
        shown.fmt.names.want(references(shown.type.fields[name], [s.get(name) for s in sides]))
    history = read_history(shown.session, shown.type.name, shown.id)["data"]
    authors = {name: next((e for e in history if name in e["changes"]), None) for name in names}
    shown.fmt.names.want(
        ("user", entry["by"]["user"]) for entry in authors.values() if entry and entry["by"]
    )
    shown.fmt.names.load()
    posted = {name: value for name, value in form.multi_items() if isinstance(value, str)}
    colliding = {part for name in names for part in posted if part.partition(".")[0] == name}
    kept = [
        {"name": name, "value": value}
        for name, value in form.multi_items()
        if isinstance(value, str) and name not in colliding and name not in ("csrf", "rev")
    ]
    for name in names:  # a field may be posted in several parts
        kept += [
            {"name": part, "value": value}
            for part, value in form.multi_items()
            if isinstance(value, str) and part != name and part.partition(".")[0] == name
        ]
    return {
        "title": f"{shown.type.label} was changed while you were editing",
        "text": "Nothing is lost: choose which values to keep.",
        "action": f"{shown.href}/edit",
        "rev": extra["rev"],
        "fields": [_field(shown, name, extra, authors[name], posted) for name in names],
        "kept": kept,
        "back_href": shown.href,
    }


def _field(
    shown: Shown,
    name: str,
    extra: dict[str, Any],
    author: dict[str, Any] | None,
    posted: dict[str, str],
) -> Context:
    field, fmt = shown.type.fields[name], shown.fmt
    by, when = "The system", ""
    if author is not None:
        when = fmt.ago(parse_moment(author["at"]))
        if author["by"]:
            by = fmt.names.title("user", author["by"]["user"]) or "A former user"
    return {
        "name": name,
        "label": field.label,
        "was": said(field, extra["base"].get(name), fmt),
        "theirs": said(field, extra["theirs"].get(name), fmt),
        "yours": said(field, extra["yours"].get(name), fmt),
        "theirs_by": by,
        "theirs_when": when,
        "value": posted.get(name, ""),
    }
