"""A small library: its object types, its records, and tables that hold them."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import yaml

from metamodel.catalog import Dated, Field, Inverse, ObjectType
from metamodel.currencies import Amount
from metamodel.decisions.decision import DecisionTable
from metamodel.expressions.compiler import compile_expression
from metamodel.expressions.scope import Scope
from metamodel.expressions.types import Type
from metamodel.folding import normal
from metamodel.kinds import KINDS
from metamodel.kinds.kind import Column, TextFormat
from metamodel.kinds.system import IDENTITY, REVISION
from metamodel.state_times import StateSpan
from metamodel.storage import TEXT, TIMESTAMP, UUID
from tests.metamodel.calendars.samples import CALENDARS

HERE = Path(__file__).parent
ZONE = "Europe/London"


def load(name: str) -> Any:
    return yaml.safe_load((HERE / name).read_text())


def _field(object: str, spec: Mapping[str, Any]) -> Field:
    kind = {"identity": IDENTITY, "revision": REVISION}.get(spec["kind"]) or KINDS[spec["kind"]]
    return Field(object, spec["name"], kind, spec["name"], spec)


SYSTEM = (
    {"name": "id", "kind": "identity"},
    {"name": "rev", "kind": "revision"},
    {"name": "title", "kind": "text"},
    {"name": "created_at", "kind": "datetime"},
    {"name": "deleted_at", "kind": "datetime"},
)


def _object(name: str, body: Mapping[str, Any]) -> ObjectType:
    fields = {spec["name"]: _field(name, spec) for spec in body["fields"]}
    fields |= {s["name"]: _field(name, s) for s in SYSTEM if s["name"] not in fields}
    dated = Dated("starts", "ends", ("member",)) if body.get("dated") else None
    if dated is not None:
        fields["in_force"] = _field(name, {"name": "in_force", "kind": "boolean"})
    return ObjectType(name, name, name, "", "", "", None, fields, {}, dated=dated)


def build() -> dict[str, ObjectType]:
    objects = {name: _object(name, body) for name, body in load("library.yaml")["objects"].items()}
    inverses: dict[str, dict[str, Inverse]] = {name: {} for name in objects}
    for object in objects.values():
        for field in object.fields.values():
            name = field.option("inverse")
            for target in field.targets if name else ():
                inverses[target][name] = Inverse(name, name, target, object.name, field.name)
    objects = {name: replace(one, inverses=inverses[name]) for name, one in objects.items()}
    made = dict(objects)
    for name, object in objects.items():
        fields = dict(object.fields)
        for field in object.fields.values():
            if formula := field.option("formula"):
                scope = Scope(objects, name, zone=ZONE)
                tree = compile_expression(formula, scope, field.type)
                fields[field.name] = replace(field, formula=tree)
        made[name] = replace(object, fields=fields)
    return made


OBJECTS = build()
DECISIONS = {
    "loan_terms": DecisionTable(
        "loan_terms",
        "loan_term",
        ("book", "author", "branch", "condition"),
        {"loan": "lent"},
        {
            "loan": {
                "book": "book",
                "author": "book.author",
                "branch": "book.branch",
                "condition": "book.condition",
            },
            "book": {"book": "id", "branch": "branch"},
            "branch": {"branch": "id", "author": "find(books, true, -pages).author"},
        },
    ),
    "sizes": DecisionTable(
        "sizes",
        "size",
        ("pages", "lendable", "code"),
        {},
        {"book": {"pages": "pages", "lendable": "lendable", "code": "lower(code)"}},
    ),
    "round": DecisionTable(
        "round", "size", ("pages",), {}, {"book": {"pages": "decide(about).pages"}}
    ),
    "about": DecisionTable(
        "about", "size", ("pages",), {}, {"book": {"pages": "decide(round).pages"}}
    ),
}


def identity(name: str) -> str:
    """The id of a record by its name: ids grow in the order of the file."""
    return f"00000000-0000-7000-8000-{NAMES.index(name):012d}"


CORPUS = HERE / "corpus"
CASES: list[tuple[str, dict[str, Any]]] = [
    (f"{file.stem}: {case['ask']}", case)
    for file in sorted(CORPUS.glob("*.yaml"))
    for case in yaml.safe_load(file.read_text())
]


def subject(case: Mapping[str, Any]) -> str:
    """The name of the record that a case asks: one that is there, or one of its own values."""
    made = case.get("with")
    return case.get("of", "emma") if made is None else f"with {json.dumps(made, default=str)}"


_RECORDS = load("library.yaml")["records"]
for _, _case in CASES:
    if "with" in _case:
        _RECORDS["book"].setdefault(subject(_case), _case["with"])
NAMES = [name for records in _RECORDS.values() for name in records]


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def parsed(field: Field, raw: Any) -> Any:
    kind = field.kind.name
    raw = raw.isoformat() if isinstance(raw, date) else raw
    if raw is None or raw == []:
        return [] if field.many else None
    if kind in ("lookup", "multi_lookup"):
        return [identity(one) for one in raw] if isinstance(raw, list) else identity(raw)
    if kind in ("any_lookup", "person"):
        pairs = [tuple(one.split(":")) for one in (raw if isinstance(raw, list) else [raw])]
        found = [(object, name if object == "role" else identity(name)) for object, name in pairs]
        return found if isinstance(raw, list) else found[0]
    if kind in ("text", "long_text"):
        return normal(raw)
    if kind == "file":
        return [{"id": identity(one), "name": one} for one in raw]
    if isinstance(raw, str) and kind == "money":
        return field.kind.parse_text(field, raw, TextFormat())
    return field.kind.parse(field, raw)


def records() -> dict[str, dict[str, dict[str, Any]]]:
    """Canonical values of every stored field, by object type and id."""
    made: dict[str, dict[str, dict[str, Any]]] = {}
    for object, rows in _RECORDS.items():
        made[object] = {}
        for name, row in rows.items():
            title = name.partition(" ")[0]
            row = {"id": identity(name), "rev": 1, "title": title, **(row or {})}
            unknown = set(row) - set(OBJECTS[object].fields)
            assert not unknown, (object, name, unknown)
            values = {
                field.name: row["id"] if field.name == "id" else parsed(field, row.get(field.name))
                for field in OBJECTS[object].fields.values()
                if field.stored and field.name != "in_force"
            }
            made[object][row["id"]] = values
    return made


RECORDS = records()
# Of the conditions of books.
LOG: dict[str, list[StateSpan]] = {
    identity(name): [StateSpan(s, *(moment and _moment(moment) for moment in m)) for s, *m in spans]
    for name, spans in load("library.yaml")["log"].items()
}


class Native(sa.types.UserDefinedType[Any]):
    """A column type by its name."""

    cache_ok = True

    def __init__(self, name: str) -> None:
        self.name = name

    def get_col_spec(self, **_: Any) -> str:
        return self.name


def columns(object: ObjectType) -> Iterator[tuple[Field, Column]]:
    for field in object.fields.values():
        if field.stored and field.name != "in_force":
            yield from ((field, column) for column in field.columns)


@cache
def tables(
    dialect: str,
) -> tuple[sa.MetaData, dict[str, sa.Table], dict[tuple[str, str], sa.Table]]:
    metadata = sa.MetaData()
    own, links = {}, {}
    for object in OBJECTS.values():
        made = [
            sa.Column(field.name + column.suffix, Native(column.storage.type(dialect)))
            for field, column in columns(object)
        ]
        own[object.name] = sa.Table(f"r_{object.name}", metadata, *made)
        for field in object.linked_fields:
            uuid = Native("UUID" if dialect == "postgresql" else "CHAR(36)")
            links[object.name, field.name] = sa.Table(
                f"l_{object.name}_{field.name}",
                metadata,
                sa.Column("source", uuid),
                sa.Column("target", uuid),
                sa.Column("position", sa.Integer),
            )
    return metadata, own, links


@cache
def log_table(dialect: str) -> sa.Table:
    stored = {"record": UUID, "field": TEXT, "state": TEXT, "from": TIMESTAMP, "until": TIMESTAMP}
    made = [sa.Column(name, Native(storage.type(dialect))) for name, storage in stored.items()]
    return sa.Table("log", tables(dialect)[0], *made)


def fill_log(connection: sa.Connection, dialect: str, log: Mapping[str, list[StateSpan]]) -> None:
    """Give records these logs, in place of those that they had."""
    table = log_table(dialect)
    connection.execute(table.delete())
    for record, spans in log.items():
        for state, *moments in spans:
            began, ended = (TIMESTAMP.encode(dialect, moment) for moment in moments)
            row = {"record": record, "field": "condition", "state": state}
            connection.execute(table.insert(), {**row, "from": began, "until": ended})


def fill(connection: sa.Connection, dialect: str) -> None:
    metadata, own, links = tables(dialect)
    log_table(dialect)
    metadata.create_all(connection)
    fill_log(connection, dialect, LOG)
    for object in OBJECTS.values():
        for values in RECORDS.get(object.name, {}).values():
            connection.execute(own[object.name].insert(), _stored(object, values, dialect))
            for field in object.linked_fields:
                for at, target in enumerate(values[field.name]):
                    row = {"source": values["id"], "target": target, "position": at}
                    connection.execute(links[object.name, field.name].insert(), row)


def _stored(object: ObjectType, values: Mapping[str, Any], dialect: str) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for field in object.fields.values():
        if field.stored and field.name != "in_force" and field.columns:
            value = values[field.name]
            parts = [None] * len(field.columns) if value is None else field.kind.pack(field, value)
            for column, part in zip(field.columns, parts, strict=True):
                row[field.name + column.suffix] = column.storage.encode(dialect, part)
    return row


def plain(value: Any) -> Any:
    """A value as the corpus writes it."""
    if isinstance(value, Amount):
        return f"{value.amount:f} {value.currency}"
    if isinstance(value, tuple):
        return f"{value[0]}:{plain(value[1])}"
    if isinstance(value, list):
        return [plain(one) for one in value]
    if isinstance(value, str) and value.startswith("00000000-0000-7000"):
        return NAMES[int(value[-12:])]
    return value


def scope(object: str | None, **more: Any) -> Scope:
    names = {name: Type(kind) for name, kind in more.pop("names", {}).items()}
    return Scope(
        OBJECTS,
        object,
        names,
        **{"zone": ZONE, "calendars": CALENDARS, "decisions": DECISIONS, **more},
    )
