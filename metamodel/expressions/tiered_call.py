"""tiered(): what a quantity comes to at the prices of bands, which are records of a collection."""

from __future__ import annotations

import ast
from collections.abc import Callable

from metamodel.expressions.fault_words import node_words
from metamodel.expressions.literals import constant
from metamodel.expressions.nodes import (
    Collection,
    Gather,
    Join,
    Literal,
    MoneyCall,
    Node,
    OperationCall,
    Part,
    Recast,
)
from metamodel.expressions.part_checker import PartChecker
from metamodel.expressions.text_of_values import as_text
from metamodel.expressions.tiers import MODES
from metamodel.expressions.types import CHOICE, MONEY, NUMBER, TEXT, money, number

from . import operations as op

FIRST, PRICE = "first", "price"
Inside = Callable[..., list[Node]]  # checks arguments whose bare names are the collection's


def tiered(checker: PartChecker, node: ast.Call, collection: Collection, inside: Inside) -> Node:
    """A number, or an amount of money where the bands have prices in money."""
    if len(node.args) == 4:
        hint = "Name the quantity from which a band holds, and its price: both or neither."
        checker.syntax.fail(node, "tiered() takes 3 or 5 arguments.", hint)
    quantity = checker.fitted(node.args[0], NUMBER)
    mode = _mode(checker, node.args[2])
    named = node.args[3:] or [ast.copy_location(ast.Name(one), node) for one in (FIRST, PRICE)]
    first, price = inside(named, checker.check, checker.check)
    if first.type.name != NUMBER.name:
        hint = "Name the number from which a band holds."
        checker.syntax.fail(named[0], f"{node_words(first)}.", hint)
    if price.type.name not in (NUMBER.name, MONEY.name):
        hint = "Name a number, or an amount of money."
        checker.syntax.fail(named[1], f"{node_words(price)}, which is not a price.", hint)
    is_money = price.type.name == MONEY.name
    plain = Part(price, "amount", type=number(price.type.scale)) if is_money else price
    pair = Join((as_text(first), constant(":", TEXT), as_text(plain)), type=TEXT)
    bands = Gather("list", collection, pair, None, type=TEXT)
    amount = OperationCall(op.TIERED, (bands, quantity, mode), type=NUMBER)
    if not is_money:
        return amount
    # Bands of several currencies have no sum, and so no amount.
    some = Gather("sum", collection, price, None, type=price.type)
    type = money(price.type.currency)
    nothing = MoneyCall(op.MULTIPLY, some, constant(0, NUMBER), type=type)
    return MoneyCall(op.ADD, nothing, amount, type=type)


def _mode(checker: PartChecker, node: ast.expr) -> Node:
    made = checker.check(node)
    words = [made.value] if isinstance(made, Literal) else []
    if made.type.name == CHOICE.name and not words:
        words = [one.name for one in made.type.options if not one.retired]
        made = Recast(made, type=TEXT)
    wrong = [str(one) for one in words if one not in MODES]
    if wrong or made.type.name != TEXT.name:
        what = f"`{wrong[0]}` is not a way to use bands" if wrong else node_words(made)
        hint = "Write 'look_up' for one price for all, or 'fill_up' for each unit by its band."
        checker.syntax.fail(node, f"{what}.", hint)
    return made
