"""Which documents need no second check: they and all that their check asked for are unchanged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from metamodel.catalog import Catalog
from metamodel.checks import CatalogDraft
from metamodel.decisions.decision import DECISION
from metamodel.documents import Document
from metamodel.incremental import ByKind, is_same, kept_uses

# What expressions everywhere may ask, beside object types.
_ASKED_EVERYWHERE = ("calendar", DECISION)


class AskedDocuments(Mapping[str, Mapping[str, Document]]):
    """All documents, which notes the kinds that are asked for."""

    def __init__(self, by_kind: ByKind) -> None:
        self._by_kind = by_kind
        self.asked: set[str] = set()

    def __getitem__(self, kind: str) -> Mapping[str, Document]:
        self.asked.add(kind)
        return self._by_kind[kind]

    def __iter__(self) -> Iterator[str]:
        self.asked.update(self._by_kind)
        return iter(self._by_kind)

    def __len__(self) -> int:
        return len(self._by_kind)


class ReusedChecks:
    """The checks of the last catalog that hold for the one in the making.

    A check sees the document, the object types, the calendars and decisions of expressions, and
    other documents by their kind. The last catalog was without faults, so a check that would see
    the same again says nothing again.
    """

    def __init__(
        self,
        previous: Catalog | None,
        by_kind: ByKind,
        draft: CatalogDraft,
        documents: AskedDocuments,
    ) -> None:
        self._previous = previous
        self._documents = documents
        self._by_kind = by_kind
        self._same: dict[str, bool] = {}
        self._held: set[str] = set()
        self._possible = previous is not None and not draft.faults and self._all_kept(draft)
        self.asked: dict[str, frozenset[str]] = {}  # see Catalog.asked

    def _all_kept(self, draft: CatalogDraft) -> bool:
        assert self._previous is not None
        kept = draft.kept.keys() == draft.objects.keys() == self._previous.objects.keys()
        return kept and all(map(self._same_kind, _ASKED_EVERYWHERE))

    def _same_kind(self, kind: str) -> bool:
        """Whether the documents of a kind are those of the last catalog."""
        if kind not in self._same:
            assert self._previous is not None
            old, new = self._previous.of(kind), self._by_kind.get(kind, {})
            self._same[kind] = old.keys() == new.keys() and all(
                is_same(old[name], new[name]) for name in new
            )
        return self._same[kind]

    def holds(self, document: Document) -> bool:
        """Whether the document needs no check; what it asked for is taken over then."""
        # What is checked of a decision depends on what was noted of others before.
        if not self._possible or document.kind == DECISION:
            return False
        assert self._previous is not None
        asked = self._previous.asked.get(document.place)
        before = self._previous.of(document.kind).get(document.name)
        if asked is None or not is_same(before, document) or not all(map(self._same_kind, asked)):
            return False
        self.asked[document.place] = asked
        self._held.add(document.place)
        return True

    @contextmanager
    def noted(self, document: Document) -> Iterator[None]:
        """Notes which kinds of documents the check of this one asks for."""
        self._documents.asked = set()
        yield
        self.asked[document.place] = frozenset(self._documents.asked)

    def take_over(self, draft: CatalogDraft) -> None:
        """What the documents that are not checked again use."""
        if self._previous is not None and self._possible:
            for target, place in kept_uses(self._previous, self._held):
                draft.uses.setdefault(target, set()).add(place)
