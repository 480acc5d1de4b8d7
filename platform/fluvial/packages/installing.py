"""Installing and upgrading: a package's layer is replaced, what others say over it is kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fluvial.database.connection import Connection
from fluvial.kernel.features import CORE
from fluvial.kernel.problems import Conflict, Unprocessable, fault
from fluvial.metadata_changes import apply, package_order
from fluvial.metadata_changes.made_anew import put_in_force
from fluvial.runtime.catalogs import Key, Layers, stored_layers
from fluvial.runtime.session import Session
from metamodel.documents import SITE, Document, DocumentKind
from metamodel.layers import merged
from metamodel.upgrades import CHANGES, CONFLICT, EVERYTHING, TAKEN, Comparison, Decision

from . import needs, registry
from .source import Package, from_folder, refuse_core

Kinds = Mapping[str, DocumentKind]


@dataclass
class Installation:
    """What an installation, upgrade or downgrade does, document by document."""

    name: str
    version: str
    was: str | None = None
    added: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    decisions: dict[str, list[Decision]] = field(default_factory=dict)
    change: apply.MetadataChange = field(default_factory=lambda: apply.MetadataChange({}))

    @property
    def verb(self) -> str:
        if self.was is None or self.was == self.version:
            return "Install"
        older = needs.is_older(self.name, self.version, self.was)
        return "Downgrade" if older else "Upgrade"

    def of(self, *outcomes: str) -> Iterator[dict[str, Any]]:
        for place, decisions in self.decisions.items():
            for decision in decisions:
                if decision.outcome in outcomes:
                    yield {"document": place} | decision.wire()

    def wire(self) -> dict[str, Any]:
        others = {d.outcome for found in self.decisions.values() for d in found}
        return {
            "name": self.name,
            "from": self.was,
            "to": self.version,
            "added": self.added,
            "removed": self.removed,
            "changes": list(self.of(CHANGES)),
            "kept": list(self.of(*sorted(others - {CHANGES, CONFLICT}))),
            "conflicts": list(self.of(CONFLICT)),
            "operations": [operation.wire() for operation in self.change.operations],
            "revision": self.change.revision,
            "version": self.change.version,
            **self.change.waiting_for(),
        }


class _Rehearsed(Exception):
    """Ends the transaction of what was only planned."""


@contextmanager
def rehearsed(connection: Connection) -> Iterator[None]:
    """A transaction of which nothing is kept."""
    with suppress(_Rehearsed), connection.transaction(), connection.savepoint():
        yield
        raise _Rehearsed


def put(
    session: Session,
    package: Package,
    *,
    take: Collection[str] = (),
    force: bool = False,
    ask: bool = False,
    judged: bool = True,
) -> Installation:
    """Put a version of a package in force, in one transaction, or leave all as it was.

    Where values of large tables have to be copied, its change is `pending` until they are.

    `take` names the conflicts (`object/book#/fields/price/formula`, or `*`) at which the
    package's wins; at the others the site keeps what it says. With `force` what the site has
    that uses what goes is taken out with it.
    """

    def make() -> Installation:
        return _made(session, package, take=take, force=force, ask=ask, judged=judged)

    return put_in_force(session, make, lambda made: made.change)


def _made(
    session: Session,
    package: Package,
    *,
    take: Collection[str],
    force: bool,
    ask: bool = False,
    judged: bool = True,
) -> Installation:
    """What the package changes now; its change is still to be applied, or planned."""
    layers = stored_layers(session.connection)
    installation = _compared(layers, package, _bodies(package), session.engine.kinds, take)
    _check_needs(session, package, layers)
    change = installation.change
    if package.name != CORE:
        change.packages = {package.name: package.version}
    change.take_out, change.whole = force, True
    change.ask, change.judged = ask, judged
    return installation


def plan(
    session: Session, package: Package, *, take: Collection[str] = (), force: bool = False
) -> Installation:
    """What `put` would do; nothing is kept, and nobody waits."""
    installation = _made(session, package, take=take, force=force, judged=False)
    if installation.change.documents or installation.change.more:
        apply.plan(session, installation.change)
    return installation


def put_all(
    session: Session,
    packages: Iterable[Package],
    *,
    take: Collection[str] = (),
    force: bool = False,
    keep: bool = True,
) -> list[Installation]:
    """Several packages in one transaction, each behind those that it needs."""
    by_name = {package.name: package for package in packages}
    if len(by_name) == 1:  # then nobody else has to wait
        (single,) = by_name.values()
        return [(put if keep else plan)(session, single, take=take, force=force)]
    order = package_order.ordered(list(by_name), {name: p.needs for name, p in by_name.items()})
    with session.connection.transaction() if keep else rehearsed(session.connection):
        done: list[Installation] = []
        for name in order:
            if done and done[-1].change.pending:
                raise Conflict(_one_by_one(done[-1].name))
            done.append(put(session, by_name[name], take=take, force=force))
    return done


def _one_by_one(name: str) -> str:
    return (
        f"Values of a large table must be copied for {name}. Install it alone first, then the "
        "others."
    )


def install(session: Session, folder: Path) -> apply.MetadataChange:
    """Install a folder's package, or its new version."""
    package = from_folder(folder, session.engine.kinds)
    refuse_core(package)
    return put(session, package).change


def install_core(session: Session) -> apply.MetadataChange:
    """The engine's own documents: users, teams, groups and the administrator.

    Packages that came with documents of a kind get the version of this release.
    """
    kinds = session.engine.kinds
    installed = package_order.versions(session.connection)
    for folder in {kind.package for kind in kinds.values() if kind.package is not None}:
        package = from_folder(folder, kinds)
        if package.name in installed:
            put(session, package)
    return put(session, from_folder(registry.CORE_FOLDER, kinds)).change


def _bodies(package: Package) -> dict[Key, Document]:
    counts = Counter((document.kind, document.name) for document in package.documents)
    errors = [
        fault(f"/{kind}/{name}", "duplicate", f"There are {count} documents {kind}/{name}.")
        for (kind, name), count in counts.items()
        if count > 1
    ]
    if errors:
        raise Unprocessable(f"{errors[0]['message']} Merge them.", errors=errors)
    return {(document.kind, document.name): document for document in package.documents}


def _check_needs(session: Session, package: Package, layers: Layers) -> None:
    if package.name == CORE:
        return
    shipped = registry.all_shipped()
    there = package_order.versions(session.connection)
    needs.check(package.name, package.needs, there, shipped)
    others = {n: w for n, w in package_order.needs_of(layers).items() if n != package.name}
    needs.check_others(package.name, package.version, others)


def _compared(
    layers: Layers,
    package: Package,
    bodies: Mapping[Key, Document],
    kinds: Kinds,
    take: Collection[str],
) -> Installation:
    """The three-way comparison of every document of the package, and the change it makes."""
    before = layers.get(package.name, {})
    app = before.get(("app", package.name))
    was = str(app.body.get("version")) if app is not None else None
    installation = Installation(package.name, package.version, was)
    changed = {
        key: bodies[key].body if key in bodies else None
        for key in dict.fromkeys((*before, *bodies))
        if key not in before or key not in bodies or before[key].body != bodies[key].body
    }
    more: dict[str, dict[Key, Mapping[str, Any] | None]] = {}
    for key in changed:
        _compare_document(installation, layers, key, bodies.get(key), kinds, take, more)
    _refuse_unused(take, installation)
    installation.change = apply.MetadataChange(changed, layer=package.name, more=more)
    installation.change.note = f"{installation.verb} {package.name} {package.version}"
    return installation


def _compare_document(
    installation: Installation,
    layers: Layers,
    key: Key,
    new: Document | None,
    kinds: Kinds,
    take: Collection[str],
    more: dict[str, dict[Key, Mapping[str, Any] | None]],
) -> None:
    """Compare along the layers, lowest first: what is below each of them, old and new."""
    place, name = f"{key[0]}/{key[1]}", installation.name
    old_parts: list[Document] = []
    new_parts: list[Document] = []
    above = False
    order = list(layers) if name in layers else [*list(layers)[:-1], name, SITE]
    for layer in order:
        part = layers.get(layer, {}).get(key)
        if layer == name:
            above = True
            old_parts += [part] if part is not None else []
            new_parts += [new] if new is not None else []
            continue
        over = part
        if above and key[0] in kinds and (part is not None or layer == SITE):
            pointers = _pointers(take, place) if layer == SITE else ()
            comparison = Comparison(pointers)
            kept = comparison.document(
                kinds[key[0]].shape, whole(old_parts), whole(new_parts), part and part.body
            )
            said = [d for d in comparison.decisions if layer == SITE or d.outcome != CHANGES]
            installation.decisions.setdefault(place, []).extend(said)
            if part is not None and kept != part.body:
                more.setdefault(layer, {})[key] = kept
                over = Document(*key, kept, layer) if kept is not None else None
        old_parts += [part] if part is not None else []
        new_parts += [over] if over is not None else []
    _sum_up(installation, place, old_parts, new_parts)


def whole(parts: list[Document]) -> Mapping[str, Any] | None:
    """The body of the merge of a document's layers."""
    found = merged(parts) if parts else None
    return found.body if found is not None else None


def _sum_up(
    installation: Installation, place: str, old: list[Document], new: list[Document]
) -> None:
    """Documents that come or go as a whole are told as such, not attribute by attribute."""
    before, after = whole(old), whole(new)
    if before is None or after is None:
        found = installation.decisions.get(place, [])
        installation.decisions[place] = [d for d in found if d.outcome != CHANGES]
    if before is None and after is not None:
        installation.added.append(place)
    elif before is not None and after is None:
        installation.removed.append(place)


def _pointers(take: Collection[str], place: str) -> set[str]:
    pointers = set()
    for one in take:
        document, _, pointer = one.partition("#")
        if document in (place, EVERYTHING):
            pointers.add(pointer or EVERYTHING)
    return pointers


def _refuse_unused(take: Collection[str], installation: Installation) -> None:
    taken = {
        f"{place}#{d.pointer}"
        for place, found in installation.decisions.items()
        for d in found
        if d.outcome == TAKEN
    }
    places = {one.partition("#")[0] for one in taken}
    for one in take:
        if one != EVERYTHING and one not in taken and one not in places:
            message = f"There is no conflict at `{one}`. The plan lists the conflicts."
            raise Unprocessable(message, errors=[fault("/take", "no_conflict", message)])
