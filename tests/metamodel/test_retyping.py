"""What values of one kind mean in another."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from metamodel.catalog import Field
from metamodel.currencies import Amount
from metamodel.errors import ValueFault
from metamodel.kinds import KINDS
from metamodel.kinds.kind import ConversionStep
from metamodel.retyping import becomes, convert

ADA, BOB = "00000000-0000-7000-8000-00000000000a", "00000000-0000-7000-8000-00000000000b"
OPTIONS = [{"name": "crime", "label": "Crime story"}, {"name": "sea"}, {"name": "1"}]


class Shelf:
    """Two authors, of whom one is a user as well."""

    zone = "Europe/Berlin"

    def title(self, object: str, record: str) -> str | None:
        return {ADA: "Ada", BOB: "Bob"}.get(record)

    def find(self, object: str, title: str) -> str:
        if title.lower() not in ("ada", "bob"):
            raise ValueFault("unknown_record", "There is none.")
        return {"ada": ADA, "bob": BOB}[title.lower()]

    def person(self, text: str) -> str:
        return self.find("user", text)


def field(kind: str, **options: Any) -> Field:
    every: dict[str, dict[str, Any]] = {
        "choice": {"options": OPTIONS},
        "multi_choice": {"options": OPTIONS},
        "lookup": {"to": "author"},
        "multi_lookup": {"to": "author"},
        "any_lookup": {"to": ["author", "user"]},
        "sequence": {"pattern": "{000}"},
    }
    spec = {"name": "it", "kind": kind, **every.get(kind, {}), **options}
    return Field(object="book", name="it", kind=KINDS[kind], label="It", spec=spec)


MOMENT = datetime(2026, 6, 30, 22, 30, tzinfo=UTC)
EUR = {"currency": "EUR"}
CASES: list[tuple[Any, Any, Any, Any]] = [
    ("text", "number", "1,250.5", Decimal("1250.50")),
    ("text", "number", "about 3", ValueFault),
    ("text", ("money", EUR), "12.5", Amount(Decimal("12.50"), "EUR")),
    ("text", "money", "12.5", ValueFault),
    ("text", "boolean", "Yes", True),
    ("text", "date", "2026-06-30", date(2026, 6, 30)),
    ("text", "datetime", "2026-07-01 00:30", MOMENT),
    ("text", "duration", "1:30", 5400),
    ("text", "choice", "crime STORY", "crime"),
    ("text", "choice", "poem", ValueFault),
    ("text", "multi_choice", "sea; crime", ["crime", "sea"]),
    ("text", "lookup", "ADA", ADA),
    ("text", "lookup", "Eve", ValueFault),
    ("text", "multi_lookup", "Ada; Bob", [ADA, BOB]),
    ("text", "any_lookup", "Bob", ("author", BOB)),
    ("text", "person", "ada", ("user", ADA)),
    ("text", "long_text", "a", "a"),
    ("text", "number", "   ", None),
    ("number", "text", Decimal("12.50"), "12.50"),
    ("number", ("number", {"scale": 0}), Decimal("12.00"), Decimal(12)),
    ("number", ("number", {"scale": 0}), Decimal("1200.00"), Decimal(1200)),
    ("number", ("number", {"scale": 0}), Decimal("12.50"), ValueFault),
    ("number", ("money", EUR), Decimal("12.50"), Amount(Decimal("12.50"), "EUR")),
    ("number", "duration", Decimal("1.50"), 5400),
    ("number", "boolean", Decimal(2), ValueFault),
    ("number", "boolean", Decimal(1), True),
    (("number", {"scale": 0}), "choice", Decimal(1), "1"),
    ("money", "number", Amount(Decimal("3.10"), "EUR"), Decimal("3.10")),
    ("money", ("money", {"currency": "USD"}), Amount(Decimal("3.10"), "EUR"), ValueFault),
    ("money", "text", Amount(Decimal("3.10"), "EUR"), "3.10 EUR"),
    ("duration", "number", 5400, Decimal("1.50")),
    ("duration", "number", 4800, ValueFault),
    ("boolean", "number", False, Decimal("0.00")),
    ("boolean", "text", True, "Yes"),
    ("choice", "text", "crime", "Crime story"),
    ("choice", "multi_choice", "sea", ["sea"]),
    ("multi_choice", "choice", ["sea"], "sea"),
    ("multi_choice", "choice", ["sea", "crime"], ValueFault),
    ("multi_choice", "text", ["crime", "sea"], "Crime story, Sea"),
    ("date", "datetime", date(2026, 7, 1), datetime(2026, 6, 30, 22, tzinfo=UTC)),
    ("datetime", "date", MOMENT, date(2026, 7, 1)),
    ("datetime", "text", MOMENT, "2026-06-30T22:30:00Z"),
    ("lookup", "multi_lookup", ADA, [ADA]),
    ("lookup", "any_lookup", ADA, ("author", ADA)),
    ("lookup", "text", ADA, "Ada"),
    ("lookup", "person", ADA, ValueFault),
    ("lookup", ("lookup", {"to": "member"}), ADA, ValueFault),
    ("multi_lookup", "lookup", [ADA, BOB], ValueFault),
    ("multi_lookup", "lookup", [BOB], BOB),
    ("multi_lookup", "long_text", [ADA, BOB], "Ada\nBob"),
    ("any_lookup", "person", ("user", ADA), ("user", ADA)),
    ("person", ("person", {"many": True}), ("user", ADA), [("user", ADA)]),
    ("file", "text", [{"id": ADA, "name": "a.txt"}], "a.txt"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "value", "meant"), CASES)
def test_a_value_means_the_same_or_is_refused(old: Any, new: Any, value: Any, meant: Any) -> None:
    fields = [field(one) if isinstance(one, str) else field(one[0], **one[1]) for one in (old, new)]
    step = ConversionStep(fields[0], fields[1], Shelf())
    if meant is ValueFault:
        with pytest.raises(ValueFault) as caught:
            convert(step, value)
        assert caught.value.message
    else:
        assert convert(step, value) == meant


def test_every_kind_but_what_is_worked_out_becomes_text() -> None:
    text = KINDS["text"]
    able = {name for name, kind in KINDS.items() if kind is text or text in becomes(kind)}
    assert able == set(KINDS) - {"calculated"}
    assert KINDS["calculated"] not in becomes(text)
