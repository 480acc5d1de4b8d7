"""The data model for those who write expressions: a level of it, with the values of a record."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

from fluvial.http.call import Answer, Call
from fluvial.http.perform import READ_SECONDS
from fluvial.http.routes import Endpoint, Policy
from fluvial.records.reading.query import Query, SortKey
from fluvial.records.reading.reader import count, read_page
from metamodel.catalog import Field, Inverse, ObjectType
from metamodel.expressions.functions import PARTS
from metamodel.folding import fold

from .asked_fields import Context, asked, asked_of_all
from .expression_scopes import ModelReach, reach_of
from .presenters import face_of, references, said
from .reader_format import format_of
from .sample_records import sample_of

COLLECTION_ICON = "list-details"
MOST_FOUND = 40
MOST_LOOKED = 400  # levels that a search looks into
SEARCH_LEVELS = 3
SAMPLES = 20
_PARTS = [(one.of.name, {"name": one.name, "about": one.about}) for one in PARTS]


def level(call: Call) -> Answer:
    """The members of an object type, and their values in a sample record."""
    query = call.only("record", "holder", "q", "purpose")
    reach = reach_of(call, query.get("purpose", ""))
    type_ = reach.object(call.params["object"])
    words = query.get("q", "").strip()
    with call.session.connection.limited(READ_SECONDS):
        sample = _sample(reach, type_, query.get("record", ""), query.get("holder", ""))
        members = list(_members(reach, type_))
        _fill(reach, type_, members, sample)
        found = list(_found(reach, type_, words)) if words else []
    return Answer.json(
        {
            "object": type_.name,
            "label": type_.label,
            "plural": type_.plural,
            "icon": type_.icon,
            "record": sample and {"id": sample["id"], "title": sample["title"]},
            "samples_url": f"/studio/samples/{type_.name}",
            "members": members,
            "found": found,
        }
    )


def _members(reach: ModelReach, type_: ObjectType) -> Iterator[Context]:
    for field in reach.fields(type_):
        yield _member(reach, field)
    for inverse in reach.inverses(type_):
        yield _collection(reach, inverse)


def _member(reach: ModelReach, field: Field) -> Context:
    targets = [name for name in field.targets if reach.knows(name)]
    to = targets[0] if len(field.targets) == 1 and targets else ""
    if field.type.people and "user" in field.targets and reach.knows("user"):
        to = "user"  # the fields behind a person are those of a user
    return {
        "name": field.name,
        "label": field.label,
        "kind": field.kind.name,
        "kind_label": field.kind.label,
        "type": field.type.name,
        "icon": field.kind.icon,
        "to": "" if field.many else to,
        "of": to if field.many else "",
        "to_label": reach.session.catalog.objects[to].label if to else "",
        "collection": False,
        "many": field.many,
        "help": field.help,
        "options": face_of(field).options(field),
        "parts": [one for part, one in _PARTS if part == field.type.name],
        "asked": asked(field, field.name, field.label),
        "sample": "",
        "sample_record": "",
    }  # fmt: skip


def _collection(reach: ModelReach, inverse: Inverse) -> Context:
    source = reach.session.catalog.objects[inverse.source]
    return {
        "name": inverse.name,
        "label": inverse.label,
        "kind": "collection",
        "kind_label": f"Collection of {source.plural.lower()}",
        "type": "collection",
        "icon": COLLECTION_ICON,
        "to": source.name,
        "of": source.name,
        "to_label": source.label,
        "collection": True,
        "many": True,
        "help": "",
        "options": [],
        "parts": [],
        "holder": inverse.field,
        "asked": asked_of_all(inverse, inverse.name, inverse.label),
        "sample": "",
        "sample_record": "",
    }


def _sample(
    reach: ModelReach, type_: ObjectType, record: str, holder: str
) -> dict[str, Any] | None:
    """The sample record with all values that the person may read."""
    hidden = reach.session.access.object(type_.name).hidden
    names = [f.name for f in reach.fields(type_) if f.name not in hidden]
    fields = (("title",), *((name,) for name in names))
    return sample_of(reach.session, type_, record, fields, holder)


def _fill(
    reach: ModelReach, type_: ObjectType, members: list[Context], sample: Mapping[str, Any] | None
) -> None:
    """The values of the sample record, in words."""
    if sample is None:
        return
    fmt = format_of(reach.session)
    known = [(m, type_.fields[m["name"]]) for m in members if m["name"] in sample]
    for member, field in known:
        fmt.names.want(references(field, [sample[member["name"]]]))
    fmt.names.load()
    for member, field in known:
        value = sample[member["name"]]
        member["sample"] = said(field, value, fmt)
        member["sample_record"] = _record_of(value) if member["to"] else ""
    for member in members:
        if member["collection"]:
            member["sample"] = _how_many(reach, member, sample["id"])


def _record_of(value: Any) -> str:
    if isinstance(value, Mapping):
        value = value.get("id") or value.get("user") or ""
    return value if isinstance(value, str) else ""


def _how_many(reach: ModelReach, member: Context, record: str) -> str:
    """The records of a collection, counted up to a thousand."""
    session, source = reach.session, member["to"]
    if session.access.hides(source, member["holder"]):
        return ""
    field = session.catalog.objects[source].fields[member["holder"]]
    where = f"'{record}' in {field.name}" if field.many else f"{field.name} == '{record}'"
    number = count(session, Query(source, where=where), "capped")
    return f"{number:,}" if number <= 1_000 else "1,000+"


def _found(reach: ModelReach, type_: ObjectType, words: str) -> Iterator[Context]:
    """The members whose name or label has these words, nearest first, through look-ups."""
    wanted = fold(words).split()
    waiting: deque[tuple[ObjectType, tuple[str, ...], tuple[str, ...]]] = deque([(type_, (), ())])
    looked = shown = 0
    while waiting and looked < MOST_LOOKED:
        current, path, labels = waiting.popleft()
        looked += 1
        for member in _members(reach, current):
            steps = (*labels, member["label"])
            said_ = fold(f"{' '.join(steps)} {member['name']}")
            own = fold(f"{member['label']} {member['name']}")
            if all(word in said_ for word in wanted) and any(word in own for word in wanted):
                name = ".".join((*path, member["name"]))
                yield member | {"path": name, "path_label": " › ".join(steps)}
                shown += 1
                if shown == MOST_FOUND:
                    return
            if member["to"] and not member["many"] and len(path) + 1 < SEARCH_LEVELS:
                to = reach.session.catalog.objects[member["to"]]
                waiting.append((to, (*path, member["name"]), steps))


def samples(call: Call) -> Answer:
    """The records that may be the sample, by title."""
    type_ = call.session.object(call.params["object"])
    words = call.query.get("q", "").strip()
    newest = Query(
        type_.name, (("title",),), search=words, sort=(SortKey(("id",), True),), limit=SAMPLES
    )
    with call.session.connection.limited(READ_SECONDS):
        data = read_page(call.session, newest)["data"]
    results = [{"value": one["id"], "label": one["title"], "hint": ""} for one in data]
    return Answer.json({"results": results})


ENDPOINTS = (
    Endpoint(
        "GET", "/studio/model/{object}", level, Policy.SIGNED_IN,
        "One level of the data model.", page=True,
    ),
    Endpoint(
        "GET", "/studio/samples/{object}", samples, Policy.SIGNED_IN,
        "The records that may be a sample.", page=True,
    ),
)  # fmt: skip
