"""Builds the catalog of a set of documents, or tells all that is wrong with them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import orjson

from metamodel.asked_keys import ask
from metamodel.calendars.calendar_documents import make_calendars
from metamodel.calendars.calendars import Calendars
from metamodel.catalog import Catalog
from metamodel.checks import CatalogDraft, DocumentCheck
from metamodel.decisions.decision import DECISION, DecisionTable, decision_of
from metamodel.document import same_body
from metamodel.documents import OBJECT, Document, DocumentKind
from metamodel.errors import Fault, MetadataError
from metamodel.folding import nearest
from metamodel.formula_checks import settle_formulas
from metamodel.incremental import ByKind, kept_uses, reusable
from metamodel.layers import locate, locked_faults, merge_documents
from metamodel.object_check import check_object
from metamodel.object_parts import ObjectPart
from metamodel.object_types import check_kinds, make_inverses, make_object
from metamodel.reused_checks import AskedDocuments, ReusedChecks
from metamodel.schemas.schema_faults import schema_faults
from metamodel.translations import BASE, localised

from .plain_figures import whole_of

# The bodies of documents by their place; None where a schema refuses it.
Sound = Mapping[str, Mapping[str, Any] | None]
NEEDED_OF_FIELD = ("name", "kind")


def build_catalog(
    documents: Iterable[Document],
    kinds: Mapping[str, DocumentKind],
    *,
    version: int = 0,
    zone: str = "UTC",
    locale: str = BASE,
    previous: Catalog | None = None,
    columns: Mapping[tuple[str, str], str] | None = None,
) -> Catalog:
    """The catalog of documents in the order of their layers, in the words of a language.

    Raises MetadataError with every fault of every document. Object types and checks that
    nothing has changed for since `previous` are taken over from it. `columns` names the columns
    of fields, by object and field, that have other names than these.
    """
    columns = columns or {}
    if previous is not None and (previous.derive(_placed) != columns or previous.zone != zone):
        previous = None
    known = previous.documents if previous is not None else {}
    merged, faults = merge_documents(documents, known)
    merged = merged if locale == BASE else [_in_words(one, kinds, locale) for one in merged]
    by_kind = _by_kind(merged, kinds, faults)
    digest = _hash(merged)
    if previous is not None and not faults and _same(by_kind, known):
        return replace(previous, version=version, _derived={})
    faults += _locked(merged, kinds)
    every = AskedDocuments(by_kind)
    draft = CatalogDraft(every, faults=faults, zone=zone, kinds=frozenset(kinds), columns=columns)
    sound = _sound(by_kind, kinds, draft, known)
    if faults:
        draft.documents = every = AskedDocuments(_told_of(by_kind, sound))
    elif previous is not None:
        _take_over(previous, by_kind, kinds, draft)
    _make_all(by_kind, kinds, sound, draft)
    reused = ReusedChecks(previous, by_kind, draft, every)
    _check_others(by_kind, kinds, sound, draft, reused)
    if faults:
        raise MetadataError(_ordered(faults))
    return _finished(draft, version, digest, by_kind, kinds, reused.asked)


def _make_all(
    by_kind: ByKind, kinds: Mapping[str, DocumentKind], sound: Sound, draft: CatalogDraft
) -> None:
    """What expressions may ask first, then the object types."""
    draft.calendars = _make_calendars(by_kind.get("calendar", {}), sound, draft)
    draft.decisions = _make_decisions(by_kind.get(DECISION, {}), sound)
    _make_objects(by_kind.get("object", {}), sound, draft, kinds[OBJECT.name].parts)


def _finished(
    draft: CatalogDraft,
    version: int,
    digest: str,
    documents: ByKind,
    kinds: Mapping[str, DocumentKind],
    asked: Mapping[str, frozenset[str]],
) -> Catalog:
    """The catalog of a draft without faults, with the keys that its documents ask for."""
    uses = draft.sorted_uses()
    catalog = Catalog(
        version,
        digest,
        draft.objects,
        documents,
        draft.zone,
        draft.calendars,
        draft.decisions,
        uses,
        asked,
    )
    ask(catalog, kinds)
    return catalog


def _sound(
    by_kind: ByKind, kinds: Mapping[str, DocumentKind], draft: CatalogDraft, known: ByKind
) -> dict[str, Any]:
    """The bodies of the documents, by their place, without what their schemas refuse."""
    return {
        document.place: _sound_body(document, kinds[document.kind], draft, known)
        for named in by_kind.values()
        for document in named.values()
    }


def _locked(merged: Iterable[Document], kinds: Mapping[str, DocumentKind]) -> Iterator[Fault]:
    """What layers above say of parts that the layer below has locked."""
    for document in merged:
        if len(document.parts) > 1 and document.kind in kinds:
            yield from locked_faults(document, kinds[document.kind].shape)


def _take_over(
    previous: Catalog, by_kind: ByKind, kinds: Mapping[str, DocumentKind], draft: CatalogDraft
) -> None:
    """Keep the object types for which nothing has changed, with what they use."""
    draft.kept = reusable(previous, by_kind, kinds)
    places = {f"object/{name}" for name in draft.kept}
    for target, place in kept_uses(previous, places):
        draft.uses.setdefault(target, set()).add(place)


def _placed(catalog: Catalog) -> dict[tuple[str, str], str]:
    return {
        (type_.name, field.name): field.column
        for type_ in catalog.objects.values()
        for field in type_.fields.values()
        if field.column
    }


def _by_kind(
    merged: Iterable[Document], kinds: Mapping[str, DocumentKind], faults: list[Fault]
) -> dict[str, dict[str, Document]]:
    found: dict[str, dict[str, Document]] = {}
    for document in merged:
        if document.kind in kinds:
            found.setdefault(document.kind, {})[document.name] = document
            continue
        hint = nearest(document.kind, kinds) or f"Available kinds: {', '.join(sorted(kinds))}."
        message = f"There is no document kind `{document.kind}`."
        faults.append(Fault(document.place, "/kind", "unknown_kind", message, hint, document.file))
    return found


def _in_words(document: Document, kinds: Mapping[str, DocumentKind], locale: str) -> Document:
    if document.written is not None or document.kind not in kinds:
        return document  # taken over, or a fault
    return localised(document, kinds[document.kind], locale)


def _same(
    by_kind: Mapping[str, Mapping[str, Document]], known: Mapping[str, Mapping[str, Document]]
) -> bool:
    """Whether every document was taken over, with its layers, and none is gone."""
    return by_kind.keys() == known.keys() and all(
        documents.keys() == known[kind].keys()
        and all(document is known[kind][name] for name, document in documents.items())
        for kind, documents in by_kind.items()
    )


def _hash(merged: Iterable[Document]) -> str:
    """Of what is in force, whichever packages it came in."""
    bodies = sorted((d.kind, d.name, d.source) for d in merged if d.kind != "app")
    return hashlib.sha256(orjson.dumps(bodies, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _sound_body(
    document: Document,
    kind: DocumentKind,
    draft: CatalogDraft,
    known: Mapping[str, Mapping[str, Document]],
) -> Mapping[str, Any] | None:
    """The body without what the schema refuses, so that the rest can be checked as well.

    Items of lists that cannot be kept are `None`, which keeps the places of the others.
    Nothing is left of a document other than an object when it has a fault.
    """
    before = known.get(document.kind, {}).get(document.name)
    if before is not None and same_body(before.body, document.body):
        return document.body
    errors = kind.errors(document.body)
    if not errors:
        return document.body
    found = list(schema_faults(errors, document.place))
    for fault in found:
        file, pointer = locate(document, fault.pointer)
        draft.faults.append(
            Fault(fault.document, pointer, fault.code, fault.message, fault.hint, file)
        )
    if document.kind != "object":
        return None
    body: dict[str, Any] = _copy(document.body)
    for fault in found:
        _leave_out(document, body, fault, draft)
    for part in kind.parts:
        draft.broken.update((document.name, name) for name in _unmade(document, body, part))
    return body


def _unmade(document: Document, body: Mapping[str, Any], part: ObjectPart[Any]) -> Iterator[str]:
    """The fields that items would have made which are left out."""
    left = body.get(part.name)
    kept = {one["name"] for one in left if one} if isinstance(left, list) else set()
    for item in document.named(part.name):
        if item["name"] not in kept:
            stub = {part.name: [{"name": item["name"]}]}
            yield from (made.spec["name"] for made in part.fields(stub))


def _told_of(
    by_kind: Mapping[str, Mapping[str, Document]],
    sound: Sound,
) -> dict[str, dict[str, Document]]:
    """The documents as others may ask of them: there by name, but without what is not sound."""
    return {
        kind: {
            name: replace(document, body=sound[document.place] or _head(document))
            for name, document in documents.items()
        }
        for kind, documents in by_kind.items()
    }


def _head(document: Document) -> Mapping[str, Any]:
    return {"kind": document.kind, "name": document.name}


def _copy(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _copy(one) for name, one in value.items()}
    return [_copy(one) for one in value] if isinstance(value, list) else value


def _leave_out(document: Document, body: dict[str, Any], fault: Fault, draft: CatalogDraft) -> None:
    """Take out the smallest part that stands for itself: an option, an item or a member."""
    steps = [part.replace("~1", "/").replace("~0", "~") for part in fault.pointer.split("/")[1:]]
    if not steps:
        return
    member = body.get(steps[0])
    if not isinstance(member, list) or len(steps) < 2:
        body.pop(steps[0], None)
        return
    at = int(steps[1])
    item = member[at]
    option = steps[2] if len(steps) > 2 else ""
    if fault.code == "unknown_member" and isinstance(item, dict):
        _pop_at(item, steps[2:])
    elif steps[0] == "fields" and isinstance(item, dict) and option not in ("", *NEEDED_OF_FIELD):
        item.pop(option, None)
        if option in ("to", "formula", "result", "options"):
            _drop(document, member, at, draft)
    else:
        _drop(document, member, at, draft)


def _pop_at(item: Any, steps: Sequence[str]) -> None:
    for step in steps[:-1]:
        item = item[int(step)] if isinstance(item, list) else item.get(step)
        if item is None:
            return
    if isinstance(item, dict):
        item.pop(steps[-1], None)


def _drop(document: Document, member: list[Any], at: int, draft: CatalogDraft) -> None:
    item = member[at]
    if isinstance(item, dict) and isinstance(item.get("name"), str):
        draft.broken.add((document.name, item["name"]))
    member[at] = None


def _make_calendars(
    documents: Mapping[str, Document],
    sound: Sound,
    draft: CatalogDraft,
) -> Calendars:
    """Before all others, which may name them in expressions."""
    return make_calendars(
        [
            (document, DocumentCheck(draft, document))
            for document in documents.values()
            if sound[document.place] is not None
        ]
    )


def _make_decisions(documents: Mapping[str, Document], sound: Sound) -> dict[str, DecisionTable]:
    """Before the formulas that ask them; what they say is checked once objects are made."""
    return {
        name: decision_of(document)
        for name, document in documents.items()
        if sound[document.place] is not None
    }


def _make_objects(
    documents: Mapping[str, Document],
    sound: Sound,
    draft: CatalogDraft,
    parts: Sequence[ObjectPart[Any]],
) -> None:
    bodies = {name: sound[document.place] or {} for name, document in documents.items()}
    for name, document in documents.items():
        draft.objects[name] = draft.kept.get(name) or make_object(
            document, bodies[name], draft, parts
        )
    fresh = {name: one for name, one in documents.items() if name not in draft.kept}
    for name, document in fresh.items():
        check_kinds(document, bodies[name], draft.objects[name], draft)
    for name, document in documents.items():
        make_inverses(document, bodies[name], draft.objects[name], draft)
    for name, document in fresh.items():
        check_object(document, bodies[name], draft.objects[name], draft, parts)
    settle_formulas(documents, bodies, draft)


def _check_others(
    by_kind: Mapping[str, Mapping[str, Document]],
    kinds: Mapping[str, DocumentKind],
    sound: Sound,
    draft: CatalogDraft,
    reused: ReusedChecks,
) -> None:
    """Check the documents of all kinds but objects, and note of which kinds each check asks."""
    for name, documents in by_kind.items():
        check = kinds[name].check
        if check is None:
            continue
        for document in documents.values():
            if sound[document.place] is None or reused.holds(document):
                continue
            with reused.noted(document):
                check(document, DocumentCheck(draft, document))
    reused.take_over(draft)


def _ordered(faults: Iterable[Fault]) -> list[Fault]:
    return sorted(faults, key=lambda fault: (fault.file, fault.document, _steps(fault.pointer)))


def _steps(pointer: str) -> list[tuple[int, str]]:
    numbers = ((step, whole_of(step)) for step in pointer.split("/"))
    return [(-1, step) if at is None else (at, "") for step, at in numbers]
