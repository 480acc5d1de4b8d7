"""A grammar of expressions: every kind of field, every function, and often the wrong one."""

from __future__ import annotations

from random import Random

from metamodel.expressions.functions import FUNCTIONS

MAX_DEPTH = 3

NUMBERS = ("0", "1", "1/0", "-1", "0.5", "9999999999", "99999999999999999", "0.0000001", "2")
TEXTS = (
    "'Emma'",
    "''",
    "'%'",
    "'\u00df'",
    "'2026-02-30'",
    "'12'",
    "lower(null)",
    "text(null)",
    "' '",
)
DATES = ("'2026-06-15'", "date('0001-01-01')", "date('9999-12-31')", "today()")
MOMENTS = ("'2026-06-15T08:00:00Z'", "now()", "datetime('9999-12-31T23:59:59Z')", "created_at")
LENGTHS = ("hours(1)", "minutes(-1)", "days(1)", "hours(1/0)", "hours(99999999999)")
UNITS = ("'month'", "'week'", "'hour'", "'year'", "'quarter'", "'day'", "'moon'", "null")
CONVENTIONS = ("'actual_period'", "'actual_month'", "'30/360'", "'none'", "'never'")

# The fields of the world's objects by the type of their values.
FIELDS: dict[str, tuple[str, ...]] = {
    "text": ("name", "note", "code", "patron.name", "status.name", "price.currency"),
    "number": ("amount", "whole", "patron.points", "ratio", "doubled", "part_count"),
    "money": ("price", "cost", "worth", "patron.balance", "any_sum"),
    "date": ("due", "patron.joined", "next_due"),
    "datetime": ("seen_at", "created_at"),
    "duration": ("taken", "rest"),
    "boolean": ("done", "maybe", "status.closed", "is_late"),
    "choice": ("status", "patron.mood"),
    "choices": ("tags",),
    "record": ("patron", "source", "mentor"),
    "person": ("keeper", "created_by", "me", "anyone"),
    "people": ("helpers", "me.teams", "me.groups", "me.roles"),
    "collection": ("parts", "stays", "patrons", "patron.things", "me.teams"),
    "file": ("papers",),
}
INSIDE: dict[str, tuple[str, ...]] = {
    "text": ("name", "record.name", "record.patron.name"),
    "number": ("size", "record.amount", "record.ratio"),
    "money": ("price", "fee", "record.price", "record.cost"),
    "date": ("due", "record.due", "starts", "ends"),
    "datetime": ("created_at", "record.created_at", "record.seen_at"),
    "duration": ("taken", "record.taken"),
    "boolean": ("record.done", "thing.done", "in_force"),
    "choice": ("record.status", "thing.status"),
    "record": ("thing", "record.patron", "record"),
    "person": ("keeper", "record.keeper"),
}  # fmt: skip
PLAIN = tuple(FIELDS)
COMPARED = ("text", "number", "money", "date", "datetime", "duration", "boolean", "choice",
            "record", "person")  # fmt: skip
CONSTANTS: dict[str, tuple[str, ...]] = {
    "text": TEXTS,
    "number": NUMBERS,
    "money": ("money(1, 'EUR')", "money(1/0, 'USD')", "price * 2", "12.5", "cost"),
    "date": DATES,
    "datetime": MOMENTS,
    "duration": LENGTHS,
    "boolean": ("true", "false", "null == null", "1 == 1/0"),
    "choice": ("'open'", "'shut'", "text(null)", "lower(null)", "'strange'"),
    "choices": ("'red'", "null"),
    "record": ("null", "'0192b8a0-0000-7000-8000-000000000000'", "'patron:x'"),
    "person": ("me", "null", "'role:administrator'", "'team:1'", "lower(null)"),
    "people": ("null",),
    "collection": ("null", "parts"),
    "file": ("null",),
}
# What functions give that have no signatures, by the type of their value.
GIVING: dict[str, tuple[str, ...]] = {
    "text": ("text", "list", "first", "last", "was", "coalesce", "min"),
    "number": (
        "round",
        "count",
        "sum",
        "segment_sum",
        "avg",
        "min",
        "max",
        "last",
        "coalesce",
        "tiered",
    ),
    "money": ("money", "sum", "segment_sum", "avg", "min", "first", "coalesce", "round"),
    "date": ("today", "start_of", "end_of", "min", "max", "first", "coalesce"),
    "datetime": ("now", "start_of", "end_of", "add_working_time", "max", "last", "coalesce"),
    "duration": ("working_time", "sum", "avg", "min", "last", "coalesce"),
    "boolean": ("matches", "empty", "mine", "is_working", "exists", "changed", "increased"),
    "choice": ("coalesce", "first"),
    "record": ("coalesce", "last"),
    "person": ("coalesce", "first"),
}
for _function in FUNCTIONS.values():
    for _signature in _function.signatures:
        _type = {"days": "duration"}.get(_signature.gives.name, _signature.gives.name)
        if _type in GIVING:
            GIVING[_type] = (*GIVING[_type], _function.name)

COLLECTING = ("exists", "count", "sum", "avg", "min", "max", "first", "last", "list")


class Grammar:
    """Makes expressions; the same seed makes the same ones."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.inside = False

    def condition(self) -> str:
        return self.made("boolean", MAX_DEPTH)

    def any(self) -> str:
        return self.made(self.random.choice(PLAIN), MAX_DEPTH)

    def made(self, type: str, depth: int) -> str:
        pick = self.random
        if pick.random() < 0.03:
            type = pick.choice(PLAIN)
        if pick.random() < 0.03:
            return "null"
        if depth <= 0 or pick.random() < 0.25:
            return self._leaf(type)
        ways = [self._function, self._choose]
        ways += {"boolean": [self._asked] * 6, "number": [self._sum] * 3}.get(type, [self._sum])
        return pick.choice(ways)(type, depth - 1)

    def _leaf(self, type: str) -> str:
        fields = (INSIDE if self.inside else FIELDS).get(type, ())
        if fields and self.random.random() < 0.6:
            return self.random.choice(fields)
        return self.random.choice(CONSTANTS[type])

    def _asked(self, type: str, depth: int) -> str:
        pick = self.random
        of = pick.choice(COMPARED)
        left, right = self.made(of, depth), self.made(of, depth)
        match pick.randrange(8):
            case 0:
                return f"{left} == null"
            case 1:
                return f"not ({self.made('boolean', depth)})"
            case 2:
                word = pick.choice(("and", "or"))
                return f"({self.made('boolean', depth)} {word} {self.made('boolean', depth)})"
            case 3:
                items = ", ".join(self.made(of, depth - 1) for _ in range(pick.randrange(1, 4)))
                return f"{left} {pick.choice(('in', 'not in'))} [{items}]"
            case 4:
                held = self.made(pick.choice(("people", "choices", "collection", "text")), depth)
                return f"{left} in {held}"
            case _:
                sign = pick.choice(("==", "!=", "<", "<=", ">", ">="))
                return f"{left} {sign} {right}"

    def _sum(self, type: str, depth: int) -> str:
        pick = self.random
        sign = "&" if type == "text" else pick.choice("+-*/" if type == "number" else "+-")
        other = type if type in ("number", "money", "text") else "duration"
        if pick.random() < 0.2:
            sign, other = pick.choice("*/"), "number"
        return f"({self.made(type, depth)} {sign} {self.made(other, depth)})"

    def _choose(self, type: str, depth: int) -> str:
        condition = self.made("boolean", depth)
        return f"({self.made(type, depth)} if {condition} else {self.made(type, depth)})"

    def _function(self, type: str, depth: int) -> str:
        known = GIVING.get(type) if self.random.random() < 0.95 else None
        name = self.random.choice(known or tuple(FUNCTIONS))
        if name in COLLECTING and not (name in ("min", "max") and self.random.random() < 0.5):
            return self._collecting(name, type, depth)
        return f"{name}({', '.join(self._arguments(name, type, depth))})"

    def _collecting(self, name: str, of: str, depth: int) -> str:
        collection, outer = self.made("collection", 0), self.inside
        self.inside = True
        given = [] if name in ("exists", "count") else [self.made(of, depth)]
        if self.random.random() < 0.4:
            given.append(self.made("boolean", depth))
        self.inside = outer
        return f"{name}({', '.join([collection, *given])})"

    def _arguments(self, name: str, type: str, depth: int) -> list[str]:
        pick = self.random
        if name == "segment_sum":
            ends = [self.made("date", depth - 1) for _ in range(2)]
            return ["stays", self._inner("number"), self._inner("money"), *ends,
                    pick.choice(CONVENTIONS)]  # fmt: skip
        if name == "tiered":
            mode = pick.choice(("'look_up'", "'fill_up'", "'x'", "null", "name"))
            return [self.made("number", depth), "parts", mode, "size", "size"]
        if name in ("start_of", "end_of"):
            return [self.made(type if "date" in type else "date", depth), pick.choice(UNITS)]
        if name == "matches":
            return [self.made("text", depth), pick.choice(("'[A-Z]+'", "'('", "'a*'", "null"))]
        if name == "round":
            return [self.made(type, depth), pick.choice(("0", "2", "18", "99", "-1", "1.5"))]
        if name == "money":
            return [self.made("number", depth), pick.choice(("'EUR'", "'JPY'", "'XXX'", "null"))]
        function = FUNCTIONS[name]
        if function.signatures:
            taken = pick.choice(function.signatures).takes
            return [self.made(one.name if one.name in PLAIN else "number", depth) for one in taken]
        types = {
            "working_time": ("datetime", "datetime"),
            "add_working_time": ("datetime", "duration"),
            "is_working": ("datetime",),
            "mine": ("person",),
        }.get(name)
        if types is None:
            count = pick.randrange(function.least, min(function.most, 3) + 1)
            of = type if name in ("coalesce", "min", "max", "was") else pick.choice(COMPARED)
            types = (of,) * count
        return [self.made(one, depth) for one in types]

    def _inner(self, type: str) -> str:
        self.inside = True
        made = self.made(type, 1)
        self.inside = False
        return made
