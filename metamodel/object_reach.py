"""What the document of an object type does to records by itself: it fills in and deletes."""

from __future__ import annotations

from collections.abc import Iterator

from metamodel.catalog import Catalog
from metamodel.document import Document
from metamodel.reach import Reach


def object_acts(document: Document, _: Catalog) -> Iterator[Reach]:
    """Defaults and look-ups fill fields in, whoever saves; parts are deleted with their owner."""
    for at, spec in enumerate(document.body.get("fields", ())):
        pointer = f"/fields/{at}"
        if "default" in spec:
            yield Reach(f"{pointer}/default", "set", document.name, spec["name"])
        for name in spec.get("pull", ()):
            yield Reach(f"{pointer}/pull/{name}", "set", document.name, name)
        if spec.get("owned"):
            yield Reach(f"{pointer}/owned", "delete", document.name, everywhere=True)
        elif spec.get("on_delete") == "cascade":
            yield Reach(f"{pointer}/on_delete", "delete", document.name, everywhere=True)
