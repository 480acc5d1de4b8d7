"""The filter of a report about several objects: its condition in words, about its dimensions.

A condition on dimensions is one on the fields of the first object that stand for them. So it is
read as such, and the names of the dimensions then take the place of these fields.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fluvial.kernel.problems import Problem
from fluvial.pages.asked_fields import asked
from fluvial.pages.filter_sentences import sentence
from fluvial.pages.frame import Context
from fluvial.pages.reader_format import ReaderFormat
from fluvial.pages.record_tables import column_of
from fluvial.runtime.session import Session
from metamodel.folding import humanise

from .report_model import ReportModel


def union_sentence(
    session: Session, report: ReportModel, where: str, fmt: ReaderFormat, clear: str
) -> Context:
    """What a list's filter shows, about dimensions; as an expression where no words say it."""
    part = report.parts[0]
    type_ = session.catalog.objects[part.object]
    read = sentence(session.access, type_, part.meant(where), fmt, clear=clear)
    read["expression"] = where
    names = {path: name for name, path in (part.dimensions or {}).items()}
    if not all(_renamed(term, names) for term in read["terms"]):
        read |= {"readable": False, "terms": []}
    return read


def _renamed(term: Context, names: dict[str, str]) -> bool:
    """Whether a term could be told by dimensions; then it is."""
    if "terms" in term and "collection" not in term:
        return all(_renamed(one, names) for one in term["terms"])
    path = str(term.get("field", ""))
    found = [one for one in names if path == one or path.startswith(f"{one}.")]
    if not found:
        return False
    longest = max(found, key=len)
    behind = path[len(longest) + 1 :]
    name = names[longest] + (f".{behind}" if behind else "")
    label = humanise(names[longest])
    if behind:
        label = " › ".join([label, *term["asked"]["label"].split(" › ")[longest.count(".") + 1 :]])
    term["field"], term["label"] = name, label[:1].lower() + label[1:]
    term["asked"] = {**term["asked"], "name": name, "label": label}
    return True


def dimension_questions(session: Session, report: ReportModel) -> Iterator[dict[str, Any]]:
    """What can be asked of each dimension of which somebody may read the fields."""
    for name in report.parts[0].dimensions or {}:
        columns = []
        for part in report.parts:
            try:
                type_ = session.catalog.objects[part.object]
                columns.append(column_of(session.access, type_, part.meant(name)))
            except Problem:
                break
        else:
            yield asked(columns[0].field, name, humanise(name))
