"""The list of an object: views, filter, columns, sort, pages, and what is done with many."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

from fluvial import changes
from fluvial.errors import Forbidden, NotFound, Problem, Unprocessable, fault
from fluvial.http.call import Answer, Call
from fluvial.http.parameters import sort_keys
from fluvial.http.routes import Endpoint, Policy
from fluvial.records.query import Query
from fluvial.records.reader import read_page
from fluvial.session import Session
from metamodel.catalog import ObjectType
from metamodel.text import fold

from . import preferences, views
from .filters import askable, sentence
from .frame import Context, deed, page, render, with_query
from .looks import Looks, looks_of, record_href
from .tables import Column, Table, column_of, columns_of, default_names, head_classes, paths_of
from .views import ALL, View

NEWEST = "-created_at"
EXPORT, IMPORT = "/api/records/{object}/export", "/import/{object}"
KNOWN = ("view", "where", "search", "sort", "columns", "cursor", "total", "part")
BULK_KINDS = (
    "choice",
    "lookup",
    "person",
    "date",
    "datetime",
    "boolean",
    "text",
    "number",
    "money",
)


@dataclass
class Listing:
    """What is asked of a list: from the address, then the person's choice, then the view."""

    session: Session
    type: ObjectType
    given: Mapping[str, str]
    views: list[View]
    view: View
    where: str
    sort: str
    columns: list[Column]
    equals: tuple[tuple[str, str], ...]
    total: str
    error: str = ""
    kept: Mapping[str, Any] = field(default_factory=dict)

    @property
    def path(self) -> str:
        return f"/o/{self.type.name}"

    def href(self, **changed: str | None) -> str:
        """This list with some parameters changed; None takes one out."""
        names = ("view", "where", "search", "sort", "total", *(name for name, _ in self.equals))
        query = {name: self.given[name] for name in names if name in self.given}
        query |= {name: value for name, value in changed.items() if value is not None}
        query = {name: value for name, value in query.items() if changed.get(name, "") is not None}
        return f"{self.path}?{urlencode(query)}" if query else self.path

    @property
    def may_state(self) -> bool:
        """Whether the person may read the state of the records."""
        states = self.type.states
        return states is not None and not self.session.access.hides(self.type.name, states.field)

    @property
    def filtered(self) -> bool:
        return bool(self.where or self.equals or self.given.get("search"))

    def query(self, cursor: str = "") -> Query:
        return Query(
            self.type.name,
            paths_of(self.columns, self.type if self.may_state else None),
            "" if self.error else self.where,
            self.equals,
            self.given.get("search", "").strip(),
            sort_keys(self.sort),
            cursor=cursor,
            total="none" if cursor else ("exact" if self.total == "exact" else "capped"),
        )


def listing(call: Call) -> Listing:
    session, given = call.session, call.query
    type_ = session.object(call.params["object"])
    found = views.views_of(session, type_.name)
    view = next((v for v in found if v.name == given.get("view")), None)
    equals = tuple((name, text) for name, text in given.items() if name not in KNOWN)
    for name, _ in equals:
        column_of(session.access, type_, name)  # a Problem names what is not there
    if view is None:
        plain = "where" in given or "search" in given or equals
        view = found[-1] if plain else found[0]
    kept = _kept(session, type_, view, given)
    names = kept.get("columns") or view.columns or default_names(session.access, type_)
    columns = columns_of(session.access, type_, names)
    if not columns:
        columns = columns_of(session.access, type_, ["title"])
    sort = given.get("sort") or kept.get("sort") or view.sort or NEWEST
    where = given.get("where", view.where).strip()
    return Listing(
        session, type_, given, found, view, where, sort, columns, equals, given.get("total", ""),
        kept=kept,
    )  # fmt: skip


def _kept(
    session: Session, type_: ObjectType, view: View, given: Mapping[str, str]
) -> dict[str, Any]:
    """What the person last chose for the view; what the address says now is kept."""
    key = f"list:{type_.name}:{view.name}"
    kept: dict[str, Any] = dict(preferences.read(session, key) or {})
    before = dict(kept)
    if "columns" in given:
        names = [name for name in given["columns"].split(",") if name]
        good = [c.name for c in columns_of(session.access, type_, names)]
        kept.pop("columns", None)
        if good:
            kept["columns"] = good
    if "sort" in given and "where" not in given:
        kept["sort"] = given["sort"]
    if kept != before:
        preferences.keep(session, key, kept or None)
    return kept


def show_list(call: Call) -> Answer:
    asked = listing(call)
    if call.query.get("columns") is not None:
        return Answer.redirect(asked.href())  # the choice is kept; the address need not say it
    looks = looks_of(call.session)
    table = Table(asked.type, asked.columns, looks)
    cursor = call.query.get("cursor", "")
    try:
        read = read_page(call.session, asked.query(cursor))
    except Problem as problem:
        if not asked.where or cursor:
            raise
        asked.error = problem.detail
        read = read_page(call.session, asked.query())
    rows = table.rows(read["data"])
    next_href = asked.href(cursor=read["next"]) if read["next"] else ""
    may = asked.session.access.object(asked.type.name)
    listed: Context = {
        "object": {"name": asked.type.name, "label": asked.type.label, "plural": asked.type.plural},
        "rows": rows,
        "next_href": next_href,
        "bulk": _bulk(asked) if may.can("update") or may.can("delete") else None,
    }
    if "hx-request" in call.headers or call.query.get("part") == "rows":
        return Answer.html(render(call, "_rows.html", list=listed))
    listed |= _head(asked, table, looks, read, len(rows))
    return page(
        call,
        "list.html",
        asked.type.plural,
        crumbs=[(asked.type.group, "")] if asked.type.group else [],
        here=asked.path,
        primary=listed["empty"]["new"],
        menu=_menu(asked),
        topics=f"object:{asked.type.name}",
        keys=keys_of(call, asked.type),
        list=listed,
    )


def keys_of(call: Call, type_: ObjectType) -> dict[str, str]:
    """Where the keyboard leads from pages of an object."""
    keys = {"list": f"/o/{type_.name}"}
    if call.session.access.object(type_.name).can("create"):
        keys["new"] = f"/o/{type_.name}/new"
    for feature in call.engine.features:
        if feature.navigation is not None:
            for item in feature.navigation(call.session.catalog, call.session.access):
                if item.object == type_.name:
                    keys.setdefault("board", item.href)
    return keys


def _head(
    asked: Listing, table: Table, looks: Looks, read: Mapping[str, Any], count: int
) -> Context:
    """Everything of the list but its rows."""
    type_ = asked.type
    clear = asked.href(
        view=ALL, where=None, search=None, **dict.fromkeys(n for n, _ in asked.equals)
    )
    heads = [_column(asked, column, place - 1) for place, column in enumerate(table.heads)]
    filter_ = sentence(
        asked.session.access, type_, asked.where, looks, clear=clear, error=asked.error
    )
    return {
        "title": type_.plural,
        "action": asked.path,
        "count": _count(asked, read, count),
        "views": [_tab(asked, view) for view in asked.views],
        "save_view": f"{asked.path}/views",
        "search": asked.given.get("search", ""),
        "kept": [
            {"name": name, "value": asked.given[name]}
            for name in ("view", "where", "sort", *(n for n, _ in asked.equals))
            if name in asked.given
        ],
        "filter": filter_,
        "equals": _equals(asked, looks),
        "columns": heads,
        "chooser": _chooser(asked),
        "sort": _sorts(asked),
        "export": [],
        "empty": _empty(asked, clear),
    }


def _count(asked: Listing, read: Mapping[str, Any], count: int) -> Context:
    total = read.get("total", count)
    more = read["next"] is not None
    text = f"{total:,}{'+' if read.get('capped') else ''}"
    return {
        "shown": f"{count:,}" if more else text,
        "total": text if more else "",
        "exact_href": asked.href(total="exact") if read.get("capped") else "",
    }


def _tab(asked: Listing, view: View) -> Context:
    current = view is asked.view
    return {
        "label": view.label,
        "href": with_query(asked.path, view=view.name),
        "current": current,
        "count": None,
        "shared": view.shared,
    }


def _equals(asked: Listing, looks: Looks) -> list[Context]:
    """What the address says with FIELD=VALUE, in words."""
    found = []
    for name, text in asked.equals:
        column = column_of(asked.session.access, asked.type, name)
        label = text
        if column.field.to is not None:
            looks.names.want([(column.field.to, text)])
            looks.names.load()
            label = looks.names.title(column.field.to, text) or "a record you may not see"
        options = {option.name: option.label for option in column.field.type.options}
        shown = options.get(text, label) or "empty"
        found.append(
            {"label": column.label.lower(), "value": shown, "href": asked.href(**{name: None})}
        )
    return found


def _column(asked: Listing, column: Column, place: int) -> Context:
    ascending, descending = asked.sort == column.name, asked.sort == f"-{column.name}"
    order = "ascending" if ascending else "descending" if descending else "none"
    next_sort = f"-{column.name}" if ascending else column.name
    return {
        "name": column.name,
        "label": column.label,
        "classes": head_classes(column, place) if place >= 0 else "",
        "sort": order,
        "href": asked.href(sort=next_sort, cursor=None) if column.sorts else "",
    }


def _chooser(asked: Listing) -> Context:
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
    return {
        "shown": shown,
        "others": others,
        "reset_href": f"{asked.path}?{urlencode({'view': asked.view.name, 'columns': ''})}",
        "columns": ",".join(c.name for c in asked.columns),
    }


def _behind(asked: Listing, name: str, label: str, target: str, shown: set[str]) -> list[Context]:
    type_ = asked.session.catalog.objects[target]
    hidden = asked.session.access.object(target).hidden
    return [
        {"name": f"{name}.{f.name}", "label": f"{label} › {f.label}"}
        for f in type_.own_fields
        if f.name not in hidden and not f.many and f"{name}.{f.name}" not in shown
    ]


def _sorts(asked: Listing) -> Context:
    options = [("Newest first", NEWEST), ("Changed last", "-updated_at")]
    for column in asked.columns:
        if column.sorts:
            options.append((f"{column.label}, up", column.name))
            options.append((f"{column.label}, down", f"-{column.name}"))
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


def _sort_words(asked: Listing, sort: str) -> str:
    found = columns_of(
        asked.session.access, asked.type, [p.removeprefix("-") for p in sort.split(",")]
    )
    return ", ".join(column.label for column in found) or "Sorted"


def _empty(asked: Listing, clear: str) -> Context:
    type_, access = asked.type, asked.session.access.object(asked.type.name)
    label, plural = type_.label.lower(), type_.plural.lower()
    text = str(type_.spec.get("help") or f"{type_.plural} show here as soon as there are some.")
    new = None
    if access.can("create"):
        new = deed(f"New {label}", f"{asked.path}/new", "plus")
    filtered = asked.filtered
    return {
        "title": f"No {plural} like this" if filtered else f"No {plural} yet",
        "text": "Nothing meets this filter now." if filtered else text,
        "filtered": filtered,
        "clear_href": clear,
        "new": new,
        "import_href": f"/import/{type_.name}"
        if access.can("import") and any(e.path == IMPORT for e in asked.session.engine.endpoints)
        else "",
    }


def _bulk(asked: Listing) -> Context:
    access = asked.session.access.object(asked.type.name)
    writable = [
        f
        for f in asked.type.own_fields
        if f.writable and not f.read_only and f.kind.name in BULK_KINDS and not f.many
        and f.name not in access.hidden | access.read_only
    ]  # fmt: skip
    known = {entry["name"]: entry for entry in askable(asked.session.access, asked.type)}
    zone = str(asked.session.engine.clock.zone)
    fields = [
        {
            "name": f.name,
            "label": f.label,
            "kind": f.kind.name,
            "options": known[f.name]["options"],
            "search_url": f"/lookup/{asked.type.name}/{f.name}" if f.targets else "",
            "currency": f.option("currency"),
            "zone": zone,
        }
        for f in writable
    ]
    api = f"/api/records/{asked.type.name}"
    return {"api": api, "fields": fields, "can_delete": access.can("delete"), "delete_api": api}


def _menu(asked: Listing) -> list[Context]:
    name, access = asked.type.name, asked.session.access
    may = access.object(name)
    items = []
    routes = {endpoint.path for endpoint in asked.session.engine.endpoints}
    if may.can("export") and EXPORT in routes:
        query = {"where": asked.where, "search": asked.given.get("search", ""), "sort": asked.sort}
        fields = ",".join(column.name for column in asked.columns)
        for label, form in (("Export as CSV", "csv"), ("Export to Excel", "xlsx")):
            address = with_query(
                f"/api/records/{name}/export",
                format=form,
                fields=fields,
                **query,
                **dict(asked.equals),
            )
            items.append(deed(label, address, "download"))
    if may.can("import") and IMPORT in routes:
        items.append(deed("Import", f"/import/{name}", "upload"))
    if may.can("delete"):
        items.append(deed("Open the bin", f"/o/{name}/bin", "trash"))
    if asked.view.own:
        items.append(
            deed("Forget this view", f"/o/{name}/views/{asked.view.name}/forget", "x", post=True)
        )
    if "read" in access.meta:
        items.append(
            deed("Open in the studio", f"/studio/objects/{name}", "adjustments-horizontal")
        )
    return items


def save_view(call: Call) -> Answer:
    """Keep what a list shows as a view: for the person, or for everybody."""
    session = call.session
    type_ = session.object(call.params["object"])
    body = call.json_object("label", "shared", "query")
    label, query = body.get("label"), body.get("query")
    if not isinstance(label, str) or not label.strip() or len(label) > 60:
        message = "Give the view a name of at most 60 characters."
        raise Unprocessable(message, errors=[fault("/label", "required", message)])
    given = {
        k: v for k, v in (query if isinstance(query, dict) else {}).items() if isinstance(v, str)
    }
    asked = listing(replace_query(call, given))
    name = _free_name(session, f"{type_.name}_{fold(label.strip())}")
    made = View(name, label.strip(), asked.where, tuple(c.name for c in asked.columns), asked.sort)
    if body.get("shared") is True:
        if "write" not in session.access.meta:
            raise Forbidden("Your roles do not allow to make views for everybody.")
        document = {"kind": "view", "name": name, "label": made.label, "object": type_.name,
                    "columns": list(made.columns), "sort": made.sort.split(",")}  # fmt: skip
        document |= {"where": made.where} if made.where else {}
        changes.apply(session, changes.documents_change([document], note=f"View {made.label}"))
    else:
        views.keep_own(session, type_.name, made)
    return Answer.json({"href": with_query(f"/o/{type_.name}", view=name)}, 201)


def replace_query(call: Call, given: Mapping[str, str]) -> Call:
    """The same call with other parameters."""
    return replace(call, raw_query=urlencode(given).encode())


def _free_name(session: Session, text: str) -> str:
    plain = "".join(c if c.isascii() and c.isalnum() else "_" for c in text)
    base = "_".join(part for part in plain.split("_") if part)[:34]
    taken, name, number = session.catalog.of("view"), base, 2
    while name in taken or name == ALL:
        name, number = f"{base}_{number}", number + 1
    return name


def forget_view(call: Call) -> Answer:
    type_ = call.session.object(call.params["object"])
    views.drop_own(call.session, type_.name, call.params["name"])
    return Answer.redirect(f"/o/{type_.name}")


def old_address(call: Call) -> Answer:
    """Links in mails and notifications name records so."""
    if call.params["object"] not in call.session.catalog.objects:
        raise NotFound(f"There is no object `{call.params['object']}`.")
    return Answer.redirect(record_href(call.params["object"], call.params["id"]))


_ONE = "/o/{object}"

ENDPOINTS = (
    Endpoint("GET", _ONE, show_list, Policy.SIGNED_IN, "A list of records.", page=True),
    Endpoint("POST", f"{_ONE}/views", save_view, Policy.SIGNED_IN, "Save a view.", page=True),
    Endpoint(
        "POST", f"{_ONE}/views/{{name}}/forget", forget_view, Policy.SIGNED_IN,
        "Forget one's own view.", page=True, form=True,
    ),
    Endpoint(
        "GET", "/records/{object}/{id}", old_address, Policy.SIGNED_IN, "A record.", page=True
    ),
)  # fmt: skip
