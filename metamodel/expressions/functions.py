"""The library: every function that an expression may call, in one table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from metamodel.expressions.operations import Operation
from metamodel.expressions.types import (
    BOOLEAN,
    CHOICE,
    DATE,
    DATETIME,
    DAYS,
    DURATION,
    MONEY,
    MONTHS,
    NUMBER,
    TEXT,
    Type,
)

from . import operations as op

ZONE = "zone"  # stands for the business's zone among the arguments that a signature adds


@dataclass(frozen=True)
class Signature:
    """One way to call a function: what it takes, what it gives and the operation behind it."""

    takes: tuple[Type, ...]
    gives: Type
    operation: Operation
    adds: tuple[int | str, ...] = ()  # arguments of the operation that are not written


@dataclass(frozen=True)
class Function:
    """One function. Those without signatures have a rule of their own in the checker."""

    name: str
    group: str
    usage: str  # how it is written, for people
    about: str
    example: str
    signatures: tuple[Signature, ...] = ()
    least: int = 0  # arguments of those without signatures
    most: int = 0


@dataclass(frozen=True)
class ValuePart:
    """A part of a value, written behind a dot."""

    of: Type
    name: str
    gives: Type
    about: str
    example: str


PARTS: tuple[ValuePart, ...] = (
    ValuePart(CHOICE, "name", TEXT, "The permanent name of the option.", "status.name == 'lent'"),
    ValuePart(CHOICE, "label", TEXT, "The label of the option, as people see "
                                     "it.", "status.label & '!'"),
    ValuePart(CHOICE, "closed", BOOLEAN, "Whether records with this option count as closed.",
              "status.closed == false"),
    ValuePart(CHOICE, "category", TEXT, "The category of the option.", "status.category == 'out'"),
    ValuePart(MONEY, "amount", NUMBER, "The amount as a number.", "price.amount * 2"),
    ValuePart(MONEY, "currency", TEXT, "The code of the currency.", "price.currency == 'EUR'"),
)  # fmt: skip


def _one(*types: Type, by: Operation, adds: tuple[int | str, ...] = ()) -> Signature:
    return Signature(types[:-1], types[-1], by, adds)


def _unit(name: str, plural: str, seconds: int, gives: Type, example: str) -> Function:
    return Function(
        name,
        "Dates and times",
        f"{name}(n)",
        f"That many {plural}; for a duration, its length in {plural}.",
        example,
        (
            _one(NUMBER, gives, by=op.SECONDS, adds=(seconds,)),
            _one(DURATION, NUMBER, by=op.PER_UNIT, adds=(seconds,)),
        ),
    )


def _of_day(name: str, about: str, by: Operation) -> Function:
    usage = f"{name}(date)"
    return Function(
        name, "Dates and times", usage, about, f"{name}(due)", (_one(DATE, NUMBER, by=by),)
    )


_TABLE = (
    Function("lower", "Text", "lower(text)", "In lower case.", "lower(title) == 'emma'",
             (_one(TEXT, TEXT, by=op.LOWER),)),
    Function("upper", "Text", "upper(text)", "In upper case.", "upper(code)",
             (_one(TEXT, TEXT, by=op.UPPER),)),
    Function("trim", "Text", "trim(text)", "Without leading and trailing spaces.", "trim(title)",
             (_one(TEXT, TEXT, by=op.TRIM),)),
    Function("length", "Text", "length(text)", "The number of characters.", "length(title) > 40",
             (_one(TEXT, NUMBER, by=op.LENGTH),)),
    Function("contains", "Text", "contains(text, part)",
             "Whether the text contains the part; `part in text` is the same.",
             "contains(title, 'sea')", (_one(TEXT, TEXT, BOOLEAN, by=op.CONTAINS),)),
    Function("starts_with", "Text", "starts_with(text, part)", "Whether the text starts with "
                                                               "the part.",
             "starts_with(code, 'A-')", (_one(TEXT, TEXT, BOOLEAN, by=op.STARTS_WITH),)),
    Function("ends_with", "Text", "ends_with(text, part)", "Whether the text ends with the part.",
             "ends_with(email, '.org')", (_one(TEXT, TEXT, BOOLEAN, by=op.ENDS_WITH),)),
    Function("matches", "Text", "matches(text, 'pattern')",
             "Whether the whole text matches the regular expression.",
             "matches(code, '[A-Z]-\\d+')", least=2, most=2),
    Function("text", "Text", "text(value)",
             "A number, an amount, a date, a moment, a duration, a choice or a yes/no as text.",
             "'No. ' & text(pages)", least=1, most=1),
    Function("number", "Numbers", "number(text)", "The number written in a text; empty if "
                                                  "there is none.",
             "number(code) > 100", (_one(TEXT, NUMBER, by=op.READ_NUMBER),)),
    Function("round", "Numbers", "round(number, digits)",
             "Rounded to this many decimals (0 if omitted); halves are rounded away from zero.",
             "round(price * 1.19, 2)", least=1, most=2),
    Function("floor", "Numbers", "floor(number)", "Rounded down to a whole "
                                                  "number.", "floor(pages / 100)",
             (_one(NUMBER, NUMBER, by=op.FLOOR),)),
    Function("ceil", "Numbers", "ceil(number)", "Rounded up to a whole "
                                                "number.", "ceil(pages / 100)",
             (_one(NUMBER, NUMBER, by=op.CEILING),)),
    Function("abs", "Numbers", "abs(number)", "The value without its sign.", "abs(balance)",
             (_one(NUMBER, NUMBER, by=op.ABSOLUTE),)),
    Function("money", "Money", "money(number, 'EUR')", "An amount in a currency.",
             "money(pages * 0.05, 'EUR')", least=2, most=2),
    Function("coalesce", "Empty", "coalesce(a, b, ...)", "The first value that is not empty.",
             "coalesce(short_title, title)", least=1, most=20),
    Function("empty", "Empty", "empty(value)", "Whether there is no value; the same as `value "
                                               "== null`.",
             "empty(returned)", least=1, most=1),
    Function("mine", "People", "mine(person)",
             "Whether the person is `me`, or one of my teams, groups or roles.",
             "mine(keeper)", least=1, most=1),
    Function("date", "Dates and times", "date(value)",
             "The date written in a text, or the date of a moment in the business time zone.",
             "date('2026-06-15')",
             (_one(DATETIME, DATE, by=op.LOCAL_DATE, adds=(ZONE,)),
              _one(TEXT, DATE, by=op.READ_DATE))),
    Function("datetime", "Dates and times", "datetime(value)",
             "The moment written in a text, or the start of a day in the business time zone.",
             "datetime('2026-06-15T08:00:00Z')",
             (_one(DATE, DATETIME, by=op.START_OF_DAY, adds=(ZONE,)),
              _one(TEXT, DATETIME, by=op.READ_MOMENT, adds=(ZONE,)))),
    Function("today", "Dates and times", "today()", "Today's date in the business time zone.",
             "due < today()"),
    Function("now", "Dates and times", "now()", "The current date and time.",
             "created_at > now() - days(1)"),
    _of_day("year", "The year.", op.YEAR),
    _of_day("month", "The month, 1 to 12.", op.MONTH),
    _of_day("day", "The day of the month.", op.DAY),
    _of_day("weekday", "1 for Monday to 7 for Sunday.", op.WEEKDAY),
    Function("start_of", "Dates and times", "start_of(date, 'unit')",
             "The first day or moment of the year, quarter, month, week, day or hour.",
             "start_of(today(), 'month')", least=2, most=2),
    Function("end_of", "Dates and times", "end_of(date, 'unit')",
             "The last day of the unit; of a moment, the start of the next unit.",
             "end_of(today(), 'month')", least=2, most=2),
    _unit("days", "days", 86_400, DAYS, "due + days(14)"),
    _unit("hours", "hours", 3_600, DURATION, "now() - hours(2)"),
    _unit("minutes", "minutes", 60, DURATION, "now() + minutes(30)"),
    Function("months", "Dates and times", "months(n)",
             "That many months, to add to a date. A day that the month does not have becomes "
             "its last day.",
             "joined + months(6)", (_one(NUMBER, MONTHS, by=op.MONTHS_OF, adds=(1,)),)),
    Function("years", "Dates and times", "years(n)", "That many years, to add to a date.",
             "joined + years(1)", (_one(NUMBER, MONTHS, by=op.MONTHS_OF, adds=(12,)),)),
    Function("working_time", "Working time", "working_time(from, to, 'calendar')",
             "The working time between two moments. The calendar is a name, or a field that "
             "holds the name; if omitted, the default calendar.",
             "working_time(created_at, now()) > hours(8)", least=2, most=3),
    Function("add_working_time", "Working time",
             "add_working_time(moment, duration, 'calendar')",
             "The moment after this much working time; days(2) means two working days of the "
             "calendar, and a negative duration goes back.",
             "add_working_time(created_at, hours(4))", least=2, most=3),
    Function("is_working", "Working time", "is_working(moment, 'calendar')",
             "Whether the moment is in working hours; for a date, whether it is a working day.",
             "is_working(now())", least=1, most=2),
    Function("since", "Time in states", "since(choice)",
             "When the record entered the state that it is in; empty without one. The choice is "
             "the field of `states`, or has `log: true`.",
             "since(condition) < now() - days(3)", least=1, most=1),
    Function("reached", "Time in states", "reached(choice, 'state')",
             "When the record entered the state first; empty if it never did.",
             "reached(condition, 'worn')", least=2, most=2),
    Function("times", "Time in states", "times(choice, 'state')",
             "How often the record entered the state.", "times(condition, 'worn') > 1",
             least=2, most=2),
    Function("spent", "Time in states", "spent(choice, 'state', 'calendar')",
             "How long the record was in the state, the time until now included if it is in it. "
             "With a calendar, the working time.",
             "spent(condition, 'worn') > days(30)", least=2, most=3),
    Function("left", "Timers", "left(timer)",
             "What is left of a timer of the record, in the hours of its calendar; negative once "
             "it is missed, and empty while it does not run.",
             "left(finish) < hours(1)", least=1, most=1),
    Function("exists", "Collections", "exists(collection, condition)",
             "Whether the collection has a record (that meets the condition).",
             "exists(loans, returned == null)", least=1, most=2),
    Function("count", "Collections", "count(collection, condition)",
             "The number of records (that meet the condition).",
             "count(loans, returned == null)", least=1, most=2),
    Function("sum", "Collections", "sum(collection, value, condition)",
             "The sum over the records; 0 if there are none.", "sum(loans, fee)", least=2, most=3),
    Function("segment_sum", "Collections",
             "segment_sum(collection, quantity, price, from, until, 'convention')",
             "Quantity times price of a dated collection over the period [from, until), each "
             "record in proportion to the part of the period it covers. The convention is "
             "`actual_period`, `actual_month`, `30/360` or `none`. Dated values count with "
             "their value on each day.",
             "segment_sum(memberships, 1, 30, '2026-06-01', '2026-07-01', 'actual_period')",
             least=6, most=6),
    Function("avg", "Collections", "avg(collection, value, condition)",
             "The average over the records; empty if there are none.", "avg(loans, fee)",
             least=2, most=3),
    Function("min", "Collections", "min(collection, value, condition)",
             "The smallest value over the records, or of given values: min(a, b). Empty values "
             "are ignored.",
             "min(loans, due)", least=1, most=20),
    Function("max", "Collections", "max(collection, value, condition)",
             "The largest value over the records, or of given values: max(a, b). Empty values "
             "are ignored.",
             "max(loans, due)", least=1, most=20),
    Function("first", "Collections", "first(collection, value, condition)",
             "The value of the record that was created first.", "first(loans, member.name)",
             least=2, most=3),
    Function("last", "Collections", "last(collection, value, condition)",
             "The value of the record that was created last.", "last(loans, due)",
             least=2, most=3),
    Function("find", "Collections", "find(collection, condition, order, ...)",
             "The first record that meets the condition, in the order of a field (`-field` for the "
             "greatest first; without an order, of creation); fields of it follow behind a dot.",
             "find(loans, returned == null, due).member", least=1, most=5),
    Function("tiered", "Collections", "tiered(quantity, collection, mode, first, price)",
             "What a quantity comes to at the prices of bands: records with the quantity `first` "
             "from which each holds, and the `price` of one (or other fields that are named). "
             "`'look_up'`: all have the price of the band that the quantity is in; `'fill_up'`: "
             "each unit has that of its own band. Empty below the first band.",
             "tiered(12, author.books, 'look_up', pages, price)", least=3, most=5),
    Function("list", "Collections", "list(collection, value, condition)",
             "The values as one text, separated by commas, in order of creation.",
             "list(loans, member.name)", least=2, most=3),
    Function("decide", "Decisions", "decide(decision)",
             "The row of a decision that wins for the record; fields of it follow behind a dot.",
             "decide(loan_terms).days", least=1, most=1),
    Function("evaluate", "Expressions in records", "evaluate(field, 'type')",
             "The value of the expression that a field holds, for the record at hand. The type is "
             "needed where neither the field nor the place says it. In rules on created and "
             "changed records.",
             "evaluate(tariff.fee, 'number')", least=1, most=2),
    Function("find_by", "Records by a value", "find_by(object, field, value)",
             "The one record of an object type that has the value in a field, whatever the case of "
             "its letters; empty for none, and for several. Only records that may be read are "
             "found. In rules on created and changed records.",
             "find_by(member, email, sender)", least=3, most=3),
    Function("was", "Changes", "was(field)", "The value before the change.",
             "was(status) == 'lent'", least=1, most=1),
    Function("changed", "Changes", "changed(field)", "Whether the value has changed.",
             "changed(status)", least=1, most=1),
    Function("increased", "Changes", "increased(field, n)",
             "Whether the value increased, by at least n if given.", "increased(price, 10)",
             least=1, most=2),
    Function("decreased", "Changes", "decreased(field, n)",
             "Whether the value decreased, by at least n if given.", "decreased(copies, 1)",
             least=1, most=2),
)  # fmt: skip

FUNCTIONS: Mapping[str, Function] = {function.name: function for function in _TABLE}
