"""The targets of a ledger's document: what is charged, read and checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from metamodel.expressions import types
from metamodel.expressions.expression import Expression
from metamodel.expressions.nodes import Collection, Gather, Literal, Node, Read, Root
from metamodel.expressions.types import Type
from metamodel.segments import CONVENTIONS, convention_named

from .ledger_model import CUMULATIVE, EACH, OWN, SEGMENTS, SPREAD, LedgerTarget
from .ledger_rows import LedgerRows
from .ledger_scope import KnownWords, LedgerScope

WORTH = (types.MONEY.name, types.NUMBER.name)
KINDS = (SEGMENTS, EACH, SPREAD)
QUANTITY, CHARGED = "quantity", "charged"
NAMES = KnownWords("convention", ", ".join(CONVENTIONS), convention_named)
ONLY = {"at": (EACH,), "where": (SEGMENTS, EACH), "item": (SEGMENTS, EACH)}

Body = Mapping[str, Any]


def read_targets(scope: LedgerScope, body: Body) -> tuple[LedgerTarget, ...]:
    made = (
        _read_target(scope, f"/target/{at}", at, one, "periods" in body)
        for at, one in enumerate(body["target"])
    )
    return tuple(one for one in made if one is not None)


def _read_target(
    scope: LedgerScope, pointer: str, at: int, body: Body, periodic: bool
) -> LedgerTarget | None:
    named = [kind for kind in KINDS if kind in body]
    if len(named) > 1:
        message = f"`{named[0]}` and `{named[1]}` are two targets."
        scope.fault(pointer, "several_kinds", message, "Write a target of its own for each.")
        return None
    kind = named[0] if named else OWN
    _check_members(scope, pointer, body, kind, periodic)
    rows = None
    if kind in (SEGMENTS, EACH):
        rows = read_rows(scope, f"{pointer}/{kind}", body[kind], kind)
        if rows is None:
            return None
    return _expressions(scope, pointer, at, body, kind, rows)


def _expressions(
    scope: LedgerScope, pointer: str, at: int, body: Body, kind: str, rows: LedgerRows | None
) -> LedgerTarget:
    reader = scope if rows is None else about(scope, rows.object)
    spread = body.get(SPREAD, {})
    amount, place = _amount(scope if kind != EACH else reader, pointer, body, kind)
    price = reader.compile(f"{pointer}/price", body.get("price"))
    for where, one in ((place, amount), (f"{pointer}/price", price)):
        check_worth(scope, where, one)
    least = scope.compile(f"{pointer}/least", body.get("least"), types.NUMBER)
    return LedgerTarget(
        at,
        kind,
        rows,
        scope.compile(f"{pointer}/when", body.get("when"), types.BOOLEAN),
        reader.compile(f"{pointer}/where", body.get("where"), types.BOOLEAN),
        reader.compile(f"{pointer}/at", body.get("at"), types.DATE),
        _item(scope, pointer, body, rows),
        reader.compile(f"{pointer}/quantity", body.get("quantity"), types.NUMBER),
        price,
        amount,
        least,
        _floor(scope, price, rows) if least is not None and kind == SEGMENTS else price,
        scope.word(f"{pointer}/convention", body.get("convention"), NAMES, "unknown_convention"),
        scope.compile(f"{pointer}/spread/from", spread.get("from"), types.DATE),
        scope.compile(f"{pointer}/spread/until", spread.get("until"), types.DATE),
        spread.get("rounding", CUMULATIVE),
    )


def about(scope: LedgerScope, object_name: str) -> LedgerScope:
    """Where bare names are those of rows, and `record` is what is charged."""
    return replace(scope, reader=scope.reader.about(object_name))


def _amount(
    scope: LedgerScope, pointer: str, body: Body, kind: str
) -> tuple[Expression | None, str]:
    """Of all of a quantity together; of `each` that of one row. And where it stands."""
    if kind == SPREAD:
        place = f"{pointer}/spread/amount"
        return scope.compile(place, body[SPREAD]["amount"]), place
    place, source = f"{pointer}/amount", body.get("amount")
    if source is None or kind == EACH:
        return scope.compile(place, source), place
    reader = scope.reader.naming_within(CHARGED, {QUANTITY: types.NUMBER})
    if QUANTITY not in scope.type.fields:  # else that is the quantity of the record itself
        reader = reader.naming(quantity=types.NUMBER)
    return replace(scope, reader=reader).compile(place, source), place


def _check_members(scope: LedgerScope, pointer: str, body: Body, kind: str, periodic: bool) -> None:
    """Members that belong together, and those that mean nothing here."""
    for name, kinds in ONLY.items():
        if name in body and kind not in kinds:
            message = f"`{name}` means nothing here."
            hint = f"Use it with {' or '.join(kinds)}."
            scope.fault(f"{pointer}/{name}", "no_rows", message, hint)
    worth = [name for name in ("price", "amount") if name in body]
    if kind == SPREAD:
        for name in (*worth, QUANTITY, "least"):
            if name in body:
                message = f"`{name}` means nothing beside `spread`."
                scope.fault(f"{pointer}/{name}", "spread", message, f"Remove `{name}`.")
        if not periodic:
            message = "An amount is spread over periods, and this ledger has none."
            scope.fault(f"{pointer}/spread", "no_periods", message, "Add `periods`.")
    elif len(worth) != 1:
        what = "neither a price nor an amount" if not worth else "a price and an amount"
        message = f"This target has {what}."
        scope.fault(pointer, "worth", message, "Write `price` or `amount`, one of the two.")
    if kind == EACH and periodic and "at" not in body:
        message = "Records without dates belong to a period by a day, which is not said."
        scope.fault(pointer, "no_day", message, "Add `at`, the day of each of them.")
    if kind == SEGMENTS and not periodic:
        message = "Dated records are charged by periods, and this ledger has none."
        scope.fault(f"{pointer}/segments", "no_periods", message, "Add `periods`, or use `each`.")


def read_rows(scope: LedgerScope, pointer: str, name: str, kind: str) -> LedgerRows | None:
    inverse = scope.type.inverses.get(name)
    if inverse is None:
        message = f"{scope.type.label} has no collection `{name}`."
        known = ", ".join(sorted(scope.type.inverses)) or "none"
        scope.fault(pointer, "unknown_collection", message, f"Its collections are: {known}.")
        return None
    rows = scope.check.objects[inverse.source]
    scope.check.uses(pointer, f"{inverse.source}.{inverse.field}")
    link = rows.fields[inverse.field]
    if link.many or link.dated or len(link.targets) != 1:
        message = f"{rows.plural} do not belong to one {scope.type.label.lower()} for good."
        hint = f"Make `{link.name}` a plain look-up, and the {rows.plural.lower()} dated."
        scope.fault(pointer, "no_link", message, hint)
        return None
    if kind == EACH:
        return LedgerRows(rows.name, link.name)
    if rows.dated is None or rows.fields[rows.dated.from_].type.name != types.DATE.name:
        message = f"{rows.plural} are not dated by days, so they hold for no part of a period."
        hint = "Give the object `dated: {from: ..., until: ...}` with dates, or use `each`."
        scope.fault(pointer, "not_dated", message, hint)
        return None
    return LedgerRows(rows.name, link.name, (rows.dated.from_, rows.dated.until))


def _item(scope: LedgerScope, pointer: str, body: Body, rows: LedgerRows | None) -> str:
    name = body.get("item", "")
    if not name or rows is None:
        return ""
    field = scope.check.field(f"{pointer}/item", scope.check.objects[rows.object], name)
    if field is None or (field.type.name == types.RECORD.name and len(field.targets) == 1):
        return str(name)
    message = f"{field.label} is not a look-up to one object, so it names no item."
    scope.fault(f"{pointer}/item", "not_a_lookup", message, "Name a look-up, or remove `item`.")
    return ""


def check_worth(scope: LedgerScope, pointer: str, made: Expression | None) -> None:
    if made is not None and made.type.name not in WORTH:
        message = f"{made.type} is not an amount: {made.source}."
        scope.fault(pointer, "wrong_type", message, "Give an amount of money, or a number.")


def _floor(
    scope: LedgerScope, price: Expression | None, rows: LedgerRows | None
) -> Expression | None:
    """The price of what is missing to the least: that of a row all of whose fields are empty."""
    if price is None or rows is None:
        return price
    if any(isinstance(one, (Gather, Collection)) for one in price.tree.walk()):
        return None
    return replace(price, tree=_of_no_row(price.tree), object=scope.type.name)


def _of_no_row(node: Node) -> Node:
    if isinstance(node, Read) and node.root is Root.ROW:
        return Literal(None, lifted=False, type=node.type)
    if isinstance(node, Read) and node.root is Root.RECORD:
        return replace(node, root=Root.ROW)

    def settle(part: Any) -> Any:
        if isinstance(part, Node):
            return _of_no_row(part)
        return tuple(settle(one) for one in part) if type(part) is tuple else part

    return replace(node, **{one.name: settle(getattr(node, one.name)) for one in fields(node)})


def worth_type(targets: tuple[LedgerTarget, ...]) -> Type:
    """Of what is charged: money where any of it is."""
    found = [one.price or one.amount for one in targets]
    money = any(one is not None and one.type.name == types.MONEY.name for one in found)
    return types.money(None) if money else types.NUMBER
