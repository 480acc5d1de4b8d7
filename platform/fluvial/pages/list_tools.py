"""The tools of a list: columns, sorting, what is done with many, and what an empty list says."""

from __future__ import annotations

from fluvial.http.routes import ENDPOINT
from fluvial.records.writing.transitions import known_actions
from fluvial.runtime.reader_zone import zone_of
from metamodel.folding import humanise, label_text
from metamodel.kinds.duration import DAY_LENGTH

from .assigned_work import assignee_of
from .field_addresses import asking
from .frame import Context, action, with_query
from .list_offers import offers_of, pairs_of
from .list_request import NEWEST, ListRequest
from .presenters import face_of
from .record_tables import columns_of

EXPORT, IMPORT = "/api/records/{object}/export", "/import/{object}"


def chooser_of(asked: ListRequest) -> Context:
    shown = [{"name": c.name, "label": c.label} for c in asked.columns]
    names = {c.name for c in asked.columns}
    access, type_ = asked.session.access, asked.type
    hidden = access.object(type_.name).hidden
    others = [
        {"name": f.name, "label": f.label}
        for f in (*type_.own_fields, *(f for f in type_.fields.values() if f.system))
        if f.name not in (*names, *hidden, "id", "rev", "title") and not f.hidden
    ]
    for look_up in type_.own_fields:
        if look_up.targets and not look_up.many and not access.hides(look_up.targets[0], "title"):
            if look_up.name not in hidden:
                others += _behind(asked, look_up.name, look_up.label, look_up.targets[0], names)
    names_kept = ("view", "where", "search", "as_of")
    kept = {name: asked.given[name] for name in names_kept if name in asked.given}
    return {
        "action": with_query(f"{asked.path}/columns", **kept, **dict(asked.equals)),
        "shown": shown,
        "others": others,
        "reset_href": asked.href(view=asked.view.name, columns=""),
        "columns": ",".join(c.name for c in asked.columns),
    }


def _behind(
    asked: ListRequest, name: str, label: str, target: str, shown: set[str]
) -> list[Context]:
    type_ = asked.session.catalog.objects[target]
    hidden = asked.session.access.object(target).hidden
    return [
        {"name": f"{name}.{f.name}", "label": f"{label} › {f.label}"}
        for f in type_.own_fields
        if f.name not in hidden and not f.many and f"{name}.{f.name}" not in shown
    ]


def sorts_of(asked: ListRequest) -> Context:
    options = [("Newest first", NEWEST), ("Last changed", "-updated_at")]
    for column in asked.columns:
        if column.sorts:
            up, down = face_of(column.field).orders
            options.append((f"{column.label}, {up}", column.name))
            options.append((f"{column.label}, {down}", f"-{column.name}"))
    if asked.view.sort and asked.view.sort not in dict((s, label) for label, s in options):
        options.insert(0, (_sort_words(asked, asked.view.sort), asked.view.sort))
    labels = {sort: label for label, sort in options}
    label = labels.get(asked.sort) or _sort_words(asked, asked.sort)
    return {
        "label": label,
        "options": [
            {"label": text, "href": asked.href(sort=sort), "current": sort == asked.sort}
            for text, sort in options
        ],
    }


def _sort_words(asked: ListRequest, sort: str) -> str:
    found = columns_of(
        asked.session.access, asked.type, [p.removeprefix("-") for p in sort.split(",")]
    )
    return ", ".join(column.label for column in found) or "Sorted"


def empty_of(asked: ListRequest, clear: str) -> Context:
    type_, access = asked.type, asked.session.access.object(asked.type.name)
    label, plural = type_.label.lower(), type_.plural.lower()
    text = str(type_.spec.get("help") or f"{type_.plural} appear here as soon as there are any.")
    new = None
    if access.can("create"):
        new = action(f"New {label}", f"{asked.path}/new", "plus")
    filtered = asked.filtered
    return {
        "title": f"No matching {plural}" if filtered else f"No {plural} yet",
        "text": "Nothing matches this filter." if filtered else text,
        "filtered": filtered,
        "clear_href": clear,
        "new": new,
        "import_href": f"/import/{type_.name}"
        if access.can("import")
        and any(e.path == IMPORT for e in asked.session.engine.brought(ENDPOINT))
        else "",
    }


def save_options(asked: ListRequest) -> Context:
    """What may be said when the list is kept as a view: who has it, and what it replaces."""
    session, view = asked.session, asked.view
    may_share = "write" in session.access.meta
    roles = sorted(session.catalog.of("role").items()) if may_share else []
    return {
        "label": view.label if view.own else "",
        "replaces": view.name if view.own else "",
        "may_share": may_share,
        "roles": [
            {"value": name, "label": label_text(role.body.get("label", humanise(name)))}
            for name, role in roles
        ],
        "search": asked.given.get("search", "").strip(),
    }


def bulk_of(asked: ListRequest) -> Context | None:
    """What can be done with records of today that are picked; None where there is nothing."""
    access = asked.session.access.object(asked.type.name)
    actions = known_actions(asked.session, asked.type)
    if asked.session.as_of is not None or not (asked.may_change or actions):
        return None
    may_update = access.can("update")
    api = f"/api/records/{asked.type.name}"
    return {
        "api": api,
        "href": f"{asked.path}/bulk",
        "query": asked.href().removeprefix(asked.path),
        "total": "",
        "fields": _bulk_fields(asked) if may_update else [],
        "can_delete": access.can("delete"),
        "assign": assignee_of(asked.session, asked.type) if may_update else "",
        "me": asked.session.actor.id or "",
        "actions": [
            {"name": one.name, "label": one.label, "asks": bool(one.asks)} for one in actions
        ],
        "pairs": pairs_of(asked),
        "delete_api": api,
    }


def _bulk_fields(asked: ListRequest) -> list[Context]:
    """The fields that may be set on many records, with their inputs."""
    access = asked.session.access.object(asked.type.name)
    writable = [
        f
        for f in asked.type.own_fields
        if f.writable and not f.read_only and face_of(f).quick and not f.many
        and f.name not in access.hidden | access.read_only
    ]  # fmt: skip
    zone = str(zone_of(asked.session))
    return [
        {
            "name": f.name,
            "label": f.label,
            "holds": face_of(f).holds,
            "input": face_of(f).input(f),
            "options": face_of(f).options(f),
            "emptiable": f.kind.emptiable,
            "search_url": f"/lookup/{asked.type.name}/{f.name}" if f.targets else "",
            "currency": f.option("currency"),
            "zone": zone,
            "day": f.option(DAY_LENGTH),
        }
        for f in writable
    ]


def _exports(fields: str) -> list[tuple[str, str, dict[str, str]]]:
    """What is shown, for people; and everything that the records hold, to be imported again."""
    shown = {"for": "people", "fields": fields}
    return [
        ("Export to Excel", "xlsx", shown),
        ("Export as CSV", "csv", shown),
        ("Export all fields to edit and import (Excel)", "xlsx", {}),
        ("Export all fields to edit and import (CSV)", "csv", {}),
    ]


def menu_of(asked: ListRequest) -> list[Context]:
    name, access = asked.type.name, asked.session.access
    may = access.object(name)
    items = []
    routes = {endpoint.path for endpoint in asked.session.engine.brought(ENDPOINT)}
    if may.can("export") and EXPORT in routes:
        query = {"search": asked.given.get("search", ""), "sort": asked.sort}
        query |= asking(asked.type, dict(asked.equals), asked.where)
        fields = ",".join(column.name for column in asked.columns)
        for label, form, more in _exports(fields):
            address = with_query(
                f"/api/records/{name}/export",
                format=form,
                as_of=asked.given.get("as_of"),
                **more,
                **query,
            )
            items.append(action(label, address, "download"))
    if may.can("import") and IMPORT in routes:
        items.append(action("Import", f"/import/{name}", "upload"))
    items += offers_of(asked)
    if may.can("delete"):
        items.append(action("Open the bin", f"/o/{name}/bin", "trash"))
    if asked.view.name in asked.session.catalog.of("view") and "write" in access.meta:
        href = f"/studio/view/{asked.view.name}"
        items.append(action("Change this view", href, "adjustments-horizontal"))
    if asked.view.own:
        items.append(
            action("Delete this view", f"/o/{name}/views/{asked.view.name}/forget", "x", post=True)
        )
    if "read" in access.meta:
        items.append(
            action("Open in the studio", f"/studio/objects/{name}", "adjustments-horizontal")
        )
    return items
