"""What a preview compares: fields and views, and what features bring.

A feature brings a kind of its own by the seam: the schema and check of its member, what it reads
before and after with the session it is given, and how two of these are told.

    feature = Feature("ledger", brings=(CHANGE_SET_PREVIEW(PreviewReader(KIND, read, told)),))
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from fluvial.kernel.features import Seam
from fluvial.kernel.problems import Problem
from fluvial.records.reading.query import Query, SortKey
from fluvial.records.reading.reader import find_one, read_page
from fluvial.runtime.session import Session
from metamodel.change_sets.preview_kinds import KINDS, Preview, PreviewKind, register_preview
from metamodel.checks import target_of
from metamodel.documents import forget_schemas
from metamodel.folding import humanise, label_text

from .set_records import SetRecord

Json = dict[str, Any]
Spec = Mapping[str, Any]

MOST_ROWS = 500  # of a view that are compared


@dataclass(frozen=True)
class PreviewReader:
    """Reads what an item shows, and tells two of what it has read.

    `read` is asked twice, before and after everything is carried out, with a session of the day
    from which the change set holds and with the rights of who looks. `told` makes of both an
    answer with `label`, `before`, `after` and `difference`.
    """

    about: PreviewKind
    read: Callable[[Session, SetRecord, Spec], Any]
    told: Callable[[Session, SetRecord, Spec, Any, Any], Json]


def _enter(reader: PreviewReader) -> None:
    register_preview(reader.about)
    forget_schemas()


CHANGE_SET_PREVIEW: Seam[PreviewReader] = Seam("a figure of the preview of a change set", _enter)


def reader_of(session: Session, item: Preview) -> PreviewReader | None:
    brought = session.engine.brought(CHANGE_SET_PREVIEW)
    return next((one for one in brought if one.about.name == item.name), None)


def read_item(session: Session, set_: SetRecord, item: Preview) -> Any:
    """What an item shows now; a problem where its reader may not see it."""
    reader = reader_of(session, item)
    if reader is None:
        return Problem(f"Nothing shows `{item.name}` here.")
    try:
        return reader.read(session, set_, item.spec)
    except Problem as problem:
        return problem


def told_item(session: Session, set_: SetRecord, item: Preview, before: Any, after: Any) -> Json:
    reader = reader_of(session, item)
    unseen = any(isinstance(one, Problem) for one in (before, after))
    if reader is None or unseen:
        return {"kind": item.name, "unseen": True}  # it may name what they know nothing of
    told = reader.told(session, set_, item.spec, before, after)
    return {"kind": item.name, **item.spec, **told}


def _read_field(session: Session, set_: SetRecord, spec: Spec) -> Any:
    path = tuple(spec["field"].split("."))
    type_, id = set_.type, set_.id
    # Record by record: formulas behind look-ups would stand in one question, in one another.
    while len(path) > 1 and (to := type_.fields[path[0]].to) is not None:
        before = find_one(session, type_.name, id, (path[:1],)) or {}
        if not isinstance(before.get(path[0]), str):
            return None
        type_, id, path = session.catalog.objects[to], before[path[0]], path[1:]
    value: Any = find_one(session, type_.name, id, (path,))
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _told_field(session: Session, set_: SetRecord, spec: Spec, before: Any, after: Any) -> Json:
    labels, objects = [], session.catalog.objects
    object: Any = set_.type
    for name in spec["field"].split("."):
        field = object.fields.get(name) if object is not None else None
        if field is None:
            break
        labels.append(field.label)
        object = objects.get(target_of(field))
    label = ", ".join(labels[::-1])
    difference = difference_of(before, after)
    return {"label": label, "before": before, "after": after, "difference": difference}


def difference_of(before: Any, after: Any) -> Any:
    """After less before, of numbers and of amounts in one currency; None of all else."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        if before.get("currency") != after.get("currency") or "currency" not in before:
            return None
        return {**after, "amount": difference_of(before.get("amount"), after.get("amount"))}
    numbers = [_number(one) for one in (before, after)]
    if numbers[0] is None or numbers[1] is None:
        return None
    made = numbers[1] - numbers[0]
    return int(made) if isinstance(before, int) and isinstance(after, int) else f"{made:f}"


def _number(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    try:
        return Decimal(value)
    except InvalidOperation:
        return None


def _read_view(session: Session, _: SetRecord, spec: Spec) -> Any:
    document = session.catalog.of("view").get(spec["view"])
    if document is None:
        raise Problem(f"There is no view `{spec['view']}`.")
    body = document.body
    columns = tuple(dict.fromkeys(("title", *body.get("columns", ()))))
    sort = tuple(
        SortKey(tuple(one.removeprefix("-").split(".")), one.startswith("-"))
        for one in body.get("sort", ())
    )
    query = Query(
        body["object"],
        (("id",), *(tuple(one.split(".")) for one in columns)),
        body.get("where", ""),
        sort=sort,
        limit=MOST_ROWS,
        total="exact",
        as_of=session.asked_day,
    )
    page = read_page(session, query)
    rows = {row["id"]: {n: v for n, v in row.items() if n != "rev"} for row in page["data"]}
    return {"total": page["total"], "rows": rows}


def _told_view(session: Session, _: SetRecord, spec: Spec, before: Any, after: Any) -> Json:
    body = session.catalog.of("view")[spec["view"]].body
    old, new = before["rows"], after["rows"]
    rows: list[Json] = []
    for id in {**old, **new}:
        pair = old.get(id), new.get(id)
        if pair[0] == pair[1]:
            continue
        row = pair[1] or pair[0]
        change = "changed" if all(pair) else "comes" if pair[1] else "goes"
        values = {
            name: [(pair[0] or {}).get(name), (pair[1] or {}).get(name)]
            for name in row
            if name not in ("id", "title")
            and (pair[0] or {}).get(name) != (pair[1] or {}).get(name)
        }
        rows.append({"id": id, "title": row.get("title"), "change": change, "values": values})
    return {
        "label": label_text(body.get("label", humanise(spec["view"]))),
        "object": body["object"],
        "before": before["total"],
        "after": after["total"],
        "difference": after["total"] - before["total"],
        "rows": rows,
        "more": max(before["total"], after["total"]) > MOST_ROWS,
    }


READERS = (
    PreviewReader(KINDS["field"], _read_field, _told_field),
    PreviewReader(KINDS["view"], _read_view, _told_view),
)
