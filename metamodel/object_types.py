"""The first pass over object documents: object types with their fields, before expressions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from metamodel.catalog import Dated, Field, Inverse, Key, ObjectType, Work
from metamodel.checks import CatalogDraft, DocumentCheck, OptionsCheck
from metamodel.document import Document
from metamodel.expressions import types
from metamodel.folding import humanise, label_text, plural
from metamodel.kinds import KINDS
from metamodel.kinds.any_lookup import MADE_TARGETS
from metamodel.kinds.kind import Kind
from metamodel.kinds.system import IDENTITY, REVISION
from metamodel.object_parts import Parts, made_fields
from metamodel.reserved_names import taken

PLACE = re.compile(r"\{([^{}]*)\}")
PEOPLE = ("user", "team", "group")

# name, kind, label, options, and whether it is kept from the wire
SYSTEM: tuple[tuple[str, Kind, str, Mapping[str, Any], bool], ...] = (
    ("id", IDENTITY, "Id", {}, False),
    ("rev", REVISION, "Revision", {}, False),
    ("title", KINDS["text"], "Title", {"max_length": 255}, False),
    ("created_at", KINDS["datetime"], "Created", {}, False),
    ("created_by", KINDS["person"], "Created by", {"accepts": ["user"]}, False),
    ("updated_at", KINDS["datetime"], "Changed", {}, False),
    ("updated_by", KINDS["person"], "Changed by", {"accepts": ["user"]}, False),
    ("owner", KINDS["person"], "Owner", {"accepts": ["user"]}, False),
    ("deleted_at", KINDS["datetime"], "Deleted", {}, True),
)


def items(body: Mapping[str, Any], member: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """The items of a list with their places; `None` holds the place of a faulty one."""
    for at, item in enumerate(body.get(member, ())):
        if item is not None:
            yield at, item


def make_object(
    document: Document, body: Mapping[str, Any], draft: CatalogDraft, parts: Parts = ()
) -> ObjectType:
    """An object type of what is sound in a document; faults are reported on the way."""
    check = DocumentCheck(draft, document)
    check.names("/fields", (f and f["name"] for f in body.get("fields", ())), "field")
    fields: dict[str, Field] = {}
    layers = document.layers_of("fields")
    for at, spec in items(body, "fields"):
        _check_name(f"/fields/{at}/name", spec["name"], check)
        if not spec.get("retired") and not taken(spec["name"]):
            column = draft.columns.get((document.name, spec["name"]), "")
            made = _field(document, _resolved(spec, draft), layers, column)
            fields.setdefault(spec["name"], made)
    given = dict(fields)
    for made in made_fields(document, body, parts, given, check):
        fields[made.name] = replace(made, column=draft.columns.get((document.name, made.name), ""))
    dated = body.get("dated")
    label = label_text(body.get("label", humanise(document.name)))
    title = body.get("title") or _title(given, label)
    for field in _system_fields(document.name, dated):
        fields[field.name] = field
    return ObjectType(
        name=document.name,
        label=label,
        plural=label_text(body.get("plural", plural(label))),
        icon=body.get("icon", "circle-dot"),
        group=body.get("group", ""),
        title=title,
        scope=body.get("scope"),
        fields=fields,
        inverses={},
        keys=_keys(body, fields),
        dated=Dated(dated["from"], dated["until"], tuple(dated["per"])) if dated else None,
        work=Work(**body["work"]) if "work" in body else None,
        layer=document.layer,
        spec=document.body,
    )


def _keys(body: Mapping[str, Any], fields: Mapping[str, Field]) -> tuple[Key, ...]:
    """The keys of a document, and those of numbers that are counted in several series."""
    said = [Key(tuple(key["fields"]), bool(key.get("unique"))) for _, key in items(body, "keys")]
    for field in fields.values():
        series = field.kind.series(field.spec)
        key = Key((*series, field.name), unique=True)
        if series and fields.keys() >= set(series) and key not in said:
            said.append(key)
    return tuple(said)


def _check_name(pointer: str, name: str, check: DocumentCheck) -> None:
    meaning = taken(name)
    if meaning:
        check.fault(
            pointer,
            "reserved_name",
            f"`{name}` is {meaning}, so a field cannot have this name.",
            f"Use another name, such as `{check.document.name}_{name}`.",
        )
    elif "__" in name or name.endswith("_"):
        check.fault(
            pointer,
            "reserved_name",
            f"`{name}` has a double or trailing underscore, which is reserved for the system.",
            "Use single underscores between words.",
        )


def _resolved(spec: Mapping[str, Any], draft: CatalogDraft) -> Mapping[str, Any]:
    """The field with the options that documents of other kinds make."""
    spec = _linking(KINDS[spec["kind"]].resolve(spec, draft.calendars), draft)
    source = spec.get("options_from")
    if source is None:
        return spec
    made = [
        {"name": name, "label": document.body.get("label", humanise(name))}
        for name, document in sorted(draft.documents.get(source, {}).items())
    ]
    return {**spec, "options": [*spec.get("options", ()), *made]}


def _linking(spec: Mapping[str, Any], draft: CatalogDraft) -> Mapping[str, Any]:
    """The field with the object types that documents of a kind are about (`to_from`)."""
    source = spec.get("to_from")
    if source is None:
        return spec
    written = spec.get("to", ())
    about = {document.body.get("subject") for document in draft.documents.get(source, {}).values()}
    known = draft.documents.get("object", {})
    made = sorted(str(name) for name in about if name in known and name not in written)
    return {**spec, "to": [*written, *made], MADE_TARGETS: made}


def _field(
    document: Document, spec: Mapping[str, Any], layers: Mapping[str, str], column: str
) -> Field:
    kind = KINDS[spec["kind"]]
    return Field(
        object=document.name,
        name=spec["name"],
        kind=kind,
        label=label_text(spec.get("label", humanise(spec["name"]))),
        spec=spec,
        layer=layers.get(spec["name"], document.layer),
        column=column,
        required=spec.get("required") is True,
        unique=bool(spec.get("unique")) or (kind.unique and not kind.series(spec)),
        read_only=bool(spec.get("read_only")) or not kind.editable,
        searchable=bool(spec.get("searchable")),
    )


def _system_fields(object: str, dated: Mapping[str, Any] | None) -> Iterator[Field]:
    for name, kind, label, options, hidden in SYSTEM:
        yield Field(
            object=object,
            name=name,
            kind=kind,
            label=label,
            spec={"name": name, **options},
            system=True,
            read_only=name != "owner",
            searchable=name == "title",
            hidden=hidden,
        )
    if dated:
        yield Field(
            object=object,
            name="in_force",
            kind=KINDS["calculated"],
            label="In force",
            spec={"name": "in_force", "kind": "calculated", "result": "boolean"},
            system=True,
            read_only=True,
        )


def _title(fields: Mapping[str, Field], label: str) -> str:
    """The title of records whose object has none: their name, else their first words."""
    open_ = {name: field for name, field in fields.items() if not field.option("protected")}
    if "name" in open_:
        return "{name}"
    for field in open_.values():
        if field.kind.titles:
            return f"{{{field.name}}}"
    return f"{label} {{{next(iter(open_))}}}" if open_ else label


def check_kinds(
    document: Document, body: Mapping[str, Any], object: ObjectType, draft: CatalogDraft
) -> None:
    """Let each field's kind check its options; leave out those that lead nowhere."""
    check = DocumentCheck(draft, document)
    fields: dict[str, Field] = object.fields  # type: ignore[assignment]  # still being built
    for at, spec in items(body, "fields"):
        field = fields.get(spec["name"])
        if field is None or field.system or field.spec["kind"] != spec["kind"]:
            continue
        field.kind.check(field, OptionsCheck(check, field, at))
        _check_powers(field, OptionsCheck(check, field, at))
        if any(to not in draft.objects and to not in PEOPLE for to in field.targets):
            draft.broken.add((object.name, field.name))
    for name in [name for name in fields if (object.name, name) in draft.broken]:
        del fields[name]


def _check_powers(field: Field, check: OptionsCheck) -> None:
    """Whether the kind can do what the field's options ask of it."""
    able = field.kind.indexable and not field.many
    if field.option("unique") and not able:
        _cannot(check, "unique", f"{field.kind.label} fields cannot be unique.")
    if field.searchable and not field.kind.searchable:
        _cannot(check, "searchable", f"{field.kind.label} fields cannot be searched.")
    if field.option("dated") and not field.kind.editable:
        _cannot(check, "dated", f"{field.kind.label} fields cannot be dated.")
    if field.option("protected"):
        _check_protected(field, check)
    if field.option("required") and not field.kind.editable:
        _cannot(
            check,
            "required",
            f"{field.kind.label} fields are set by the system, so nobody can fill them in.",
        )


def _check_protected(field: Field, check: OptionsCheck) -> None:
    if not field.kind.editable or field.many or field.kind.absent(field) is not None:
        _cannot(check, "protected", f"{field.kind.label} fields cannot be protected.")
    elif field.searchable:
        _cannot(check, "searchable", "Protected fields cannot be searched.")


def _cannot(check: OptionsCheck, option: str, message: str) -> None:
    check.fault(option, f"not_{option}", message, f"Remove `{option}`.")


def make_inverses(
    document: Document, body: Mapping[str, Any], object: ObjectType, draft: CatalogDraft
) -> None:
    """Give the object types that are looked up their collections."""
    looking = [
        field
        for field in object.fields.values()
        if field.option("inverse") and field.to in draft.objects and field.to not in draft.kept
    ]
    if not looking:
        return
    check = DocumentCheck(draft, document)
    places = {spec["name"]: at for at, spec in reversed(list(items(body, "fields")))}
    for field in looking:
        assert field.to is not None
        name = field.option("inverse")
        target = draft.objects[field.to]
        pointer = f"/fields/{places[field.name]}/inverse"
        meaning = _inverse_taken(name, target)
        if meaning:
            check.fault(
                pointer,
                "reserved_name",
                f"`{name}` is already {meaning}.",
                f"Use another name for the collection, such as `{object.name}_{name}`.",
            )
            continue
        target.inverses[name] = Inverse(  # type: ignore[index]  # still being built
            name,
            label_text(field.option("inverse_label", object.plural)),
            target.name,
            object.name,
            field.name,
        )


def _inverse_taken(name: str, target: ObjectType) -> str:
    if taken(name):
        return taken(name)
    if name in target.fields:
        return f"a field of {target.label}"
    if name in target.inverses:
        other = target.inverses[name]
        return f"the collection of {other.source}.{other.field}"
    return ""


def placeholders(template: str) -> list[str]:
    """The fields that a title template shows."""
    return PLACE.findall(template)


def is_day(field: Field) -> bool:
    return field.type in (types.DATE, types.DATETIME)
