"""What is asked of a list: from the address, the person's last choice, and the view."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from fluvial.auth.access import Access
from fluvial.http.call import Call
from fluvial.http.parameters import session_of_day, sort_keys
from fluvial.kernel.problems import Problem
from fluvial.records.reading.caller_paths import resolve
from fluvial.records.reading.query import Query
from fluvial.runtime.session import Session
from metamodel.catalog import ObjectType

from . import preferences, view_lists
from .as_of_bar import as_of_control
from .field_addresses import KNOWN, asking
from .reader_format import ReaderFormat
from .record_tables import TableColumn, column_of, columns_of, default_names, paths_of
from .view_lists import View

NEWEST = "-created_at"
LOST = (
    "Some columns or the order that were chosen for this list cannot be shown any more, "
    "so it shows the others, or its usual ones."
)


@dataclass
class ListRequest:
    """What is asked of a list: from the address, then the person's choice, then the view."""

    session: Session
    type: ObjectType
    given: Mapping[str, str]
    views: list[View]
    view: View
    where: str
    sort: str
    columns: list[TableColumn]
    equals: tuple[tuple[str, str], ...]
    total: str
    error: str = ""
    note: str = ""  # what the person, or the view, chose and cannot have here any more

    @property
    def path(self) -> str:
        return f"/o/{self.type.name}"

    def href(self, **changed: str | None) -> str:
        """This list with some parameters changed; None takes one out."""
        names = ["view", "where", "search", "sort", "total", "as_of"]
        names += [name for name, _ in self.equals]
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
    def may_change(self) -> bool:
        """Whether records may be changed from the list: those of today, by whoever may."""
        may = self.session.access.object(self.type.name)
        return self.session.as_of is None and (may.can("update") or may.can("delete"))

    @property
    def row_href(self) -> str:
        """Where one row is read again, whatever it has become: `&id=` follows."""
        return f"{self.path}?{urlencode({'view': self.view.name, 'where': ''})}"

    @property
    def editable(self) -> frozenset[str]:
        """Fields whose cells the person may edit where they stand."""
        access = self.session.access
        if not self.may_change or not access.object(self.type.name).can("update"):
            return frozenset()
        return frozenset(access.writable(self.type.name))

    def as_of_control(self, fmt: ReaderFormat) -> dict[str, Any] | None:
        """The control for another day, where days make a difference to these records."""
        names = ("view", "where", "search", "sort", *(name for name, _ in self.equals))
        kept = {name: self.given[name] for name in names if name in self.given}
        return as_of_control(self.session, fmt, (self.type,), self.path, **kept)

    @property
    def filtered(self) -> bool:
        return bool(self.where or self.equals or self.given.get("search"))

    @property
    def seen_where(self) -> str:
        """The condition of all that is shown, with what the address asks as FIELD=VALUE."""
        equals = dict(self.equals)
        return asking(self.type, equals, self.where, among=equals).get("where", "")

    @property
    def seen_label(self) -> str:
        """What the list shows, in a few words: its view, or that it is filtered."""
        if self.equals or self.where != self.view.where:
            return f"{self.type.plural}, filtered"
        return self.type.plural if self.view.name == view_lists.ALL else self.view.label

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
            as_of=self.session.asked_day,
        )


def listing(call: Call) -> ListRequest:
    session, given = session_of_day(call), call.query
    type_ = session.object(call.params["object"])
    found = view_lists.views_of(session, type_.name)
    view = next((v for v in found if v.name == given.get("view")), None)
    equals = tuple((name, text) for name, text in given.items() if name not in KNOWN)
    for name, _ in equals:
        column_of(session.access, type_, name)  # a Problem names what is not there
    if view is None:
        plain = "where" in given or "search" in given or equals
        view = found[-1] if plain else found[0]
    kept = _kept(session, type_, view, given)
    usual = default_names(session.access, type_)
    columns, lost = _first_that_works(session, type_, kept.get("columns"), view.columns, usual)
    sort = given.get("sort") or ""
    if not sort:
        wanted = [text for text in (kept.get("sort"), view.sort) if text]
        sort = next((text for text in wanted if sorts_by(session.access, type_, text)), NEWEST)
        lost = lost or sort not in (wanted or [NEWEST])[:1]
    where = given.get("where", view.where).strip()
    return ListRequest(
        session, type_, given, found, view, where, sort, columns, equals, given.get("total", ""),
        note=LOST if lost else "",
    )  # fmt: skip


def _first_that_works(
    session: Session, type_: ObjectType, *choices: Any
) -> tuple[list[TableColumn], bool]:
    """The columns of the first choice of which any can be shown; whether something was lost."""
    lost = False
    for names in choices:
        listed = [name for name in names or () if isinstance(name, str)]
        columns = columns_of(session.access, type_, listed)
        # Nobody chose what a view shows; it leaves out what its reader may not read.
        lost = lost or (choices[0] is names and len(columns) < len(set(listed)))
        if columns:
            return columns, lost
    return columns_of(session.access, type_, ["title"]), lost


def sorts_by(access: Access, type_: ObjectType, text: Any) -> bool:
    """Whether a list can be sorted so, as far as the person may read what it names."""
    try:
        fields = [resolve(access, type_, key.path, "sort") for key in sort_keys(text)]
    except (Problem, TypeError, AttributeError):
        return False
    return all(field.kind.sorts(field) for field in fields)


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
    if "sort" in given and "where" not in given and sorts_by(session.access, type_, given["sort"]):
        kept["sort"] = given["sort"]
    if kept != before:
        preferences.keep(session, key, kept or None)
    return kept
