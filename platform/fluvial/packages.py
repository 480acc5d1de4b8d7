"""Packages: installing an app's folder of documents as a layer of its own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from metamodel.documents import Document, DocumentKind
from metamodel.errors import MetadataError
from metamodel.files import read_package

from . import changes
from .catalogs import CORE, Key, stored_layers
from .database.connection import Connection
from .database.statement import Statement, insert
from .database.tables import PACKAGE
from .errors import NotFound, Problem
from .session import Session

CORE_FOLDER = Path(__file__).parent / "core"
APPS = Path(__file__).parents[2] / "apps"
APPS_INSTALLED = Path(__file__).parents[1] / "apps"  # beside the package in a wheel

_p = PACKAGE.c
_INSTALLED = Statement(sa.select(_p.name, _p.version, _p.installed_at).order_by(_p.position))
_FORGET = Statement(PACKAGE.delete().where(_p.name == sa.bindparam("the_name", type_=_p.name.type)))
_ADD = insert(PACKAGE)
_NEXT = Statement(sa.select(sa.func.coalesce(sa.func.max(_p.position), 0) + 1))


def installed(connection: Connection) -> list[dict[str, Any]]:
    """The packages in the order of their layers, lowest first."""
    return [
        {"name": name, "version": version, "installed_at": at}
        for name, version, at in _INSTALLED.rows(connection)
    ]


def folder_of(name: str) -> Path:
    """The folder of an app: a path, or the name of one that is shipped."""
    for folder in (Path(name), APPS / name, APPS_INSTALLED / name):
        if (folder / "app.yaml").is_file():
            return folder
    raise NotFound(f"There is no app `{name}`: no folder of this name with an app.yaml.")


def read_documents(folder: Path, kinds: Mapping[str, DocumentKind]) -> list[Document]:
    """The documents of a package's folder; MetadataError with every fault of its files."""
    return read_package(folder, kinds)


def read(folder: Path, session: Session) -> tuple[str, str, list[Document]]:
    """The name, version and documents of a package."""
    documents = read_documents(folder, session.engine.kinds)
    app = next((d for d in documents if d.kind == "app"), None)
    if app is None:
        raise Problem(f"{folder} has no app.yaml.")
    return app.name, str(app.body.get("version", "0")), documents


def install(session: Session, folder: Path) -> changes.Change:
    """Put a package's documents in force as its layer, in one transaction; also an upgrade."""
    try:
        name, version, documents = read(folder, session)
    except MetadataError as error:
        raise changes.refused(error) from error
    with session.connection.transaction():
        layer = stored_layers(session.connection).get(name, {})
        bodies: dict[Key, Mapping[str, Any] | None] = dict.fromkeys(layer)
        bodies |= {(d.kind, d.name): d.body for d in documents}
        same = {key: body for key, body in bodies.items() if _unchanged(layer.get(key), body)}
        change = changes.Change(
            {key: body for key, body in bodies.items() if key not in same},
            layer=name,
            note=f"Install {name} {version}",
        )
        if change.documents:
            _register(session, name, version)
            changes.apply(session, change, force=True)
    return change


def _unchanged(known: Document | None, body: Mapping[str, Any] | None) -> bool:
    return known is not None and body is not None and dict(known.body) == dict(body)


def _register(session: Session, name: str, version: str) -> None:
    if name == CORE:
        return
    row = _NEXT.row(session.connection)
    known = [p["name"] for p in installed(session.connection)]
    if name not in known and row is not None:
        _ADD.run(
            session.connection,
            name=name,
            version=version,
            position=row[0],
            installed_at=session.now,
        )


def install_core(session: Session) -> changes.Change:
    """The engine's own documents: users, teams, groups and the administrator."""
    return install(session, CORE_FOLDER)
