"""Reading an app's tests: their shape, and the line at which each part stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from metamodel.calendars.zones import zone_names
from metamodel.document_files import Loader, parse_documents
from metamodel.errors import Fault, MetadataError, ValueFault
from metamodel.folding import nearest
from metamodel.kinds.date import iso_date
from metamodel.plain_figures import whole_of
from metamodel.schemas.loading import validator_of
from metamodel.schemas.schema_faults import schema_faults

FOLDER = "tests"

_NAME = {"type": "string", "pattern": "^[a-z][a-z0-9_]*$"}
_VALUES = {"type": "object"}
_DAY = {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}
_STEP = {
    "type": "object",
    "properties": {
        "create": _NAME,
        "update": _NAME,
        "delete": _NAME,
        "restore": _NAME,
        "act": _NAME,
        "action": _NAME,
        "ledger": _NAME,
        "post": _NAME,
        "answer": _NAME,
        "status": {"type": "integer", "minimum": 100, "maximum": 599},
        "body": {},
        "at": {"type": "string"},
        "fields": _VALUES,
        "ref": _NAME,
        "as": _NAME,
    },
    "additionalProperties": False,
    "minProperties": 1,
}
_EFFECT = {
    "type": "object",
    "properties": {
        "rule": _NAME,
        "create": _NAME,
        "update": _NAME,
        "delete": _NAME,
        "notify": {"type": "string"},
        "by": {"enum": ["email", "in_app"]},
        "template": _NAME,
        "says": {"type": "string"},
        "webhook": _NAME,
        "call": _NAME,
        "document": _NAME,
        "body": _VALUES,
    },
    "additionalProperties": False,
    "minProperties": 1,
}
_ROW = {
    "type": "object",
    "properties": {
        "as": _NAME,
        "object": _NAME,
        "where": {"type": "string"},
        "count": {"type": "integer", "minimum": 0},
        "as_of": _DAY,
        "ref": _NAME,
        "fields": _VALUES,
        "hidden": {"type": "array", "items": _NAME},
        "lines": {
            "type": "object",
            "additionalProperties": {"type": "array", "items": _VALUES},
        },
        "there": {"type": "boolean"},
    },
    "additionalProperties": False,
}
SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "name": _NAME,
        "label": {"type": "string"},
        "today": _DAY,
        "zone": {"type": "string"},
        "given": {
            "type": "object",
            "additionalProperties": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {"ref": _NAME, "fields": _VALUES},
                    "required": ["fields"],
                    "additionalProperties": False,
                },
            },
        },
        "when": {"anyOf": [_STEP, {"type": "array", "items": _STEP, "minItems": 1}]},
        "then": {
            "type": "object",
            "properties": {
                "effects": {
                    "anyOf": [
                        {"type": "array", "items": _EFFECT},
                        {
                            "type": "object",
                            "properties": {
                                "none": {"const": True},
                                "exactly": {"type": "array", "items": _EFFECT},
                            },
                            "additionalProperties": False,
                            "minProperties": 1,
                            "maxProperties": 1,
                        },
                    ]
                },
                "records": {"type": "array", "items": _ROW},
                "refused": {
                    "type": ["boolean", "object"],
                    "properties": {"field": _NAME, "says": {"type": "string"}},
                    "additionalProperties": False,
                },
            },
            "additionalProperties": False,
            "minProperties": 1,
        },
    },
    "required": ["name", "today", "when", "then"],
    "additionalProperties": False,
}
_VALIDATOR = validator_of(SCHEMA)

Path_ = tuple[str | int, ...]


@dataclass(frozen=True)
class AppTest:
    """One test: given these records, when this happens, then that is so."""

    file: str
    body: Mapping[str, Any]
    lines: Mapping[Path_, int]

    @property
    def name(self) -> str:
        return str(self.body["name"])

    @property
    def steps(self) -> list[Mapping[str, Any]]:
        when = self.body["when"]
        return list(when) if isinstance(when, list) else [when]

    def line(self, *path: str | int) -> int:
        """The line of a part, or of the nearest one around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def read_tests(folder: Path) -> list[AppTest]:
    """The tests of an app's folder; MetadataError with every fault of their shape."""
    faults: list[Fault] = []
    found: list[AppTest] = []
    for path in sorted((folder / FOLDER).glob("*.yaml")):
        file = path.relative_to(folder).as_posix()
        try:
            found += _read(path.read_text(encoding="utf-8"), file)
        except MetadataError as error:
            faults += error.faults
        except UnicodeDecodeError:
            faults.append(Fault(file, "", "not_utf8", "The file is not UTF-8.", "", file))
    if faults:
        raise MetadataError(faults)
    return found


def _read(text: str, file: str) -> Iterator[AppTest]:
    bodies = parse_documents(text, file)
    nodes = [node for node in yaml.compose_all(text, Loader=Loader) if _is_mapping(node)]
    for body, node in zip(bodies, nodes, strict=True):
        lines = dict(_lines(node, ()))
        found = list(schema_faults(list(_VALIDATOR.iter_errors(body)), file)) or _unknown(body)
        if found:
            raise MetadataError([_told(fault, file, lines) for fault in found])
        yield AppTest(file, body, lines)


def _unknown(body: Mapping[str, Any]) -> list[Fault]:
    """A day or a zone that the calendar does not have."""
    faults = []
    rows = body["then"].get("records", ())
    days = {"/today": body["today"]} | {
        f"/then/records/{at}/as_of": row["as_of"] for at, row in enumerate(rows) if "as_of" in row
    }
    for pointer, day in days.items():
        try:
            iso_date(day)
        except ValueFault as fault:
            faults.append(Fault("", pointer, fault.code, fault.message))
    zone = body.get("zone", "UTC")
    if zone not in zone_names():
        hint = nearest(zone, zone_names()) or "Write a zone such as Europe/London."
        faults.append(Fault("", "/zone", "unknown_zone", f"There is no time zone `{zone}`.", hint))
    return faults


def _is_mapping(node: yaml.Node | None) -> bool:
    """Whether it is a test: a document without anything in it is left out."""
    return isinstance(node, yaml.MappingNode)


def _told(fault: Fault, file: str, lines: Mapping[Path_, int]) -> Fault:
    steps = ((step, whole_of(step)) for step in fault.pointer.split("/")[1:])
    path: Path_ = tuple(step if at is None else at for step, at in steps)
    while path and path not in lines:
        path = path[:-1]
    return Fault(file, "", fault.code, fault.message, fault.hint, f"{file}:{lines.get(path, 1)}")


def _lines(node: yaml.Node, path: Path_) -> Iterator[tuple[Path_, int]]:
    yield path, node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from _lines(value, (*path, key.value))
    elif isinstance(node, yaml.SequenceNode):
        for at, value in enumerate(node.value):
            yield from _lines(value, (*path, at))
