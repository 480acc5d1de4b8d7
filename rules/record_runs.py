"""What rules did about a record, for its timeline: to those who may read all that they read."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from fluvial.pages.happenings import Happening, Stretch
from fluvial.pages.reader_format import ReaderFormat
from fluvial.runtime.session import Session

from . import effect_words, run_lists
from .seen_rules import rule_label, unseen


def happenings(
    session: Session, fmt: ReaderFormat, object_name: str, record: str, stretch: Stretch
) -> list[Happening]:
    """A rule that ran has met its condition, which may tell what its reader may not know."""
    runs = [
        run
        for run in run_lists.of_record(
            session.connection, record, stretch.since, stretch.until, stretch.limit
        )
        if run["object"] == object_name and not unseen(session, run["rule"])
    ]
    if not runs:
        return []
    effects = effect_words.effects_among(
        session.connection, (one["id"] for run in runs for one in run["trace"]["effects"])
    )
    effect_words.want(fmt, effects.values())
    fmt.names.load()
    return [_told(session, fmt, run, effects) for run in runs if _is_news(run, record)]


def _is_news(run: dict[str, Any], record: str) -> bool:
    """Not where it only changed the record, which the history tells with the values."""
    made = run["trace"]["effects"]
    own = [one for one in made if one["kind"] == "update" and one["target"] == record]
    return run["outcome"] in ("failed", "waiting", "cancelled") or len(made) > len(own)


def _told(
    session: Session, fmt: ReaderFormat, run: dict[str, Any], known: dict[str, Any]
) -> Happening:
    made = {one["id"] for one in run["trace"]["effects"]}
    lines = effect_words.in_short(fmt, [one for id, one in known.items() if id in made])
    failed = run["outcome"] == "failed"
    did = {"failed": "failed", "waiting": "waits", "cancelled": "was cancelled"}
    if failed and run["trace"]["lines"]:
        lines = [Markup("{}").format(run["trace"]["lines"][-1])]
    what = Markup("<b>{}</b> {}").format(
        rule_label(session.catalog, run["rule"]), did.get(run["outcome"], "ran")
    )
    reads = "read" in session.access.meta
    more = ("What it did, step by step", f"/studio/runs/{run['id']}") if reads else None
    return Happening(run["at"], "bolt", what, lines, "bad" if failed else "rule", more)
