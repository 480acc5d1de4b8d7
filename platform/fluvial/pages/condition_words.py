"""Conditions of grants in words: `assignee == me` is "assignee is me"."""

from __future__ import annotations

from fluvial.runtime.session import Session
from metamodel.catalog import ObjectType

from .filter_sentences import sentence
from .reader_format import ReaderFormat

ALL_RECORDS = "all"
SAID = {"label", "op_label", "value_label"}
OF_MINE = {"me": "own", "me.groups": "of my groups", "me.teams": "of my teams"}


def condition_words(session: Session, type_: ObjectType, where: str, fmt: ReaderFormat) -> str:
    """What a condition says; its expression where no sentence says as much."""
    if not where:
        return ALL_RECORDS
    read = sentence(session.access, type_, where, fmt, clear="")
    if not read["readable"] or not read["terms"]:
        return where
    # Groups, questions about collections and what no word can say have no words here.
    if not all(term.keys() >= SAID for term in read["terms"]):
        return where
    parts = (
        f"{term['label']} {term['op_label']} {term['value_label']}".strip()
        for term in read["terms"]
    )
    return f" {read['joint']} ".join(parts)
