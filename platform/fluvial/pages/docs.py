"""The API for people: the OpenAPI description as a page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from fluvial.http.call import Answer, Call
from fluvial.http.openapi import openapi
from fluvial.http.routes import Endpoint, Policy
from metamodel.folding import humanise

from .frame import Context, page

VERBS = ("get", "post", "put", "patch", "delete")
DEPTH = 4  # of samples
TOGETHER = {
    **dict.fromkeys(("login", "logout", "me", "tokens"), "signing_in"),
    **dict.fromkeys(("meta", "schema", "openapi.json"), "metadata"),
    **dict.fromkeys(("health", "metrics", "stream", "events", "deliveries"), "operation"),
}
INTRO = (
    "All objects have the same calls. Create a token in your profile and send it in the header "
    "Authorization: Bearer …. Writes accept an Idempotency-Key, and If-Match with the revision "
    "you read."
)


def show(call: Call) -> Answer:
    document = openapi(call.session)
    cache = call.session.catalog.derive(_shown)
    key = (call.session.access.roles, call.session.access.unrestricted)
    if key not in cache:
        cache[key] = _groups(document, call)
    docs = {
        "version": document["info"]["version"],
        "spec_href": "/api/openapi.json",
        "intro": INTRO,
        "groups": cache[key],
    }
    return page(call, "docs.html", "API", here="/api/docs", docs=docs)


def _shown(_: Any) -> dict[Any, list[Context]]:
    return {}


def _groups(document: Mapping[str, Any], call: Call) -> list[Context]:
    groups: dict[str, list[Context]] = {}
    for path, operations in document["paths"].items():
        for verb in VERBS:
            if verb in operations:
                groups.setdefault(_group(path), []).append(
                    _call(document, path, verb, operations[verb])
                )
    objects = call.session.catalog.objects
    shown = [
        {
            "name": f"g-{name}",
            "label": objects[name].plural if name in objects else humanise(name),
            "calls": calls,
        }
        for name, calls in groups.items()
    ]
    return sorted(shown, key=lambda g: str(g["label"]))


def _group(path: str) -> str:
    parts = [part for part in path.split("/") if part and part != "api"]
    if parts and parts[0] in TOGETHER:
        return TOGETHER[parts[0]]
    if parts[:1] == ["records"] and len(parts) > 1 and not parts[1].startswith("{"):
        return parts[1]
    return parts[0] if parts else "api"


def _call(
    document: Mapping[str, Any], path: str, verb: str, operation: Mapping[str, Any]
) -> Context:
    body = operation.get("requestBody")
    return {
        "id": operation["operationId"],
        "verb": verb.upper(),
        "path": path,
        "summary": operation["summary"],
        "text": operation.get("description", ""),
        "parameters": [
            {
                "name": p["name"],
                "place": p["in"],
                "required": p.get("required", False),
                "type": p["schema"].get("type")
                or " or ".join(map(str, p["schema"].get("enum", ()))),
                "text": p.get("description", ""),
            }
            for p in operation.get("parameters", ())
        ],
        "body": _sample(document, body) if body else "",
        "answers": list(_answers(document, operation)),
        "policy": "",
    }


def _answers(document: Mapping[str, Any], operation: Mapping[str, Any]) -> Iterator[Context]:
    for status, answer in operation.get("responses", {}).items():
        sample = "" if status == "default" else _sample(document, answer)
        yield {
            "status": "4xx" if status == "default" else status,
            "text": answer.get("description", ""),
            "sample": sample,
        }


def _sample(document: Mapping[str, Any], part: Mapping[str, Any]) -> str:
    for content in part.get("content", {}).values():
        value = _value(document, content.get("schema", {}), DEPTH)
        return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()
    return ""


def _value(document: Mapping[str, Any], schema: Mapping[str, Any], depth: int) -> Any:
    """A value that a schema would take."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return _value(document, document["components"]["schemas"].get(name, {}), depth)
    for given in ("const", "default"):
        if given in schema:
            return schema[given]
    if schema.get("enum"):
        return next((v for v in schema["enum"] if v is not None), None)
    if schema.get("examples"):
        return schema["examples"][0]
    for several in ("anyOf", "oneOf"):
        if several in schema:
            return _value(document, schema[several][0], depth)
    kind = schema.get("type", "object")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        if depth == 0:
            return {}
        members = schema.get("properties", {})
        return {name: _value(document, inner, depth - 1) for name, inner in members.items()}
    if kind == "array":
        return [_value(document, schema.get("items", {}), depth - 1)] if depth else []
    formats = {
        "uuid": "01890a5d-ac96-774b-bcce-b302099a8057",
        "date": "2026-06-15",
        "date-time": "2026-06-15T09:30:00Z",
        "email": "jo@example.com",
        "uri": "https://example.com",
    }
    plain = {"string": "text", "integer": 1, "number": 1, "boolean": True}
    return formats.get(schema.get("format", ""), plain.get(kind))


ENDPOINTS = (
    Endpoint("GET", "/api/docs", show, Policy.SIGNED_IN, "The API documentation.", page=True),
)
