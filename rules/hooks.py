"""Inbound hooks, compiled: who may call, and how a body becomes the fields of one record."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from metamodel.catalog import Catalog, Field, ObjectType
from metamodel.checks import DocumentCheck, made_of
from metamodel.documents import Document
from metamodel.errors import ExpressionError
from metamodel.expressions.compiler import compile_expression
from metamodel.expressions.expression import Expression
from metamodel.expressions.plain import PlainEnvironment
from metamodel.expressions.python import evaluate
from metamodel.expressions.scope import Scope
from metamodel.expressions.types import TEXT
from metamodel.folding import humanise, label_text
from metamodel.storage import timestamp_wire

# Texts in quotes, and paths into the body; the first are left alone.
PATHS = re.compile(r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"|\bbody(?:\.[A-Za-z_]\w*)+")
PLAIN = re.compile(r"body(?:\.[A-Za-z_]\w*)+")

Path = tuple[str, ...]


@dataclass(frozen=True)
class Mapped:
    """One field of a map: a value of the body as it is, or an expression over some of them."""

    field: str
    path: Path | None  # of a value that is taken as it is
    expression: Expression | None
    names: Mapping[str, Path]  # of the expression: which value of the body each is
    find: str = ""  # the field of the looked-up record to find it by
    optional: bool = False  # whether it may be that there is none

    def value(self, body: Any, now: datetime, today: date) -> Any:
        """What the field becomes, in wire form."""
        if self.path is not None:
            return at(body, self.path)
        assert self.expression is not None
        values: dict[Path, Any] = {
            (name,): text_of(at(body, path)) for name, path in self.names.items()
        }
        return wire(evaluate(self.expression, PlainEnvironment(values, now, today)))


@dataclass(frozen=True)
class Hook:
    name: str
    label: str
    signed: bool
    env: str
    object: str
    fields: tuple[Mapped, ...]
    key: tuple[str, ...]
    active: bool


def at(body: Any, path: Path) -> Any:
    for name in path:
        body = body.get(name) if isinstance(body, Mapping) else None
    return body


def text_of(value: Any) -> str | None:
    """A value of a body as text; lists and objects have none."""
    if value is None or isinstance(value, (list, Mapping)):
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) or None


def wire(value: Any) -> Any:
    if isinstance(value, datetime):
        return timestamp_wire(value)
    if isinstance(value, date):
        return value.isoformat()
    if value is None or isinstance(value, (str, bool, int)):
        return value
    return f"{value:f}"


def hooks_of(catalog: Catalog) -> Mapping[str, Hook]:
    return catalog.derive(_hooks)


def _hooks(catalog: Catalog) -> Mapping[str, Hook]:
    return made_of(catalog, "hook", compile_hook)


def check_hook(document: Document, check: DocumentCheck) -> None:
    compile_hook(document, check)


def compile_hook(document: Document, check: DocumentCheck) -> Hook | None:
    """The hook of a document; faults are told to the check."""
    body = document.body
    type_ = check.object("/object", body["object"])
    if type_ is None:
        return None
    fields = [_mapped(name, spec, type_, check) for name, spec in body["map"].items()]
    for place, name in enumerate(body.get("key", ())):
        if name not in body["map"]:
            check.fault(
                f"/key/{place}",
                "not_mapped",
                f"`{name}` is not in the map, so it cannot be used to find a record.",
                f"Add `{name}: body...` to the map.",
            )
    return Hook(
        name=document.name,
        label=label_text(body.get("label", humanise(document.name))),
        signed=body["auth"] == "signature",
        env=body["secret"]["env"],
        object=type_.name,
        fields=tuple(one for one in fields if one is not None),
        key=tuple(body.get("key", ())),
        active=body.get("active", True),
    )


def _mapped(name: str, spec: Any, type_: ObjectType, check: DocumentCheck) -> Mapped | None:
    pointer = f"/map/{name}"
    field = check.field(pointer, type_, name)
    if field is None:
        return None
    if not field.writable:
        check.fault(pointer, "read_only", f"{field.label} is set by the system.", "Leave it out.")
        return None
    source, find = (spec, "") if isinstance(spec, str) else (spec["value"], spec["find"])
    if find and not check.found_by(f"{pointer}/find", field, find):
        return None
    optional = not isinstance(spec, str) and spec.get("optional", False)
    if PLAIN.fullmatch(source.strip()):
        return Mapped(name, _steps(source.strip()), None, {}, find, optional)
    mapped = _expression(field, source, find, pointer, check)
    return replace(mapped, optional=optional) if mapped is not None else None


def _steps(text: str) -> Path:
    return tuple(text.split(".")[1:])


def _expression(
    field: Field, source: str, find: str, pointer: str, check: DocumentCheck
) -> Mapped | None:
    """An expression over texts of the body. Each path becomes a name as long as itself."""
    names: dict[str, Path] = {}
    made: dict[str, str] = {}  # path as it is written -> name

    def name(found: re.Match[str]) -> str:
        path = found[0]
        if not path.startswith("body"):
            return path
        if path not in made:
            made[path] = f"b{len(made)}".ljust(len(path), "_")
            names[made[path]] = _steps(path)
        return made[path]

    written = PATHS.sub(name, source)
    draft = check.draft
    scope = Scope(
        check.objects,
        names=dict.fromkeys(names, TEXT),
        zone=draft.zone,
        calendars=draft.calendars,
        decisions=draft.decisions,
    )
    expect = TEXT if find or (field.type.objects and not field.many) else field.type
    try:
        compiled = compile_expression(written, scope, expect)
    except ExpressionError as error:
        part = source[error.at : error.at + error.length]
        where = f" At `{part}` in" if part and part != source else " In"
        message, hint = error.message, error.hint
        for path, short in made.items():
            message, hint = message.replace(short, path), hint.replace(short, path)
        check.fault(pointer, "expression", f"{message}{where}: {source}", hint)
        return None
    return Mapped(field.name, None, compiled, names, find)
