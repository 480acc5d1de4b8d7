"""Uninstalling: what goes, what stays, and what would be left without what it needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from fluvial.kernel.problems import Conflict
from fluvial.metadata_changes import apply, package_order
from fluvial.metadata_changes.made_anew import put_in_force
from fluvial.records.reading.query import Query
from fluvial.records.reading.reader import count
from fluvial.runtime.catalogs import Key, Layers, stored_layers
from fluvial.runtime.session import Session
from metamodel.catalog import Catalog
from metamodel.documents import SITE
from metamodel.folding import listed
from metamodel.plain_figures import whole_of
from metamodel.upgrades import Comparison
from metamodel.uses import uses_of

from . import needs
from .installing import whole


@dataclass
class Removal:
    """What an uninstallation takes out of force. Tables and values stay until they are purged."""

    name: str
    version: str
    objects: list[dict[str, Any]] = field(default_factory=list)
    fields: list[str] = field(default_factory=list)  # added to objects of others
    documents: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)  # what the site says over its documents
    uses: list[str] = field(default_factory=list)  # what the site has that needs it
    change: apply.MetadataChange = field(default_factory=lambda: apply.MetadataChange({}))

    def wire(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "version": self.version,
            "objects": self.objects,
            "fields": self.fields,
            "documents": self.documents,
            "waiting": self.waiting,
            "uses": self.uses,
            "operations": [operation.wire() for operation in self.change.operations],
            "revision": self.change.revision,
            **self.change.waiting_for(),
        }


def remove(
    session: Session, name: str, *, force: bool = False, ask: bool = False, judged: bool = True
) -> Removal:
    """Take a package out, in one transaction.

    What the site has of its own that needs the package is refused with its places; with
    `force` it goes along. What the site says over the package's documents waits for its return.
    """

    def make() -> Removal:
        removal = _made(session, name, force=force, ask=ask, judged=judged)
        if removal.uses and not force:
            places = len(removal.uses)
            need = "1 place here needs" if places == 1 else f"{places} places here need"
            message = f"{need} {name}. Change that first, or send force=true."
            raise Conflict(message, uses=removal.uses)
        return removal

    return put_in_force(session, make, lambda made: made.change)


def _made(
    session: Session, name: str, *, force: bool, ask: bool = False, judged: bool = True
) -> Removal:
    """What goes now; its change is still to be applied, or planned."""
    connection = session.connection
    removal = Removal(name, package_order.known(connection, name))
    layers = stored_layers(connection)
    dependents = needs.dependents(name, package_order.needs_of(layers))
    if dependents:
        message = f"{name} is needed by {listed(dependents)}. Uninstall them first."
        raise Conflict(message, needed_by=dependents)
    catalog = session.engine.catalogs.current(connection)
    _tell(session, removal, layers, catalog)
    removal.change = apply.MetadataChange(
        dict.fromkeys(layers[name]),
        layer=name,
        note=f"Uninstall {name} {removal.version}",
        more=_waiting(session, removal, layers),
        take_out=force,
        packages={name: None},
        whole=True,
        ask=ask,
        judged=judged,
    )
    removal.uses = sorted(_uses(removal, layers, catalog))
    return removal


def plan(session: Session, name: str) -> Removal:
    """What `remove` would take out, with what stands in its way."""
    removal = _made(session, name, force=True, judged=False)
    apply.plan(session, removal.change)
    return removal


def _tell(session: Session, removal: Removal, layers: Layers, catalog: Catalog) -> None:
    for kind, name in sorted(layers[removal.name]):
        type_ = catalog.objects.get(name) if kind == "object" else None
        if type_ is None:
            if kind != "app":
                removal.documents.append(f"{kind}/{name}")
        elif type_.layer == removal.name:
            records = count(session, Query(name))
            removal.objects.append({"name": name, "label": type_.label, "records": records})
        else:
            own = (f.name for f in type_.own_fields if f.layer == removal.name)
            removal.fields += [f"{name}.{field_name}" for field_name in own]


def _uses(removal: Removal, layers: Layers, catalog: Catalog) -> set[str]:
    """The places outside the package that name what goes."""
    going = [entry["name"] for entry in removal.objects] + removal.fields
    places = {place for target in going for place in uses_of(catalog, target)}
    return {place for place in places if not _goes_too(removal.name, place, layers, catalog)}


def _goes_too(package: str, place: str, layers: Layers, catalog: Catalog) -> bool:
    document, _, pointer = place.partition("#")
    kind, _, name = document.partition("/")
    found = catalog.of(kind)[name]
    if found.layer == package or (kind, name) not in layers[package]:
        return found.layer == package
    steps = pointer.split("/")
    items = found.body.get(steps[1])
    at = whole_of(steps[2]) if len(steps) > 2 else None
    if at is None or not isinstance(items, list):
        return True
    item = items[at]
    named = item.get("name") if isinstance(item, Mapping) else None
    return named is None or found.layers_of(steps[1]).get(named) == package


def _waiting(
    session: Session, removal: Removal, layers: Layers
) -> Mapping[str, Mapping[Key, Mapping[str, Any] | None]]:
    """The site's documents over those that go, marked to wait."""
    kept: dict[Key, Mapping[str, Any] | None] = {}
    for key, part, rest in _over(layers, removal.name):
        comparison = Comparison()
        shape = session.engine.kinds[key[0]].shape
        before, after = rest
        said = comparison.document(shape, before, after, part)
        if said != part:
            kept[key] = said
            removal.waiting.append(f"{key[0]}/{key[1]}")
    return {SITE: kept} if kept else {}


def _over(layers: Layers, name: str) -> Iterator[tuple[Key, Mapping[str, Any], tuple[Any, Any]]]:
    for key, part in layers[SITE].items():
        if key in layers[name]:
            below = [
                layer[key] for label, layer in layers.items() if label != SITE and key in layer
            ]
            rest = [document for document in below if document.layer != name]
            yield key, part.body, (whole(below), whole(rest))
