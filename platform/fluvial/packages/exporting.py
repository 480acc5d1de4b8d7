"""A layer as the files of a package: the site's, to be installed elsewhere, or a package's."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from fluvial import __version__
from fluvial.kernel.features import CORE
from fluvial.kernel.problems import NotFound, Unprocessable, fault
from fluvial.metadata_changes import package_order
from fluvial.runtime.catalogs import Key, Layers, stored_layers
from fluvial.runtime.session import Session
from metamodel.document_files import APP_FILE, BESIDE, document_of, parse_documents
from metamodel.documents import SITE, Document, DocumentKind
from metamodel.errors import MetadataError
from metamodel.layers import OVER
from metamodel.yaml_text import json_of, yaml_of


def files_of(
    session: Session,
    layer: str,
    *,
    name: str = "",
    label: str = "",
    version: str = "",
    only: Collection[Key] | None = None,
) -> dict[str, str]:
    """The texts of a layer's documents by their paths.

    The site's layer becomes a package `name`: what it says over documents of packages is
    written as extensions of them, and `needs` lists those packages. `only` names some documents.
    """
    layers = stored_layers(session.connection)
    if layer not in layers:
        raise NotFound(f"The package `{layer}` is not installed.")
    kinds = session.engine.kinds
    documents = list(layers[layer].values())
    if layer == SITE:
        if name in ("", *layers):
            message = f"`{name}` is taken. Give the new package another name."
            message = message if name else "Give the package a name: `name=our_desk`."
            raise Unprocessable(message, errors=[fault("name", "name", message)])
        head = _head(session, layers, name, label, version)
        chosen = [d for d in documents if only is None or (d.kind, d.name) in only]
        documents = [head, *(_extending(d, layers) for d in chosen if not _waits(d.body))]
    return texts_of(documents, kinds)


def texts_of(documents: Iterable[Document], kinds: Mapping[str, DocumentKind]) -> dict[str, str]:
    """The files of a package with these documents."""
    files: dict[str, str] = {}
    for document in documents:
        files |= _written(document, kinds[document.kind])
    return files


def _head(session: Session, layers: Layers, name: str, label: str, version: str) -> Document:
    used = {below.layer for key in layers[SITE] if (below := _below(layers, *key)) is not None}
    there = package_order.versions(session.connection)
    wanted = [one for one in there if one in used or _has_objects(layers, one)]
    body = {
        "kind": "app",
        "name": name,
        **({"label": label} if label else {}),
        "version": version or "1.0.0",
        "needs": {CORE: f">={__version__}"} | {one: f">={there[one]}" for one in wanted},
    }
    try:
        return document_of(body)
    except MetadataError as error:
        first = error.faults[0]
        raise Unprocessable(
            f"{first.message} {first.hint}", errors=[fault("name", first.code, first.message)]
        ) from error


def _has_objects(layers: Layers, package: str) -> bool:
    """Whether a package has anything that the site's documents could name."""
    return any(kind == "object" for kind, _ in layers[package])


def _below(layers: Layers, kind: str, name: str) -> Document | None:
    """The lowest layer's document that one of the site adds to."""
    return next(
        (
            layer[kind, name]
            for label, layer in layers.items()
            if label != SITE and (kind, name) in layer
        ),
        None,
    )


def _extending(document: Document, layers: Layers) -> Document:
    below = _below(layers, document.kind, document.name)
    body = _present(document.body)
    if below is None:
        body.pop("extends", None)
        return document_of(body)
    heads = {"kind": document.kind, "name": document.name, "extends": below.layer}
    return document_of(heads | {k: v for k, v in body.items() if k not in heads})


def _waits(value: Any) -> bool:
    return isinstance(value, Mapping) and value.get(OVER) is True


def _present(value: Any) -> Any:
    """A body without what only waits for a thing that is not there."""
    if isinstance(value, Mapping):
        return {name: _present(one) for name, one in value.items() if not _waits(one)}
    if isinstance(value, list):
        return [_present(one) for one in value if not _waits(one)]
    return value


def _written(document: Document, kind: DocumentKind) -> dict[str, str]:
    body = dict(document.body)
    files: dict[str, str] = {}
    path = f"{kind.folder}/{document.name}.yaml" if kind.folder else APP_FILE
    for member in kind.beside:
        text = body.get(member)
        if not isinstance(text, str):
            continue
        if ("\n" in text and "\r" not in text) or BESIDE.fullmatch(text):
            suffix = "html" if "<" in text else "txt"
            further = "" if len(kind.beside) == 1 else f"_{member}"
            body[member] = f"{document.name}{further}.{suffix}"
            files[f"{kind.folder}/{body[member]}"] = text
    if document.kind == "app":
        body = {"app": body.pop("name")} | {k: v for k, v in body.items() if k != "kind"}
    return {path: _tidy(body)} | files


def _tidy(body: Mapping[str, Any]) -> str:
    """YAML that reads well; JSON, which is YAML too, where that would not read back the same."""
    text = yaml_of(body)
    try:
        same = parse_documents(text) == [body]
    except MetadataError:
        same = False
    return text if same else json_of(body)
