"""The codec of rows: generated functions between canonical values and what the database holds.

Each is one expression with a piece for every field, as a hand-written program would have it. A kind
that packs, unpacks or shows its values in a way of its own is called; the others cost no call.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fluvial.database.connection import Row
from fluvial.kernel.generated_code import Code
from metamodel.catalog import Field
from metamodel.kinds.kind import Kind
from metamodel.kinds.link_fields import OPTION as LINK_FIELDS
from metamodel.kinds.link_fields import stored_links
from metamodel.storage import JSON

Values = Mapping[str, Any]


def _about(verb: str, fields: Sequence[Field]) -> str:
    return f"{verb} {fields[0].object if fields else 'nothing'}"


def row_reader(fields: Sequence[Field], dialect: str) -> Callable[[Row], dict[str, Any]]:
    """From a row of the columns of fields to their values; links are one column, a JSON list."""
    code, pieces, at = Code(_about("read", fields)), [], 0
    for field in fields:
        width = 1 if field.kind.linked else sum(not c.hidden for c in field.columns)
        cells = [f"r[{place}]" for place in range(at, at + width)]
        pieces.append(f"{code.key(field.name)}: {_read(code, field, cells, dialect)}")
        at += width
    read: Callable[[Row], dict[str, Any]] = code.function("r", f"{{{', '.join(pieces)}}}")
    return read


def _read(code: Code, field: Field, cells: Sequence[str], dialect: str) -> str:
    if field.kind.linked and field.option(LINK_FIELDS):
        links, loads = code.name(stored_links), code.name(JSON.decoder(dialect))
        return f"([] if {cells[0]} is None else {links}({code.name(field)}, {loads}({cells[0]})))"
    if field.kind.linked:
        return f"([] if {cells[0]} is None else {code.name(JSON.decoder(dialect))}({cells[0]}))"
    decoders = [c.storage.decoder(dialect) for c in field.columns if not c.hidden]
    empty = " and ".join(f"{cell} is None" for cell in cells)
    absent = code.literal(field.kind.absent(field))
    if type(field.kind).unpack is Kind.unpack:
        decode = decoders[0]
        if decode is None and absent == "None":
            return cells[0]
        value = cells[0] if decode is None else f"{code.name(decode)}({cells[0]})"
        return f"({absent} if {empty} else {value})"
    parts = [
        cell if decode is None else f"(None if {cell} is None else {code.name(decode)}({cell}))"
        for cell, decode in zip(cells, decoders, strict=True)
    ]
    unpack = f"{code.name(field.kind.unpack)}({code.name(field)}, ({', '.join(parts)},))"
    return f"({absent} if {empty} else {unpack})"


def row_packer(fields: Sequence[Field], dialect: str) -> Callable[[Values], list[Any]]:
    """From values to the stored cells of the columns of fields, in their order."""
    code = Code(_about("store", fields))
    pieces = [_pack(code, field, dialect) for field in fields]
    pack: Callable[[Values], list[Any]] = code.function("v", f"[{', '.join(pieces)}]")
    return pack


def _pack(code: Code, field: Field, dialect: str) -> str:
    key = code.key(field.name)
    value = f"v.get({key})" if field.kept else f"v[{key}]"
    if len(field.columns) > 1 or type(field.kind).pack is not Kind.pack:
        return f"*{code.name(packer(field, dialect))}({value})"
    encode = field.columns[0].storage.encoder(dialect)
    if encode is None:
        return f"(None if (x := {value}) == '' else x)"
    empty = "is None" if field.many else "is None or x == ''"
    return f"(None if (x := {value}) {empty} else {code.name(encode)}(x))"


def packer(field: Field, dialect: str) -> Callable[[Any], Sequence[Any]]:
    """From a value of a field to the stored cells of its columns."""
    pack, many = field.kind.pack, field.many
    nothing = (None,) * len(field.columns)
    encoders = [c.storage.encoder(dialect) for c in field.columns]
    if not any(encoders):

        def plain(value: Any) -> Sequence[Any]:
            return nothing if value is None or value == "" else pack(field, value)

        return plain

    def encoded(value: Any) -> Sequence[Any]:
        if value is None or value == "" or (value == [] and not many):
            return nothing
        return [
            part if part is None or encode is None else encode(part)
            for encode, part in zip(encoders, pack(field, value), strict=True)
        ]

    return encoded


def packed(field: Field, value: Any, dialect: str) -> dict[str, Any]:
    """The columns of a field with a value, by name, in their stored form."""
    names = [field.name + c.suffix for c in field.columns]
    return dict(zip(names, packer(field, dialect)(value), strict=True))


def first_changes(fields: Sequence[Field]) -> Callable[[Values], dict[str, Any]]:
    """From the values of a new record to its changes: what is not empty, in wire form."""
    code, lines = Code(_about("changes of", fields)), ["changes = {}"]
    for field in fields:
        key, nothing = code.key(field.name), "[]" if field.many else "''"
        there = f"(x := v[{key}]) is not None and x != {nothing}"
        change = f"changes[{key}] = [None, {_wire(code, field)}]"
        lines.append(f"if {there}: {change}")
    return code.procedure("v", [*lines, "return changes"])  # type: ignore[no-any-return]


def record_maker(fields: Sequence[Field]) -> Callable[[Values], dict[str, Any]]:
    """From values to a record in wire form, as reading it would give it."""
    code, pieces = Code(_about("answer", fields)), []
    for field in fields:
        absent, nothing = code.literal(field.kind.absent(field)), "[]" if field.many else "''"
        empty = f"(x := v.get({code.key(field.name)})) is None or x == {nothing}"
        pieces.append(f"{code.key(field.name)}: {absent} if {empty} else {_wire(code, field)}")
    return code.function("v", f"{{{', '.join(pieces)}}}")  # type: ignore[no-any-return]


def _wire(code: Code, field: Field) -> str:
    if type(field.kind).wire is not Kind.wire:
        return f"{code.name(field.kind.wire)}({code.name(field)}, x)"
    convert = field.columns[0].storage.to_wire
    return "x" if convert is None else f"{code.name(convert)}(x)"
