"""The tools of an assistant: what it may ask for, each of them a call of the API.

A tool says what it is for, what it takes as JSON Schema, and which call of the API answers it. The
call is made with the token of the assistant, so a tool can do nothing that the API would refuse.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from jsonschema import Draft202012Validator

from fluvial.kernel.problems import Forbidden, NotFound, Unprocessable, fault
from fluvial.records.writing.transitions import known_actions
from fluvial.runtime.session import Session

from .openapi import list_parameters, openapi

Json = dict[str, Any]
READ, WRITE, META_READ, META_WRITE = "records:read", "records:write", "meta:read", "meta:write"
TEXT: Json = {"type": "string", "minLength": 1, "maxLength": 10_000}
NAME: Json = {"type": "string", "pattern": r"^[^/\s?#]{1,200}$"}
VALUES: Json = {"type": "object", "description": "Fields and their values, see describe_object."}
ACTIONS = "create", "update", "delete"
LIST = "where", "search", "sort", "fields", "limit", "cursor", "total", "as_of"
ABOUT_PLAN = (
    "Say what a change of metadata would do, and what is wrong with it; nothing is changed. "
    "Documents have a kind and a name, see document_schema."
)
ABOUT_APPLY = "Apply a change of metadata. Plan it first, and show the plan to the person."


@dataclass(frozen=True)
class Asked:
    """A call of the API."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class AssistantTool:
    """`scope` is what a token with scopes must have; a tool that is `explicit` is only for tokens
    that name it."""

    name: str
    about: str
    properties: Callable[[Session], Json]
    required: tuple[str, ...]
    scope: str
    asked: Callable[[Json], Asked] | None = None
    told: Callable[[Session, Json], Any] | None = None  # answered from the catalog
    explicit: bool = False

    @property
    def writes(self) -> bool:
        return self.scope == WRITE or self.explicit

    def schema(self, session: Session) -> Json:
        return {
            "type": "object",
            "properties": self.properties(session),
            "required": list(self.required),
            "additionalProperties": False,
        }

    def open_to(self, session: Session) -> bool:
        scopes, meta = session.actor.scopes, session.access.meta
        if self.explicit and self.scope not in scopes:
            return False
        if scopes and self.scope not in scopes:
            return False
        if self.scope == META_READ:
            return "read" in meta
        return self.scope != META_WRITE or "write" in meta

    def wire(self, session: Session) -> Json:
        return {
            "name": self.name,
            "description": self.about,
            "input_schema": self.schema(session),
            "annotations": {
                "read_only_hint": not self.writes,
                "destructive_hint": self.explicit,
                "open_world_hint": False,
            },
        }


def tools_of(session: Session) -> list[AssistantTool]:
    """Those that the caller's roles and token allow."""
    return [tool for tool in TOOLS if tool.open_to(session)]


def tool_of(session: Session, name: str, arguments: Json) -> AssistantTool:
    """A tool that the caller may use with these arguments."""
    found = next((tool for tool in TOOLS if tool.name == name), None)
    if found is None:
        raise NotFound(f"There is no tool `{name[:100]}`.")
    if not found.open_to(session):
        raise Forbidden(f"The token, or your roles, do not allow `{name}`.{_remedy(found)}")
    wrong = sorted(Draft202012Validator(found.schema(session)).iter_errors(arguments), key=str)
    if wrong:
        errors = [
            fault("/" + "/".join(map(str, one.absolute_path)), "wrong_value", one.message[:300])
            for one in wrong[:20]
        ]
        raise Unprocessable(errors[0]["message"], errors=errors)
    return found


def _remedy(tool: AssistantTool) -> str:
    return f" It needs a token that names `{tool.scope}`." if tool.explicit else ""


def _objects(session: Session) -> Json:
    names = [type_.name for type_ in session.access.readable()]
    return {"type": "string", "enum": names, "description": "The name of an object type."}


def _of_object(**more: Json) -> Callable[[Session], Json]:
    return lambda session: {"object": _objects(session), **more}


def _listing(session: Session) -> Json:
    known = list_parameters()
    return {"object": _objects(session), **{name: known[name] for name in LIST}}


def _grouping(session: Session) -> Json:
    known = list_parameters()
    return {
        "object": _objects(session),
        **{name: known[name] for name in ("where", "search", "as_of")},
        "group": {**TEXT, "description": "Fields to group by, such as `state` or `due.month`."},
        "measure": {**TEXT, "description": "Measures, such as `count` or `sum(amount)`."},
    }


def _kinds(session: Session) -> Json:
    return {"type": "string", "enum": sorted(session.engine.kinds)}


def _document(session: Session) -> Json:
    return {"kind": _kinds(session), "name": NAME}


def _change(session: Session) -> Json:
    documents = {
        "type": "array",
        "maxItems": 200,
        "items": {
            "type": "object",
            "properties": {"kind": _kinds(session), "name": NAME},
            "required": ["kind", "name"],
        },
        "description": "Whole documents, which are created or replaced.",
    }
    gone = {"type": "array", "maxItems": 200, "items": {"type": "object"}}
    return {"documents": documents, "delete": gone, "note": {"type": "string", "maxLength": 500}}


def _record(arguments: Json, more: str = "") -> str:
    return f"/api/records/{arguments['object']}/{arguments['id']}{more}"


def _query(arguments: Json, *names: str) -> dict[str, str]:
    return {name: str(arguments[name]) for name in names if name in arguments}


def _changed(arguments: Json) -> Asked:
    rev = arguments.get("rev")
    headers = {} if rev is None else {"if-match": f'"{rev}"'}
    return Asked("PATCH", _record(arguments), {}, arguments["values"], headers)


def _pressed(arguments: Json) -> Asked:
    path = _record(arguments, f"/actions/{arguments['action']}")
    return Asked("POST", path, {}, arguments.get("values", {}))


def _meta(plan: bool) -> Callable[[Json], Asked]:
    query = {"plan": "true"} if plan else {}
    return lambda arguments: Asked("POST", "/api/meta/changes", query, arguments)


def _model(session: Session, _: Json) -> Any:
    """The object types and fields that the caller may read."""
    access = session.access
    return {
        "objects": [
            {
                "name": type_.name,
                "label": type_.label,
                "plural": type_.plural,
                "can": [
                    a for a in ("create", "update", "delete") if access.object(type_.name).can(a)
                ],
                "fields": [
                    {"name": one.name, "label": one.label, "kind": one.type.name}
                    | ({"to": list(one.targets)} if one.targets else {})
                    for one in type_.own_fields
                    if one.name not in access.object(type_.name).hidden
                ],
            }
            for type_ in access.readable()
        ]
    }


def _described(session: Session, arguments: Json) -> Any:
    """The schemas of an object type, as OpenAPI has them."""
    document, name = openapi(session), arguments["object"]
    paths = [path for path in document["paths"] if path.split("/")[3:4] == [name]]
    schemas = document["components"]["schemas"]
    found = {mode: schemas[f"{name}_{mode}"] for mode in ("read", "create", "update")}
    actions = known_actions(session, session.catalog.objects[name])
    asked = {
        one.name: [
            {"name": f.name, "label": f.label, "kind": f.kind.name, "required": f.required}
            for f in one.asks
        ]
        for one in actions
        if one.asks
    }
    return {**found, "actions": [one.name for one in actions], "asked": asked, "paths": paths}


# No other word: `export` or `summary` in its place would be another call of the API.
_ID: Json = {
    "type": "string",
    "pattern": r"^[0-9a-fA-F-]{36}$",
    "description": "The id of the record.",
}
_FIELDS: Json = {
    **TEXT,
    "description": "Fields, separated by commas; dotted paths follow look-ups.",
}

TOOLS = (
    AssistantTool(
        "describe_model", "The object types that you may see, with their fields.",
        lambda _: {}, (), READ, told=_model,
    ),
    AssistantTool(
        "describe_object",
        "JSON Schemas of the records of an object type, to read, create and change them, and the "
        "actions that can be pressed.",
        _of_object(), ("object",), READ, told=_described,
    ),
    AssistantTool(
        "search_records", "Find records of an object type by words.",
        lambda s: {"object": _objects(s), "words": TEXT, "limit": list_parameters()["limit"]},
        ("object", "words"), READ,
        lambda a: Asked("GET", f"/api/records/{a['object']}",
                        {"search": a["words"], **_query(a, "limit")}),
    ),
    AssistantTool(
        "list_records",
        "A page of records. `where` is a condition such as `state == 'open' and due < today()`.",
        _listing, ("object",), READ,
        lambda a: Asked("GET", f"/api/records/{a['object']}", _query(a, *LIST)),
    ),
    AssistantTool(
        "read_record", "One record.", _of_object(id=_ID, fields=_FIELDS), ("object", "id"), READ,
        lambda a: Asked("GET", _record(a), _query(a, "fields")),
    ),
    AssistantTool(
        "summarise_records", "Counts, sums and other measures of records, by group.",
        _grouping, ("object", "measure"), READ,
        lambda a: Asked("GET", f"/api/records/{a['object']}/summary",
                        _query(a, "where", "search", "as_of", "group", "measure")),
    ),
    AssistantTool(
        "explain_value", "Why a calculated field of a record has its value.",
        _of_object(id=_ID, field=NAME), ("object", "id", "field"), READ,
        lambda a: Asked("GET", _record(a, "/why"), {"field": a["field"]}),
    ),
    AssistantTool(
        "record_history", "Who changed a record, when and how.",
        _of_object(id=_ID), ("object", "id"), READ,
        lambda a: Asked("GET", _record(a, "/history")),
    ),
    AssistantTool(
        "record_lock", "Whether a record is locked, why, and which fields stay writable.",
        _of_object(id=_ID), ("object", "id"), READ,
        lambda a: Asked("GET", _record(a, "/lock")),
    ),
    AssistantTool(
        "record_states", "Which states a record was in, from when until when.",
        _of_object(id=_ID), ("object", "id"), READ,
        lambda a: Asked("GET", _record(a, "/states")),
    ),
    AssistantTool(
        "create_record", "Create a record.", _of_object(values=VALUES), ("object", "values"), WRITE,
        lambda a: Asked("POST", f"/api/records/{a['object']}", {}, a["values"]),
    ),
    AssistantTool(
        "change_record", "Change some fields of a record; `rev` is the revision that you read.",
        _of_object(id=_ID, values=VALUES, rev={"type": "integer", "minimum": 1}),
        ("object", "id", "values"), WRITE, _changed,
    ),
    AssistantTool(
        "press", "Press a button of a record, such as a transition of its state.",
        _of_object(id=_ID, action=NAME, values=VALUES), ("object", "id", "action"), WRITE, _pressed,
    ),
    AssistantTool(
        "document_schema", "The JSON Schema of a kind of metadata document.",
        lambda s: {"kind": _kinds(s)}, ("kind",), META_READ,
        lambda a: Asked("GET", f"/api/schema/{a['kind']}"),
    ),
    AssistantTool(
        "list_documents", "The metadata documents of a kind.",
        lambda s: {"kind": _kinds(s)}, ("kind",), META_READ,
        lambda a: Asked("GET", f"/api/meta/{a['kind']}"),
    ),
    AssistantTool(
        "read_document", "One metadata document.", _document, ("kind", "name"), META_READ,
        lambda a: Asked("GET", f"/api/meta/{a['kind']}/{a['name']}"),
    ),
    AssistantTool(
        "plan_change", ABOUT_PLAN, _change, ("documents",), META_WRITE, _meta(plan=True),
    ),
    AssistantTool(
        "apply_change", ABOUT_APPLY, _change, ("documents",), META_WRITE, _meta(plan=False),
        explicit=True,
    ),
)  # fmt: skip
