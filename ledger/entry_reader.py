"""The entries and parts of a ledger's document: what is posted, read and checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from metamodel.catalog import Field, ObjectType
from metamodel.expressions import types
from metamodel.expressions.expression import Expression
from metamodel.expressions.nodes import Collection, Read, Root
from metamodel.expressions.types import Type

from .ledger_model import LedgerEntry, LedgerParts, LedgerTarget
from .ledger_scope import LedgerScope
from .target_reader import worth_type

SPAN = {"from": types.DATE, "until": types.DATE}
ENTRY_WORDS = {"period": SPAN, "service": SPAN, "corrects": SPAN}
ENTRY_NAMES = {"booked": types.DATE, "currency": types.TEXT, "run": types.TEXT}
PART_WORDS = {
    "from": types.DATE, "until": types.DATE, "last_day": types.DATE, "days": types.NUMBER,
    "period_days": types.NUMBER, "quantity": types.NUMBER, "note": types.TEXT,
    "convention": types.TEXT,
}  # fmt: skip
ENTRY, PART = "entry", "part"

Body = Mapping[str, Any]


def read_entries(
    scope: LedgerScope, body: Body, targets: tuple[LedgerTarget, ...]
) -> tuple[LedgerEntry, ...]:
    reader = scope.reader.naming(**ENTRY_NAMES)
    for word, names in ENTRY_WORDS.items():
        reader = reader.naming_within(word, names)
    named = replace(scope, reader=reader)
    made = []
    for at, one in enumerate(body["entries"]):
        pointer = f"/entries/{at}"
        type_ = scope.check.object(f"{pointer}/object", one["object"])
        if type_ is None or not check_amount(
            scope, pointer, type_, one["amount"], worth_type(targets)
        ):
            continue
        _check_own(scope, f"{pointer}/object", type_, targets)
        values = entry_values(named, f"{pointer}/set", type_, one.get("set", {}))
        check_required(scope, pointer, type_, {one["amount"], *one.get("set", {})})
        made.append(LedgerEntry(type_.name, one["amount"], one.get("times", 1), values))
    if body.get("balanced"):
        _check_balance(scope, body["entries"])
    return tuple(made)


def read_parts(
    scope: LedgerScope,
    body: Body,
    targets: tuple[LedgerTarget, ...],
    entries: Sequence[LedgerEntry],
) -> LedgerParts | None:
    spec = body.get("parts")
    if spec is None or not entries:
        return None
    type_ = scope.check.object("/parts/object", spec["object"])
    if type_ is None or not check_amount(
        scope, "/parts", type_, spec["amount"], worth_type(targets)
    ):
        return None
    worth = worth_type(targets)
    words: dict[str, Type] = {**PART_WORDS, "price": worth}
    words |= {name: types.record(name) for name in item_objects(scope.check.objects, targets)}
    if len(items := _items(scope, targets)) == 1:
        words["item"] = types.record(*items)
    reader = scope.reader.naming(entry=types.record(entries[0].object))
    named = replace(scope, reader=reader.naming_within(PART, words))
    values = entry_values(named, "/parts/set", type_, spec["set"])
    check_required(scope, "/parts", type_, {spec["amount"], *spec["set"]})
    for name, one in values.items():
        _check_part(scope, f"/parts/set/{name}", one)
    return LedgerParts(type_.name, spec["amount"], values)


def item_object(objects: Mapping[str, ObjectType], target: LedgerTarget, own: str) -> str:
    """The object type of what a target charges for."""
    if target.rows is None:
        return own
    if not target.item:
        return target.rows.object
    return objects[target.rows.object].fields[target.item].targets[0]


def item_objects(
    objects: Mapping[str, ObjectType], targets: Sequence[LedgerTarget]
) -> tuple[str, ...]:
    """The object types of rows and of the items that they name."""
    found = [one.rows.object for one in targets if one.rows]
    found += [item_object(objects, one, "") for one in targets if one.rows]
    return tuple(dict.fromkeys(found))


def _items(scope: LedgerScope, targets: Sequence[LedgerTarget]) -> tuple[str, ...]:
    found = (item_object(scope.check.objects, one, scope.type.name) for one in targets)
    return tuple(dict.fromkeys(found))


def entry_values(
    scope: LedgerScope, pointer: str, type_: ObjectType, values: Body
) -> dict[str, Expression]:
    made = scope.reader.values(pointer, type_, values)
    for name in made:
        _check_undated(scope, f"{pointer}/{name}", type_.fields[name])
    return {
        name: one
        for name, one in made.items()
        if scope.impersonal(f"{pointer}/{name}", one) is not None
    }


def check_amount(
    scope: LedgerScope, pointer: str, type_: ObjectType, name: str, wanted: Type
) -> bool:
    field = scope.check.field(f"{pointer}/amount", type_, name)
    if field is None or not scope.reader.writable(f"{pointer}/amount", field):
        return False
    if field.type.name != wanted.name:
        message = f"{field.label} is {field.type}, and what is charged is {wanted}."
        hint = f"Name a field of the kind {wanted.name}."
        scope.fault(f"{pointer}/amount", "wrong_type", message, hint)
        return False
    return _check_undated(scope, f"{pointer}/amount", field)


def _check_undated(scope: LedgerScope, pointer: str, field: Field) -> bool:
    """What is posted is locked, so it does not change from another day on."""
    if field.dated:
        message = f"{field.label} is dated, and what is posted stays as it is."
        scope.fault(pointer, "dated", message, "Remove `dated` from that field, or use another.")
    return not field.dated


def _check_own(
    scope: LedgerScope, pointer: str, type_: ObjectType, targets: Sequence[LedgerTarget]
) -> None:
    """What a ledger posts must not be what it works out."""
    if any(one.rows is not None and one.rows.object == type_.name for one in targets):
        message = f"The ledger charges for {type_.plural.lower()}, so it would feed itself."
        scope.fault(pointer, "feeds_itself", message, "Use an object type of its own for entries.")


def check_required(scope: LedgerScope, pointer: str, type_: ObjectType, given: set[str]) -> None:
    pulled = {name for one in type_.own_fields for name in one.pull}
    lacking = [
        field
        for field in type_.required_fields
        if field.name not in given and field.name not in pulled and _unfilled(field)
    ]
    for field in lacking:
        message = f"{type_.label} needs {field.label}, and the ledger does not fill it in."
        scope.fault(pointer, "required", message, f"Add `{field.name}` to `set`.")


def _unfilled(field: Field) -> bool:
    return field.initial is None and field.default is None and field.writable


def _check_balance(scope: LedgerScope, entries: Sequence[Body]) -> None:
    total = sum(one.get("times", 1) for one in entries)
    if total:
        message = f"The entries are not balanced: they sum to {total} times the difference."
        hint = "Write `times: -1` for the other side of each entry."
        scope.fault("/entries", "unbalanced", message, hint)


def _check_part(scope: LedgerScope, pointer: str, made: Expression) -> None:
    """A value is about the part or about the record: not about both of them together."""
    nodes = [one for one in made.tree.walk() if isinstance(one, (Read, Collection))]
    named = [one for one in nodes if one.root is Root.NAME]
    if any(isinstance(one, Collection) or len(one.path) > 1 for one in named):
        message = "A part is told with its own values, without what is behind them."
        hint = "End the path with the name itself, and let the other object look further."
        scope.fault(pointer, "too_deep", message, hint)
    elif named and len(named) < len(nodes):
        message = "A value is about the part, or about the record that is charged."
        scope.fault(pointer, "mixed", message, "Use two fields, or a calculated one.")
