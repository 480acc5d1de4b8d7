"""The lines of records that a rule made, in words: for its runs, and for trials in the designer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fluvial.auth.access import Access
from fluvial.pages.presenters import said
from fluvial.pages.reader_format import ReaderFormat
from metamodel.catalog import Field, ObjectType

Json = dict[str, Any]


def lines_told(fmt: ReaderFormat, access: Access, payload: Mapping[str, Any]) -> list[Json]:
    """Each kind of line: how many with which sums, and a table of the first of them."""
    return [told for line in payload.get("lines", ()) for told in _told(fmt, access, line)]


def _told(fmt: ReaderFormat, access: Access, line: Mapping[str, Any]) -> Iterator[Json]:
    type_ = fmt.catalog.objects.get(line["object"])
    if type_ is None:
        return
    count = line["count"]
    label = type_.label.lower() if count == 1 else type_.plural.lower()
    fields = [field for name in line["sums"] if (field := _seen(access, type_, name)) is not None]
    sums = [_sum(fmt, field, line["sums"][field.name]) for field in fields]
    text = f"with {count:,} {label}"
    if sums and count > 1:
        text += f": {', '.join(one for one in sums if one)}"
    shown = line["first"] if _all_seen(access, type_) else []
    yield {
        "text": text.rstrip(": "),
        "head": [type_.label, *(field.label for field in fields)],
        "rows": [
            [
                one["title"] or "no title",
                *(said(field, one["values"].get(field.name), fmt) for field in fields),
            ]
            for one in shown
        ],
        "more": f"and {count - len(shown):,} more" if shown and count > len(shown) else "",
    }


def _sum(fmt: ReaderFormat, field: Field, totals: list[Any]) -> str:
    words = " + ".join(said(field, total, fmt) for total in totals)
    return f"{field.label} {words}" if words else ""


def _seen(access: Access, type_: ObjectType, name: str) -> Field | None:
    return type_.fields.get(name) if access.shows_in_title(type_.name, name) else None


def _all_seen(access: Access, type_: ObjectType) -> bool:
    where = access.object(type_.name).where
    readable = "read" in where and where["read"] is None
    return readable and type_.name not in access.withheld_titles
