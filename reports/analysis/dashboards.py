"""Dashboards: reports and pins side by side; their documents checked and compiled."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from fluvial.auth.access import Access
from fluvial.kernel.problems import NotFound
from fluvial.runtime.session import Session
from metamodel.catalog import Catalog
from metamodel.checks import DocumentCheck
from metamodel.documents import Document, DocumentKind
from metamodel.folding import humanise, label_text

from .report_documents import schema_named
from .report_model import meant_for

WIDTH = 6


@dataclass(frozen=True)
class DashboardItem:
    """A report or a pin, and how many of twelve columns it takes."""

    kind: str
    name: str
    width: int


@dataclass(frozen=True, eq=False)
class Dashboard:
    """A dashboard, compiled."""

    name: str
    label: str
    icon: str
    help: str
    items: tuple[DashboardItem, ...]
    audience: tuple[str, ...]
    order: int


def dashboards_of(catalog: Catalog) -> Mapping[str, Dashboard]:
    return catalog.derive(_compiled)


def _compiled(catalog: Catalog) -> Mapping[str, Dashboard]:
    found = [dashboard_from(document) for document in catalog.of("dashboard").values()]
    return {one.name: one for one in sorted(found, key=lambda one: (one.order, one.label))}


def dashboard_from(document: Document) -> Dashboard:
    body = document.body
    return Dashboard(
        name=document.name,
        label=label_text(body.get("label", humanise(document.name))),
        icon=body.get("icon", "layout-grid"),
        help=label_text(body["help"]) if "help" in body else "",
        items=tuple(
            DashboardItem(kind, item[kind], item.get("width", WIDTH))
            for item in body["items"]
            for kind in ("report", "pin")
            if kind in item
        ),
        audience=tuple(body.get("audience", ())),
        order=body.get("order", 50),
    )


def visible_dashboards(catalog: Catalog, access: Access) -> Iterator[Dashboard]:
    for one in dashboards_of(catalog).values():
        if meant_for(catalog, access, one.audience):
            yield one


def find_dashboard(session: Session, name: str) -> Dashboard:
    for one in visible_dashboards(session.catalog, session.access):
        if one.name == name:
            return one
    raise NotFound(f"There is no dashboard `{name}`.")


def check_dashboard(document: Document, check: DocumentCheck) -> None:
    for at, role in enumerate(document.body.get("audience", ())):
        check.reference(f"/audience/{at}", "role", role)
    for at, item in enumerate(document.body["items"]):
        kinds = [kind for kind in ("report", "pin") if kind in item]
        if len(kinds) != 1:
            message = "Each item shows one report or one pin."
            check.fault(f"/items/{at}", "not_one", message, "Name either a report or a pin.")
        for kind in kinds:
            check.reference(f"/items/{at}/{kind}", kind, item[kind])


DASHBOARD = DocumentKind(
    name="dashboard",
    folder="dashboards",
    schema=schema_named("dashboard"),
    check=check_dashboard,
    label="Dashboard",
    removable={"/items/*/report": "/items/*", "/items/*/pin": "/items/*"},
    about="Reports and pins side by side on one page.",
    example={
        "kind": "dashboard",
        "name": "front_desk",
        "label": "Front desk",
        "items": [{"report": "loans_by_branch", "width": 8}, {"pin": "overdue", "width": 4}],
    },
)
