"""Which packages are installed, in the order of their layers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from fluvial.database.connection import Connection
from fluvial.database.engine_tables import CATALOG, PACKAGE
from fluvial.database.statement import Statement, insert, param
from fluvial.kernel.features import CORE
from fluvial.kernel.problems import NotFound
from fluvial.runtime.catalogs import Layers
from fluvial.runtime.session import Session
from metamodel.documents import SITE

_p = PACKAGE.c
_this = _p.name == param("the_name", _p.name)
_LOCK = Statement(sa.select(CATALOG.c.version).with_for_update())
_INSTALLED = Statement(sa.select(_p.name, _p.version, _p.installed_at).order_by(_p.position))
_FORGET = Statement(PACKAGE.delete().where(_this))
_ADD = insert(PACKAGE)
_NEXT = Statement(sa.select(sa.func.coalesce(sa.func.max(_p.position), 0) + 1))
_SET_VERSION = Statement(
    PACKAGE.update().where(_this).values(version=param("the_version", _p.version))
)
_SET_POSITION = Statement(
    PACKAGE.update().where(_this).values(position=param("the_position", _p.position))
)


def lock(connection: Connection) -> None:
    """Wait until no other change of metadata is under way; none begins before this one ends."""
    _LOCK.rows(connection)


def installed(connection: Connection) -> list[dict[str, Any]]:
    """The packages in the order of their layers, lowest first."""
    return [
        {"name": name, "version": version, "installed_at": at}
        for name, version, at in _INSTALLED.rows(connection)
    ]


def versions(connection: Connection) -> dict[str, str]:
    return {name: version for name, version, _ in _INSTALLED.rows(connection)}


def needs_of(layers: Layers) -> dict[str, Mapping[str, str]]:
    """What each installed package needs, whatever else is wrong with what it says."""
    said = {
        name: layer["app", name].body.get("needs")
        for name, layer in layers.items()
        if ("app", name) in layer
    }
    return {name: needs if isinstance(needs, Mapping) else {} for name, needs in said.items()}


def known(connection: Connection, name: str) -> str:
    """The version of an installed package."""
    version = versions(connection).get(name)
    if version is None:
        raise NotFound(f"The package `{name}` is not installed.")
    return version


def enter(
    session: Session, name: str, version: str, needs: Mapping[str, Mapping[str, str]]
) -> None:
    """Note that a version of a package is installed, its layer above those that it needs."""
    connection = session.connection
    there = versions(connection)
    if name in there:
        _SET_VERSION.run(connection, the_name=name, the_version=version)
    else:
        row = _NEXT.row(connection)
        assert row is not None
        _ADD.run(connection, name=name, version=version, position=row[0], installed_at=session.now)
        there[name] = version
    for position, one in enumerate(ordered(list(there), needs), 1):
        _SET_POSITION.run(connection, the_name=one, the_position=position)


def forget(connection: Connection, name: str) -> None:
    _FORGET.run(connection, the_name=name)


def in_order(layers: Layers) -> Layers:
    """Layers with each package above those that it needs, as they are once all are entered."""
    names = ordered([name for name in layers if name not in (CORE, SITE)], needs_of(layers))
    return {name: layers[name] for name in (CORE, *names, SITE)}


def ordered(names: list[str], needs: Mapping[str, Mapping[str, str]]) -> list[str]:
    """Each behind those that it needs, else in the order given; a circle ends where it began."""
    found: list[str] = []
    begun: set[str] = set()

    def visit(name: str) -> None:
        if name in begun or name not in names:
            return
        begun.add(name)
        for other in needs.get(name, ()):
            visit(other)
        found.append(name)

    for name in names:
        visit(name)
    return found
