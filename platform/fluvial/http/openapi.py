"""The OpenAPI 3.1 document: made from the catalog, cut to what the caller may do."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fluvial import __version__
from fluvial.auth.access import ObjectAccess
from fluvial.runtime.session import Session
from metamodel.catalog import Catalog, ObjectType
from metamodel.record_schema import record_schema

from .routes import ENDPOINT, Endpoint, Policy

Json = dict[str, Any]

_QUERY = (
    ("where", "A condition that the records must meet.", {"type": "string"}),
    ("search", "Words to search for, ignoring case and accents.", {"type": "string"}),
    (
        "sort",
        "Fields, separated by commas; `-` before a field sorts descending.",
        {"type": "string"},
    ),
    (
        "fields",
        "Fields, separated by commas; dotted paths follow look-ups.",
        {"type": "string"},
    ),
    ("limit", "The number of records per page.", {"type": "integer", "minimum": 1, "maximum": 500}),
    ("cursor", "The `next` of the previous page.", {"type": "string"}),
    ("total", "Whether to count.", {"enum": ["none", "capped", "exact"]}),
    ("as_of", "The day, or date and time, as of which to answer.", {"type": "string"}),
    ("deleted", "The records in the bin.", {"type": "boolean"}),
    (
        "believed_on",
        "The date and time, or day, as of whose knowledge to answer.",
        {"type": "string"},
    ),
)


def list_parameters() -> dict[str, Json]:
    """What a page of records is asked for with, each with its schema."""
    return {name: {**schema, "description": about} for name, about, schema in _QUERY}


def openapi(session: Session) -> Json:
    """The document for the session's actor."""
    key_roles = (session.actor.roles, session.actor.unrestricted)
    cache = session.catalog.derive(_documents)
    if key_roles not in cache:
        cache[key_roles] = _document(session)
    return cache[key_roles]


def _documents(_: Catalog) -> dict[Any, Json]:
    return {}


def _document(session: Session) -> Json:
    schemas: Json = {"Problem": _PROBLEM}
    paths: Json = {}
    for type_ in session.access.readable():
        access = session.access.object(type_.name)
        for mode in ("read", "create", "update"):
            hidden = access.hidden if mode == "read" else access.unknown
            schema = record_schema(type_, mode, hidden, access.read_only)
            schema.pop("$schema", None)
            schemas[f"{type_.name}_{mode}"] = schema
        _object_paths(paths, type_, access)
        _further_paths(paths, type_, access, session)
    for endpoint in session.engine.brought(ENDPOINT):
        if not endpoint.page and "{object}" not in endpoint.path and _open_to(session, endpoint):
            operation = _operation(endpoint.about, _name(endpoint), _parameters(endpoint.path))
            operation["responses"] = _answers("200", "The answer.")
            paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Fluvial",
            "version": __version__,
            "description": f"Generated from catalog version {session.catalog.version}.",
        },
        "servers": [{"url": session.engine.settings.base_url}],
        "security": [{"token": []}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": schemas,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _open_to(session: Session, endpoint: Endpoint) -> bool:
    access = session.access
    if endpoint.policy in (Policy.ADMIN, Policy.METRICS):
        return access.admin
    if endpoint.policy is Policy.META_READ:
        return "read" in access.meta
    if endpoint.policy is Policy.META_WRITE:
        return "write" in access.meta
    return True


def _name(endpoint: Endpoint) -> str:
    words = re.findall(r"\w+", endpoint.path)
    return "_".join([endpoint.method.lower(), *words])


def _parameters(path: str) -> list[Json]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"\{(\w+)\}", path)
    ]


def _operation(about: str, name: str, parameters: Iterable[Json]) -> Json:
    return {"summary": about, "operationId": name, "parameters": list(parameters)}


def _answers(status: str, about: str, schema: Json | None = None) -> Json:
    good: Json = {"description": about}
    if schema is not None:
        good["content"] = {"application/json": {"schema": schema}}
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: good, "default": {"description": "A problem.", "content": problem}}


def _body(schema: Json) -> Json:
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def _object_paths(paths: Json, type_: ObjectType, access: ObjectAccess) -> None:
    name, label = type_.name, type_.label.lower()
    read = {"$ref": f"#/components/schemas/{name}_read"}
    page = {
        "type": "object",
        "properties": {
            "data": {"type": "array", "items": read},
            "next": {"type": ["string", "null"]},
            "total": {"type": "integer"},
        },
        "required": ["data", "next"],
    }
    query = [
        {"name": n, "in": "query", "description": about, "schema": schema}
        for n, about, schema in _QUERY
    ]
    many = paths.setdefault(f"/api/records/{name}", {})
    one = paths.setdefault(f"/api/records/{name}/{{id}}", {})
    record = _parameters("{id}")
    many["get"] = _operation(f"A page of {type_.plural.lower()}.", f"list_{name}", query)
    many["get"]["responses"] = _answers("200", "A page.", page)
    one["get"] = _operation(
        f"One {label}.", f"read_{name}", [*record, query[3], query[7], query[9]]
    )
    one["get"]["responses"] = _answers("200", f"The {label}.", read)
    if access.can("create"):
        many["post"] = _operation(f"Create one {label}.", f"create_{name}", ())
        many["post"]["requestBody"] = _body({"$ref": f"#/components/schemas/{name}_create"})
        many["post"]["responses"] = _answers("201", f"The {label}.", read)
    if access.can("update"):
        days = [query[7]] if type_.dated_fields else []
        one["patch"] = _operation(f"Change one {label}.", f"update_{name}", [*record, *days])
        one["patch"]["requestBody"] = _body({"$ref": f"#/components/schemas/{name}_update"})
        one["patch"]["responses"] = _answers("200", f"The {label}.", read)
    _more_paths(paths, type_, access, read, query)
    if access.can("delete"):
        one["delete"] = _operation(f"Move one {label} to the bin.", f"delete_{name}", record)
        one["delete"]["responses"] = _answers("204", "It was moved to the bin.")


def _more_paths(
    paths: Json, type_: ObjectType, access: ObjectAccess, read: Json, query: list[Json]
) -> None:
    """What the API offers of an object type beside reading and writing records."""
    name, label, many = type_.name, type_.label.lower(), type_.plural.lower()
    base, record = f"/api/records/{name}", _parameters("{id}")
    asked = [p for p in query if p["name"] in ("where", "search", "as_of", "deleted")]
    text = {"type": "string"}
    measures = [{"name": n, "in": "query", "schema": text} for n in ("group", "measure")]

    def add(path: str, method: str, operation: Json, status: str, about: str, schema: Any) -> None:
        operation["responses"] = _answers(status, about, schema)
        paths.setdefault(path, {})[method] = operation

    summary = _operation(f"Measures of {many} by group.", f"summarise_{name}", [*asked, *measures])
    add(f"{base}/summary", "get", summary, "200", "The groups.", None)
    history = _operation(f"Who changed one {label}, and when.", f"history_{name}", record)
    add(f"{base}/{{id}}/history", "get", history, "200", "The changes, newest first.", None)
    if type_.logged_fields:
        states = _operation(f"The states that one {label} was in.", f"states_{name}", record)
        add(f"{base}/{{id}}/states", "get", states, "200", "The spans, in order.", None)
    if type_.dated_fields:
        _day_paths(type_, access, add)
    if access.can("delete"):
        restore = _operation(f"Restore one {label}.", f"restore_{name}", record)
        add(f"{base}/{{id}}/restore", "post", restore, "200", f"The {label}.", read)
    if access.can("update") and type_.states is not None:
        taken = _operation(
            f"Run a transition of one {label}.", f"act_{name}", _parameters("{id}/{name}")
        )
        add(f"{base}/{{id}}/actions/{{name}}", "post", taken, "200", f"The {label}.", read)
    if access.can("export"):
        kind = {"name": "format", "in": "query", "schema": {"enum": ["csv", "xlsx", "jsonl"]}}
        export = _operation(f"{type_.plural} as a file.", f"export_{name}", [*asked, kind])
        add(f"{base}/export", "get", export, "200", "The file.", None)
    if access.can("import"):
        load = _operation(f"{type_.plural} from a file.", f"import_{name}", ())
        add(f"{base}/import", "post", load, "200", "The result.", None)


@dataclass(frozen=True)
class _Further:
    """What is told of an object type in the words of its endpoint."""

    open: Callable[[ObjectType, ObjectAccess], bool]
    body: Json | None = None


def _may_update(_: ObjectType, access: ObjectAccess) -> bool:
    return access.can("update")


_COMMENT = {
    "type": "object",
    "properties": {
        "text": {"type": "string"},
        "mentions": {"type": "array", "items": {"type": "string", "format": "uuid"}},
    },
    "required": ["text"],
}
_FIELD = {"type": "object", "properties": {"field": {"type": "string"}}, "required": ["field"]}
_ALL = "/api/records/{object}"
_FURTHER: Mapping[str, _Further] = {
    f"{_ALL}/{{id}}/comments": _Further(_may_update, _COMMENT),
    f"{_ALL}/{{id}}/comments/{{comment}}": _Further(_may_update, _COMMENT),
    f"{_ALL}/{{id}}/why": _Further(lambda type_, _: any(f.formula for f in type_.fields.values())),
    f"{_ALL}/{{id}}/reveal": _Further(lambda type_, _: bool(type_.protected_fields), _FIELD),
    f"{_ALL}/{{id}}/reveals": _Further(lambda type_, _: bool(type_.protected_fields)),
    f"{_ALL}/import/preview": _Further(lambda _, access: access.can("import")),
}


def _further_paths(paths: Json, type_: ObjectType, access: ObjectAccess, session: Session) -> None:
    for endpoint in session.engine.brought(ENDPOINT):
        further = _FURTHER.get(endpoint.path)
        if further is None or not further.open(type_, access):
            continue
        path = endpoint.path.replace("{object}", type_.name)
        name = f"{_name(endpoint)}_{type_.name}"
        operation = _operation(endpoint.about, name, _parameters(path))
        if further.body is not None and endpoint.method in ("POST", "PATCH"):
            operation["requestBody"] = _body(further.body)
        operation["responses"] = _answers("2XX", "The answer.")
        paths.setdefault(path, {})[endpoint.method.lower()] = operation


def _day_paths(type_: ObjectType, access: ObjectAccess, add: Callable[..., None]) -> None:
    """What the API tells of dated fields."""
    name, label = type_.name, type_.label.lower()
    one, record = f"/api/records/{name}/{{id}}", _parameters("{id}")
    past = {"name": "past", "in": "query", "schema": {"type": "boolean"}}
    listed = _operation(f"The planned values of a {label}.", f"planned_{name}", [*record, past])
    add(f"{one}/planned", "get", listed, "200", "The planned values, each from a day on.", None)
    if access.can("update"):
        path = f"{one}/planned/{{plan}}"
        taken = _operation("Withdraw a planned value.", f"withdraw_{name}", _parameters(path))
        add(path, "delete", taken, "204", "It was withdrawn.", None)
    if any(field.kind.linked for field in type_.dated_fields):
        path = f"{one}/links/{{field}}"
        days = _operation(
            f"Links of a {label} with their dates.", f"links_{name}", _parameters(path)
        )
        add(path, "get", days, "200", "The links.", None)


_PROBLEM: Json = {
    "type": "object",
    "description": "RFC 9457: what is wrong, where, and how to fix it.",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "pointer": {"type": "string"},
                    "code": {"type": "string"},
                    "message": {"type": "string"},
                },
            },
        },
    },
    "required": ["title", "status", "detail"],
}
