"""What is kept of fields that went or became another kind: read it, download it, purge it."""

from __future__ import annotations

import csv
import io
from itertools import islice
from typing import Any

from fluvial.kernel.ids import is_id
from fluvial.kernel.problems import Conflict, Forbidden, NotFound, Problem
from fluvial.metadata_changes.backfill import Copier
from fluvial.metadata_changes.index_builds import index_states
from fluvial.metadata_changes.pending_change import cancel, pending_change, pending_changes
from fluvial.metadata_changes.purge import purge, retired_list
from fluvial.metadata_changes.related_records import FoundRecords
from fluvial.metadata_changes.retired_columns import RETYPED, retired_columns
from fluvial.metadata_changes.retype import Retype
from fluvial.records.reading.titles import with_titles
from fluvial.transfer.exports import cell, safe

from .call import Answer, Call
from .routes import Endpoint, Policy

PAGE, MAX_PAGE, MAX_ROWS = 50, 500, 50_000


def unconverted(call: Call) -> Answer:
    """The values of a retyped field that mean nothing in its kind, as they were."""
    call.only("limit", "cursor", "format")
    copier = _copier(call)
    field = copier.retype.old
    after = call.query.get("cursor", "")
    if after and not is_id(after):
        raise Problem("`cursor` must be the `next` of the previous page.")
    if call.query.get("format") == "csv":
        return _table(call, copier, after)
    if "format" in call.query:
        raise Problem("`format` must be csv; without it the answer is JSON.")
    limit = call.query.get("limit", str(PAGE))
    if not (limit.isascii() and limit.isdigit() and 0 < int(limit) <= MAX_PAGE):
        raise Problem(f"`limit` must be a number from 1 to {MAX_PAGE}.")
    rows = list(copier.refused(after, int(limit) + 1))
    more = len(rows) > int(limit)
    rows = rows[: int(limit)]
    last = rows[-1]["id"] if more else None
    data = with_titles(call.session, field.object, rows)
    return Answer.json({"kind": field.kind.name, "data": data, "next": last})


def _table(call: Call, copier: Copier, after: str) -> Answer:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(["id", "title", "value", "reason"])
    rows = list(islice(copier.refused(after, MAX_ROWS), MAX_ROWS))
    for row in with_titles(call.session, copier.retype.old.object, rows):
        value = cell(copier.retype.old, row["value"])
        writer.writerow([row["id"], safe(row["title"]), safe(value), row["reason"]])
    name = f"{call.params['object']}-{call.params['field']}.csv"
    headers = [("content-disposition", f'attachment; filename="{name}"')]
    return Answer(200, b"\xef\xbb\xbf" + text.getvalue().encode(), "text/csv", headers)


def _copier(call: Call) -> Copier:
    session = call.session
    type_ = session.object(call.params["object"])
    field = type_.fields.get(call.params["field"])
    access = session.access.object(type_.name)
    if field is None or field.name in access.hidden:
        raise NotFound(f"{type_.label} has no field `{call.params['field']}`.")
    if access.where["read"] is not None:
        raise Forbidden(
            f"Only people who may read all {type_.plural.lower()} can list these values."
        )
    kept = [
        c
        for c in retired_columns(session.connection)
        if (c.object, c.field, c.cause) == (type_.name, field.name, RETYPED)
    ]
    if not kept:
        raise NotFound(
            f"`{type_.name}.{field.name}` never had another kind, or its old values were purged."
        )
    world = FoundRecords(session.connection, session.engine.settings.zone)
    return Copier(session.connection, Retype(kept[-1].as_field(), field, False), world)


def retired(call: Call) -> Answer:
    call.only()
    return Answer.json({"data": retired_list(call.session.connection)})


def purge_field(call: Call) -> Answer:
    """Needs `{"confirm": "book.pages"}`, so that nothing is lost by a slip."""
    call.only()
    target = f"{call.params['object']}.{call.params['field']}"
    body: dict[str, Any] = call.json_object("confirm")
    if body.get("confirm") != target:
        raise Conflict(
            f"This permanently deletes all kept values of `{target}`. Send "
            f'{{"confirm": "{target}"}} to confirm.',
            operations=[{"op": "purge", "target": target, "class": "destructive", "undo": ""}],
        )
    return Answer.json({"purged": purge(call.session, *target.split("."))})


def plans(call: Call) -> Answer:
    call.only()
    return Answer.json(
        {"data": [pending.wire() for pending in pending_changes(call.session.connection)]}
    )


def _plan_id(call: Call) -> str:
    if not is_id(call.params["id"]):
        raise NotFound("There is no such change in progress.")
    return call.params["id"]


def show_plan(call: Call) -> Answer:
    call.only()
    return Answer.json(pending_change(call.session.connection, _plan_id(call)).wire())


def cancel_plan(call: Call) -> Answer:
    call.only()
    return Answer.json(cancel(call.session, _plan_id(call)).wire())


def indexes(call: Call) -> Answer:
    call.only()
    return Answer.json({"data": index_states(call.session.connection)})


ENDPOINTS = (
    Endpoint(
        "GET",
        "/api/meta/plans",
        plans,
        Policy.META_READ,
        "Changes that copy values first, with their progress.",
    ),
    Endpoint("GET", "/api/meta/plans/{id}", show_plan, Policy.META_READ, "One change in progress."),
    Endpoint(
        "POST",
        "/api/meta/plans/{id}/cancel",
        cancel_plan,
        Policy.META_WRITE,
        "Cancel it; everything stays as it is.",
    ),
    Endpoint(
        "GET",
        "/api/meta/indexes",
        indexes,
        Policy.META_READ,
        "Indexes being built for large tables, with their progress.",
    ),
    Endpoint(
        "GET",
        "/api/meta/objects/{object}/fields/{field}/unconverted",
        unconverted,
        Policy.META_READ,
        "Values that could not be converted to the new kind of a field.",
    ),
    Endpoint(
        "GET", "/api/meta/retired", retired, Policy.META_READ, "The kept values of retired fields."
    ),
    Endpoint(
        "POST",
        "/api/meta/retired/{object}/{field}/purge",
        purge_field,
        Policy.META_WRITE,
        "Permanently delete the kept values of a field.",
    ),
)
