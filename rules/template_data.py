"""The plain data that a template is rendered with: what it reads, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from fluvial.records.drafts.rows import Values, empty
from fluvial.records.reading.caller_paths import resolve
from fluvial.records.reading.query import Path, Query
from fluvial.records.reading.reader import find_one, read_page
from fluvial.records.reading.titles import titles_of
from fluvial.runtime.session import Session
from fluvial.services.notifications import record_href
from fluvial.services.templates import Need, needs
from metamodel.catalog import Catalog, Field, Inverse, ObjectType
from metamodel.expressions import types
from metamodel.expressions.compiler import compile_expression
from metamodel.expressions.expression import Expression
from metamodel.expressions.scope import scope_of
from metamodel.object_types import PEOPLE
from metamodel.roles import role_titles

from .template_check import LETTERS, LINK

MAX_ITEMS = 200  # of a collection that a message goes through
PAGE = 500

_NAMED = {
    types.DATE.name: "day",
    types.DATETIME.name: "moment",
    types.MONEY.name: "amount",
    types.NUMBER.name: "decimal",
    types.DURATION.name: "seconds",
}
Data = dict[str, Any]


class TooManyItems(Exception):
    """A collection holds more records than whoever asks for all of them can take."""

    def __init__(self, name: str, most: int) -> None:
        self.name = name
        self.most = most
        super().__init__(f"{name} has more than {most:,} records.")


def template_data(session: Session, type_: ObjectType, values: Values, *sources: str) -> Data:
    """What some texts need of a record, as far as the session's actor may read it.

    Of a session as of another day the record is read anew; `values` are those of the event.
    """
    own = values if session.as_of is None else None
    return _data(session, type_, values["id"], sources, own)


def data_now(session: Session, type_: ObjectType, record: str, *sources: str) -> Data:
    """What some texts need of a record as it is now, as far as the session's actor may read it."""
    return _data(session, type_, record, sources, None)


def _data(
    session: Session, type_: ObjectType, record: str, sources: Sequence[str], own: Values | None
) -> Data:
    need = Need()
    for source in sources:
        found = needs(source, (type_.name, *LETTERS)).members.get(type_.name)
        if found is not None:
            need.take_in(found)
    link = session.engine.settings.base_url + record_href(type_.name, record)
    return {LINK: link, type_.name: record_data(session, type_, record, need, own)}


def filled_data(session: Session, type_: ObjectType, record: str, need: Need) -> Data:
    """What a text of a record itself needs, as it is now; a problem where it needs too much."""
    _refuse_hidden(session, type_, need)
    link = session.engine.settings.base_url + record_href(type_.name, record)
    return {LINK: link, type_.name: record_data(session, type_, record, need)}


def _refuse_hidden(session: Session, type_: ObjectType, need: Need) -> None:
    """One reads a text as a whole, or is told why not."""
    for name, inner in need.members.items():
        field, inverse = type_.fields.get(name), type_.inverses.get(name)
        if field is not None:
            resolve(session.access, type_, (name,), "fields")
            targets = [to for to in (_one(field),) if to is not None and to not in PEOPLE]
        else:
            targets = [inverse.source] if inverse is not None else []
        for target in targets:
            _refuse_hidden(session, session.object(target), inner)


def template_days(catalog: Catalog) -> Mapping[str, Expression]:
    """The days as of which templates read their record, of those that say one."""
    found = {}
    for name, document in catalog.of("template").items():
        if "as_of" in document.body:
            scope = scope_of(catalog, document.body["for"])
            found[name] = compile_expression(document.body["as_of"], scope, types.DATE)
    return found


def record_data(
    session: Session,
    type_: ObjectType,
    record: str,
    need: Need,
    values: Values | None = None,
    most: int = 0,
) -> Data:
    """One record's members. `values` are its own at the moment that the words are about. Of a
    collection all records are read, and `most` is how many may be; without it the first few."""
    paths = tuple(dict.fromkeys((("id",), ("title",), *paths_read(session, type_, need))))
    where = session.access.object(type_.name).where
    read: Data = {}
    if "read" in where:
        read = find_one(session, type_.name, record, paths) or {}
        if values is not None and (read or where["read"] is None):
            read |= _own(session, type_, values, need)
    elif type_.name in PEOPLE:
        read = _person(session, type_.name, record)
    return {"$": "record", "v": members_of(session, type_, read, need, most)}


def in_common(one: Any, other: Any) -> Any:
    """What two readers of the same words may both read; everything else is empty."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        if one.get("$") == other.get("$") and one.keys() == other.keys():
            return {
                name: (_common_words if name == "title" else in_common)(value, other[name])
                for name, value in one.items()
            }
        return None
    if isinstance(one, list) and isinstance(other, list):
        theirs = {_key(item): item for item in other}
        both = [item for item in one if _key(item) in theirs]
        return [in_common(item, theirs[_key(item)]) for item in both]
    return one if one == other else None


def _common_words(one: str | None, other: str | None) -> str | None:
    """Of two titles of a record the words that both readers may read."""
    if one is None or other is None:
        return None
    theirs = other.split()
    return " ".join(word for word in one.split() if word in theirs)


def _key(item: Any) -> str:
    """What an item of a list is: of a record its id."""
    record = item.get("v") if isinstance(item, Mapping) and item.get("$") == "record" else None
    return str(record["id"] if isinstance(record, Mapping) else item)


def _own(session: Session, type_: ObjectType, values: Values, need: Need) -> Values:
    """The record's plain values as they were, in wire form, as far as they may be read."""
    access = session.access
    own: Values = {}
    if type_.name not in access.withheld_titles:
        own["title"] = values.get("title")
    for name in need.members:
        field = type_.fields.get(name)
        if field is None or not field.stored or field.type.objects or name not in values:
            continue
        if name == "title" or access.hides(type_.name, name):
            continue
        value = values[name]
        own[name] = field.kind.absent(field) if empty(value) else field.kind.wire(field, value)
    return own


def paths_read(session: Session, type_: ObjectType, need: Need) -> Iterator[Path]:
    """What is read of a record: nothing that the reader may not read."""
    access = session.access
    for name, inner in need.members.items():
        field = type_.fields.get(name)
        if field is None or access.hides(type_.name, name):
            continue
        target = _one(field)
        if target is None or (target in PEOPLE and access.hides(target, "title")):
            yield (name,)
        elif not access.hides(target, "title"):
            yield (name, "title")
            for path in paths_read(session, session.catalog.objects[target], inner):
                yield (name, *path)


def _one(field: Field) -> str | None:
    """The object type that a look-up leads to, where it leads to one record."""
    if field.type.name == types.PERSON.name:
        return "user" if field.type.objects == ("user",) else None
    return field.to if field.type.name == types.RECORD.name else None


def members_of(session: Session, type_: ObjectType, read: Data, need: Need, most: int = 0) -> Data:
    """What was read of a record, each value with what it is."""
    members: Data = {"id": read.get("id"), "title": read.get("title")}
    for name, inner in need.members.items():
        field = type_.fields.get(name)
        if field is None:
            if name in type_.inverses:
                members[name] = _collection(
                    session, type_.inverses[name], inner, read.get("id"), most
                )
            continue
        value = read.get(name)
        target = _one(field)
        if target is not None:
            found = _called(session, target, value) if isinstance(value, dict) else {}
            nested = session.catalog.objects[target]
            members[name] = {"$": "record", "v": members_of(session, nested, found, inner, most)}
        elif field.type.name == types.RECORDS.name:
            linked = session.catalog.objects[field.targets[0]]
            members[name] = [
                record_data(session, linked, _id_of(one), inner, most=most)
                for one in (value or [])[: most or MAX_ITEMS]
            ]
        elif field.type.objects:
            members[name] = _named(session, value, inner)
        else:
            members[name] = tagged(field, value)
    return members


def _called(session: Session, target: str, value: Data) -> Data:
    """What was read behind a look-up; of a person at least what they are called."""
    if target not in PEOPLE or "title" in value or target not in value:
        return value
    return _person(session, target, value[target])


def _person(session: Session, target: str, record: str) -> Data:
    """What everybody may read of a person, a team or a group."""
    name = titles_of(session, target, [record]).get(record)
    return {"id": record, "title": name, "name": name}


def _id_of(link: Any) -> str:
    """Of a linked record; a link that has fields of its own is an object."""
    return str(link["id"] if isinstance(link, Mapping) else link)


def _named(session: Session, value: Any, need: Need) -> Any:
    """The records of `{object, id}`, `{user: id}` or a list of such."""
    if isinstance(value, list):
        return [_named(session, one, need) for one in value[:MAX_ITEMS]]
    if not isinstance(value, Mapping):
        return None
    if "object" in value:
        target, record = value["object"], value["id"]
    else:
        ((target, record),) = value.items()
    if target == types.ROLE and target not in session.catalog.objects:
        title = role_titles(session.catalog, (record,)).get(record, record)
        return {"$": "record", "v": {"id": record, "title": title}}
    return record_data(session, session.catalog.objects[target], record, need)


def tagged(field: Field, value: Any) -> Any:
    """A value in wire form, with a tag where JSON has no word for what it is."""
    if value is None or value == []:
        return value
    kind = _NAMED.get(field.type.name)
    if kind is not None:
        return {"$": kind, "v": value}
    if field.type.options:
        labels = {option.name: option.label for option in field.type.options}
        if isinstance(value, list):
            return [{"$": "option", "v": one, "l": labels.get(one, one)} for one in value]
        return {"$": "option", "v": value, "l": labels.get(value, value)}
    if field.type.name == types.FILES.name:
        return [{"$": "attached", "v": file["name"], "id": file["id"]} for file in value]
    return value


def _collection(
    session: Session, inverse: Inverse, need: Need, record: str | None, most: int
) -> list[Any]:
    """The records of a collection that the reader may see, also behind look-ups."""
    type_ = session.catalog.objects[inverse.source]
    field = type_.fields[inverse.field]
    if record is None or session.access.hides(type_.name, field.name):
        return []
    if field.kind.linked or len(field.targets) != 1:
        return []
    query = Query(
        type_.name,
        fields=(("id",), ("title",), *paths_read(session, type_, need)),
        equals=((field.name, record),),
        limit=MAX_ITEMS,
        as_of=session.asked_day,
    )
    rows = read_page(session, query)["data"] if not most else all_rows(session, query, most)
    return [{"$": "record", "v": members_of(session, type_, row, need, most)} for row in rows]


def all_rows(session: Session, query: Query, most: int) -> list[Data]:
    """All records of a query, page by page; raises TooManyItems where they are more."""
    found: list[Data] = []
    query = replace(query, limit=min(PAGE, most + 1))
    while True:
        page = read_page(session, query)
        found += page["data"]
        if len(found) > most:
            raise TooManyItems(session.catalog.objects[query.object].plural, most)
        if page["next"] is None:
            return found
        query = replace(query, cursor=page["next"])
