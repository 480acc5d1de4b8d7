"""What the parts of a ledger's document are read with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from metamodel.catalog import ObjectType
from metamodel.checks import DocumentCheck
from metamodel.expressions import types
from metamodel.expressions.expression import Expression
from metamodel.expressions.nodes import Literal
from metamodel.expressions.types import Type
from rules.action_reader import ActionReader

WORDS = (types.TEXT.name, types.CHOICE.name)


@dataclass(frozen=True)
class LedgerScope:
    """What the parts of one document are read with."""

    check: DocumentCheck
    type: ObjectType
    reader: ActionReader

    def fault(self, pointer: str, code: str, message: str, hint: str) -> None:
        self.check.fault(pointer, code, message, hint)

    def compile(
        self, pointer: str, source: str | None, expect: Type | None = None
    ) -> Expression | None:
        """An expression about the charged record, which is the same whoever asks."""
        made = None if source is None else self.reader.compile(pointer, source, expect)
        return self.impersonal(pointer, made)

    def impersonal(self, pointer: str, made: Expression | None) -> Expression | None:
        if made is None or not made.personal:
            return made
        self.fault(
            pointer,
            "personal",
            "What is charged does not depend on who runs the ledger, so this cannot ask for `me`.",
            "Leave out `me`; roles say who may run it.",
        )
        return None

    def word(self, pointer: str, source: str | None, known: Any, code: str) -> Expression | None:
        """An expression that gives one of some words: a text, or a choice with these options."""
        made = self.compile(pointer, source)
        if made is None:
            return None
        if made.type.name not in WORDS:
            message = f"{made.type} is not a word: {source}."
            self.fault(pointer, "wrong_type", message, f"Give one of {known.words}.")
            return None
        tree, options = made.tree, [one.name for one in made.type.options if not one.retired]
        given = [str(tree.value)] if isinstance(tree, Literal) else options
        wrong = [one for one in given if not known.fits(one)]
        for one in wrong:
            what = f"The option `{one}`" if options else f"`{one}`"
            message = f"{what} is not {known.article}."
            self.fault(pointer, code, message, f"Use {known.words}.")
        return None if wrong else made


@dataclass(frozen=True)
class KnownWords:
    """Words that an expression may give, as faults call them."""

    noun: str
    words: str
    fits: Any

    @property
    def article(self) -> str:
        return f"a {self.noun}"
