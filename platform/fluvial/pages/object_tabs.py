"""The tabs of an object in the studio, and the documents that are about no single object."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fluvial.http.call import Call
from fluvial.kernel.features import Seam
from metamodel.catalog import ObjectType
from metamodel.document import Document
from metamodel.folding import humanise, label_text

from .frame import Context, action

Labels = Mapping[str, str]  # what layers are called, by name


@dataclass(frozen=True)
class ObjectTab:
    """A tab for the documents of a kind that are about the object."""

    kind: str
    label: str
    about: str  # a sentence for those who have none yet
    position: int
    name: str = ""  # in the address; by itself that of the kind
    # What the tab shows, where that is no list of documents.
    content: Callable[[Call, ObjectType, ObjectTab, Labels], Context] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", self.name or self.kind)


@dataclass(frozen=True)
class SharedDocuments:
    """Documents that are about no object, or about several."""

    kind: str
    label: str
    about: str


OBJECT_TAB: Seam[ObjectTab] = Seam("a tab of an object in the studio")
SHARED_DOCUMENTS: Seam[SharedDocuments] = Seam("documents on the front page of the studio")


def about_object(call: Call, kind: str, type_: ObjectType) -> list[Document]:
    """The documents of a kind that are about an object."""
    return [d for d in call.session.catalog.of(kind).values() if _is_about(d.body, type_.name)]


def _is_about(body: Mapping[str, Any], name: str) -> bool:
    if name in (body.get("object"), body.get("for"), body.get("subject")):
        return True
    trigger = body.get("on")
    if isinstance(trigger, Mapping) and trigger.get("object") == name:
        return True
    return any(grant.get("object") in (name, "*") for grant in body.get("grants", ()))


def documents_tab(
    call: Call, type_: ObjectType, tab: ObjectTab, labels: Mapping[str, str]
) -> Context:
    """The list of the documents of a tab's kind, and the way to a new one."""
    kind, found = tab.kind, about_object(call, tab.kind, type_)
    one = call.engine.kinds[kind].label.lower()
    documents = {
        "title": f"No {tab.label.lower()} yet",
        "text": tab.about,
        "items": [_entry(d, kind, labels) for d in sorted(found, key=lambda d: d.name)],
        "new": action(f"New {one}", f"/studio/{kind}/new?object={type_.name}", "plus")
        if "write" in call.session.access.meta
        else None,
        "columns": "",
    }
    return {"tab": "documents", "documents": documents}


def _entry(document: Document, kind: str, labels: Mapping[str, str]) -> Context:
    body = document.body
    hint = body.get("where") or body.get("when") or body.get("slug") or body.get("help") or ""
    return {
        "label": label_text(body.get("label", humanise(document.name))),
        "name": document.name,
        "hint": label_text(hint),
        "href": f"/studio/{kind}/{document.name}",
        "from": labels.get(document.layer, document.layer),
        "on": None,
    }
