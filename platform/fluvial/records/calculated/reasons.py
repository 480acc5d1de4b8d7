"""Reasons: why a calculated field has its value, as far as the reader may see what went in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from fluvial.kernel.problems import NotFound, Problem, Unprocessable, fault
from fluvial.records.drafts.draft import wire_value
from fluvial.records.drafts.record_environment import RecordEnvironment
from fluvial.records.drafts.rows import load_row
from fluvial.records.reading.caller_paths import resolve
from fluvial.records.reading.query import Path
from fluvial.records.reading.reader import read_one
from fluvial.records.reading.row_builder import as_stored
from fluvial.records.reading.sql_context import PlanContext, ask
from fluvial.records.reading.titles import titles_of
from fluvial.runtime.session import Session
from metamodel.catalog import Field, ObjectType
from metamodel.currencies import Amount
from metamodel.expressions.collection_sql import Rows, found_order
from metamodel.expressions.decimals import plain
from metamodel.expressions.expression import Expression
from metamodel.expressions.given_row import Given
from metamodel.expressions.nodes import Collection, Decide, Find, Gather, Node, Read, Root
from metamodel.expressions.sql import Builder
from metamodel.storage import timestamp_wire

from .calculations import work_out
from .decision_reasons import explain_of
from .field_makers import maker_of
from .log_reasons import asked_logs
from .recalculation_queue import unsettled_places

MAX_ROWS = 100  # of a collection that are shown


@dataclass(frozen=True)
class _Asked:
    """One question of why."""

    session: Session
    type: ObjectType
    record: str
    environment: RecordEnvironment
    formula: Expression

    def text(self, node: Node) -> str:
        """The part of the formula that a node was written as."""
        return self.formula.source[node.place.at : node.place.at + node.place.length]


def reasons(session: Session, object_name: str, record: str, name: str) -> dict[str, Any]:
    """The formula of a field, what went into it, and whether its stored value is right."""
    type_ = session.object(object_name)
    field = resolve(session.access, type_, (name,), "field")
    if field.made_by:
        return maker_of(session, field).reasons(session, type_, record, field)
    if field.formula is None:
        message = f"{field.label} is not calculated: its value was entered."
        raise Unprocessable(message, errors=[fault("field", "not_calculated", message)])
    shown = read_one(session, object_name, record, (("title",), (name,)))
    row = load_row(session, object_name, record, None)
    if row is None:
        raise NotFound(f"There is no {type_.label.lower()} with the id `{record}`.")
    environment = RecordEnvironment(session, type_, row)
    asked = _Asked(session, type_, record, environment, field.formula)
    fresh = shown[name]
    if field.kept and session.as_of is None:  # of another day everything is worked out
        (worked,) = work_out(session, object_name, (name,), (record,))
        fresh = wire_value(field, worked.new[name])
    return {
        "object": object_name,
        "id": record,
        "title": shown["title"],
        "field": name,
        "label": field.label,
        "value": shown[name],
        "formula": field.formula.source,
        "stored": field.kept and session.as_of is None,
        "fresh": fresh,
        "agrees": fresh == shown[name],
        "recalculating": field.kept
        and session.as_of is None
        and (object_name, name) in unsettled_places(session),
        **_parts(asked),
    }


def _parts(asked: _Asked) -> dict[str, Any]:
    """What went into a value, kind by kind."""
    session, tree, object_name = asked.session, asked.formula.tree, asked.type.name
    decisions = _decisions(tree)
    return {
        "inputs": list(_inputs(asked)),
        "decisions": [explain_of(session, one, object_name, asked.record) for one in decisions],
        "collections": [_collection(asked, node) for node in _gathers(tree)],
        "logs": asked_logs(session, asked.type, asked.record, tree),
    }


def _decisions(node: Node) -> Iterator[Decide]:
    """The decisions for the record itself, not for those of its collections."""
    if isinstance(node, Decide):
        yield node
    if not isinstance(node, Gather):
        for child in node.children():
            yield from _decisions(child)


def _gathers(node: Node) -> Iterator[Gather]:
    """The questions about collections of the record itself; those inside them are theirs."""
    if isinstance(node, Gather):
        if node.collection.root is not Root.ME:
            yield node
        return
    for child in node.children():
        yield from _gathers(child)


def _paths(node: Node, depth: int = 0) -> Iterator[Path]:
    if isinstance(node, Read) and node.path:
        if node.root is Root.RECORD or (node.root is Root.ROW and depth == 0):
            yield node.path
    if isinstance(node, Collection) and node.field is None and depth == 0:
        yield (*node.path, node.name)
    for child in node.children():
        inner = isinstance(node, Gather) and not isinstance(child, Collection)
        yield from _paths(child, depth + inner)


def _inputs(asked: _Asked) -> Iterator[dict[str, Any]]:
    """The values of the record, and of those it looks up, that the formula names."""
    session, type_ = asked.session, asked.type
    for path in dict.fromkeys(_paths(asked.formula.tree)):
        entry: dict[str, Any] = {"path": ".".join(path)}
        try:
            field = resolve(session.access, type_, path, "field")
        except Problem:
            yield entry | {"withheld": True}
            continue
        owner = path[:-1]
        fields = (path,) if not owner else (path, (*owner, "title"))
        found: Any = read_one(session, type_.name, asked.record, fields)
        for step in owner:
            found = found[step] if found is not None else None
        if found is None:
            held = asked.environment.read(owner) is not None
            yield entry | {"label": _label(session, type_, path), "withheld": held, "value": None}
            continue
        yield entry | {
            "label": _label(session, type_, path),
            "withheld": False,
            "value": found[path[-1]],
            "object": field.object,
            "id": found["id"],
            "title": found.get("title"),
            "field": field.name,
            "calculated": field.formula is not None,
        }


def _label(session: Session, type_: ObjectType, path: Path) -> str:
    labels = []
    for name in path:
        field = type_.fields[name]
        labels.append(field.label)
        if field.targets:
            type_ = session.catalog.objects[field.targets[0]]
    return ", ".join(labels)


def _collection(asked: _Asked, node: Gather) -> dict[str, Any]:
    """The rows of a collection that went in, the first ones by name, and how many there were."""
    session, collection = asked.session, node.collection
    item = _item_field(session, node)
    seen = _may_see(asked, collection.source)
    total = _count(asked, node, visible=False)
    visible = _count(asked, node, visible=True) if seen else 0
    rows = list(_rows(asked, node, item)) if visible else []
    return {
        "function": node.function,
        "text": asked.text(node),
        "label": _collection_label(session, collection),
        "object": collection.source,
        "field": item.name if item is not None else None,
        "calculated": item is not None and item.formula is not None,
        "condition": asked.text(node.where) if node.where is not None else None,
        "value": _wire(asked.environment.collect(node)) if seen else None,
        "count": total,
        "withheld": total - visible,
        "rows": rows,
        "more": max(visible - len(rows), 0),
    }


def _item_field(session: Session, node: Gather) -> Field | None:
    """The field of the rows that goes in, where it is one as it stands."""
    item = node.item
    if isinstance(item, Read) and item.root is Root.ROW and len(item.path) == 1:
        return session.catalog.objects[node.collection.source].fields[item.path[0]]
    return None


def _may_see(asked: _Asked, source: str) -> bool:
    """Whether the reader may read the rows, and every field that the formula takes elsewhere."""
    access = asked.session.access
    hidden = (access.hides(*use) for use in asked.formula.uses if use[0] != asked.type.name)
    return access.object(source).can("read") and not any(hidden)


def _collection_label(session: Session, node: Collection) -> str:
    type_ = session.catalog.objects[node.object]
    if node.field is None:
        return type_.fields[node.name].label
    return type_.inverses[node.name].label


def _asking(asked: _Asked, node: Gather, *, visible: bool) -> tuple[PlanContext, Rows]:
    session = asked.session
    dialect, dated = session.connection.dialect, session.as_of is not None
    context = PlanContext(session.catalog, session.access, dialect, as_of=dated)
    # What is not trusted leaves out the records that the reader may not see, also behind look-ups.
    sql = context if visible else context.trusted()
    given = Given(sql, asked.environment.read)
    rows = Rows(Builder(sql, given, given), node.collection)
    if node.where is not None:
        rows.found.append(rows.builder.condition(node.where, False))
    return context, rows


def _count(asked: _Asked, node: Gather, *, visible: bool) -> int:
    context, rows = _asking(asked, node, visible=visible)
    return int(ask(asked.session, context.compiled(rows.select(sa.func.count())))[0][0])


def _rows(asked: _Asked, node: Gather, item: Field | None) -> Iterator[dict[str, Any]]:
    context, rows = _asking(asked, node, visible=True)
    columns: list[Any] = [rows.source.column("id")]
    parts = []
    valued = node.item is not None and not _is_row(node.item)
    if node.item is not None and valued:
        parts = list(rows.builder.value(node.item).parts)
        columns += [as_stored(element, storage, context.dialect) for element, storage in parts]
    # What is ordered by may join what stands behind look-ups.
    order = [*found_order(rows, node)] if isinstance(node, Find) else []
    statement = rows.select(*(column.label(f"v{at}") for at, column in enumerate(columns)))
    statement = statement.order_by(*order, rows.source.column("id")).limit(MAX_ROWS)
    found = ask(asked.session, context.compiled(statement))
    titles = titles_of(asked.session, node.collection.source, (row[0] for row in found))
    for row in found:
        entry = {"id": row[0], "title": titles.get(row[0])}
        if node.item is not None and valued:
            cells = [
                storage.decode(context.dialect, cell)
                for (_, storage), cell in zip(parts, row[1:], strict=True)
            ]
            entry["value"] = _value(node.item, item, cells)
        yield entry


def _is_row(item: Node) -> bool:
    """Whether the record itself is asked for, which its id and its title tell already."""
    return isinstance(item, Read) and item.root is Root.ROW and not item.path


def _value(node: Node, item: Field | None, cells: list[Any]) -> Any:
    if cells[0] is None:
        return None
    if item is not None:
        return wire_value(item, item.kind.unpack(item, cells))
    if node.type.currency or len(cells) > 1:
        return _wire(Amount(cells[0], node.type.currency or str(cells[1])))
    return _wire(cells[0])


def _wire(value: Any) -> Any:
    """A canonical value in JSON, where there is no field that says how."""
    if isinstance(value, Amount):
        return {"amount": plain(value.amount), "currency": value.currency}
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, datetime):
        return timestamp_wire(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return [_wire(one) for one in value]
    return value
